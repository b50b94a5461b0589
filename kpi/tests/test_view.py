"""The materialized view: what it holds, that it is refreshed seldom, and that the last change is never the one missing."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from kpi import checks, services
from kpi.models import Daily, Monthly, TenantKpis, ViewState
from kpi.services import refresh_if_due, refresh_now, refresh_until_current
from ledger.models import Transaction
from lib import pg
from live import events
from live.models import Event, Generation
from tests.cast import Cast
from tests.factories import (
    DAY,
    make_account,
    make_connection,
    make_run,
    make_sale,
    make_tenant,
    make_transaction,
)

D = Decimal
MARCH = date(2026, 3, 1)


def view_rows() -> list[tuple[Any, ...]]:
    """Return every row of the view without its as_of."""
    columns = ("tenant__name", "month", "type", *checks.VIEW)
    return list(TenantKpis.objects.order_by("tenant_id", "month", "type").values_list(*columns))


def tell(tenant_id: int) -> None:
    """Raise the data version as every writer of facts does."""
    events.publish("facts_changed", tenant_id=tenant_id)


def test_the_columns_are_those_that_readers_know(db: None) -> None:
    found = pg.fetch(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
        " WHERE attrelid = 'mv_tenant_kpis'::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert found == [
        ("tenant_id", "bigint"),
        ("month", "date"),
        ("type", "character varying"),
        ("tx_count", "integer"),
        ("total_amount", "numeric"),
        ("avg_amount", "numeric"),
        ("active_tx_count", "integer"),
        ("active_total_amount", "numeric"),
        ("as_of", "timestamp with time zone"),
    ]
    assert pg.fetch("SELECT indexdef FROM pg_indexes WHERE tablename = 'mv_tenant_kpis'") == [
        (
            "CREATE UNIQUE INDEX mv_tenant_kpis_tenant_month_type ON public.mv_tenant_kpis USING btree (tenant_id, month, type)",
        )
    ]


def test_a_row_sums_a_month_of_one_company_in_its_own_currency(cast: Cast) -> None:
    account = make_account(cast.aurora)
    for amount, changes in (
        ("10.00", {}),
        ("20.00", {"date": DAY + timedelta(days=3)}),
        ("30.00", {"ignored": True}),
        ("40.00", {"date": DAY + timedelta(days=40)}),
        ("50.00", {"currency": "USD"}),
        ("60.00", {"status": "pending"}),
        ("-9.00", {"ignored": True}),
    ):
        make_transaction(account, amount, **changes)
    make_sale(cast.aurora, "999.00")
    make_transaction(make_account(cast.boreal), "1.00")
    refresh_now()
    assert view_rows() == [
        ("Aurora", MARCH, "CREDIT", 3, D("60.00"), D(20), 2, D("30.00")),
        ("Aurora", MARCH, "DEBIT", 1, D("-9.00"), D(-9), 0, None),
        ("Aurora", date(2026, 4, 1), "CREDIT", 1, D("40.00"), D(40), 1, D("40.00")),
        ("Boreal", MARCH, "CREDIT", 1, D("1.00"), D(1), 1, D("1.00")),
    ]


def test_nobody_writes_to_the_view(cast: Cast) -> None:
    make_transaction(make_account(cast.aurora))
    refresh_now()
    with pytest.raises(DatabaseError, match="cannot change materialized view"), transaction.atomic():
        TenantKpis.objects.update(tx_count=0)


class TestRefresh:
    def test_only_when_a_company_is_behind(self, cast: Cast):
        assert refresh_until_current() == 1  # both companies are new
        assert refresh_until_current() == 0
        tell(cast.aurora.pk)
        assert refresh_until_current() == 1
        assert refresh_until_current() == 0

    def test_remembers_versions_and_tells_the_companies_that_changed(self, cast: Cast):
        refresh_until_current()
        Event.objects.all().delete()
        make_transaction(make_account(cast.aurora))
        tell(cast.aurora.pk)
        refresh_until_current()
        told = Event.objects.filter(name="kpi_refreshed").values_list("tenant__name", flat=True)
        assert list(told) == ["Aurora"]
        assert not ViewState.objects.exclude(built_version=F("tenant__generation__facts")).exists()

    def test_as_of_moves_for_the_companies_that_changed(self, cast: Cast):
        for tenant in (cast.aurora, cast.boreal):
            make_transaction(make_account(tenant))
        refresh_until_current()
        old = datetime(2020, 6, 1, tzinfo=UTC)
        ViewState.objects.update(built_at=old)
        tell(cast.aurora.pk)
        refresh_until_current()
        years = dict(TenantKpis.objects.values_list("tenant__name", "as_of__year"))
        assert years["Boreal"] == 2020
        assert years["Aurora"] > 2020

    def test_soon_after_the_last_one_it_waits_for_beat(self, cast: Cast):
        assert refresh_if_due() == 1
        tell(cast.aurora.pk)
        assert refresh_if_due() == 0
        ViewState.objects.update(built_at=F("built_at") - services.APART)
        assert refresh_if_due() == 1
        assert refresh_if_due() == 0

    def test_a_company_in_another_currency_changes_its_rows(self, cast: Cast):
        account = make_account(cast.aurora)
        make_transaction(account, "1.00")
        make_transaction(account, "2.00", currency="USD")
        cast.aurora.currency = "USD"
        cast.aurora.save()
        refresh_now()
        assert [row[4] for row in view_rows()] == [D("2.00")]


@pytest.mark.django_db(transaction=True)
def test_many_syncs_at_once_cost_few_refreshes_and_lose_no_change() -> None:
    """Six writers, eight changes each, everyone refreshes after each commit: no deadlock, nothing left behind."""
    tenants = [make_tenant(f"Empresa {n}") for n in range(3)]
    accounts = [make_account(tenant) for tenant in tenants]
    refreshes, errors = list[int](), list[BaseException]()

    def work(number: int) -> None:
        try:
            for step in range(8):
                account = accounts[(number + step) % 3]
                with transaction.atomic():
                    pg.lock(pg.Lock.LEDGER, account.tenant_id)
                    make_transaction(
                        account, "1.00", external_id=f"{number}-{step}", date=DAY + timedelta(days=step)
                    )
                    tell(account.tenant_id)
                refreshes.append(refresh_until_current())
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert Transaction.objects.count() == 48
    # Whoever gave up relied on the holder: without any further call the view must be current.
    assert not ViewState.objects.exclude(built_version=F("tenant__generation__facts")).exists()
    assert checks.behind() == []
    assert checks.compare() == []
    assert sum(refreshes) < 48


@pytest.mark.django_db(transaction=True)
def test_a_burst_through_dispatch_costs_one_refresh() -> None:
    account = make_account(make_tenant())
    done = 0
    for n in range(50):
        with transaction.atomic():
            make_transaction(account, "1.00", external_id=str(n))
            tell(account.tenant_id)
        done += refresh_if_due()
    assert done == 1
    assert refresh_until_current() == 1  # what Beat does for the rest
    assert TenantKpis.objects.get().tx_count == 50


class TestCheck:
    def test_agrees_when_all_is_well(self, cast: Cast):
        make_transaction(make_account(cast.aurora))
        make_sale(cast.boreal)
        refresh_now()
        call_command("check_kpis")

    def test_one_cent_is_found_in_every_table(self, cast: Cast):
        make_transaction(make_account(cast.aurora), "10.00")
        refresh_now()
        Daily.objects.update(flow_total=F("flow_total") + D("0.01"))
        Monthly.objects.update(total=F("total") - D("0.01"), n=2)
        found = [str(difference) for difference in checks.compare()]
        assert found == [
            "aurora kpi_daily 2026-03-10 CREDIT BRL flow_total: stored 10.01, facts 10.00",
            "aurora kpi_monthly 2026-03-01 CREDIT BRL n: stored 2, facts 1",
            "aurora kpi_monthly 2026-03-01 CREDIT BRL total: stored 9.99, facts 10.00",
        ]
        assert checks.compare(cast.boreal) == []
        with pytest.raises(CommandError, match="3 number"):
            call_command("check_kpis", tenant="aurora")

    def test_rows_that_should_not_be_and_rows_that_are_missing(self, cast: Cast):
        make_transaction(make_account(cast.aurora), "10.00")
        Daily.objects.all().delete()
        Daily.objects.create(tenant=cast.boreal, day=DAY, type="SALE", currency="BRL", n=1, total=5)
        refresh_now()
        sides = {(one.tenant, one.table, one.column): (one.stored, one.truth) for one in checks.compare()}
        assert sides["aurora", "kpi_daily", "total"] == (None, D("10.00"))
        assert sides["boreal", "kpi_daily", "total"] == (D("5.00"), None)

    def test_an_emptied_row_means_the_same_as_none(self, cast: Cast):
        make_transaction(make_account(cast.aurora), "10.00").delete()
        assert Daily.objects.get().n == 0
        assert checks.compare() == []

    def test_a_view_that_nobody_told_is_wrong_and_one_that_is_behind_is_late(
        self, cast: Cast, capsys: pytest.CaptureFixture[str]
    ):
        refresh_until_current()
        make_transaction(make_account(cast.aurora), "10.00")
        assert {(one.table, one.column) for one in checks.compare()} == {
            ("mv_tenant_kpis", column) for column in checks.VIEW
        }
        tell(cast.aurora.pk)
        assert (checks.compare(), checks.behind()) == ([], ["aurora"])
        call_command("check_kpis")
        assert "aurora: mv_tenant_kpis is behind" in capsys.readouterr().err
        call_command("check_kpis", refresh=True)
        assert checks.behind() == []

    def test_a_running_sync_makes_late_and_not_wrong(self, cast: Cast):
        refresh_until_current()
        run = make_run(make_connection(cast.aurora), status="running")
        make_transaction(make_account(cast.aurora), "10.00")
        assert (checks.compare(), checks.behind()) == ([], ["aurora"])
        run.delete()
        assert checks.compare() != []

    def test_repair_recomputes_what_differs_and_nothing_else(self, cast: Cast):
        for tenant in (cast.aurora, cast.boreal):
            make_transaction(make_account(tenant), "10.00")
            make_sale(tenant, "5.00", is_cancelled=True)
        Daily.objects.filter(tenant=cast.aurora).delete()
        Monthly.objects.filter(tenant=cast.aurora).update(total=0)
        call_command("check_kpis", repair=True)
        assert checks.compare() == []
        assert Generation.objects.get(tenant=cast.boreal).facts == 0

    def test_an_unknown_company_is_said(self, db: None):
        with pytest.raises(CommandError, match="no company"):
            call_command("check_kpis", tenant="nada")
