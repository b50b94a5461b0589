"""From which day on lines are to be decided, and when the matcher waits for the first reading of an upstream."""

from datetime import date, timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from live.models import Generation
from reconciliation import runner
from reconciliation.models import OpenLine
from reconciliation.services import starting
from reconciliation.tests.support import queue
from sync.models import SyncRun
from tenants import services
from tenants.models import Tenant, TenantSettings
from tests.cast import Cast
from tests.factories import (
    access_of,
    make_account,
    make_connection,
    make_open_item,
    make_run,
    make_source,
    make_transaction,
)

pytestmark = pytest.mark.django_db(transaction=True)
FIVE = timedelta(days=5)


def today(tenant: Tenant) -> date:
    return timezone.now().astimezone(tenant.zone).date()


def owe(tenant: Tenant, due: date, *, paid: bool, count: int = 1) -> None:
    erp = make_source(tenant)
    for _ in range(count):
        fields = {"status": "paid", "open_amount": "0.00"} if paid else {}
        make_open_item(tenant, "10.00", source=erp, due_date=due, **fields)


def changed() -> None:
    Generation.objects.update(facts=F("facts") + 1)


def test_an_erp_that_nobody_keeps_leaves_everything_to_decide(cast: Cast) -> None:
    assert starting.choose(cast.aurora, FIVE) is None
    owe(cast.aurora, date(2025, 1, 10), paid=False)
    owe(cast.aurora, date(2025, 8, 10), paid=False)
    owe(cast.boreal, date(2024, 8, 10), paid=False)
    assert starting.choose(cast.aurora, FIVE) == date(2025, 1, 10) - starting.REACH


def test_an_erp_that_is_kept_leaves_the_last_month(cast: Cast) -> None:
    now = today(cast.aurora)
    for months in range(1, 10):
        owe(cast.aurora, now - timedelta(days=30 * months), paid=True, count=3)
    owe(cast.aurora, now - timedelta(days=200), paid=False)  # a debt that nobody pays
    owe(cast.aurora, now + timedelta(days=3), paid=False)
    assert starting.choose(cast.aurora, FIVE) == now - starting.REACH


def test_it_begins_where_the_erp_stopped_being_kept(cast: Cast) -> None:
    now = today(cast.aurora)
    owe(cast.aurora, now - timedelta(days=300), paid=False)
    for days in range(80, 200, 10):
        owe(cast.aurora, now - timedelta(days=days), paid=True, count=2)
    for days in range(10, 80, 10):
        owe(cast.aurora, now - timedelta(days=days), paid=False, count=2)
    owe(cast.aurora, now - timedelta(days=20), paid=True)
    assert starting.choose(cast.aurora, FIVE) == now - timedelta(days=75)


def test_lines_before_it_are_not_asked_about_until_somebody_moves_it(cast: Cast) -> None:
    tenant, other = cast.aurora, cast.boreal
    account, theirs = make_account(tenant), make_account(other)
    old = make_transaction(account, "7.00", date=date(2024, 1, 5))
    new = make_transaction(account, "8.00", date=date(2025, 2, 1))
    far = make_transaction(theirs, "7.00", date=date(2024, 1, 5))
    owe(tenant, date(2025, 1, 10), paid=False)
    changed()
    runner.run_due_now()
    assert queue(tenant) == {new.pk: "none"}
    assert queue(other) == {far.pk: "none"}  # no items, nothing to choose by
    kept = TenantSettings.objects.get(tenant=tenant).reconcile_from
    assert kept == date(2025, 1, 10) - starting.REACH
    assert TenantSettings.objects.get(tenant=other).reconcile_from is None
    ana = access_of(cast.ana, tenant)
    services.save_settings(tenant=tenant, changes={"reconcile_from": date(2024, 1, 1)}, actor=ana)
    assert runner.run_due_now() == 1
    assert queue(tenant) == {old.pk: "none", new.pk: "none"}
    services.save_settings(tenant=tenant, changes={"reconcile_from": date(2025, 3, 1)}, actor=ana)
    assert runner.run_due_now() == 1
    assert not OpenLine.objects.filter(tenant=tenant).exists()
    assert runner.run_due_now() == 0


def test_the_matcher_waits_until_an_upstream_was_read_once(cast: Cast) -> None:
    wire = make_connection(cast.aurora)
    make_transaction(make_account(cast.aurora), "7.00")
    make_transaction(make_account(cast.boreal), "7.00")
    changed()
    run = make_run(wire, status=SyncRun.Status.RUNNING)
    assert runner.due(sweep=True) == [cast.boreal.pk]
    SyncRun.objects.filter(pk=run.pk).update(status=SyncRun.Status.FAILED)
    assert runner.due(sweep=True) == [cast.aurora.pk, cast.boreal.pk]
    make_run(wire, status=SyncRun.Status.QUEUED)
    assert runner.due(sweep=True) == [cast.boreal.pk]
    type(wire).objects.filter(pk=wire.pk).update(last_good_at=timezone.now())
    assert runner.due(sweep=True) == [cast.aurora.pk, cast.boreal.pk]
