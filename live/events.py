"""The outbox: what happened, told in the transaction in which it happened."""

from typing import Any, Final, Literal

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from live.models import Event
from lib import pg

Group = Literal["facts", "recon", "settings"]
GROUPS: Final = ("facts", "recon", "settings")
# What may be told, and which data generation each tells of. A page re-reads what the event names; see docs/events.md.
NAMES: Final[dict[str, Group | None]] = {
    "sync": None,
    "sync_complete": "facts",
    "facts_changed": "facts",
    "kpi_refreshed": None,
    "reconciliation_ready": None,
    "reconciliation_changed": "recon",
    "settings_changed": "settings",
    "membership_changed": None,
    "notification": None,
}
log = structlog.get_logger(__name__)

_BUMP = """
INSERT INTO live_generation AS g (tenant_id, {group}) VALUES (%s, 1)
ON CONFLICT (tenant_id) DO UPDATE SET {group} = g.{group} + 1
"""


def publish(name: str, *, tenant_id: int, changed: bool = True, **ids: Any) -> None:
    """Write an event that commits with the current transaction, raise the generation it tells of, and wake `dispatch` on commit.

    `ids` are identifiers only, never data: whoever hears the event reads again and is checked again. `changed=False` tells without
    raising a generation (a run that found nothing new). Must be the last write of the transaction: the generation row is a queue for
    every writer of this tenant.
    """
    group = NAMES[name]
    if group and changed:
        pg.execute(_BUMP.format(group=group), [tenant_id])
    Event.objects.create(tenant_id=tenant_id, name=name, payload=ids)
    transaction.on_commit(_wake)


def _wake() -> None:
    """Send `dispatch` by name, best effort: what is not heard now, Beat finds in the rows."""
    if not settings.CELERY_BROKER_URL:
        return
    try:
        current_app.send_task("config.dispatch.dispatch", ignore_result=True, expires=60, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("dispatch_not_woken", error=str(error))
