"""The matcher at work for a company: what waits in the queue is judged and stored, in pieces that a killed worker loses one of at most."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Q

from lib import pg
from live import events, wake
from reconciliation import loading, services
from reconciliation.matching.records import Judgement
from reconciliation.models import Match, OpenLine, Progress, Run
from reconciliation.rules import following
from reconciliation.services import Proposed, desk, queueing
from reconciliation.services.queueing import WEIGHTS
from tenants.models import Tenant

if TYPE_CHECKING:
    from reconciliation.matching.tables import ItemTable

APART: Final = timedelta(
    seconds=5
)  # fifty syncs in a minute shall not cost fifty runs; Beat finds what came sooner
BLOCK: Final = 100_000  # lines judged together
FEW: Final = 5_000  # lines up to which others are looked for that they may complete
MOST_COMPANIONS: Final = 2_000
CHUNK: Final = 500  # lines stored in one transaction
GROWN: Final = 1_000  # new proposals after which the planner is told: tables grown from nothing are joined badly until autovacuum comes
ROUNDS: Final = 3  # of asking which other lines want the same items

_DUE: Final = f"""
SELECT t.id FROM tenants_tenant t
  JOIN live_generation g ON g.tenant_id = t.id
  JOIN tenants_tenantsettings s ON s.tenant_id = t.id
  LEFT JOIN reconciliation_progress p ON p.tenant_id = t.id
  LEFT JOIN reconciliation_closing c ON c.tenant_id = t.id
 WHERE t.is_active AND (p.ran_at IS NULL OR p.ran_at < now() - %(apart)s)
   AND NOT EXISTS (SELECT FROM sync_connection c JOIN sync_syncrun r ON r.connection_id = c.id AND r.status IN ('queued', 'running')
                    WHERE c.tenant_id = t.id AND c.last_good_at IS NULL AND c.state = 'active')
   AND (p.tenant_id IS NULL AND g.facts > 0 OR p.facts <> g.facts OR p.weights <> {WEIGHTS} OR p.behind AND %(sweep)s
        OR s.reconcile_from IS DISTINCT FROM p.starts_on AND p.tenant_id IS NOT NULL AND s.reconcile_from IS NOT NULL
        OR EXISTS (SELECT FROM reconciliation_clientmapping m WHERE m.tenant_id = t.id AND m.updated_at > p.mappings_until)
        OR EXISTS (SELECT FROM reconciliation_openline o
                    WHERE o.tenant_id = t.id AND o.waits_since IS NOT NULL AND (c.closed_through IS NULL OR o.date > c.closed_through)))
 ORDER BY p.ran_at NULLS FIRST, t.id
"""  # noqa: S608 - a constant of ours
# Lines that have a live proposal for one of these items.
_RIVALS: Final = """
SELECT DISTINCT l.transaction_id FROM reconciliation_matchitem i
  JOIN reconciliation_match m ON m.id = i.match_id AND m.tenant_id = i.tenant_id AND m.status = 'proposed'
  JOIN reconciliation_matchline l ON l.tenant_id = m.tenant_id AND l.match_id = m.id
 WHERE i.tenant_id = %(tenant)s AND i.open_item_id = ANY(%(items)s)
"""
# Opposite amounts of a quarter of a year, equal ones of the same account and week where one is pending, and smaller payments of the same
# payer within two months: what the matcher would put together if it saw both.
_COMPANIONS: Final = """
WITH mine AS (
    SELECT t.id, t.date, t.amount, t.account_id, t.status, t.counterparty_document AS document, t.counterparty_name AS name
      FROM ledger_transaction t WHERE t.tenant_id = %(tenant)s AND t.id = ANY(%(lines)s))
SELECT id FROM (
    SELECT q.transaction_id AS id, q.date FROM mine m JOIN reconciliation_openline q ON q.tenant_id = %(tenant)s AND q.amount = -m.amount
       AND q.date BETWEEN m.date - 120 AND m.date + 120
     UNION
    SELECT q.transaction_id, q.date FROM mine m JOIN reconciliation_openline q ON q.tenant_id = %(tenant)s AND q.amount = m.amount
       AND q.date BETWEEN m.date - 7 AND m.date + 7
      JOIN ledger_transaction t ON t.id = q.transaction_id AND t.tenant_id = q.tenant_id AND t.account_id = m.account_id
       AND (t.status = 'pending' OR m.status = 'pending')
     UNION
    SELECT q.transaction_id, q.date FROM mine m
      JOIN ledger_transaction t ON t.tenant_id = %(tenant)s AND t.counterparty_document = m.document AND m.document <> ''
       AND t.date BETWEEN m.date - 60 AND m.date + 60 AND sign(t.amount) = sign(m.amount)
      JOIN reconciliation_openline q ON q.tenant_id = t.tenant_id AND q.transaction_id = t.id) found
 WHERE id <> ALL(%(lines)s) ORDER BY date DESC, id DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did: lines by verdict, matches that upstream opened again, those confirmed by themselves, and how long the matcher took."""

    proposed: Proposed = field(default_factory=Proposed)
    reopened: int = 0
    confirmed: int = 0
    matcher_ms: int = 0


def due(*, sweep: bool = False, apart: timedelta = timedelta(0)) -> list[int]:
    """Return the companies whose queue is behind their facts, or in which lines wait; with `sweep` also those not wholly judged since.

    One whose first reading of an upstream is still going on is left alone until that ends: half of the items would only mislead.
    """
    return [row[0] for row in pg.fetch(_DUE, {"apart": apart, "sweep": sweep})]


def wake_due(*, sweep: bool = False) -> int:
    """Wake a worker for each company that is due and did not run a moment ago; return how many. Waking twice is harmless."""
    found = due(sweep=sweep, apart=APART)
    for tenant_id in found:
        wake.now("reconciliation.run", tenant_id=tenant_id, sweep=sweep)
    return len(found)


def run_due_now(*, sweep: bool = False) -> int:
    """Run every company that is due, once, in this process; return how many ran."""
    return sum(run(tenant_id, sweep=sweep) is not None for tenant_id in due(sweep=sweep))


def run(tenant_id: int, *, sweep: bool = False) -> Done | None:
    """Bring the proposals of a company up to its facts; None when another worker is at it. `sweep`: judge every open line if items changed.

    Each piece commits for itself and leaves the queue saying what is left, so a run that is killed is simply done by the next one.
    """
    with pg.session_lock(pg.Lock.RECONCILE, tenant_id) as taken:
        if not taken:
            return None
        if sweep:
            _sweep(tenant_id)
        following.follow(tenant_id, settling=False)
        refreshed = queueing.refresh(tenant_id)
        tenant = Tenant.objects.get(pk=tenant_id)
        done = _judge_all(tenant, refreshed.read_at)
        following.follow(tenant_id, settling=True)
        confirmed = 0
        while outcome := services.confirm_clear(tenant):
            confirmed += len(outcome.decided)
        return Done(done.proposed, len(refreshed.reopened), confirmed, done.matcher_ms)


@transaction.atomic
def _sweep(tenant_id: int) -> None:
    """Send every line back to the matcher when an item has changed since all of them were judged."""
    desk.begin(tenant_id)
    if Progress.objects.filter(tenant=tenant_id, behind=True).update(behind=False, swept_at=pg.now()):
        queueing.look_at_everything(tenant_id)


def _judge_all(tenant: Tenant, read_at: datetime) -> Done:
    from reconciliation.matching.tables import (
        ItemTable,
    )  # 45 MB of libraries: not before there is something to match

    blocks = _waiting(tenant.pk, read_at)
    first = next(blocks, None)
    if first is None:
        return Done()
    row = Run.objects.create(tenant=tenant, kind=Run.Kind.PROPOSALS)
    items, total, took = ItemTable(loading.items(tenant.pk)), Proposed(), 0.0
    block: list[int] | None = first
    while block is not None:
        judged, seconds = _judge(tenant, block, items)
        took += seconds
        new, same = services.sift(tenant=tenant, judgements=judged, read_at=read_at)
        total += same
        for chunk in _chunks(new):
            total += services.propose(tenant=tenant, judgements=chunk, read_at=read_at)
        block = next(blocks, None)
    if total.written >= GROWN:
        pg.execute(
            "ANALYZE reconciliation_openline, reconciliation_match, reconciliation_matchline, reconciliation_matchitem"
        )
    _finish(row, total, took)
    return Done(total, matcher_ms=round(1_000 * took))


def _waiting(tenant_id: int, read_at: datetime) -> Iterator[list[int]]:
    """Yield the lines that wait, newest first, BLOCK at once. Lines of closed periods wait until those are opened."""
    closed = desk.closed_through(tenant_id)
    rows = OpenLine.objects.filter(tenant=tenant_id, waits_since__lte=read_at)
    if closed:
        rows = rows.filter(date__gt=closed)
    place = Q()
    while True:
        found = list(
            rows.filter(place).order_by("-date", "-transaction").values_list("date", "transaction")[:BLOCK]
        )
        if not found:
            return
        yield [pk for _day, pk in found]
        day, pk = found[-1]
        place = Q(date__lt=day) | Q(date=day, transaction__lt=pk)


def _judge(tenant: Tenant, block: Sequence[int], items: "ItemTable") -> tuple[list[Judgement], float]:
    """Return what the matcher thinks of the lines, and of those that want the same items; and how many seconds it took."""
    from reconciliation.matching.match import match

    tenant_id, took = tenant.pk, 0.0
    ids = [*block, *_companions(tenant_id, block)]
    weights, tolerance = loading.weights(tenant_id)
    payers, own, rates = loading.payers(tenant_id), loading.own(tenant), loading.rates(tenant_id)
    for _round in range(ROUNDS):
        lines, rejected = loading.lines(tenant_id, ids), loading.rejected(tenant_id, ids)
        credited = loading.collections(tenant_id, ids)
        begun = time.perf_counter()
        judged = match(
            lines, items, weights=weights, tolerance=tolerance, mappings=payers, rejected=rejected, own=own, collections=credited,
            rates=rates,
        )  # fmt: skip
        took += time.perf_counter() - begun
        rivals = _rivals(tenant_id, judged) - set(ids)
        if not rivals or len(ids) + len(rivals) > BLOCK:
            break
        ids += rivals
    return judged, took


def _companions(tenant_id: int, block: Sequence[int]) -> list[int]:
    """Return other open lines that these may complete: the other half of a transfer, what a refund undoes, the pending twin of a posted
    line, the other parts of a payment. Of a first run, which judges everything together, none.
    """
    if len(block) > FEW:
        return []
    params = {"tenant": tenant_id, "lines": list(block), "most": MOST_COMPANIONS}
    return [row[0] for row in pg.fetch(_COMPANIONS, params)]


def _rivals(tenant_id: int, judged: Sequence[Judgement]) -> set[int]:
    """Return the lines that have proposals for items which these judgements want."""
    items = {int(share.id) for one in judged for found in one.settlements for share in found.items}
    return {row[0] for row in pg.fetch(_RIVALS, {"tenant": tenant_id, "items": list(items)})}


def _chunks(judged: Sequence[Judgement]) -> Iterator[list[Judgement]]:
    """Yield the judgements in pieces of about CHUNK lines; those that share a settlement stay together."""
    by_line = {one.line_id: one for one in judged}
    done: set[str] = set()
    chunk: list[Judgement] = []
    for one in judged:
        waiting = [one.line_id]
        while waiting:
            line = waiting.pop()
            if line in done or line not in by_line:
                continue
            done.add(line)
            chunk.append(by_line[line])
            waiting += [share.id for found in by_line[line].settlements for share in found.lines]
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


@transaction.atomic
def _finish(row: Run, total: Proposed, took: float) -> None:
    """Say in the run's row what came of it, and announce that proposals are ready."""
    Run.objects.filter(pk=row.pk).update(
        lines=total.clear + total.ambiguous + total.nothing,
        clear=total.clear,
        ambiguous=total.ambiguous,
        nothing=total.nothing,
        matcher_ms=round(1_000 * took),
        finished_at=pg.now(),
    )
    events.publish("reconciliation_ready", tenant_id=row.tenant_id, run=row.pk)


def prune(*, older_than: timedelta = timedelta(days=30)) -> int:
    """Delete proposals that newer ones replaced, and runs that decided nothing, after a month; a bounded number a call. Return how many."""
    before, deleted = pg.now() - older_than, 0
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        old = Match.objects.filter(tenant=tenant_id, status=Match.Status.REPLACED, created_at__lt=before)
        ids = list(old.order_by("pk").values_list("pk", flat=True)[:2_000])
        deleted += Match.objects.filter(tenant=tenant_id, pk__in=ids).delete()[0]
        runs = Run.objects.filter(tenant=tenant_id, kind=Run.Kind.PROPOSALS, started_at__lt=before)
        ids = list(runs.order_by("started_at").values_list("pk", flat=True)[:2_000])
        deleted += Run.objects.filter(tenant=tenant_id, pk__in=ids).delete()[0]
    return deleted + services.prune_keys()
