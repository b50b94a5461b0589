"""What sync can say to who watches the installation: alerts, figures for /metrics, and when upstream spoke of what an event tells."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Max, Min, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from lib import clock
from live import alerts
from live.alerts import AlertKind, Finding
from live.exposition import Reading
from live.situation import Budget, Source
from sync import queries
from sync.models import Connection, InboundDelivery, SyncRun
from tenants.models import Tenant

MOST: Final = 200  # alerts of one kind: more say nothing new
# A notice is worked off within seconds; one that is older has nothing to do with the event.
OF_THIS_NOTICE: Final = timedelta(minutes=10)

KINDS: Final = (
    AlertKind(
        "STUCK_RUN",
        _("Synchronisation that does not move"),
        _("Look whether a worker is running. The next run goes on from what was read."),
        limit=lambda: Decimal(10),
        unit="min",
    ),
    AlertKind(
        "FAILING_CONNECTION",
        _("Connection that keeps failing"),
        _("Open the connection: it says what happened and the way out."),
        limit=lambda: Decimal(3),
        open_after=1,
        close_after=1,
        tells=False,  # sync.telling says it, once an outage
    ),
)


def find(limits: alerts.Limits) -> Iterator[Finding]:
    """Yield runs that do not move for so many minutes, and connections that failed so often in a row or need a person."""
    minutes = limits.get("STUCK_RUN")
    if minutes is not None:
        yield from _stuck(minutes)
    failures = limits.get("FAILING_CONNECTION")
    if failures is not None:
        yield from _failing(failures)


def _stuck(minutes: Decimal) -> Iterator[Finding]:
    now = clock.now()
    since = now - timedelta(minutes=float(minutes))
    waits = Q(status=SyncRun.Status.QUEUED, created_at__lt=since)
    silent = Q(status=SyncRun.Status.RUNNING, heartbeat_at__lt=since)
    rows = SyncRun.objects.filter(waits | silent, tenant__is_active=True).select_related(
        "connection", "tenant"
    )
    for row in rows.order_by("pk")[:MOST]:
        age = now - (row.heartbeat_at or row.created_at)
        yield Finding(
            "STUCK_RUN",
            gettext_noop("%(connection)s has waited for %(minutes)s minutes to be read on."),
            {"connection": row.connection.name, "minutes": int(age.total_seconds() // 60)},
            Decimal(round(age.total_seconds() / 60, 2)).quantize(Decimal("0.01")),
            subject=f"run:{row.pk}",
            tenant_id=row.tenant_id,
            path=reverse("sync:run", kwargs={"slug": row.tenant.slug, "pk": row.pk}),
        )


def _failing(failures: Decimal) -> Iterator[Finding]:
    ails = Q(state=Connection.State.NEEDS_PERSON) | Q(
        state=Connection.State.ACTIVE, failures__gte=int(failures)
    )
    rows = Connection.objects.filter(ails, tenant__is_active=True, removed_at=None).select_related("tenant")
    for row in rows.order_by("pk")[:MOST]:
        text = (
            gettext_noop("%(connection)s needs you.")
            if row.state == Connection.State.NEEDS_PERSON
            else gettext_noop("%(connection)s has failed %(n)s times in a row.")
        )
        yield Finding(
            "FAILING_CONNECTION",
            text,
            {"connection": row.name, "n": row.failures},
            Decimal(row.failures),
            subject=f"connection:{row.pk}",
            tenant_id=row.tenant_id,
            path=reverse("sync:connection", kwargs={"slug": row.tenant.slug, "pk": row.pk}),
        )


READINGS: Final = {
    "sync_connections": "Connections by state.",
    "sync_freshness_seconds": "Since the last good run of the active connection that waits longest, by kind.",
    "queue_oldest_seconds": "Age of the oldest row that waits, by queue; 0 when none does.",
}


def read() -> Iterator[Reading]:
    """Yield what /metrics says of connections and queues. Three queries."""
    now = clock.now()
    live = Connection.objects.filter(tenant__is_active=True, removed_at=None)
    for state, n in live.values_list("state").annotate(n=Count("id")).order_by("state"):
        yield "sync_connections", {"state": state}, n
    waits = live.filter(state=Connection.State.ACTIVE).exclude(last_good_at=None)
    for kind, oldest in waits.values_list("kind").annotate(oldest=Min("last_good_at")).order_by("kind"):
        yield "sync_freshness_seconds", {"kind": kind}, _seconds(oldest, now)
    runs = SyncRun.objects.filter(status=SyncRun.Status.QUEUED).aggregate(at=Min("created_at"))
    yield "queue_oldest_seconds", {"queue": "runs"}, _seconds(runs["at"], now)
    inbox = InboundDelivery.objects.filter(status=InboundDelivery.Status.PENDING).aggregate(
        at=Min("received_at")
    )
    yield "queue_oldest_seconds", {"queue": "webhooks"}, _seconds(inbox["at"], now)


def _seconds(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def sources(tenant: Tenant) -> list[Source]:
    """Return every connection of the company as the status page shows it."""
    found = queries.connection_health(tenant)
    rows = Connection.objects.in_bulk([one.pk for one in found])
    return [
        Source(
            pk=one.pk,
            name=one.name,
            kind=one.kind_name,
            url=reverse("sync:connection", kwargs={"slug": tenant.slug, "pk": one.pk}),
            at=one.last_good_at,
            next_at=one.next_due_at if one.state == Connection.State.ACTIVE else None,
            needs_person=one.needs_person,
            is_late=one.is_late,
            is_paused=one.state == Connection.State.PAUSED,
            is_running=one.is_running,
            sentence=one.sentence,
            budgets=tuple(
                Budget(left.seconds, left.amount, left.remaining)
                for left in queries.request_budget(rows[one.pk])
            ),
        )
        for one in found
    ]


def origin(tenant_id: int, payload: Mapping[str, Any], at: datetime) -> datetime | None:
    """Return when we asked upstream, or were told by it, about what an event of time `at` tells; None when no upstream had a part in it."""
    if run := payload.get("run"):
        return (
            SyncRun.objects.filter(tenant_id=tenant_id, pk=run).values_list("created_at", flat=True).first()
        )
    if connection := payload.get("connection"):
        notices = InboundDelivery.objects.filter(
            tenant_id=tenant_id, connection_id=connection, received_at__range=(at - OF_THIS_NOTICE, at)
        )
        found: datetime | None = notices.aggregate(at=Max("received_at"))["at"]
        return found
    return None
