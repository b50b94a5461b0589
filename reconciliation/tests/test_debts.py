"""Who owes, by person: sums, order, pages, and nobody else's."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.models import OpenItem
from lib import clock
from reconciliation import debts, services
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import access_of, make_account, make_customer, make_open_item, make_transaction

pytestmark = pytest.mark.django_db
URL = "/t/aurora/open-items/people/"


def due(tenant: Tenant, amount: str, *, days: int, **fields: Any) -> OpenItem:
    """An item due this many days from today."""
    return make_open_item(tenant, amount, due_date=clock.today(tenant.zone) + timedelta(days=days), **fields)


@pytest.fixture
def owed(cast: Cast) -> Tenant:
    """Maria owes in two items, one half paid; somebody with a document and no customer; a name alone; and what is not owed."""
    tenant = cast.aurora
    maria = make_customer(tenant, "Maria Alves")
    late = due(tenant, "500.00", days=-30, customer=maria, counterparty_name="M. Alves")
    due(tenant, "100.00", days=10, customer=maria)
    line = make_transaction(make_account(tenant), "200.00")
    services.link(access=access_of(cast.ana, tenant), lines=[line.pk], items={late.pk: Decimal("200.00")})
    due(tenant, "900.00", days=-2, counterparty_name="Posto", counterparty_document="11222333000181")
    due(tenant, "50.00", days=5, counterparty_name="Sem Documento")
    due(tenant, "70.00", days=-5, counterparty_name="Pago", status=OpenItem.Status.PAID, open_amount="0.00")
    due(tenant, "-80.00", days=-5, counterparty_name="Fornecedor")
    due(cast.boreal, "40.00", days=-5, counterparty_name="Alheio")
    return tenant


def test_open_items_are_added_up_by_person(owed: Tenant) -> None:
    rows = debts.people(owed, direction="receivable", sort="open").rows
    assert [
        (row["name"], row["items"], str(row["open"]), str(row["overdue"]), row["days"]) for row in rows
    ] == [
        ("Posto", 1, "900.00", "900.00", 2),
        ("Maria Alves", 2, "400.00", "300.00", 30),
        ("Sem Documento", 1, "50.00", "0", 0),
    ]
    assert (rows[0]["persons"], str(rows[0]["all_open"]), str(rows[0]["all_overdue"])) == (
        3,
        "1350.00",
        "1200.00",
    )
    assert debts.people(owed, direction="receivable", sort="days").rows[0]["name"] == "Maria Alves"
    assert [row["name"] for row in debts.people(owed, direction="payable", sort="open").rows] == [
        "Fornecedor"
    ]


def test_people_are_found_by_name_or_document(owed: Tenant) -> None:
    def found(text: str) -> list[str]:
        return [
            row["name"] for row in debts.people(owed, direction="receivable", sort="open", text=text).rows
        ]

    assert (found("alves"), found("112223"), found("%"), found("alheio")) == (
        ["Maria Alves"],
        ["Posto"],
        [],
        [],
    )


def test_pages_follow_each_other_without_a_gap_at_the_same_cost(client: Client, cast: Cast) -> None:
    for n in range(debts.PAGE + 7):
        due(cast.aurora, "10.00", days=-n, counterparty_name=f"Pessoa {n}")
    client.force_login(cast.ana)
    client.get(URL)
    with CaptureQueriesContext(connection) as queries:
        first = client.get(URL).context["page"]
    assert len(queries) <= 9
    second = client.get(URL, {"cursor": first.next}).context["page"]
    names = [row["name"] for row in [*first.rows, *second.rows]]
    assert (len(first.rows), len(names), len(set(names)), second.next) == (50, 57, 57, None)
    for odd in ({"cursor": "x"}, {"sort": "x"}, {"direction": "x"}, {"cursor": "9" * 40 + "~a"}):
        assert len(client.get(URL, odd).context["page"].rows) == 50, odd


def test_who_may_read_it(client: Client, cast: Cast, owed: Tenant) -> None:
    client.force_login(cast.bruno)
    html = client.get(URL).content.decode()
    assert "Quem deve" in html
    assert "Posto" in html
    client.force_login(cast.carla)
    assert client.get(URL).status_code == 404
    assert "Posto" not in client.get("/t/boreal/open-items/people/").content.decode()
