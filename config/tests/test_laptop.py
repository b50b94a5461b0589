"""What a laptop's commands find in their environment when nobody set anything, and what they leave alone."""

import json
import stat

import pytest

from config import embedded, laptop


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("PAINEL_HOME", str(tmp_path))
    return tmp_path


def test_a_command_without_a_database_gets_the_embedded_servers(home):
    environ: dict[str, str] = {}
    laptop.adopt(environ, command="check_kpis")
    assert environ["DATABASE_URL"] == embedded.postgres_url(home / "postgres")
    assert environ["REDIS_URL"] == embedded.valkey_url(home / "valkey")
    assert environ["DEMO"] == "true"


@pytest.mark.parametrize("named", [{"DATABASE_URL": "postgresql://db/painel"}, {"DB_HOST": "db"}])
def test_a_command_with_a_database_gets_nothing(home, named):
    environ = dict(named)
    laptop.adopt(environ, command="setup_db")
    assert environ == named
    assert [*home.iterdir()] == []


@pytest.mark.parametrize(
    ("named", "absent"),
    [
        ({"DATABASE_URL": "postgresql://db/painel"}, None),
        ({"DB_HOST": "db"}, "DATABASE_URL"),
        ({"REDIS_HOST": "cache"}, "REDIS_URL"),
        ({"SECRET_KEY_FILE": "/run/secrets/key"}, "SECRET_KEY"),
    ],
)
def test_the_demo_fills_in_only_what_is_missing(home, named, absent):
    environ = dict(named)
    laptop.adopt(environ, command="demo")
    assert environ.items() >= named.items()
    assert absent not in environ
    assert environ["JWT_SECRET"]


def test_secrets_are_made_once_and_closed_to_others(home):
    first = laptop.kept_secrets(home / "secrets.json")
    assert laptop.kept_secrets(home / "secrets.json") == first
    assert first.keys() == {"SECRET_KEY", "JWT_SECRET", "FIELD_ENCRYPTION_KEYS"}
    assert len(set(first.values())) == 3
    assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["secrets.json"]


def test_of_two_first_starts_the_faster_one_decides(home, monkeypatch):
    decided = dict.fromkeys(laptop.SECRETS, "theirs")
    ours = laptop.json.dump

    def slower(values, file):
        (home / "secrets.json").write_text(json.dumps(decided))
        ours(values, file)

    monkeypatch.setattr(laptop.json, "dump", slower)
    assert laptop.kept_secrets(home / "secrets.json") == decided
