"""Whose turn it is. Timing is data: `Connection.next_due_at`; Beat asks once a minute."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q

from lib import clock
from sync.models import Connection, SyncRun

FULL_EVERY: Final = {
    Connection.Kind.GESTAOCLICK: timedelta(days=1),
    Connection.Kind.ADVBOX: timedelta(days=1),
    Connection.Kind.PLUGGY: timedelta(days=7),
}
INTERVALS: Final = {
    Connection.Kind.GESTAOCLICK: 60,
    Connection.Kind.ADVBOX: 300,
    Connection.Kind.PLUGGY: 3600,  # news come by webhook; this is for the ones that were lost
}
FULL_AGAIN_AFTER: Final = timedelta(hours=1)  # a complete listing that failed is not begun anew at once
BANK_NEEDS: Final = timedelta(minutes=2)  # from the bank's planned refresh to its end
BREAKER_AT: Final = (
    3  # connections of one kind that fail at once, with none that works: upstream itself is ill
)
WORKED: Final = timedelta(minutes=10)


def due_connections() -> list[Connection]:
    """Return the connections whose turn it is and that have no open run, longest due first.

    Beat looks every SYNC_INTERVAL, so a turn that comes before half of it is over is taken now: otherwise "every minute" would mean every
    second minute. After a failure nobody is asked early.
    Of an upstream that is ill (`open_breakers`) only one connection is returned: the probe that finds out when it is well again.
    """
    open_run = SyncRun.objects.filter(connection=OuterRef("pk"), status__in=SyncRun.OPEN)
    now = clock.now()
    soon = now + timedelta(milliseconds=settings.SYNC_INTERVAL) / 2
    due = Connection.objects.filter(
        Q(next_due_at__lte=now) | Q(next_due_at__lte=soon, failures=0),
        ~Exists(open_run),
        state=Connection.State.ACTIVE,
        tenant__is_active=True,
    ).order_by("next_due_at", "pk")
    ill, probed, found = open_breakers(), set[str](), []
    for connection in due:
        if connection.kind in ill:
            if connection.kind in probed:
                continue
            probed.add(connection.kind)
        found.append(connection)
    return found


def open_breakers() -> set[str]:
    """Return the kinds of upstream where several connections fail in a row and none worked lately."""
    active = Connection.objects.filter(state=Connection.State.ACTIVE)
    counts = active.values("kind").annotate(
        failing=Count("pk", filter=Q(failures__gt=0)),
        working=Count("pk", filter=Q(failures=0, last_good_at__gt=clock.now() - WORKED)),
    )
    return {row["kind"] for row in counts if row["failing"] >= BREAKER_AT and not row["working"]}


def full_is_due(connection: Connection) -> bool:
    """Return whether the connection's next scheduled run is to be a complete listing. The first reading never is: it resumes."""
    now = clock.now()
    if (
        connection.last_full_at is None
        or now - connection.last_full_at < FULL_EVERY[Connection.Kind(connection.kind)]
    ):
        return False
    lately = connection.runs.filter(full=True, created_at__gt=now - FULL_AGAIN_AFTER)
    return not lately.exclude(status=SyncRun.Status.DONE).exists()
