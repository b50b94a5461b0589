"""Confirming clear proposals without a person: only where the company wants it, and only as far as its own history supports it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from lib import pg
from reconciliation.models import Run
from reconciliation.services import deciding, desk, writing
from reconciliation.services.outcome import Outcome, Refused
from reconciliation.services.writing import By
from tenants.models import Tenant, TenantSettings

LEAST_DECISIONS: Final = 50  # below, a precision says too little
LEAST_PRECISION: Final = Decimal("0.99")
AT_ONCE: Final = 500
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

# What people said about clear suggestions, by score. One that was taken back counts as wrong, and so does the machine's own.
_HISTORY: Final = """
SELECT m.score, count(*) FILTER (WHERE m.status = 'confirmed'),
       count(*) FILTER (WHERE m.status = 'rejected' OR m.status = 'undone' AND EXISTS (
           SELECT FROM reconciliation_decision d WHERE d.tenant_id = m.tenant_id AND d.match_id = m.id AND d.action = 'undo'))
  FROM reconciliation_match m LEFT JOIN reconciliation_run r ON r.id = m.run_id
 WHERE m.tenant_id = %(tenant)s AND m.origin = 'automatic' AND m.verdict = 'clear' AND m.score >= %(score)s
   AND m.status IN ('confirmed', 'rejected', 'undone') AND m.decided_at >= %(since)s
   AND NOT (m.status = 'confirmed' AND coalesce(r.kind, '') IN ('automatic', 'rule'))
 GROUP BY m.score ORDER BY m.score DESC
"""
# Not the lines about which a rule wants a person to be asked.
_READY: Final = """
SELECT m.id FROM reconciliation_match m
 WHERE m.tenant_id = %(tenant)s AND m.status = 'proposed' AND m.origin = 'automatic' AND m.verdict = 'clear' AND m.score >= %(score)s
   AND NOT EXISTS (
       SELECT FROM reconciliation_matchline l JOIN ledger_transaction t ON t.id = l.transaction_id
         LEFT JOIN reconciliation_openline o ON o.tenant_id = l.tenant_id AND o.transaction_id = l.transaction_id
         LEFT JOIN reconciliation_closing c ON c.tenant_id = l.tenant_id
        WHERE l.tenant_id = m.tenant_id AND l.match_id = m.id
          AND (t.status <> 'posted' OR o.waits_since IS NOT NULL OR o.verdict IS DISTINCT FROM 'clear' OR t.date <= c.closed_through
               OR EXISTS (SELECT FROM reconciliation_ruleeffect e JOIN reconciliation_rulerun w ON w.id = e.rule_run_id
                            JOIN reconciliation_rule r ON r.id = w.rule_id AND r.is_active AND r.removed_at IS NULL
                           WHERE e.tenant_id = m.tenant_id AND e.transaction_id = t.id AND e.action = 'ask' AND e.undone_at IS NULL)))
 ORDER BY m.id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class History:
    """How often people agreed with clear suggestions of at least a score, and whether that is enough to go without them."""

    right: int
    wrong: int

    @property
    def decided(self) -> int:
        """Return how many there were."""
        return self.right + self.wrong

    @property
    def precision(self) -> Decimal | None:
        """Return the share that was right, None while nothing was decided."""
        return Decimal(self.right) / self.decided if self.decided else None

    @property
    def supports(self) -> bool:
        """Return whether it is long and good enough."""
        return self.decided >= LEAST_DECISIONS and (self.precision or 0) >= LEAST_PRECISION


def history(tenant_id: int, *, score: int) -> History:
    """Return what people said about clear suggestions of at least this score."""
    found = histories(tenant_id, least=score)
    return found[min(found)] if found else History(0, 0)


def histories(tenant_id: int, *, least: int = 0, since: datetime = EVER) -> dict[int, History]:
    """Return by score, the highest first, what people said since then about clear suggestions of at least that score. One statement."""
    found: dict[int, History] = {}
    right = wrong = 0
    for score, more_right, more_wrong in pg.fetch(
        _HISTORY, {"tenant": tenant_id, "score": least, "since": since}
    ):
        right, wrong = right + more_right, wrong + more_wrong
        found[score] = History(right, wrong)
    return found


def confirm_clear(tenant: Tenant) -> Outcome | None:
    """Confirm clear proposals of posted lines above the company's threshold as one run; None when it does not want it, or may not yet."""
    score = TenantSettings.objects.values_list("auto_confirm_above", flat=True).get(tenant=tenant)
    if score is None or not history(tenant.pk, score=score).supports:
        return None
    ids = [row[0] for row in pg.fetch(_READY, {"tenant": tenant.pk, "score": score, "limit": AT_ONCE})]
    return _confirm(tenant, ids) if ids else None


@transaction.atomic
def _confirm(tenant: Tenant, ids: list[int]) -> Outcome | None:
    desk.begin(tenant.pk)
    run = Run.objects.create(tenant=tenant, kind=Run.Kind.AUTOMATIC)
    by = By(tenant, run=run)
    try:
        outcome = deciding.settle(by, ids)
    except Refused:
        run.delete()
        return None
    lines = {line for one in desk.parts(tenant.pk, outcome.decided).values() for line in one.lines}
    writing.tell(by, "automatic", outcome.decided, lines)
    return outcome
