from decimal import Decimal

import pytest

from sync.sandbox.advbox import LIE
from sync.sandbox.testing import SandboxServer
from sync.sandbox.tests.conftest import Client


@pytest.fixture
def law(shared: SandboxServer) -> Client:
    return Client(shared, "law")


def test_a_token_is_needed_and_a_wrong_path_looks_like_a_wrong_token(shared: SandboxServer, law: Client):
    assert shared.request("GET", "/advbox/api/v1/settings").status == 401
    assert law.office("/wrong").status == 401
    assert law.office("/settings").status == 200


def test_limit_is_echoed_and_defaults_to_ten(law: Client):
    assert law.office("/customers").json()["limit"] == 10
    assert law.office("/customers?limit=5000").json()["limit"] == 1000
    assert len(law.office("/transactions?limit=25").json()["data"]) == 25


def test_paging_gives_everything_once_and_less_than_promised(law: Client):
    rows = law.office_rows("/transactions", 37)
    assert len({row["id"] for row in rows}) == len(rows)
    assert law.office("/transactions").json()["totalCount"] == len(rows) + LIE


def test_customers_without_an_origin_are_missing(law: Client):
    listed = law.office_rows("/customers")
    assert law.office("/customers").json()["totalCount"] == len(listed)
    assert all(customer["origin"] for customer in listed)
    assert not any(customer["id"] % 25 == 0 for customer in listed)
    assert law.office("/customers/33150").json()["origin"] == ""


def test_unknown_query_keys_are_ignored(law: Client):
    assert law.office("/transactions?nonsense=1&limit=5").json() == law.office("/transactions?limit=5").json()


def test_windows_of_due_payment_and_creation(law: Client):
    due = law.office_rows("/transactions?date_due_start=2026-03-01&date_due_end=2026-03-31")
    paid = law.office_rows("/transactions?date_payment_start=2026-03-01&date_payment_end=2026-03-31")
    created = law.office_rows("/transactions?created_start=2026-03-01&created_end=2026-03-31")
    month = law.office_rows("/transactions?competence_start=03/2026&competence_end=03/2026")
    assert {row["date_due"][:7] for row in due} == {"2026-03"}
    assert {row["date_payment"][:7] for row in paid} == {"2026-03"}
    assert {row["created_at"][:7] for row in created} == {"2026-03"}
    assert {row["competence"] for row in month} == {"03/2026"}


def test_amounts_are_numbers_or_comma_text_and_the_direction_has_two_names(law: Client):
    rows = law.office_rows("/transactions")
    assert {type(row["amount"]) for row in rows} == {float, str}
    assert {row.get("entry_type") or row.get("type") for row in rows} == {"income", "expense"}
    assert any("type" in row and "entry_type" not in row for row in rows)
    texts = [row["amount"] for row in rows if isinstance(row["amount"], str)]
    assert all(Decimal(text.replace(".", "").replace(",", ".")) > 0 for text in texts)


def test_one_transaction_cannot_be_read_alone(law: Client):
    assert law.office("/transactions/771903").status == 405


def test_lawsuits_belong_to_customers(law: Client):
    cases = law.office_rows("/lawsuits")
    customer = next(row for row in law.office_rows("/customers") if row["lawsuits"])
    case = next(row for row in cases if row["id"] == customer["lawsuits"][0]["lawsuit_id"])
    assert case["process_number"] == customer["lawsuits"][0]["process_number"]
    assert law.office(f"/lawsuits/{case['id']}").json() == case


def test_thirty_gets_a_minute(tmp_path):
    with SandboxServer(tmp_path, unlimited=False) as server:
        law = Client(server, "law")
        statuses = [law.office("/settings").status for _ in range(31)]
        assert statuses == [200] * 30 + [429]
        assert int(law.office("/settings").headers["retry-after"]) <= 60
