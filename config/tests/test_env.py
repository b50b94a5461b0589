"""How settings are read: from the variable, from the file that NAME_FILE names, and never from a wrong word."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


@pytest.fixture
def variable(monkeypatch):
    """Return a function that sets PAINEL_TEST."""
    return lambda value: monkeypatch.setenv("PAINEL_TEST", value)


def test_a_file_wins_over_the_variable(variable, monkeypatch, tmp_path):
    variable("plain")
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("PAINEL_TEST_FILE", str(tmp_path / "secret"))
    assert env.text("PAINEL_TEST") == "from the file"


def test_a_file_that_is_not_there_stops_the_start(monkeypatch, tmp_path):
    monkeypatch.setenv("PAINEL_TEST_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match=r"PAINEL_TEST_FILE=.*none cannot be read: No such file"):
        env.text("PAINEL_TEST", "default")


def test_an_empty_file_is_no_secret(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("\n")
    monkeypatch.setenv("PAINEL_TEST_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match="PAINEL_TEST is not set"):
        env.text("PAINEL_TEST")


def test_empty_counts_as_not_set(variable):
    variable("")
    assert env.text("PAINEL_TEST", "default") == "default"
    assert env.number("PAINEL_TEST", 7) == 7
    assert env.flag("PAINEL_TEST", default=True) is True
    with pytest.raises(ImproperlyConfigured, match="Set it, or PAINEL_TEST_FILE"):
        env.text("PAINEL_TEST")


@pytest.mark.parametrize(
    ("word", "meant"), [("true", True), ("On", True), ("1", True), ("no", False), (" OFF ", False)]
)
def test_words_for_yes_and_no(variable, word, meant):
    variable(word)
    assert env.flag("PAINEL_TEST", default=not meant) is meant


@pytest.mark.parametrize("word", ["maybe", "2", "verdadeiro"])
def test_another_word_stops_the_start(variable, word):
    variable(word)
    with pytest.raises(ImproperlyConfigured, match="use true or false"):
        env.flag("PAINEL_TEST", default=True)


@pytest.mark.parametrize(
    ("word", "message"),
    [("ten", "use a whole number"), ("1.5", "use a whole number"), ("0", "use 1 or more")],
)
def test_a_wrong_number_stops_the_start(variable, word, message):
    variable(word)
    with pytest.raises(ImproperlyConfigured, match=message):
        env.number("PAINEL_TEST", 5, at_least=1)


def test_lists_lose_their_blanks(variable):
    variable(" a, ,b,")
    assert env.words("PAINEL_TEST") == ["a", "b"]
