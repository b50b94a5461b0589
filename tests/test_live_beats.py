"""Two beats at once: everything is asked for twice at the same moment, and done once."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from config import schedules
from config.celery import app
from live.models import BackupRun, Event, NotificationPreference
from live.notifications import notify
from live.notifications.tests.smtp import Sink
from live.tests import backups
from sync.models import Connection, SyncRun
from sync.sandbox.testing import SandboxServer
from sync.tests.support import connect, due_now, erp_differences, sandbox_of_today, tenant_of
from tenants.models import Role, Tenant
from tests.database import url_of_test_database
from tests.factories import make_member, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox(tmp_path: Path, settings: Any) -> Iterator[SandboxServer]:
    settings.ALLOW_PRIVATE_UPSTREAMS = True
    with sandbox_of_today(tmp_path / "upstream") as server:
        yield server


def twice(work: Callable[[], object]) -> None:
    """Do the work in two threads at once, each with a database connection of its own, as two workers do. Raises what either raises."""
    together = Barrier(2)

    def one(_: int) -> None:
        together.wait()
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(2)))


def beat() -> None:
    """What each of two beats asks for, and each of two workers does, every schedule of the product once."""
    app.loader.import_default_modules()
    for schedule in schedules.schedules():
        twice(app.tasks[schedule.task])
        for run_id in SyncRun.objects.filter(status=SyncRun.Status.QUEUED).values_list("pk", flat=True):
            twice(lambda run_id=run_id: app.tasks["sync.run"](run_id=run_id))  # type: ignore[misc]


def company(sandbox: SandboxServer) -> Tenant:
    """A company whose ERP is due, and whose owner wants e-mail."""
    tenant = tenant_of(sandbox, "clinic")
    owner = make_member(tenant, Role.OWNER, user=make_user("dona@example.com"))
    NotificationPreference.objects.create(tenant=tenant, user=owner, email_notifications=True)
    once_a_day = connect(sandbox, tenant, "gestaoclick")  # a slow machine must not make it due again
    Connection.objects.filter(pk=once_a_day.pk).update(interval_seconds=86_400)
    due_now(once_a_day)
    return tenant


@pytest.mark.drill
def test_what_two_beats_ask_for_is_done_once(
    sandbox: SandboxServer, sink: Sink, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = backups.put_into(tmp_path / "backups", settings, monkeypatch)
    monkeypatch.setenv("DATABASE_URL", url_of_test_database())  # some tasks start programs
    tenant = company(sandbox)
    notify("invitation_accepted", tenant=tenant, params={"person": "Bia", "role": "viewer"})
    BackupRun.objects.create(kind=BackupRun.Kind.REHEARSAL, status=BackupRun.Status.OK)
    beat()
    assert list(erp_differences(sandbox, tenant)) == [], "nothing is lost, nothing is doubled"
    assert list(SyncRun.objects.values_list("status", flat=True)) == [SyncRun.Status.DONE]
    made = BackupRun.objects.filter(kind=BackupRun.Kind.BACKUP)
    assert list(made.values_list("status", flat=True)) == [BackupRun.Status.OK]
    assert len([*folder.glob("*.dump")]) == 1
    told = Counter(Event.objects.filter(tenant=tenant).values_list("name", flat=True))
    assert (told["sync_complete"], told["kpi_refreshed"]) == (1, 1)
    assert len(sink.messages) == 1
    beat()
    assert (SyncRun.objects.count(), made.count(), len(sink.messages)) == (1, 1, 1), "nothing is due any more"
