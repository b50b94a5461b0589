from collections import Counter
from itertools import pairwise

import pytest

from sync.sandbox.testing import SandboxServer
from sync.sandbox.tests.conftest import Client


@pytest.fixture
def shop(shared: SandboxServer) -> Client:
    return Client(shared, "shop")


def test_the_window_is_365_days(shop: Client):
    for account in shop.account_ids().values():
        dates = [line["date"] for line in shop.lines(account)]
        assert min(dates) >= "2025-06-30T03:00:00.000Z"
        assert max(dates) < "2026-07-01T03:00:00.000Z"


def test_cursor_and_pages_give_the_same_rows_once(shared: SandboxServer, shop: Client):
    account = shop.account_ids()["bb"]
    by_cursor, by_page = shop.lines(account), []
    first = shop.bank(f"/transactions?accountId={account}&pageSize=100").json()
    for page in range(1, first["totalPages"] + 1):
        by_page += shop.bank(f"/transactions?accountId={account}&pageSize=100&page={page}").json()["results"]
    assert by_cursor == by_page
    assert len({line["id"] for line in by_cursor}) == len(by_cursor) == first["total"]


def test_next_is_a_query_string_with_a_cursor(shop: Client):
    account = shop.account_ids()["bb"]
    first = shop.bank(f"/v2/transactions?accountId={account}&dateFrom=2025-07-01").json()
    assert len(first["results"]) == 500
    assert first["next"].startswith(f"?accountId={account}&dateFrom=2025-07-01&after=")
    second = shop.bank(f"/v2/transactions{first['next']}").json()
    assert second["next"] is None
    assert not {line["id"] for line in first["results"]} & {line["id"] for line in second["results"]}
    assert shop.bank(f"/v2/transactions?accountId={account}&after=bm90IGEgY3Vyc29y").status == 400


def test_dates_ids_and_created_at(shop: Client):
    account = shop.account_ids()["bb"]
    march = shop.lines(account, "&dateFrom=2026-03-01&dateTo=2026-03-31")
    assert {line["date"][:7] for line in march} == {"2026-03"}
    chosen = [march[0]["id"], march[-1]["id"]]
    assert {
        line["id"] for line in shop.lines(account, f"&ids={chosen[0]},{chosen[1]}&dateFrom=2030-01-01")
    } == set(chosen)
    late = max(line["createdAt"] for line in shop.lines(account))
    assert {line["createdAt"] for line in shop.lines(account, f"&createdAtFrom={late}")} == {late}
    offset = late.replace("Z", "%2B00:00")
    assert shop.lines(account, f"&createdAtFrom={offset}") == shop.lines(account, f"&createdAtFrom={late}")
    assert (
        shop.bank(f"/v2/transactions?accountId={account}&createdAtFrom={late}&dateFrom=2026-01-01").status
        == 400
    )
    assert shop.bank(f"/v2/transactions?accountId={account}&dateFrom=yesterday").status == 400
    too_many = ",".join(["00000000-0000-4000-8000-000000000000"] * 501)
    assert (
        shop.bank(f"/v2/transactions?accountId={account}&ids={too_many}").json()["codeDescription"]
        == "IDS_PARAMETER_EXCEEDS_MAX_LENGTH"
    )


def test_signs_of_bank_and_card(shop: Client):
    accounts = shop.account_ids()
    bank, card = shop.lines(accounts["bb"]), shop.lines(accounts["bb-card"])
    assert all((line["amount"] > 0) == (line["type"] == "CREDIT") for line in bank)
    assert all((line["amount"] > 0) == (line["type"] == "DEBIT") for line in card)
    assert {line["type"] for line in card} == {line["type"] for line in bank} == {"CREDIT", "DEBIT"}


def test_a_bill_is_paid_on_both_sides(shop: Client):
    accounts = shop.account_ids()
    out = [line for line in shop.lines(accounts["bb"]) if line.get("operationType") == "PAGAMENTO_FATURA"]
    into = [
        line for line in shop.lines(accounts["bb-card"]) if line.get("operationType") == "PAGAMENTO_FATURA"
    ]
    bills = shop.bank(f"/bills?accountId={accounts['bb-card']}").json()["results"]
    assert [-line["amount"] for line in out] == [-line["amount"] for line in into]
    assert len(out) >= 11
    paid = [bill for bill in bills if bill["payments"]]
    assert [bill["totalAmount"] for bill in paid] == [-line["amount"] for line in into][: len(paid)]
    assert {line["creditCardMetadata"]["billId"] for line in into} >= {bill["id"] for bill in paid}


def test_a_bill_is_the_sum_of_its_purchases(shop: Client):
    card = shop.account_ids()["bb-card"]
    bills = shop.bank(f"/bills?accountId={card}").json()["results"]
    for bill in bills[:10]:  # the oldest ones hold purchases from before the window
        lines = shop.bank(f"/transactions?accountId={card}&billId={bill['id']}&pageSize=500").json()[
            "results"
        ]
        bought = [
            line.get("amountInAccountCurrency", line["amount"]) for line in lines if line["type"] == "DEBIT"
        ]
        assert round(sum(bought), 2) == bill["totalAmount"]
    open_bill = [line for line in shop.lines(card) if line["date"] > "2026-06-26"]
    assert open_bill
    assert not any("billId" in line["creditCardMetadata"] for line in open_bill)


def test_only_open_finance_has_a_provider_id(shop: Client):
    accounts = shop.account_ids()
    assert all("providerId" in line for line in shop.lines(accounts["bb"]))
    assert not any("providerId" in line or "paymentData" in line for line in shop.lines(accounts["inter"]))


def test_running_balances_follow_the_lines(shop: Client):
    account = shop.account_ids()["bb"]
    lines = sorted(shop.lines(account), key=lambda line: (line["date"], line["order"]))
    for before, after in pairwise(lines):
        assert round(before["balance"] + after["amount"], 2) == after["balance"]


def test_the_last_card_purchases_are_pending(shop: Client):
    lines = shop.lines(shop.account_ids()["bb-card"])
    pending = [line for line in lines if line["status"] == "PENDING"]
    assert Counter(line["status"] for line in lines)["POSTED"] > len(pending)
    assert all(line["date"] > "2026-06-28" for line in pending)


def test_some_evening_pix_lies_on_the_next_utc_day(shared: SandboxServer):
    truth = shared.call("GET", "/control/truth?company=shop")["lines"]
    local = {line["line_id"]: line["day"] for line in truth if line["source"] == "api"}
    shop = Client(shared, "shop")
    moved = [
        line for line in shop.lines(shop.account_ids()["inter"]) if local[line["id"]] != line["date"][:10]
    ]
    assert moved
    assert all(line["date"][11:13] in ("00", "01", "02") for line in moved)
