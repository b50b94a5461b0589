"""The life of a run: asked for, claimed, alive, and ended as done, failed or lost. Every step is a conditional UPDATE of its row.

Locks are taken in one order, run before connection, so that a chunk, an ending and the sweep cannot wait for each other in a circle.
"""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from ledger.models import BankConnection
from lib import clock, pg
from live import measure, wake
from live.events import publish
from sync import schedule, telling
from sync.models import Connection, InboundDelivery, SyncRun
from sync.providers.statement import Sentence
from sync.words import say
from tenants import audit
from tenants.access import Access

LOST_AFTER: Final = timedelta(minutes=3)  # without a sign of life
DEAD_AFTER: Final = timedelta(seconds=20)  # without a sign of life, when nobody holds the connection's lock
LONGEST_BACKOFF: Final = timedelta(hours=6)
# A connection whose last complete listing was then: the next run is a complete one.
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
KEEP_RUNS: Final = timedelta(days=30)
KEEP_DELIVERIES: Final = timedelta(days=30)
_DELETE_AT_ONCE: Final = 5_000


class RunLost(Exception):
    """The run was ended by somebody else (the sweep, or a person who paused the connection): stop without writing."""


class NotReady(Exception):
    """The connection cannot be asked now. The message says why and what to do."""


@transaction.atomic
def request_sync(
    *, connection: Connection, reason: str, full: bool = False, access: Access | None = None
) -> SyncRun:
    """Make sure that a run covers what was asked, and return it: the open one, or a new one.

    Asking while one waits widens it; asking while one runs makes it queue another at its end. Safe to repeat. Raises NotReady when the
    connection is paused, or needs a person and it is not upstream (a webhook) that says it works again.
    """
    connection = (
        Connection.objects.select_for_update(no_key=True, of=("self",))
        .select_related("tenant")
        .get(pk=connection.pk)
    )
    _check_ready(connection, reason)
    run = connection.runs.filter(status__in=SyncRun.OPEN).first()
    if run is None:
        run = _queue(connection, reason=reason, full=full)
    elif not (run.status == SyncRun.Status.QUEUED and _widen(run, full=full)):
        _ask_again(connection, full=full and not run.full)
    if access is not None:
        audit.record(tenant=connection.tenant, action="sync.requested", row=run, actor=access)
    return run


def _check_ready(connection: Connection, reason: str) -> None:
    if connection.state == Connection.State.PAUSED:
        raise NotReady(connection.state_reason or _("This connection is paused. Resume it first."))
    if connection.state == Connection.State.NEEDS_PERSON and reason != SyncRun.Reason.WEBHOOK:
        raise NotReady(connection.state_reason or connection.last_error)


def _queue(connection: Connection, *, reason: str, full: bool) -> SyncRun:
    run = SyncRun.objects.create(tenant=connection.tenant, connection=connection, reason=reason, full=full)
    publish("sync", tenant_id=run.tenant_id, run=run.pk, connection=connection.pk)
    wake.on_commit("sync.run", run_id=run.pk)
    return run


def _widen(run: SyncRun, *, full: bool) -> bool:
    """Return whether the run still waits, after asking it to be complete if need be."""
    # Not waiting for a run that is being claimed at this moment: its chunk would wait for our connection row.
    waiting = (
        SyncRun.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(pk=run.pk, status=SyncRun.Status.QUEUED)
        .first()
    )
    if waiting is None:
        return False
    if full and not waiting.full:
        waiting.full = run.full = True
        waiting.save(update_fields=["full"])
    return True


def _ask_again(connection: Connection, *, full: bool) -> None:
    connection.ask_again = True
    connection.last_full_at = LONG_AGO if full else connection.last_full_at
    connection.save(update_fields=["ask_again", "last_full_at"])


def claim(run_id: int) -> bool:
    """Return True for the one caller that may do this run."""
    now = clock.now()
    waiting = SyncRun.objects.filter(pk=run_id, status=SyncRun.Status.QUEUED)
    return waiting.update(status=SyncRun.Status.RUNNING, started_at=now, heartbeat_at=now) == 1


def beat(run: SyncRun, **columns: Any) -> None:
    """Say that the run is alive and how far it is. Raises RunLost when it was ended meanwhile."""
    running = SyncRun.objects.filter(pk=run.pk, status=SyncRun.Status.RUNNING)
    if running.update(heartbeat_at=clock.now(), **columns) != 1:
        raise RunLost(f"run {run.pk} was given up")


@transaction.atomic
def finish(*, run: SyncRun, changed: bool, note: str = "", columns: Mapping[str, Any] | None = None) -> None:
    """End the run as done, settle the connection, and queue the next one when somebody asked meanwhile. Raises RunLost."""
    now = clock.now()
    _end(run, SyncRun.Status.DONE, error=note, **(columns or {}))
    connection = (
        Connection.objects.select_for_update(no_key=True, of=("self",))
        .select_related("tenant")
        .get(pk=run.connection_id)
    )
    again = connection.ask_again and connection.state != Connection.State.PAUSED
    if connection.state == Connection.State.NEEDS_PERSON:
        connection.state, connection.state_reason = Connection.State.ACTIVE, ""
    if run.full or connection.last_full_at is None:  # a first reading holds everything there is
        connection.last_full_at = now
    connection.failures, connection.last_error, connection.last_good_at = 0, "", now
    connection.ask_again = False
    connection.next_due_at = _next_due(connection, now)
    connection.save(update_fields=_SETTLED)
    if again:
        _queue(connection, reason=run.reason, full=connection.last_full_at == LONG_AGO)
    publish(
        "sync_complete", tenant_id=run.tenant_id, changed=changed, run=run.pk, connection=run.connection_id
    )


_SETTLED: Final = [
    "state", "state_reason", "failures", "last_error", "last_good_at", "last_full_at", "ask_again", "next_due_at"
]  # fmt: skip


def _end(run: SyncRun, status: str, **columns: Any) -> None:
    open_runs = SyncRun.objects.filter(pk=run.pk, status=SyncRun.Status.RUNNING)
    if open_runs.update(status=status, finished_at=clock.now(), **columns) != 1:
        raise RunLost(f"run {run.pk} was given up")
    _count(run, status)


def _count(run: SyncRun, status: str) -> None:
    """Count how the run ended and how long it took, once that is committed."""
    kind = run.connection.kind
    ms = 1_000 * (clock.now() - (run.started_at or run.created_at)).total_seconds()
    transaction.on_commit(lambda: measure.add("sync_runs", kind=kind, status=status))
    transaction.on_commit(lambda: measure.observe("sync_run_ms", max(0.0, ms), kind=kind))


def _next_due(connection: Connection, now: datetime) -> datetime:
    """Return the connection's next turn: its interval, or sooner where the bank is read before (Open Finance's own schedule)."""
    regular = now + timedelta(seconds=connection.interval_seconds)
    planned = (
        BankConnection.objects.filter(
            tenant=connection.tenant_id, source=connection.source_id, next_refresh_at__gt=now
        )
        .order_by("next_refresh_at")
        .values_list("next_refresh_at", flat=True)
        .first()
    )
    return min(regular, planned + schedule.BANK_NEEDS) if planned else regular


@transaction.atomic
def fail(
    *,
    run: SyncRun,
    error: str,
    decision: str,
    changed: bool,
    retry_after: timedelta | None = None,
    blame: bool = True,
    columns: Mapping[str, Any] | None = None,
) -> None:
    """End the run as failed with its sentence, and settle when and whether the connection is asked again. Raises RunLost.

    `blame=False` leaves the failures in a row as they are: waiting for a request budget is nobody's failure.
    """
    now = clock.now()
    connection = Connection.objects.only("failures", "interval_seconds").get(pk=run.connection_id)
    failures = connection.failures + int(blame)
    retry_at = now + _backoff(connection, failures, decision, retry_after)
    waits = None if decision == SyncRun.Decision.NEEDS_PERSON else retry_at
    _end(run, SyncRun.Status.FAILED, error=error, decision=decision, retry_at=waits, **(columns or {}))
    settled: dict[str, Any] = {
        "failures": failures,
        "last_error": error,
        "next_due_at": retry_at,
        "ask_again": False,
    }
    if decision == SyncRun.Decision.NEEDS_PERSON:
        settled |= {"state": Connection.State.NEEDS_PERSON, "state_reason": error}
    Connection.objects.filter(pk=run.connection_id).exclude(state=Connection.State.PAUSED).update(**settled)
    telling.trouble(run.connection_id)
    publish(
        "sync_complete", tenant_id=run.tenant_id, changed=changed, run=run.pk, connection=run.connection_id
    )


def _backoff(
    connection: Connection, failures: int, decision: str, retry_after: timedelta | None
) -> timedelta:
    """Return how long the connection rests: doubling with every failure in a row, capped, never shorter than upstream asked."""
    if decision == SyncRun.Decision.PERMANENT:
        return LONGEST_BACKOFF
    doubled = timedelta(seconds=connection.interval_seconds) * 2 ** min(max(failures - 1, 0), 12)
    rest = min(doubled, LONGEST_BACKOFF) if failures > 1 else timedelta()
    jitter = timedelta(seconds=random.uniform(0, 0.2) * rest.total_seconds())  # noqa: S311 - spreads load
    return max(rest + jitter, retry_after or timedelta())


def sweep_stale() -> int:
    """End running runs whose worker died as lost, and return how many. The next run goes on from the saved cursor."""
    now = clock.now()
    silent = SyncRun.objects.filter(status=SyncRun.Status.RUNNING, heartbeat_at__lt=now - DEAD_AFTER)
    return sum(_sweep(run, now) for run in silent.select_related("connection").order_by("pk"))


@transaction.atomic
def _sweep(run: SyncRun, now: datetime) -> bool:
    # Whoever runs holds the connection's lock, and the server frees it with the worker's database connection.
    if not pg.try_lock(pg.Lock.SYNC, run.connection_id) and (run.heartbeat_at or now) > now - LOST_AFTER:
        return False
    error = say(
        Sentence(
            "The worker stopped in the middle. What had been read is kept; the next run goes on from there."
        )
    )
    silent = SyncRun.objects.filter(pk=run.pk, status=SyncRun.Status.RUNNING, heartbeat_at=run.heartbeat_at)
    if not silent.update(
        status=SyncRun.Status.STALE,
        finished_at=now,
        error=error,
        decision=SyncRun.Decision.RETRY,
        retry_at=now,
    ):
        return False
    _count(run, SyncRun.Status.STALE)
    rest = _backoff(run.connection, run.connection.failures + 1, SyncRun.Decision.RETRY, None)
    Connection.objects.filter(pk=run.connection_id).update(
        failures=F("failures") + 1, next_due_at=now + rest, ask_again=False
    )
    telling.trouble(run.connection_id)
    publish("sync_complete", tenant_id=run.tenant_id, changed=True, run=run.pk, connection=run.connection_id)
    return True


def queue_due() -> list[int]:
    """Queue a run for every connection whose turn it is, wake workers for all that wait, and return the waiting runs, oldest first.

    A run whose wake-up was lost is found here again; waking twice is harmless, because only one worker can claim it.
    """
    for connection in schedule.due_connections():
        try:
            request_sync(
                connection=connection, reason=SyncRun.Reason.SCHEDULE, full=schedule.full_is_due(connection)
            )
        except NotReady:  # paused between the question and the lock
            continue
    forgotten = clock.now() - timedelta(milliseconds=settings.SYNC_INTERVAL) / 2
    waiting = SyncRun.objects.filter(status=SyncRun.Status.QUEUED).order_by("created_at", "pk")
    rows = list(waiting.values_list("pk", "created_at"))
    for pk, created_at in rows:
        if created_at < forgotten:
            wake.now("sync.run", run_id=pk)
    return [pk for pk, _created in rows]


def prune() -> int:
    """Delete old runs and settled deliveries, a bounded number a call, and return how many."""
    now, deleted = clock.now(), 0
    old_runs = SyncRun.objects.exclude(status__in=SyncRun.OPEN).filter(created_at__lt=now - KEEP_RUNS)
    old_deliveries = InboundDelivery.objects.exclude(status=InboundDelivery.Status.PENDING).filter(
        received_at__lt=now - KEEP_DELIVERIES
    )
    for rows in (old_runs, old_deliveries):
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:_DELETE_AT_ONCE])
        deleted += rows.model._base_manager.filter(pk__in=ids).delete()[0]
    return deleted
