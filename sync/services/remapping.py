"""Mapping again what was kept: cures a mapper's mistake without asking upstream."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from ledger.models import OpenItem, Sale, Transaction
from ledger.models.source import Fact
from lib import pg
from live.events import publish
from sync import facts, landing, opening
from sync.models import Connection
from sync.providers.base import Provider
from sync.services.runs import NotReady

BATCH: Final = 1_000
# Only drafts make these, so one that no record means any more is a mistake of an earlier mapper. Others may be known by name only.
_ONLY_BY_DRAFT: Final = (Transaction, Sale, OpenItem)


@dataclass(slots=True)
class Remapped:
    """What a remapping did: records looked at, facts written or voided, records that cannot be read."""

    records: int = 0
    changed: int = 0
    unreadable: int = 0


def remap(connection: Connection) -> Remapped:
    """Map every kept record of the connection again and return what changed. Safe to repeat and to interrupt.

    Raises NotReady while a run of the connection is under way, UpstreamError when its credentials are missing.
    """
    with pg.session_lock(pg.Lock.SYNC, connection.pk) as free:
        if not free:
            raise NotReady(_("This connection is being read at this moment. Try again when that has ended."))
        with opening.provider_of(connection) as provider:
            return _remap(connection, provider)


def _remap(connection: Connection, provider: Provider) -> Remapped:
    done, began, after = Remapped(), pg.now(), 0
    meant: set[tuple[type[Fact], str]] = set()
    while True:
        with transaction.atomic():
            pg.lock(pg.Lock.LEDGER, connection.tenant_id)
            records, after = landing.batch(connection, after=after, limit=BATCH)
            if not records:
                voided = _void_the_rest(connection, meant, began)
                _tell(connection, voided)
                done.changed += voided
                return done
            context = facts.context_of(connection.tenant)
            mapped, reasons = facts.map_records(provider, context, records)
            applied = facts.apply(connection, mapped)
            reasons |= applied.reasons
            landing.mark_unreadable(connection, dict.fromkeys(mapped, "") | reasons)
            landing.restamp(connection, records, version=provider.mapper_version)
            _tell(connection, applied.changed)
        done.records += len(records)
        done.changed += applied.changed
        done.unreadable += len(reasons)
        meant |= facts.identities(mapped.values())
        # What cannot be read now keeps the facts that it meant when it could.
        meant |= {(model, external_id) for _kind, external_id in reasons for model in _ONLY_BY_DRAFT}


def _tell(connection: Connection, changed: int) -> None:
    """Tell of what this transaction changed. Each tells of its own: the next one may never come."""
    if changed:
        publish("facts_changed", tenant_id=connection.tenant_id, connection=connection.pk)


def _void_the_rest(connection: Connection, meant: set[tuple[type[Fact], str]], began: datetime) -> int:
    left: set[tuple[type[Fact], str]] = set()
    for model in _ONLY_BY_DRAFT:
        known = model._default_manager.filter(
            tenant=connection.tenant_id, source=connection.source_id, void_at=None, updated_at__lt=began
        )
        left |= {(model, external_id) for external_id in known.values_list("external_id", flat=True)} - meant
    return facts.void_ids(connection, left)
