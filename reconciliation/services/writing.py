"""Moving matches, with everything that goes with it in the same transaction: queue, log of decisions, audit log, event."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lib import pg
from live import events
from reconciliation.models import Decision, Match, Run
from tenants import audit
from tenants.access import Access
from tenants.models import Tenant

TOLD: Final = 100  # ids that an event names; who hears it reads again anyway

_FORGET_LINES: Final = """
DELETE FROM reconciliation_openline o USING reconciliation_matchline l
 WHERE l.tenant_id = %(tenant)s AND l.match_id = ANY(%(matches)s) AND o.tenant_id = l.tenant_id AND o.transaction_id = l.transaction_id
"""
# Other proposals for the same lines or items: what they rest on is gone. Their lines go back to the matcher.
_REPLACE_RIVALS: Final = """
WITH gone AS (
    UPDATE reconciliation_match m SET status = 'replaced'
     WHERE m.tenant_id = %(tenant)s AND m.status = 'proposed' AND m.id <> ALL(%(matches)s) AND m.id IN (
           SELECT r.match_id FROM reconciliation_matchline l JOIN reconciliation_matchline r USING (tenant_id, transaction_id)
            WHERE l.tenant_id = %(tenant)s AND l.match_id = ANY(%(matches)s)
            UNION
           SELECT r.match_id FROM reconciliation_matchitem i JOIN reconciliation_matchitem r USING (tenant_id, open_item_id)
            WHERE i.tenant_id = %(tenant)s AND i.match_id = ANY(%(matches)s))
    RETURNING m.id)
UPDATE reconciliation_openline o SET waits_since = clock_timestamp()
  FROM reconciliation_matchline l
 WHERE l.tenant_id = %(tenant)s AND l.match_id IN (SELECT id FROM gone) AND o.tenant_id = l.tenant_id AND o.transaction_id = l.transaction_id
"""
_LINES_BACK: Final = """
INSERT INTO reconciliation_openline (tenant_id, transaction_id, date, amount, currency, line_changed_at)
SELECT DISTINCT t.tenant_id, t.id, t.date, t.amount, t.currency, t.updated_at
  FROM reconciliation_matchline l JOIN ledger_transaction t ON t.id = l.transaction_id AND t.tenant_id = l.tenant_id
 WHERE l.tenant_id = %(tenant)s AND l.match_id = ANY(%(matches)s) AND t.void_at IS NULL AND NOT t.ignored
   AND NOT EXISTS (SELECT FROM reconciliation_matchline s WHERE s.tenant_id = l.tenant_id AND s.transaction_id = t.id AND s.confirmed)
    ON CONFLICT (tenant_id, transaction_id) DO UPDATE SET waits_since = clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class By:
    """Who decides: a person or key (`access`), or the system under a name; and the run that the decision belongs to."""

    tenant: Tenant
    access: Access | None = None
    name: str = "system"
    run: Run | None = None

    @property
    def actor_name(self) -> str:
        """Return the name that stays."""
        return (self.access.actor_name if self.access else self.name)[:160]


def move(
    by: By,
    matches: Sequence[Match],
    *,
    to: Match.Status,
    action: Decision.Action,
    reasons: Mapping[int, tuple[str, dict[str, Any]]] | None = None,
) -> None:
    """Give the matches their new status, with a decision and an audit entry each. `reasons` say why, by match: a code and its details.

    What confirming and taking back do to the queue is done as well. Raises IntegrityError for what the database refuses.
    """
    if not matches:
        return
    before = {match.pk: match.status for match in matches}
    now, user = pg.now(), by.access.user if by.access else None
    fresh: dict[str, Any] = {
        "status": to, "decided_at": now, "decided_by": user, "decided_by_name": by.actor_name,
    }  # fmt: skip
    if by.run is not None and to == Match.Status.CONFIRMED:
        fresh["run"] = by.run
    ids = list(before)
    Match.objects.filter(tenant=by.tenant, pk__in=ids).update(**fresh)
    rows = {"tenant": by.tenant.pk, "matches": ids}
    if to == Match.Status.CONFIRMED:
        pg.execute(_FORGET_LINES, rows)
        pg.execute(_REPLACE_RIVALS, rows)
    else:
        pg.execute(_LINES_BACK, rows)
    _log(by, matches, to, action, before, reasons or {})
    for match in matches:
        match.status = to


def _log(
    by: By,
    matches: Sequence[Match],
    to: Match.Status,
    action: Decision.Action,
    before: Mapping[int, str],
    reasons: Mapping[int, tuple[str, dict[str, Any]]],
) -> None:
    user = by.access.user if by.access else None
    Decision.objects.bulk_create(
        Decision(
            tenant=by.tenant,
            match=match,
            run=by.run,
            action=action,
            reason=reasons.get(match.pk, ("", {}))[0],
            detail=reasons.get(match.pk, ("", {}))[1],
            before=before[match.pk],
            after=to,
            actor=user,
            actor_name=by.actor_name,
            request_id=audit.request_id(),
        )
        for match in matches
    )
    told = [
        (
            match,
            {"status": before[match.pk]},
            {"status": to, "amount": str(match.amount), "kind": match.kind}
            | ({"reason": reasons[match.pk][0]} if match.pk in reasons else {}),
        )
        for match in matches
    ]
    audit.record_many(tenant=by.tenant, action=f"match.{action}", changes=told, actor=by.access)


def tell(by: By, action: str, matches: Iterable[int], lines: Iterable[int]) -> None:
    """Publish what was decided. The last write of the transaction."""
    ids: dict[str, Any] = {"matches": sorted(matches)[:TOLD], "lines": sorted(lines)[:TOLD]}
    if by.run is not None:
        ids["run"] = by.run.pk
    events.publish("reconciliation_changed", tenant_id=by.tenant.pk, action=action, **ids)
