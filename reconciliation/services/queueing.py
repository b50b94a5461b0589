"""The queue of open lines, kept in step with the facts by statements over what changed, not over what is stored."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from lib import pg
from live import delta
from reconciliation.models import Progress
from reconciliation.services import desk, reopening, starting, writing
from reconciliation.services.reopening import Reopened
from reconciliation.services.writing import By

# An item that changed concerns lines of about its amount. Wider kinds (sums, parts) are left to the sweep that judges every line again.
LOWEST: Final = Decimal("0.80")  # of the open amount: discounts, withheld taxes, fees
HIGHEST: Final = Decimal("1.20")  # interest and fines
MANY: Final = 2_000  # changed items; above, every line is judged again at once

_LINES: Final = """
INSERT INTO reconciliation_openline AS o (tenant_id, transaction_id, date, amount, currency, line_changed_at)
SELECT t.tenant_id, t.id, t.date, t.amount, t.currency, t.updated_at
  FROM ledger_transaction t
 WHERE t.tenant_id = %(tenant)s AND t.updated_at >= %(since)s AND t.void_at IS NULL AND NOT t.ignored AND t.amount <> 0
   AND (%(starts)s::date IS NULL OR t.date >= %(starts)s)
   AND NOT EXISTS (SELECT FROM reconciliation_matchline s WHERE s.tenant_id = t.tenant_id AND s.transaction_id = t.id AND s.confirmed)
 ORDER BY t.id
    ON CONFLICT (tenant_id, transaction_id) DO UPDATE
   SET date = excluded.date, amount = excluded.amount, currency = excluded.currency, line_changed_at = excluded.line_changed_at,
       waits_since = clock_timestamp()
 WHERE o.line_changed_at <> excluded.line_changed_at
"""
# Lines that count no more leave the queue, and what was proposed for them ends. The other lines of such proposals wait again, and so do
# those near the items that became free.
_GONE: Final = """
WITH gone AS (
    DELETE FROM reconciliation_openline o USING ledger_transaction t
     WHERE o.tenant_id = %(tenant)s AND t.id = o.transaction_id AND t.tenant_id = o.tenant_id AND t.updated_at >= %(since)s
       AND (t.void_at IS NOT NULL OR t.ignored OR t.amount = 0 OR t.date < %(starts)s)
    RETURNING o.transaction_id),
stale AS (
    UPDATE reconciliation_match m SET status = 'replaced'
     WHERE m.tenant_id = %(tenant)s AND m.status = 'proposed'
       AND m.id IN (SELECT l.match_id FROM reconciliation_matchline l JOIN gone USING (transaction_id) WHERE l.tenant_id = %(tenant)s)
    RETURNING m.id),
others AS (
    UPDATE reconciliation_openline o SET waits_since = clock_timestamp()
      FROM reconciliation_matchline l
     WHERE l.tenant_id = %(tenant)s AND l.match_id IN (SELECT id FROM stale) AND o.tenant_id = l.tenant_id
       AND o.transaction_id = l.transaction_id AND o.transaction_id NOT IN (SELECT transaction_id FROM gone))
SELECT DISTINCT i.open_item_id FROM reconciliation_matchitem i JOIN stale ON stale.id = i.match_id WHERE i.tenant_id = %(tenant)s
"""
_ITEMS: Final = """
SELECT id, updated_at FROM ledger_openitem WHERE tenant_id = %(tenant)s AND updated_at >= %(since)s
 UNION ALL
SELECT o.id, c.updated_at FROM ledger_customer c JOIN ledger_openitem o ON o.tenant_id = c.tenant_id AND o.customer_id = c.id
 WHERE c.tenant_id = %(tenant)s AND c.updated_at >= %(since)s AND o.status IN ('open', 'partial')
"""
_EVERYTHING: Final = (
    "UPDATE reconciliation_openline SET waits_since = clock_timestamp() WHERE tenant_id = %(tenant)s"
)
_NEAR: Final = """
WITH items AS (
    SELECT o.id, o.currency, o.open_amount AS amount,
           array_remove(ARRAY[nullif(o.counterparty_document, ''), nullif(c.document, '')], NULL) AS documents
      FROM ledger_openitem o LEFT JOIN ledger_customer c ON c.id = o.customer_id AND c.tenant_id = o.tenant_id
     WHERE o.tenant_id = %(tenant)s AND o.id = ANY(%(items)s)),
near AS (
    SELECT l.transaction_id FROM reconciliation_matchitem i
      JOIN reconciliation_match m ON m.id = i.match_id AND m.tenant_id = i.tenant_id AND m.status = 'proposed'
      JOIN reconciliation_matchline l ON l.tenant_id = i.tenant_id AND l.match_id = m.id
     WHERE i.tenant_id = %(tenant)s AND i.open_item_id = ANY(%(items)s)
     UNION
    SELECT q.transaction_id FROM items JOIN reconciliation_openline q ON q.tenant_id = %(tenant)s AND q.currency = items.currency
       AND q.amount BETWEEN least(items.amount * %(low)s, items.amount * %(high)s) AND greatest(items.amount * %(low)s, items.amount * %(high)s)
     UNION
    SELECT q.transaction_id FROM reconciliation_openline q
      JOIN ledger_transaction t ON t.id = q.transaction_id AND t.tenant_id = q.tenant_id
      JOIN (SELECT DISTINCT unnest(documents) AS document FROM items) d ON d.document = t.counterparty_document
     WHERE q.tenant_id = %(tenant)s)
UPDATE reconciliation_openline q SET waits_since = clock_timestamp() FROM near
 WHERE q.tenant_id = %(tenant)s AND q.transaction_id = near.transaction_id
"""
_PAYERS: Final = """
UPDATE reconciliation_openline q SET waits_since = clock_timestamp()
  FROM ledger_transaction t, reconciliation_clientmapping m
 WHERE q.tenant_id = %(tenant)s AND t.id = q.transaction_id AND t.tenant_id = q.tenant_id
   AND m.tenant_id = q.tenant_id AND m.updated_at >= %(since)s
   AND (m.payer_document = t.counterparty_document AND m.payer_document <> '' OR m.payer_document = '' AND m.payer_name = t.counterparty_name)
"""
# Everything that the matcher's answer depends on besides facts, in short.
WEIGHTS: Final = """
md5(concat_ws('/', s.weight_document, s.weight_name, s.weight_amount, s.weight_date, s.weight_contact, s.amount_tolerance, s.date_tolerance_days))
"""
_EPOCH: Final = "-infinity"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The moment before which everything is in the queue (by the database's clock), and the matches that upstream's changes opened again."""

    read_at: datetime
    reopened: tuple[int, ...] = ()


@transaction.atomic
def refresh(tenant_id: int) -> Refreshed:
    """Bring the queue of a company up to its facts: new and changed lines wait for the matcher, and so do lines near changed items.

    Matches from which upstream's changes took the ground are opened again. Waits for no writer of facts: what commits later carries a time
    after the moment up to which this looked, and is found the next time.
    """
    desk.begin(tenant_id)
    moment = delta.clock().settled
    known = Progress.objects.filter(tenant=tenant_id).first() or Progress(
        tenant_id=tenant_id, weights="", overlap=[]
    )
    generation = pg.fetch("SELECT facts FROM live_generation WHERE tenant_id = %s", [tenant_id])
    starts = starting.day(tenant_id)
    params = {"tenant": tenant_id, "since": known.seen_until or _EPOCH, "starts": starts}
    moved = {"since": _EPOCH} if starts != known.starts_on else {}
    pg.execute(_LINES, params | moved)
    touched = {row[0] for row in pg.fetch(_GONE, params | moved)}
    known.starts_on = starts
    reopened = Reopened()
    if known.seen_until is None:
        _changed_items(known, params | {"since": moment}, moment)
        known.behind = False  # every line waits
    else:
        reopened = reopening.reopen_affected(tenant_id, since=known.seen_until)
        changed = _changed_items(known, params, moment)
        known.behind = known.behind or bool(changed)
        look_again(tenant_id, touched | changed | reopened.items)
    if known.mappings_until is not None:
        pg.execute(_PAYERS, params | {"since": known.mappings_until})
    weights = pg.fetch(f"SELECT {WEIGHTS} FROM tenants_tenantsettings s WHERE s.tenant_id = %s", [tenant_id])  # noqa: S608 - ours
    if known.weights and known.weights != weights[0][0]:
        look_at_everything(tenant_id)
    known.weights, known.seen_until, known.mappings_until = weights[0][0], moment, moment
    known.facts = generation[0][0] if generation else 0
    known.ran_at = pg.now()
    known.save()
    if reopened.matches:
        told = (reopened.matches + reopened.carried, reopened.lines)
        writing.tell(By(known.tenant), "reopen", *told)
    return Refreshed(known.ran_at, reopened.matches)


def _changed_items(known: Progress, params: dict[str, Any], moment: datetime) -> set[int]:
    """Return the items that changed, but those that the last refresh saw already: its look and this one overlap by some seconds.

    What one transaction wrote carries its beginning and is seen as a whole, so that time names it.
    """
    rows = pg.fetch(_ITEMS, params)
    seen = set(known.overlap)
    known.overlap = sorted({at.isoformat() for _pk, at in rows if at >= moment})[:MANY]
    return {pk for pk, at in rows if at.isoformat() not in seen}


def look_again(tenant_id: int, items: Collection[int]) -> None:
    """Send the open lines that these items concern back to the matcher: those proposed for them, of about their amount, or of their document."""
    if len(items) > MANY:
        look_at_everything(tenant_id)
    elif items:
        pg.execute(_NEAR, {"tenant": tenant_id, "items": list(items), "low": LOWEST, "high": HIGHEST})


def look_at_everything(tenant_id: int) -> None:
    """Send every open line back to the matcher."""
    pg.execute(_EVERYTHING, {"tenant": tenant_id})
