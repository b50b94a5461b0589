"""No secret and no person in a log line."""

import pytest

from lib import scrub

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ({"password": "hunter2"}, {"password": "•••"}),
        ({"Authorization": "Api-Key pk_abc", "n": 3}, {"Authorization": "•••", "n": 3}),
        ({"apiKey": "k", "x-api-key": "k", "ACCESS_TOKEN": "k"}, {"apiKey": "•••", "x-api-key": "•••", "ACCESS_TOKEN": "•••"}),
        ({"cpf": 52998224725}, {"cpf": "•••"}),
        ({"customer_email": "ana@example.com", "user": 7}, {"customer_email": "•••", "user": 7}),
        ({"token": None, "has_token": True}, {"token": None, "has_token": True}),
        ({"headers": {"cookie": "a=b", "accept": "x"}}, {"headers": {"cookie": "•••", "accept": "x"}}),
        ({"rows": [{"cnpj": "1"}, ("ana@example.com", 5)]}, {"rows": [{"cnpj": "•••"}, ["•••", 5]]}),
        ({"_record": {"password": "kept for the next processor"}}, {"_record": {"password": "kept for the next processor"}}),
    ],
)  # fmt: skip
def test_values_under_telling_names_go(line: dict[str, object], left: dict[str, object]) -> None:
    assert scrub.processor(None, "info", line) == left


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("wrote to ana.souza+x@mail.example.com.br today", "wrote to ••• today"),
        ("CPF 529.982.247-25 and 52998224725", "CPF ••• and •••"),
        ("CNPJ 11.222.333/0001-81, 11222333000181, 12ABC34501DE35", "CNPJ •••, •••, •••"),
        ("order 12345678901 of 20260310120000", "order 12345678901 of 20260310120000"),  # wrong check digits
        (f"sent Bearer {JWT}", "sent Bearer •••"),
        (f"got {JWT}!", "got •••!"),
        ("Bearer 0123456789abcdef", "•••"),
        ("key pk_live_0123456789abc refused", "key ••• refused"),
        ("postgres://painel:hunter2@db:5432/x", "postgres://•••@db:5432/x"),
        ("POST /api/webhooks/pluggy/Zk3abcdefgh_1 400", "POST /api/webhooks/••• 400"),
        ("GET /x?page=2&token=abc&y=1", "GET /x?page=2&•••&y=1"),
        ("request 3f2a11d0c4b54c6a9d3f2a11d0c4b54c took 12.5", "request 3f2a11d0c4b54c6a9d3f2a11d0c4b54c took 12.5"),
        ("R$ 1.234,56 em 10/03/2026 às 12:00", "R$ 1.234,56 em 10/03/2026 às 12:00"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_or_a_person_goes(words: str, left: str) -> None:
    assert scrub.text(words) == left


def test_depth_is_bounded_and_objects_become_scrubbed_text() -> None:
    class Customer:
        def __str__(self) -> str:
            return "Ana <ana@example.com>"

    deep: dict[str, object] = {}
    inner = deep
    for _ in range(20):
        inner["a"] = inner = {}
    assert scrub.processor(None, "info", {"event": Customer()}) == {"event": "Ana <•••>"}
    assert str(scrub.processor(None, "info", {"x": deep})).count("a") <= 7
