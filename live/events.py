"""The outbox: what happened, told in the transaction in which it happened."""

from functools import partial
from typing import Any, Final, Literal

from django.db import transaction

from lib import pg
from live import wake
from live.cache import forget_generations
from live.models import Event

Group = Literal["facts", "recon", "settings"]
GROUPS: Final = ("facts", "recon", "settings")
# What may be told, and which data generation each tells of. A page re-reads what the event names; see docs/events.md.
NAMES: Final[dict[str, Group | None]] = {
    "sync": None,
    "sync_complete": "facts",
    "facts_changed": "facts",
    "kpi_refreshed": None,
    "reconciliation_ready": "recon",
    "reconciliation_changed": "recon",
    "settings_changed": "settings",
    "membership_changed": None,
    "alerts_changed": "settings",
    "notification": None,
}

_BUMP = """
INSERT INTO live_generation AS g (tenant_id, {group}) VALUES (%s, 1)
ON CONFLICT (tenant_id) DO UPDATE SET {group} = g.{group} + 1
"""


def publish(name: str, *, tenant_id: int, changed: bool = True, **ids: Any) -> None:
    """Write an event that commits with the current transaction. One that tells of changed data raises its generation, and wakes `dispatch`.

    `ids` are identifiers only, never data: whoever hears the event reads again and is checked again. `changed=False` tells without
    raising a generation (a run that found nothing new). Must be the last write of the transaction: the generation row is a queue for
    every writer of this tenant.
    """
    group = NAMES[name]
    if group and changed:
        pg.execute(_BUMP.format(group=group), [tenant_id])
        # Who changed something sees it at their next look; other processes within a second.
        transaction.on_commit(partial(forget_generations, tenant_id))
        wake.on_commit("config.dispatch.dispatch")
    Event.objects.create(tenant_id=tenant_id, name=name, payload=ids)
