import re
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from sync.sandbox.testing import SandboxServer
from sync.sandbox.tests.conftest import Client

COMPANIES = ("clinic", "law", "shop")


def listed(server: SandboxServer, company: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.call("GET", f"/control/statements?company={company}")["statements"]
    return found


def text_of(server: SandboxServer, statement: dict[str, Any]) -> str:
    body = server.request("GET", statement["path"]).body
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252")


def entries_of(text: str) -> list[tuple[str, Decimal, str, str]]:
    """Return (day, amount, FITID, memo) of the rows that are movements."""
    rows = []
    for block in re.findall(r"<STMTTRN>(.*?)</STMTTRN>", text, re.DOTALL):
        day, amount, fitid, memo = (
            re.search(rf"<{tag}>([^<\r\n]*)", block) for tag in ("DTPOSTED", "TRNAMT", "FITID", "MEMO")
        )
        assert day
        assert amount
        assert fitid
        assert memo
        if fitid[1].strip():
            rows.append(
                (day[1][:8], Decimal(amount[1].strip().replace(",", ".")), fitid[1].strip(), memo[1].strip())
            )
    return rows


@pytest.mark.parametrize("company", COMPANIES)
def test_files_hold_what_the_api_does_not_and_nothing_twice(shared: SandboxServer, company: str):
    truth = shared.call("GET", f"/control/truth?company={company}")["lines"]
    client = Client(shared, company)
    in_files = Counter(
        (statement["account"], day, amount)
        for statement in listed(shared, company)
        for day, amount, _, _ in entries_of(text_of(shared, statement))
    )
    keys = {account_id: key for key, account_id in client.account_ids().items()}
    expected = Counter(
        (
            keys[line["account_id"]],
            line["day"].replace("-", ""),
            Decimal(line["cents"]) / 100 * (-1 if "card" in keys[line["account_id"]] else 1),
        )
        for line in truth
        if line["source"] == "ofx"
    )
    assert in_files == expected
    served = {line["id"] for account in keys for line in client.lines(account)}
    assert served == {line["line_id"] for line in truth if line["source"] == "api"}


def test_files_end_the_day_before_the_window(shared: SandboxServer):
    for company in COMPANIES:
        statements = listed(shared, company)
        assert {
            max(s["last_day"] for s in statements if s["account"] == key)
            for key in {s["account"] for s in statements}
        } == {"2025-06-29"}
        assert min(s["first_day"] for s in statements) == "2024-06-30"
    truth = shared.call("GET", "/control/truth?company=shop")["lines"]
    in_files, served = (
        {line["day"] for line in truth if line["source"] == source} for source in ("ofx", "api")
    )
    assert max(in_files) <= "2025-06-29"
    assert min(served) == "2025-06-30"


def one(server: SandboxServer, company: str, name: str) -> tuple[bytes, str]:
    statement = next(s for s in listed(server, company) if s["name"] == name)
    return server.request("GET", statement["path"]).body, text_of(server, statement)


def test_itau(shared: SandboxServer):
    body, text = one(shared, "clinic", "clinic-itau-2025T1.ofx")
    assert body.isascii()
    assert "<BANKID>0341\r\n" in text
    assert "</TRNAMT>" not in text
    balance = re.search(r"<BALAMT>(-?\d+)\r\n", text)
    assert balance is not None  # cents without a separator


def test_bradesco_says_ascii_and_means_utf8(shared: SandboxServer):
    body, text = one(shared, "law", "law-bradesco-2025T1.ofx")
    assert b"ENCODING:USASCII" in body
    assert "LIQUIDAÇÃO DE COBRANÇA".encode() in body
    assert re.search(r"<TRNAMT>-?\d+,\d\d\r\n", text)
    assert "<DTSERVER>00000000000000" in text


def test_banco_do_brasil_has_balance_rows_and_repeated_ids(shared: SandboxServer):
    body, text = one(shared, "shop", "shop-bb-2025T1.ofx")
    assert text.count("Saldo Anterior") == 1
    assert text.count("Saldo do dia") == 1
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")
    first, last = (Decimal(m) for m in re.findall(r"<TRNTYPE>OTHER .*?<TRNAMT>(-?[\d.]+)", text, re.DOTALL))
    assert first + sum(amount for _, amount, _, _ in entries_of(text)) == last


def test_banco_do_brasil_repeats_ids_for_equal_amounts_of_one_day(shared: SandboxServer):
    entries = [
        entry
        for s in listed(shared, "shop")
        if s["account"] == "bb"
        for entry in entries_of(text_of(shared, s))
    ]
    assert all(fitid == f"{day}1{abs(int(amount * 100))}" for day, amount, fitid, _ in entries)


def test_inter_is_xml(shared: SandboxServer):
    from xml.etree import ElementTree

    body, text = one(shared, "shop", "shop-inter-2025T1.ofx")
    tree = ElementTree.fromstring(body)
    assert len(tree.findall(".//STMTTRN")) == len(entries_of(text)) > 10


def test_a_card_file_shows_purchases_as_negative(shared: SandboxServer):
    _, text = one(shared, "shop", "shop-bb-card-2025T1.ofx")
    back = ("PAGAMENTO RECEBIDO", "ESTORNO")
    amounts = [amount for _, amount, _, memo in entries_of(text) if not memo.startswith(back)]
    payments = [amount for _, amount, _, memo in entries_of(text) if memo == "PAGAMENTO RECEBIDO"]
    assert amounts
    assert all(amount < 0 for amount in amounts)
    assert len(payments) == 3
    assert all(amount > 0 for amount in payments)


def test_an_unknown_file(shared: SandboxServer):
    assert shared.request("GET", "/control/statements/nothing.ofx").status == 404
