"""How all connections are doing, as a part of the installation's health and for staff."""

from datetime import timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q

from lib import clock
from live import freshness
from live.health import Part
from sync.models import Connection, SyncRun
from tenants.models import Tenant

WAITS_LONG: Final = timedelta(minutes=5)  # a queued run that nobody took: no worker, or too few
MANY_FAILURES: Final = 3
SHOWN: Final = 200
State = Connection.State


def part(tenant: Tenant | None) -> Part:
    """Return counts of connections and runs, degraded when one needs a person, keeps failing, or its run is not taken.

    For one company it also says as of when its facts are true. Two queries, three for a company.
    """
    mine = Q(tenant=tenant) if tenant else Q(tenant__is_active=True)
    counts = Connection.objects.filter(mine, removed_at=None).aggregate(
        active=Count("id", filter=Q(state=State.ACTIVE)),
        needs_person=Count("id", filter=Q(state=State.NEEDS_PERSON)),
        paused=Count("id", filter=Q(state=State.PAUSED)),
        failing=Count("id", filter=Q(state=State.ACTIVE, failures__gte=MANY_FAILURES)),
    )
    runs = SyncRun.objects.filter(mine, status__in=SyncRun.OPEN).aggregate(
        running=Count("id", filter=Q(status=SyncRun.Status.RUNNING)),
        queued=Count("id", filter=Q(status=SyncRun.Status.QUEUED)),
        oldest=Min("created_at", filter=Q(status=SyncRun.Status.QUEUED)),
    )
    oldest = runs.pop("oldest")
    waits = oldest is not None and clock.now() - oldest > WAITS_LONG
    ails = counts["needs_person"] or counts["failing"] or waits
    details = {**counts, **runs, "oldest_queued_at": oldest}
    if tenant:
        details["as_of"] = freshness.as_of(tenant)
    return Part("degraded" if ails else "ok", details)


def status_of_all() -> dict[str, Any]:
    """Return the connections of all companies as the API shows them to staff, those in trouble first, SHOWN at most. Two queries."""
    rows = Connection.objects.filter(tenant__is_active=True, removed_at=None).select_related("tenant")
    troubled = rows.order_by("-failures", "state", "last_good_at", "id")[:SHOWN]
    return {
        "running": SyncRun.objects.filter(status=SyncRun.Status.RUNNING).count(),
        "connections": [
            {
                "company": row.tenant.slug,
                "id": row.pk,
                "name": row.name,
                "kind": row.kind,
                "state": row.state,
                "needs_person": row.state == State.NEEDS_PERSON,
                "late": row.state == State.ACTIVE and row.failures > 0,
                "message": row.state_reason or row.last_error,
                "last_good_at": row.last_good_at,
                "next_due_at": row.next_due_at,
                "run": None,
                "budgets": [],
            }
            for row in troubled
        ],
    }
