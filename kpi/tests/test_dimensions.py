"""Sums by dimension hold whatever happened to facts, cost only the days that changed, and lose no change that is committed meanwhile."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi import checks, dimensions, services
from kpi.models import DimensionDaily, DimensionMonthly, TouchedDay
from ledger.models import Sale, SaleItem, Transaction
from lib import pg
from tests.cast import Cast
from tests.factories import DAY, make_account, make_customer, make_product, make_sale, make_transaction

D = Decimal


def by_day(tenant: Any, dimension: str, kind: str = "SALE") -> dict[tuple[date, str], tuple[int, Decimal]]:
    """Return n and total by day and key."""
    rows = DimensionDaily.objects.filter(tenant=tenant, dimension=dimension, type=kind)
    return {(row.day, row.key): (row.n, row.total) for row in rows}


def by_month(tenant: Any, dimension: str, kind: str = "SALE") -> dict[str, Decimal]:
    """Return the total of March 2026 by key."""
    rows = DimensionMonthly.objects.filter(
        tenant=tenant, dimension=dimension, type=kind, month=DAY.replace(day=1)
    )
    return dict(rows.values_list("key", "total"))


@pytest.mark.django_db
def test_a_sale_counts_for_its_store_seller_channel_payment_customer_and_products(cast: Cast) -> None:
    ana, soap = make_customer(cast.aurora), make_product(cast.aurora)
    sale = make_sale(
        cast.aurora, "30.00", customer=ana, store="Centro", seller="Bia", channel="loja", payment="Pix"
    )
    SaleItem.objects.create(
        tenant=cast.aurora,
        sale=sale,
        position=1,
        product=soap,
        name="Sabão",
        quantity=3,
        unit_price=10,
        total=30,
    )
    make_sale(cast.aurora, "5.00", store="Centro")
    dimensions.bring(cast.aurora.pk)
    assert by_day(cast.aurora, "store") == {(DAY, "Centro"): (2, D("35.00"))}
    assert by_day(cast.aurora, "customer") == {(DAY, str(ana.pk)): (1, D("30.00")), (DAY, ""): (1, D("5.00"))}
    assert by_month(cast.aurora, "seller") == {"Bia": D("30.00"), "": D("5.00")}
    product = DimensionDaily.objects.get(tenant=cast.aurora, dimension="product", key=str(soap.pk))
    assert (product.n, product.quantity, product.total) == (1, D(3), D("30.00"))
    assert checks.compare(cast.aurora) == []


@pytest.mark.django_db
def test_bank_lines_count_by_account_and_by_the_category_that_people_gave(cast: Cast) -> None:
    account = make_account(cast.aurora)
    make_transaction(account, "-10.00", category="Mercado")
    line = make_transaction(account, "-4.00", category="Outros")
    make_transaction(account, "-99.00", category="Mercado", nature="own_transfer")
    make_transaction(account, "7.00", status="pending")
    Transaction.objects.filter(pk=line.pk).update(category_override="Mercado")
    dimensions.bring(cast.aurora.pk)
    assert by_day(cast.aurora, "category", "DEBIT") == {(DAY, "Mercado"): (2, D("-14.00"))}
    assert by_day(cast.aurora, "account", "DEBIT") == {(DAY, str(account.pk)): (2, D("-14.00"))}
    assert by_day(cast.aurora, "category", "CREDIT") == {}


@pytest.mark.django_db
def test_what_is_cancelled_moved_or_gone_leaves_nothing_behind(cast: Cast) -> None:
    moved, cancelled, gone = (make_sale(cast.aurora, "10.00", store="Centro") for _ in range(3))
    dimensions.bring(cast.aurora.pk)
    Sale.objects.filter(pk=moved.pk).update(date=DAY + timedelta(days=40), store="Norte")
    Sale.objects.filter(pk=cancelled.pk).update(is_cancelled=True)
    gone.delete()
    assert dimensions.bring(cast.aurora.pk) == 2
    assert by_day(cast.aurora, "store") == {(DAY + timedelta(days=40), "Norte"): (1, D("10.00"))}
    assert by_month(cast.aurora, "store") == {}
    assert checks.compare(cast.aurora) == []


@pytest.mark.django_db
def test_a_note_touches_no_day_and_a_day_that_is_as_it_was_is_not_written(cast: Cast) -> None:
    sale = make_sale(cast.aurora, "10.00", store="Centro")
    dimensions.bring(cast.aurora.pk)
    Sale.objects.filter(pk=sale.pk).update(note="visto", status="Entregue")
    assert not TouchedDay.objects.exists()
    TouchedDay.objects.create(tenant=cast.aurora, kind="sales", day=DAY)
    written = pg.fetch("SELECT xmin::text FROM kpi_dimension_daily ORDER BY key, dimension")
    assert dimensions.bring(cast.aurora.pk) == 1
    assert pg.fetch("SELECT xmin::text FROM kpi_dimension_daily ORDER BY key, dimension") == written


@pytest.mark.django_db
def test_a_wrong_sum_is_found_and_repaired_and_companies_do_not_mix(cast: Cast) -> None:
    make_sale(cast.aurora, "10.00", store="Centro")
    make_sale(cast.boreal, "3.00", store="Centro")
    assert dimensions.bring_due() == 2
    DimensionMonthly.objects.filter(tenant=cast.aurora, dimension="store").update(total=D("10.01"))
    (wrong,) = checks.compare()
    assert (wrong.tenant, wrong.table, wrong.column, wrong.stored, wrong.truth) == (
        "aurora", "kpi_dimension", "total", D("10.01"), D("10.00"),
    )  # fmt: skip
    services.rebuild(tenant_id=cast.aurora.pk)
    assert checks.compare() == []
    assert by_month(cast.boreal, "store") == {"Centro": D("3.00")}


@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_while_a_day_is_summed_is_not_lost(cast: Cast) -> None:
    make_sale(cast.aurora, "10.00", store="Centro")

    def elsewhere() -> None:
        with transaction.atomic():
            make_sale(cast.aurora, "5.00", store="Centro")
        connection.close()

    with transaction.atomic():
        TouchedDay.objects.filter(tenant=cast.aurora).delete()
        other = Thread(target=elsewhere)
        other.start()
        other.join()
        assert TouchedDay.objects.count() == 1, "it waits for nobody and leaves its own mark"
    dimensions.bring(cast.aurora.pk)
    assert by_day(cast.aurora, "store") == {(DAY, "Centro"): (2, D("15.00"))}


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["make", "move", "cancel", "ignore", "store", "delete", "bring"]),
        st.integers(0, 4),
        st.integers(0, 40),
    ),
    max_size=12,
)


@pytest.mark.django_db
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_any_sequence_of_changes_ends_in_the_truth(cast: Cast, changes: list[tuple[str, int, int]]) -> None:
    with transaction.atomic():
        for what, which, number in changes:
            sales = Sale.objects.filter(tenant=cast.aurora).order_by("pk")
            pks = list(sales.values_list("pk", flat=True)[which : which + 1])
            chosen = Sale.objects.filter(pk__in=pks)
            if what == "make":
                make_sale(cast.aurora, D(number), date=DAY + timedelta(days=which), store=f"S{number % 3}")
            elif what == "move":
                chosen.update(date=DAY + timedelta(days=number))
            elif what == "cancel":
                chosen.update(is_cancelled=bool(number % 2))
            elif what == "ignore":
                chosen.update(ignored=bool(number % 2))
            elif what == "store":
                chosen.update(store=f"S{number % 3}")
            elif what == "delete":
                chosen.delete()
            else:
                dimensions.bring(cast.aurora.pk)
        dimensions.bring(cast.aurora.pk)
        assert checks.compare(cast.aurora) == []
        transaction.set_rollback(True)
