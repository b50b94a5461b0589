"""Answering a request once: the answer is kept under the caller's key and commits with what was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from lib import pg
from live.cache import digest
from reconciliation.models import IdempotencyKey
from reconciliation.services.outcome import KeyReused, Outcome

KEPT: Final = timedelta(days=7)
_TAKE: Final = """
INSERT INTO reconciliation_idempotencykey (tenant_id, key, fingerprint) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to answer under a key. `answer` is what was answered before; `row` is None for callers without a key."""

    row: int | None = None
    answer: Outcome | None = None

    def keep(self, outcome: Outcome) -> None:
        """Remember the answer. Needs the transaction in which the ticket was taken."""
        if self.row is not None:
            IdempotencyKey.objects.filter(pk=self.row).update(answer=outcome.as_json())


def take(*, tenant_id: int, key: str, question: Mapping[str, Any]) -> Ticket:
    """Return the ticket for a key. Waits while the same key is being answered. Raises KeyReused for another question under it.

    Needs a transaction: when it is rolled back the key is free again, so a request that failed may be sent once more.
    """
    if not key:
        return Ticket()
    fingerprint = digest(question)
    taken = pg.fetch(_TAKE, [tenant_id, key, fingerprint])
    if taken:
        return Ticket(row=taken[0][0])
    kept = IdempotencyKey.objects.get(tenant_id=tenant_id, key=key)
    if kept.fingerprint != fingerprint:
        raise KeyReused(key)
    assert kept.answer is not None, "a key commits with its answer"
    return Ticket(answer=Outcome.of_json(kept.answer))


def prune() -> int:
    """Delete keys that nobody repeats any more, a bounded number a call, and return how many."""
    return pg.execute(
        """
        DELETE FROM reconciliation_idempotencykey WHERE id IN (
            SELECT id FROM reconciliation_idempotencykey WHERE created_at < now() - %s ORDER BY created_at LIMIT 10000)
        """,
        [KEPT],
    )
