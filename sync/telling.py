"""What people are told of connections and files: once an outage, in the transaction that makes it true."""

from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lib import clock
from live.models import Notification
from live.notifications import Kind, notify
from sync.models import Connection, FileImport
from sync.words import kept
from tenants.models import Capability

FAILING_LONG: Final = timedelta(hours=6)  # without one good run
FAILURES: Final = (
    3  # at least so many in a row: a connection that is read twice a day has no outage after its first
)
CONNECTIONS: Final = _("Connections")
FILES: Final = _("Files")

KINDS: Final = (
    Kind(
        event="connection_needs_person",
        group=CONNECTIONS,
        label=_("A connection needs you"),
        when=_("A bank or system gives nothing more until somebody acts, such as with a new password."),
        title=_("%(connection)s needs you"),
        body="%(reason)s",
        severity=Notification.Severity.CRITICAL,
        audience=Capability.SYNC,
        page="sync:connections",
    ),
    Kind(
        event="connection_failing",
        group=CONNECTIONS,
        label=_("A connection has been failing for hours"),
        when=_("Nothing new has come from it for six hours. The panel goes on trying by itself."),
        title=_("%(connection)s has brought nothing for hours"),
        body="%(reason)s",
        severity=Notification.Severity.WARNING,
        audience=Capability.SYNC,
        page="sync:connections",
    ),
    Kind(
        event="import_read",
        group=FILES,
        label=_("A big file can be looked at"),
        when=_("A file that you brought has been read and waits for your yes."),
        title=_("%(file)s was read"),
        body=_("Look at it, then store it."),
        audience=Capability.WRITE,
        page="sync:import",
    ),
    Kind(
        event="import_finished",
        group=FILES,
        label=_("A big file is stored"),
        when=_("A file that took a while is in your accounts now."),
        title=_("%(file)s is stored"),
        body=_("New lines: %(new)s. Already known: %(known)s."),
        audience=Capability.WRITE,
        page="sync:import",
    ),
    Kind(
        event="import_failed",
        group=FILES,
        label=_("A big file could not be used"),
        when=_("Reading, storing or undoing a file came to an end without success."),
        title=_("%(file)s could not be used"),
        body="%(reason)s",
        severity=Notification.Severity.WARNING,
        audience=Capability.WRITE,
        page="sync:import",
    ),
)


def trouble(connection_id: int) -> None:
    """Tell of a connection whose run failed just now when it needs a person, or has brought nothing for six hours: once an outage.

    An outage lasts until the next good run, so that run names it.
    """
    row = Connection.objects.select_related("tenant").get(pk=connection_id)
    since = row.last_good_at or row.created_at
    if row.state == Connection.State.NEEDS_PERSON:
        event, reason = "connection_needs_person", row.state_reason
    elif (
        row.state == Connection.State.ACTIVE
        and row.failures >= FAILURES
        and clock.now() - since >= FAILING_LONG
    ):
        event, reason = "connection_failing", row.last_error
    else:
        return
    notify(
        event,
        tenant=row.tenant,
        params={"connection": row.name, "reason": reason},
        path=reverse("sync:connection", kwargs={"slug": row.tenant.slug, "pk": row.pk}),
        once_key=f"{event}:{row.pk}:{since.isoformat()}",
    )


def imported(file_import_id: int, work: str, problem: object) -> None:
    """Tell whoever asked that a worker's work on a file has ended: read, stored, or with a problem. Undoing is told only when it failed."""
    rows = FileImport.objects.select_related("tenant", "user", "asked_by").defer("content")
    row = rows.get(pk=file_import_id)
    who = row.asked_by or row.user
    if who is None or (problem is None and work == FileImport.Work.UNDO):
        return
    params: dict[str, object]
    if problem is not None:
        event, params = "import_failed", {"file": row.name, "reason": kept(problem)}
    elif work == FileImport.Work.READ:
        event, params = "import_read", {"file": row.name}
    else:
        event, params = "import_finished", {"file": row.name, "new": row.new_rows, "known": row.known_rows}
    notify(
        event,
        tenant=row.tenant,
        params=params,
        path=reverse("sync:import_preview", kwargs={"slug": row.tenant.slug, "pk": row.pk}),
        users=[who],
    )
