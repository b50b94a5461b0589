"""One record beside its facts, and one record as it is upstream now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

from ledger.models import Account, Customer, OpenItem, Product, Sale, Transaction
from ledger.models.source import Fact
from lib import clock
from lib.crypto import SecretUnreadable
from sync import budgets, facts, intake, landing, opening
from sync.models import Connection, RawRecord
from sync.providers.base import UpstreamError
from tenants.models import Tenant

log = structlog.get_logger(__name__)

# The kinds of record that a fact may come from, by its table.
KINDS: Final[Mapping[type[Fact], tuple[str, ...]]] = {
    Customer: ("customer",),
    Product: ("product",),
    Sale: ("sale",),
    OpenItem: ("receivable", "payable", "transaction"),
    Transaction: ("transaction",),
    Account: ("account",),
}
_ASKED_FOR: Final = timedelta(hours=1)  # how long it is remembered that a record was found unchanged


@dataclass(frozen=True, slots=True)
class BesideFacts:
    """A kept record and the facts that it means; where it cannot be read, `raw.error` says why and there may be none."""

    raw: RawRecord
    facts: tuple[Fact, ...]


def record_of(fact: Fact) -> RawRecord | None:
    """Return the kept record that a fact comes from, or None: facts of files, and rows known only from others, have none."""
    return (
        RawRecord.objects.select_related("connection__tenant")
        .filter(
            tenant=fact.tenant_id,
            connection__source=fact.source_id,
            kind__in=KINDS.get(type(fact), ()),
            external_id=fact.external_id,
        )
        .first()
    )


def record_beside_facts(raw: RawRecord) -> BesideFacts:
    """Return the record with the facts that the mapper makes of it now. Raises UpstreamError when the connection has no credentials."""
    connection = raw.connection
    with opening.provider_of(connection) as provider:
        records = landing.kept(connection, [(raw.kind, raw.external_id)]).values()
        mapped, _reasons = facts.map_records(provider, facts.context_of(connection.tenant), records)
    found: list[Fact] = []
    for model, external_id in sorted(facts.identities(mapped.values()), key=str):
        found += model._default_manager.filter(
            tenant=raw.tenant_id, source=connection.source_id, external_id=external_id
        )
    return BesideFacts(raw, tuple(found))


def refresh(tenant: Tenant, fact: Fact, max_age: timedelta) -> datetime | None:
    """Ask upstream for the record of a fact when what is stored is older than `max_age` and the budget allows it at once.

    Returns the time at which the record is now known to be true; None for a fact without a record. Never raises for upstream's sake:
    what is stored still answers. The fact itself has to be read again.
    """
    raw = record_of(fact)
    if raw is None or fact.tenant_id != tenant.pk:
        return None
    known = _known_at(raw)
    if clock.now() - known <= max_age or raw.connection.state == Connection.State.PAUSED:
        return known
    try:
        return _ask(raw) or known
    except (UpstreamError, SecretUnreadable) as error:
        log.info("read_through_failed", kind=raw.kind, error=str(error))
        return known


def _known_at(raw: RawRecord) -> datetime:
    """Return when the record was last seen for certain: written, found by the last complete listing, or asked for."""
    seen = [raw.changed_at, _asked_at(raw)]
    full = raw.connection.last_full_at
    return max(moment for moment in (*seen, full) if moment is not None)


def _ask(raw: RawRecord) -> datetime | None:
    """Read the record upstream and store what changed; return when that was, or None when the budget has no room for it now."""
    connection = raw.connection
    if not budgets.budget_of(connection).allows():
        return None
    moment = clock.now()
    with opening.provider_of(connection, patience=opening.HURRY, wait=0.5) as provider:
        try:
            records, gone = [provider.fetch(raw.kind, raw.external_id)], []
        except KeyError:
            records, gone = [], [(raw.kind, raw.external_id)]
        intake.take_some(connection, provider, records, gone)
    _remember(raw, moment)
    return moment


def _key(raw: RawRecord) -> str:
    return f"tenant:{raw.tenant_id}:asked:{raw.pk}"


def _asked_at(raw: RawRecord) -> datetime | None:
    try:
        found: Any = cache.get(_key(raw))
    except (RedisError, OSError):
        return None
    return datetime.fromisoformat(found) if isinstance(found, str) else None


def _remember(raw: RawRecord, moment: datetime) -> None:
    try:
        cache.set(_key(raw), moment.isoformat(), timeout=int(_ASKED_FOR.total_seconds()))
    except (RedisError, OSError) as error:
        log.warning("read_through_forgotten", error=type(error).__name__)
