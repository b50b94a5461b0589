"""The list of open items shows what is left: the same number as the cards, whatever the ERP does not know yet."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from kpi import queries as kpi
from ledger import lists
from lib import clock
from reconciliation import services
from tests.cast import Cast
from tests.factories import (
    DAY,
    access_of,
    make_account,
    make_customer,
    make_open_item,
    make_source,
    make_transaction,
)

pytestmark = pytest.mark.django_db
D = Decimal


def test_what_is_settled_here_is_no_longer_open_in_the_list_either(client: Client, cast: Cast) -> None:
    tenant, account, erp = cast.aurora, make_account(cast.aurora), make_source(cast.aurora)
    maria = make_customer(tenant, "Maria Souza", source=erp)
    whole, part, none = (
        make_open_item(tenant, amount, source=erp, due_date=DAY, description=amount, customer=maria)
        for amount in ("100.00", "250.00", "70.00")
    )
    make_open_item(cast.boreal, "9000.00", due_date=DAY)
    access = access_of(cast.ana, tenant)
    for amount, item in (("100.00", whole), ("150.00", part)):
        line = make_transaction(account, amount, date=DAY)
        services.link(access=access, lines=[line.pk], items={item.pk: D(amount)})
    spec, today = lists.LISTS["open_items"], clock.today(tenant.zone)
    filters = lists.owed(spec, lists.parse(spec, {"status": "overdue"}, today=today))
    page = lists.listing(spec, tenant, filters, limit=10, cursor=None)
    lists.add_rest(spec, tenant, page.rows)
    assert {row["id"]: row["left"] for row in page.rows} == {part.pk: D(100), none.pk: D(70)}
    (total,) = lists.totals(spec, tenant, filters)
    assert (total.rows, total.net) == (2, D(170))
    assert total.net == kpi.state(tenant, today).receivables_overdue
    client.force_login(cast.ana)
    text = client.get(reverse("ledger:open_items", args=["aurora"]), {"status": "overdue"}).content.decode()
    assert "100,00" in text
    assert "250,00" in text
    everything = lists.parse(spec, {"status": "all"}, today=today)
    assert len(lists.listing(spec, tenant, everything, limit=10, cursor=None).rows) == 3
