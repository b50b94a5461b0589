"""A notification as a person reads it: its sentence in their language, its place in their panel."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse

from live.models import Notification
from live.notifications import catalog
from tenants.models import Tenant

TONES: Final = {"info": "info", "warning": "warn", "critical": "bad"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a notification. `path` is where it leads, empty when there is nothing to open; `tone` is the design's word."""

    id: int
    event: str
    severity: str
    tone: str
    title: str
    body: str
    path: str
    created_at: datetime
    read_at: datetime | None


def shown(row: Notification, tenant: Tenant) -> Shown:
    """Return the notification in the active language."""
    title, body = catalog.written(row.event, row.params)
    return Shown(
        id=row.pk,
        event=row.event,
        severity=row.severity,
        tone=TONES[row.severity],
        title=title,
        body=body,
        path=row.path or _page(row.event, tenant),
        created_at=row.created_at,
        read_at=row.read_at,
    )


def _page(event: str, tenant: Tenant) -> str:
    """Return the catalog's page for the event; empty when it names none, or the event is in the catalog no more."""
    if event not in catalog.names():
        return ""
    page = catalog.get(event).page
    return reverse(page, kwargs={"slug": tenant.slug}) if page else ""
