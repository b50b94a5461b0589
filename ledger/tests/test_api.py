"""Lists and records over the API: pages by key, filters that say no, edits that survive, and what they cost."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.models import Transaction
from live.cache import forget_generations
from live.models import Event
from tenants.models import AuditLog
from tests.api import body, signed_in, with_key
from tests.cast import Cast
from tests.factories import (
    make_account,
    make_customer,
    make_open_item,
    make_product,
    make_sale,
    make_transaction,
)
from tests.world import fill

LISTS = ("sales", "customers", "products", "open-items", "pluggy/transactions")


def rows(client: Client, path: str) -> list[dict[str, Any]]:
    """Return every row of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = body(client.get(f"{path}&cursor={cursor}"))
        found += answer["data"]
        cursor = answer["meta"]["next"] or ""
        if not cursor:
            return found


def test_pages_follow_each_other_without_gap_or_repeat(cast: Cast) -> None:
    account = make_account(cast.aurora)
    made = {make_transaction(account, f"-{n}.10").pk for n in range(1, 8)}
    make_transaction(make_account(cast.boreal), "-1")
    client = with_key(cast.aurora)
    for sort in ("-date", "date", "-amount", "amount"):
        found = rows(client, f"/api/pluggy/transactions?period=all&limit=3&sort={sort}")
        assert len(found) == 7
        assert {row["id"] for row in found} == made
        if "amount" in sort:
            amounts = [Decimal(row["amount"]) for row in found]
            assert amounts == sorted(amounts, reverse=sort.startswith("-"))


def test_a_page_has_two_hundred_rows_at_most(cast: Cast) -> None:
    client = with_key(cast.aurora)
    for asked, given in (("1", 1), ("200", 200), ("201", 200), ("99999999999999", 200)):
        assert body(client.get(f"/api/sales?limit={asked}"))["meta"]["limit"] == given
    assert body(client.get("/api/sales"))["meta"]["limit"] == 50
    for bad in ("0", "-1", "x", "1.5", "٣"):
        response = client.get("/api/sales", {"limit": bad})
        assert (response.status_code, list(body(response)["details"])) == (400, ["limit"])


def test_filters_narrow_and_bad_ones_are_refused(cast: Cast) -> None:
    sale = make_sale(cast.aurora, "10.00", customer=make_customer(cast.aurora), date="2026-03-01")
    make_sale(cast.aurora, "20.00", date="2026-03-31", is_cancelled=True)
    client = with_key(cast.aurora)
    month = "/api/sales?from=2026-03-01&to=2026-03-31"
    found = body(client.get(month))
    assert len(found["data"]) == 2
    assert found["meta"]["period"] == {"from": "2026-03-01", "to": "2026-03-31"}
    assert [row["id"] for row in body(client.get(f"{month}&status=counted"))["data"]] == [sale.pk]
    assert [row["id"] for row in body(client.get(f"{month}&customer={sale.customer_id}"))["data"]] == [
        sale.pk
    ]
    bad = {"status": "maybe", "customer": "x", "min": "lots", "sort": "secret", "from": "2026-13-01"}
    response = client.get("/api/sales", bad)
    assert response.status_code == 400
    assert set(body(response)["details"]) == {"status", "customer", "min", "sort", "period"}
    for low, high, n in (("15", "25", 1), ("-25", "-15", 1), ("5", "25", 2), ("11", "19", 0)):
        assert len(body(client.get(f"{month}&min={low}&max={high}"))["data"]) == n


def test_overdue_depends_on_the_day(cast: Cast) -> None:
    make_open_item(cast.aurora, "50.00", due_date="2020-01-01")
    make_open_item(cast.aurora, "60.00", due_date="2090-01-01")
    client = with_key(cast.aurora)
    assert [row["open_amount"] for row in body(client.get("/api/open-items?status=overdue"))["data"]] == [
        "50.00"
    ]
    assert len(body(client.get("/api/open-items"))["data"]) == 2


def test_rows_have_plain_names(cast: Cast) -> None:
    make_customer(cast.aurora, "Érica", name_override="Erica Souza")
    (row,) = body(with_key(cast.aurora).get("/api/customers"))["data"]
    assert row["name"] == "Erica Souza"
    assert not any(name.startswith("shown") or name.endswith("folded") for name in row)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_however_long_it_is(cast: Cast, name: str) -> None:
    """The key, the generation, the clock (twice, as a test's transaction must forget what it saw of others), the rows, as-of, the generation
    again before the answer is kept: pinned, whatever the number of rows.
    """
    fill(cast.aurora)
    client = with_key(cast.aurora)
    period = "" if name in {"customers", "products"} else "period=all&"
    client.get(f"/api/{name}?{period}limit=50")
    costs = []
    for more in range(2):
        for _ in range(more * 20):
            make_sale(
                cast.aurora,
                "1",
                customer=make_customer(cast.aurora),
                items=[(make_product(cast.aurora), "1")],
            )
            make_open_item(cast.aurora, "1")
        forget_generations()
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"/api/{name}?{period}limit={150 + more}")
        assert response["X-Cache"] == "MISS"
        costs.append(len(queries))
    assert costs == [7, 7]


def test_a_record_costs_a_handful_of_queries(cast: Cast) -> None:
    world = fill(cast.aurora)
    client = with_key(cast.aurora)
    client.get("/api/sales")
    forget_generations()
    with CaptureQueriesContext(connection) as queries:
        found = body(client.get(f"/api/sales/{world.sale.pk}"))["data"]
    assert len(queries) == 6
    assert [(item["position"], item["total"]) for item in found["items"]] == [(1, "30.00")]


def test_a_persons_edit_is_kept_audited_and_told(cast: Cast) -> None:
    line = make_transaction(make_account(cast.aurora), "-12.50", category="Outros")
    client = signed_in(cast.ana)
    address = f"/api/pluggy/transactions/{line.pk}"
    change = {"category_override": "Aluguel", "ignored": True, "note": " visto "}
    saved = client.patch(address, change, content_type="application/json")
    assert saved.status_code == 200
    data = body(saved)["data"]
    assert (data["category"], data["category_override"], data["ignored"], data["note"]) == (
        "Outros",
        "Aluguel",
        True,
        "visto",
    )
    (entry,) = AuditLog.objects.filter(tenant=cast.aurora)
    assert (entry.actor, entry.after) == (
        cast.ana,
        {"category_override": "Aluguel", "ignored": True, "note": "visto"},
    )
    assert Event.objects.filter(tenant=cast.aurora, name="facts_changed").count() == 1
    client.patch(address, change, content_type="application/json")
    assert AuditLog.objects.filter(tenant=cast.aurora).count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "1.00"},
        {"ignored": "maybe"},
        {"note": "x" * 5_000},
        {"tenant_id": 1},
        {"date": "2026-01-01"},
    ],
)
def test_what_belongs_to_upstream_is_not_edited(cast: Cast, change: dict[str, Any]) -> None:
    line = make_transaction(make_account(cast.aurora), "-12.50")
    response = with_key(cast.aurora).patch(
        f"/api/pluggy/transactions/{line.pk}", change, content_type="application/json"
    )
    assert response.status_code == 400
    assert body(response)["code"] == "invalid"
    line.refresh_from_db()
    assert (line.amount, line.ignored, line.note) == (Decimal("-12.50"), False, "")
    assert Transaction.objects.get(pk=line.pk).tenant == cast.aurora


def test_unknown_balances_are_null_not_zero(cast: Cast) -> None:
    make_account(cast.aurora, name="Sem saldo")
    (row,) = body(with_key(cast.aurora).get("/api/pluggy/accounts"))["data"]
    assert (row["name"], row["balance"]) == ("Sem saldo", None)


@pytest.mark.parametrize("cursor", ["WzAsMV0", "bm9uZQ"])
def test_a_cursor_of_elsewhere_is_refused_in_the_readers_language(client, cast: Cast, cursor: str) -> None:
    client.force_login(cast.ana)
    answer = client.get("/api/sales", {"cursor": cursor})
    assert answer.status_code == 400
    assert "Este cursor é de outra lista" in answer.json()["message"]


@pytest.mark.parametrize("name", LISTS)
def test_a_name_that_a_list_does_not_have_is_refused(cast: Cast, name: str) -> None:
    client = with_key(cast.aurora)
    answer = client.get(f"/api/{name}?limit=5&statsu=paid")
    told = body(answer)
    assert (answer.status_code, told["code"], list(told["details"])) == (400, "bad_parameter", ["statsu"])
    assert "limit" in told["details"]["statsu"]  # what it has
    assert client.head(f"/api/{name}?x=1").status_code == 400
