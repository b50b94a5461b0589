"""What a WebSocket client is told beyond ids: its own notifications as sentences, and figures of the installation."""

from typing import Any

from django.utils import translation

from live import figures, measure
from live.models import Notification
from live.notifications import words
from live.streams.seat import Seat


def of(seat: Seat, pk: Any) -> dict[str, Any] | None:
    """Return `{message, type, action, id}` of one notification in its reader's language; None when it is theirs no more."""
    if seat.user_id is None:
        return None
    row = (
        Notification.objects.select_related("tenant", "user")
        .filter(pk=pk, user_id=seat.user_id, tenant_id=seat.tenant_id)
        .first()
    )
    if row is None:
        return None
    with translation.override(row.user.language):
        said = words.shown(row, row.tenant)
        return {
            "id": said.id,
            "message": str(said.title),
            "body": str(said.body),
            "type": said.severity,
            "event": said.event,
            "action": said.path,
        }


def metrics() -> dict[str, Any]:
    """Return `{performance, status}`: the last minute summed over all processes, and whether that is well. Raises django.db.Error."""
    totals = measure.totals()
    performance = figures.metrics_json(figures.of(totals))
    return {"performance": performance, "status": "ok" if figures.all_well(totals) else "degraded"}
