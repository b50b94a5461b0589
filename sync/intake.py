"""Taking records in: landed, mapped, stored, and what upstream no longer has taken back. One way for runs, webhooks and single reads."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from django.db import transaction

from lib import pg
from live.events import publish
from sync import facts, landing, overlap
from sync.landing import Key
from sync.models import Connection
from sync.providers.base import Context, Provider, Record

Timed = Callable[[str], AbstractContextManager[None]]


@dataclass(slots=True)
class Taken:
    """How many facts were written or voided, how many records went, and how many could not be read."""

    changed: int = 0
    gone: int = 0
    unreadable: int = 0


def _untimed(part: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Intake:
    """Where records of one connection go. `timed` measures the parts `landing`, `mapping` and `ledger`.

    Everything needs a transaction that holds the tenant's ledger lock.
    """

    connection: Connection
    provider: Provider
    context: Context
    timed: Timed = _untimed

    def take(self, records: Sequence[Record], taken: Taken) -> None:
        """Keep the records, store the facts of those that changed, and void what these meant before and mean no more."""
        with self.timed("landing"):
            landed = landing.store(self.connection, records, version=self.provider.mapper_version)
        if not landed.changed:
            return
        with self.timed("mapping"):
            mapped, reasons = facts.map_records(self.provider, self.context, landed.changed)
        with self.timed("ledger"):
            applied = facts.apply(self.connection, mapped)
            taken.changed += applied.changed
            drafts = [draft for found in mapped.values() for draft in found]
            taken.changed += overlap.settle(self.connection, drafts)
            if landed.before:
                taken.changed += facts.void_replaced(
                    self.connection, self.provider, self.context, landed, mapped
                )
        reasons |= applied.reasons
        taken.unreadable += len(reasons)
        landing.mark_unreadable(self.connection, reasons)

    def take_back(self, keys: Collection[Key], taken: Taken) -> None:
        """Note that upstream no longer has these records, and void their facts."""
        records = landing.declare_gone(self.connection, keys)
        taken.gone += len(records)
        taken.changed += facts.void(self.connection, self.provider, self.context, records)


@transaction.atomic
def take_some(
    connection: Connection, provider: Provider, records: Sequence[Record], gone: Collection[Key] = ()
) -> Taken:
    """Take in a few records that were read outside a run, and tell of it when they changed something. Return what they changed."""
    pg.lock(pg.Lock.LEDGER, connection.tenant_id)
    intake, taken = Intake(connection, provider, facts.context_of(connection.tenant)), Taken()
    intake.take(records, taken)
    intake.take_back(gone, taken)
    if taken.changed:
        publish("facts_changed", tenant_id=connection.tenant_id, connection=connection.pk)
    return taken
