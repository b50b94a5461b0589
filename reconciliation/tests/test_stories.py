"""A customer's story: what its totals and its timeline say, of whom, and what a page costs."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.models import Customer, OpenItem, Transaction
from lib import clock
from reconciliation import services, stories
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import (
    access_of,
    make_account,
    make_customer,
    make_open_item,
    make_sale,
    make_transaction,
)

pytestmark = pytest.mark.django_db


def url(tenant: Tenant, customer: Customer) -> str:
    return f"/t/{tenant.slug}/list/customers/{customer.pk}/"


def due(tenant: Tenant, customer: Customer, amount: str, *, days: int, **fields: Any) -> OpenItem:
    """An item due this many days from today."""
    day = clock.today(tenant.zone) + timedelta(days=days)
    return make_open_item(tenant, amount, customer=customer, due_date=day, **fields)


def paid(cast: Cast, tenant: Tenant, item: OpenItem, amount: str, *, days: int, **fields: Any) -> Transaction:
    """A bank line that settles so much of the item, linked by the owner."""
    day = clock.today(tenant.zone) + timedelta(days=days)
    row = make_transaction(make_account(tenant, name="Banco"), amount, date=day, **fields)
    user = cast.ana if tenant == cast.aurora else cast.carla
    services.link(access=access_of(user, tenant), lines=[row.pk], items={item.pk: Decimal(amount)})
    return row


@pytest.fixture
def maria(cast: Cast) -> Customer:
    """Bought once, paid one item in part through João (late), owes one that is not due yet."""
    tenant = cast.aurora
    maria = make_customer(tenant, "Maria Alves")
    make_sale(tenant, "900.00", customer=maria, date=clock.today(tenant.zone) - timedelta(days=40))
    late = due(tenant, maria, "500.00", days=-30, number="N-1")
    due(tenant, maria, "400.00", days=10, number="N-2")
    paid(cast, tenant, late, "300.00", days=-20, counterparty_name="JOAO DA SILVA")
    # Another company's, and another customer's, who must not show up.
    theirs = make_customer(cast.boreal, "Alheia")
    paid(cast, cast.boreal, due(cast.boreal, theirs, "70.00", days=-1, number="N-9"), "70.00", days=-1)
    due(tenant, make_customer(tenant, "Outra"), "60.00", days=-1, number="N-8")
    return maria


def test_what_was_bought_paid_and_is_owed(cast: Cast, maria: Customer) -> None:
    found = stories.totals(cast.aurora, maria)
    assert (found.bought, found.sales) == (Decimal("900.00"), 1)
    assert (found.paid, found.seen, found.open) == (Decimal("300.00"), Decimal("300.00"), Decimal("600.00"))
    assert (found.overdue, found.days_late, found.items) == (Decimal("200.00"), 30, 2)
    assert (found.coming, found.coming_items) == (Decimal("400.00"), 1)


def test_the_timeline_tells_everything_of_this_customer_only(cast: Cast, maria: Customer) -> None:
    rows = stories.events(cast.aurora, maria).rows
    assert [row["kind"] for row in rows] == ["payer", "payment", "item", "sale"]
    payer, payment, item, _sale = rows
    assert (payer["payer"], payer["mapping"].right) == ("JOAO DA SILVA", 1)
    assert (payment["amount"], payment["payer"]) == (Decimal("300.00"), "JOAO DA SILVA")
    assert (item["rest"], item["late"], item["part"]) == (Decimal("200.00"), 30, True)
    everything = stories.events(cast.aurora, maria, before=stories.EVERYTHING).rows
    assert [row["kind"] for row in everything] == ["item", "payer", "payment", "item", "sale"]


def test_the_page_and_who_may_read_it(client: Client, cast: Cast, maria: Customer) -> None:
    client.force_login(cast.ana)
    html = client.get(url(cast.aurora, maria)).content.decode()
    for said in (
        "R$\xa0900,00",
        "R$\xa0600,00",
        "JOAO DA SILVA paga por Maria Alves",
        "30 dias de atraso",
        "N-1",
    ):
        assert said in html.replace("&nbsp;", "\xa0"), said
    assert "N-8" not in html
    client.force_login(cast.carla)
    assert client.get(url(cast.aurora, maria)).status_code == 404
    for place in ("/t/aurora", "/t/boreal"):
        assert client.get(f"{place}/customers/{maria.pk}/story/").status_code == 404


def test_older_events_follow_without_a_gap_and_a_page_costs_the_same_at_any_length(
    client: Client, cast: Cast, maria: Customer
) -> None:
    client.force_login(cast.ana)
    costs = []
    for more in (2, 70):
        for n in range(more):
            due(cast.aurora, maria, "10.00", days=-50 - n // 3)
        client.get(url(cast.aurora, maria))
        with CaptureQueriesContext(connection) as queries:
            client.get(url(cast.aurora, maria))
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 23
    seen: list[tuple[str, int]] = []
    before = ""
    while True:
        page = client.get(
            f"/t/aurora/customers/{maria.pk}/story/?before={before}", headers={"HX-Request": "true"}
        ).context["story"]
        seen += [(row["kind"], row["id"]) for row in page.rows]
        before = page.older
        if not before:
            break
    assert len(seen) == len(set(seen)) == 76


@pytest.mark.parametrize("before", ["x", "2026-13-40.1.1", "2026-01-01.9.1", "2026-01-01.1." + "9" * 30])
def test_a_place_that_makes_no_sense_is_the_beginning(cast: Cast, maria: Customer, before: str) -> None:
    assert len(stories.events(cast.aurora, maria, before=before).rows) == 4
