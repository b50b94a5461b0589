"""What a source says becomes facts: drafts are stored in bulk, and what upstream no longer has is marked void.

Everything here holds the tenant's ledger lock until the caller's transaction ends, so that writers of one company queue up instead of
meeting half-way. Nothing here publishes: whoever ends the transaction tells of it once (`live.events.publish`), as its last write.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db import connection, transaction

from ledger.drafts import Draft
from ledger.models.source import Fact
from ledger.references import Origin
from ledger.storing import WRITERS
from ledger.upsert import Changes
from lib import pg


@dataclass(frozen=True, slots=True)
class Stored:
    """What a `store` wrote, by table: `bank_connections accounts customers products sales transactions open_items`."""

    by_table: Mapping[str, Changes] = field(default_factory=dict)

    @property
    def inserted(self) -> int:
        """Return how many facts are new, those known only by name included."""
        return sum(changes.inserted for changes in self.by_table.values())

    @property
    def updated(self) -> int:
        """Return how many facts changed."""
        return sum(changes.updated for changes in self.by_table.values())

    @property
    def changed(self) -> int:
        """Return how many facts were written."""
        return self.inserted + self.updated


@transaction.atomic
def store(*, tenant_id: int, source_id: int, drafts: Iterable[Draft]) -> Stored:
    """Bring the facts of a source to what the drafts say; facts that no draft names stay as they are. Return what was written.

    References are found by upstream's ids inside the same source. A customer, product, account or bank connection that is not known yet
    becomes a row of what is known of it, which its own draft fills in later; an open item whose sale is not known yet gets it when the
    sale arrives. Of several drafts with one id the last one counts. A person's columns are never written, a void fact that is seen again
    lives again, and the same drafts a second time write nothing.
    Raises django.db.Error when a value does not fit, and then nothing of the call is stored.
    """
    pg.lock(pg.Lock.LEDGER, tenant_id)
    origin, given = Origin(tenant_id, source_id), list(drafts)
    done: dict[str, Changes] = {}
    for kind, write in WRITERS:
        newest = {draft.external_id: draft for draft in given if isinstance(draft, kind)}
        if newest:
            for table, changes in write(origin, list(newest.values())).items():
                done[table] = done.get(table, Changes()) + changes
    return Stored(done)


@transaction.atomic
def void(*, model: type[Fact], tenant_id: int, source_id: int, external_ids: Collection[str]) -> int:
    """Mark facts that upstream no longer has; they stay, counted nowhere. Return how many were marked now."""
    pg.lock(pg.Lock.LEDGER, tenant_id)
    table = connection.ops.quote_name(model._meta.db_table)
    return pg.execute(
        f"UPDATE {table} SET void_at = now(), updated_at = now()"  # noqa: S608 - the table comes from the model
        " WHERE tenant_id = %s AND source_id = %s AND external_id = ANY(%s) AND void_at IS NULL",
        [tenant_id, source_id, list(external_ids)],
    )
