"""Segments of a company in the database: the same scores as the library's, by month, of one company only."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from kpi.models import SegmentMember, SegmentState
from kpi.segmenting import queries, services
from kpi.segments import edges, rfm
from lib import clock
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import make_customer, make_sale, make_source

D = Decimal
pytestmark = pytest.mark.django_db


def sales_of(tenant: Tenant, count: int, *, seed: int, today: date) -> list[tuple[str, date, Decimal]]:
    """Give the company customers with sales, many of them equal; return the orders by the customers' ids."""
    rng = np.random.default_rng(seed)
    source = make_source(tenant)
    orders = []
    for number in range(count):
        customer = make_customer(tenant, f"Cliente {number}", source=source)
        for _ in range(int(rng.integers(1, 4))):
            day, total = today - timedelta(days=int(rng.integers(0, 60))), D(int(rng.integers(1, 5)) * 10)
            make_sale(tenant, total, customer=customer, date=day, source=source)
            orders.append((str(customer.pk), day, total))
    return orders


def stood(tenant: Tenant, month: date) -> dict[str, tuple[Any, ...]]:
    """Return what is kept of a month, by customer."""
    rows = SegmentMember.objects.filter(tenant=tenant, month=month)
    return {
        str(row.customer_id): (row.frequency, row.monetary, row.r, row.f, row.m, row.segment) for row in rows
    }


def test_the_database_scores_as_the_library_does(cast: Cast):
    today = clock.today(cast.aurora.zone)
    orders = sales_of(cast.aurora, 40, seed=1, today=today)
    sales_of(cast.boreal, 3, seed=2, today=today)
    assert services.compute(tenant=cast.aurora).customers == 40
    tomorrow = today + timedelta(days=1)
    expected = {
        one.customer: (one.frequency, one.monetary, one.r, one.f, one.m, one.segment)
        for one in rfm.standings(rfm.read(orders), as_of=tomorrow)
    }
    assert stood(cast.aurora, services.month_of(tomorrow)) == expected
    assert not SegmentMember.objects.filter(tenant=cast.boreal).exists()


def test_what_does_not_count_as_revenue_gives_no_standing(cast: Cast):
    tenant, today = cast.aurora, clock.today(cast.aurora.zone)
    bought = make_customer(tenant, "Ana")
    make_sale(tenant, "10.00", customer=bought, date=today)
    for name, changes in (
        ("Cancelled", {"is_cancelled": True}),
        ("Ignored", {"ignored": True}),
        ("Abroad", {"currency": "USD"}),
        ("Consumidor Final", {}),
        ("Tomorrow", {"date": today + timedelta(days=1)}),
    ):
        make_sale(tenant, "10.00", customer=make_customer(tenant, name), **{"date": today, **changes})
    make_sale(tenant, "10.00", date=today)
    services.compute(tenant=tenant)
    assert list(stood(tenant, today.replace(day=1))) == [str(bought.pk)]


def test_past_months_are_scored_at_first_and_movement_is_told(cast: Cast):
    tenant, today = cast.aurora, clock.today(cast.aurora.zone)
    month = today.replace(day=1)
    old, back = (make_customer(tenant, name) for name in ("Old", "Back"))
    for customer in (old, back):
        make_sale(tenant, "50.00", customer=customer, date=clock.add_months(month, -3))
    make_sale(tenant, "70.00", customer=back, date=today)
    make_sale(tenant, "20.00", customer=make_customer(tenant, "First"), date=today)
    services.compute(tenant=tenant)
    assert SegmentMember.objects.filter(tenant=tenant, month=clock.add_months(month, -2)).count() == 2
    found = queries.overview(tenant)
    assert (found.customers, found.value, found.fitted) == (3, D("190.00"), False)
    assert sum(one.customers for one in found.segments) == 3
    assert sum(one.entered - one.left for one in found.segments) == 1
    assert found.moves[("", stood(tenant, month)[str(max(int(k) for k in stood(tenant, month)))][5])] == 1
    assert all(one.expected is None and one.worth is None for one in found.segments)


def test_changed_facts_are_due_and_a_second_run_changes_no_row(cast: Cast):
    tenant, today = cast.aurora, clock.today(cast.aurora.zone)
    assert tenant not in services.due()  # no sales, nothing to say
    sale = make_sale(tenant, "10.00", customer=make_customer(tenant, "Ana"), date=today)
    assert services.due() == [tenant]
    services.compute(tenant=tenant)
    assert services.due() == []
    versions = "SELECT xmin::text FROM kpi_segmentmember WHERE tenant_id = %s ORDER BY month, customer_id"
    before = services.pg.fetch(versions, [tenant.pk])
    services.compute(tenant=tenant)
    assert services.pg.fetch(versions, [tenant.pk]) == before
    sale.delete()
    SegmentState.objects.filter(tenant=tenant).update(as_of=today)
    assert services.due() == []  # nothing was ever sold
    services.compute(tenant=tenant)
    assert stood(tenant, today.replace(day=1)) == {}


def test_a_company_moves_its_edges(cast: Cast):
    tenant, today = cast.aurora, clock.today(cast.aurora.zone)
    make_sale(tenant, "10.00", customer=make_customer(tenant, "Ana"), date=today)
    services.move_edges(tenant=tenant, rules=[{"segment": "loyal"}])
    services.compute(tenant=tenant)
    assert [row[5] for row in stood(tenant, today.replace(day=1)).values()] == ["loyal"]
    with pytest.raises(edges.EdgesError, match="no segment"):
        services.move_edges(tenant=tenant, rules=[{"segment": "loyal", "r": [2, 5]}])
    services.move_edges(tenant=tenant, rules=None)
    services.compute(tenant=tenant)
    assert [row[5] for row in stood(tenant, today.replace(day=1)).values()] == ["new"]


def test_pages_of_members_come_in_order_without_gaps(cast: Cast):
    tenant, today = cast.aurora, clock.today(cast.aurora.zone)
    services.move_edges(tenant=tenant, rules=[{"segment": "loyal"}])
    for number in range(7):
        make_sale(tenant, D(10 + number // 2), customer=make_customer(tenant, f"C{number}"), date=today)
    services.compute(tenant=tenant)
    as_of = today + timedelta(days=1)
    whole = queries.members(tenant, as_of=as_of, segment="loyal").rows
    assert [one.name for one in whole] == ["C6", "C5", "C4", "C3", "C2", "C1", "C0"]
    first = queries.members(tenant, as_of=as_of, segment="loyal", limit=3)
    rest = queries.members(tenant, as_of=as_of, segment="loyal", cursor=first.next)
    assert (
        [*first.rows, *rest.rows] == whole == list(queries.all_members(tenant, as_of=as_of, segment="loyal"))
    )
    assert (first.previous, rest.next) == (None, None)
    assert queries.members(tenant, as_of=as_of, segment="lost").rows == []
    assert (whole[0].recency, whole[0].scores[0], whole[0].before) == (1, 5, "")


def test_expectations_are_kept_where_the_models_fit(cast: Cast, monkeypatch: pytest.MonkeyPatch):
    tenant, today = cast.aurora, clock.today(cast.aurora.zone)
    sales_of(tenant, 60, seed=4, today=today)
    made = services.compute(tenant=tenant)
    assert made.fitted
    state = SegmentState.objects.get(tenant=tenant)
    assert {"r", "alpha", "a", "b"} <= set(state.fitted)
    kept = SegmentMember.objects.filter(tenant=tenant, month=today.replace(day=1))
    assert all(row.expected is not None and row.expected >= 0 for row in kept)
    assert queries.overview(tenant).fitted
    services.compute(tenant=tenant, expect=False)
    assert SegmentState.objects.get(tenant=tenant).fitted is None
