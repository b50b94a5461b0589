"""When upstream takes the ground from under a match: it is opened again, exactly that one, and says why.

What the ERP marks as paid after a confirmation is what a confirmation asks for, and opens nothing.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from lib import pg
from reconciliation import telling
from reconciliation.models import Decision, Match, MatchAdjustment
from reconciliation.services import desk, linking, writing
from reconciliation.services.linking import Draft
from reconciliation.services.outcome import Refused
from reconciliation.services.writing import By
from tenants.models import Tenant

_LINES: Final = """
SELECT l.match_id, t.id, NULL, l.amount, t.amount, t.updated_at,
       CASE WHEN t.void_at IS NOT NULL THEN 'line_void' WHEN t.amount <> l.amount THEN 'line_amount' ELSE 'line_currency' END
  FROM ledger_transaction t
  JOIN reconciliation_matchline l ON l.tenant_id = t.tenant_id AND l.transaction_id = t.id AND l.confirmed
  JOIN reconciliation_match m ON m.id = l.match_id
 WHERE t.tenant_id = %(tenant)s AND t.updated_at >= %(since)s
   AND (t.void_at IS NOT NULL OR t.amount <> l.amount OR t.currency <> m.currency)
"""
# Of several payments of an item that became smaller, the latest ones are opened again, as many as it takes.
_ITEMS: Final = """
SELECT * FROM (
    SELECT i.match_id, NULL, o.id, i.amount, o.amount, o.updated_at,
           CASE WHEN o.void_at IS NOT NULL THEN 'item_void' WHEN o.status = 'cancelled' THEN 'item_cancelled'
                WHEN o.currency <> m.currency THEN 'item_currency'
                WHEN sum(i.amount) OVER (PARTITION BY o.id ORDER BY m.decided_at, m.id) * sign(o.amount) NOT BETWEEN 0 AND abs(o.amount)
                THEN 'item_amount' END AS reason
      FROM ledger_openitem o
      JOIN reconciliation_matchitem i ON i.tenant_id = o.tenant_id AND i.open_item_id = o.id AND i.confirmed
      JOIN reconciliation_match m ON m.id = i.match_id
     WHERE o.tenant_id = %(tenant)s AND o.updated_at >= %(since)s) AS found
 WHERE reason IS NOT NULL
"""
_CLOSED: Final = """
SELECT DISTINCT l.match_id FROM reconciliation_closing c
  JOIN reconciliation_matchline l ON l.tenant_id = c.tenant_id
  JOIN ledger_transaction t ON t.id = l.transaction_id AND t.tenant_id = l.tenant_id
 WHERE c.tenant_id = %(tenant)s AND l.match_id = ANY(%(matches)s) AND t.date <= c.closed_through
"""
_TOLD: Final = """
SELECT match_id, reason, detail ->> 'changed_at' FROM reconciliation_decision
 WHERE tenant_id = %(tenant)s AND match_id = ANY(%(matches)s) AND action = 'held'
"""
# The line that a void one has become: a pending one that was posted, or the same one under another id. One candidate, or none.
_SUCCESSORS: Final = """
SELECT v.id, array_agg(n.id) FROM ledger_transaction v
  JOIN ledger_transaction n ON n.tenant_id = v.tenant_id AND n.account_id = v.account_id AND n.id > v.id
   AND n.date BETWEEN v.date - 5 AND v.date + 5 AND n.amount = v.amount AND n.currency = v.currency
   AND n.void_at IS NULL AND NOT n.ignored
 WHERE v.tenant_id = %(tenant)s AND v.id = ANY(%(lines)s)
   AND (v.status = 'pending' AND n.status = 'posted'
        OR n.date = v.date AND (n.provider_id <> '' AND n.provider_id = v.provider_id OR n.reference <> '' AND n.reference = v.reference
           OR (n.description, n.counterparty_name, n.counterparty_document) = (v.description, v.counterparty_name, v.counterparty_document)))
   AND NOT EXISTS (SELECT FROM reconciliation_matchline s WHERE s.tenant_id = n.tenant_id AND s.transaction_id = n.id AND s.confirmed)
 GROUP BY v.id
"""


@dataclass(slots=True)
class Change:
    """Why a match no longer stands: the first reason found, and the lines that became void."""

    reason: str
    detail: dict[str, Any]
    void_lines: set[int] = field(default_factory=set)
    only_void_lines: bool = True


@dataclass(frozen=True, slots=True)
class Reopened:
    """The matches that were opened again, their lines and items, and the matches that were carried over to a line's successor."""

    matches: tuple[int, ...] = ()
    lines: frozenset[int] = frozenset()
    items: frozenset[int] = frozenset()
    carried: tuple[int, ...] = ()


def reopen_affected(tenant_id: int, *, since: datetime) -> Reopened:
    """Open the confirmed matches again that facts changed since then no longer bear out, each with a decision that says why.

    Needs a transaction that has begun to decide (`desk.begin`). Matches of closed periods stay, and the log tells of them once. A line that
    only got another id takes its match along.
    """
    found = _changes(tenant_id, since)
    if not found:
        return Reopened()
    by = By(Tenant.objects.get(pk=tenant_id))
    params = {"tenant": tenant_id, "matches": list(found)}
    held = {row[0] for row in pg.fetch(_CLOSED, params)}
    _tell_held(by, {pk: found[pk] for pk in held})
    ids = [pk for pk in found if pk not in held]
    parts = desk.parts(tenant_id, ids)
    rows = list(Match.objects.filter(tenant=tenant_id, pk__in=ids, status=Match.Status.CONFIRMED))
    writing.move(
        by,
        rows,
        to=Match.Status.UNDONE,
        action=Decision.Action.REOPEN,
        reasons={pk: (change.reason, change.detail) for pk, change in found.items()},
    )
    carried = _carry_over(by, rows, parts, found)
    telling.reopened(by.tenant, len(rows) - len(carried))
    return Reopened(
        tuple(match.pk for match in rows),
        frozenset(line for match in rows for line in parts[match.pk].lines),
        frozenset(item for match in rows for item in parts[match.pk].items),
        tuple(carried),
    )


def _changes(tenant_id: int, since: datetime) -> dict[int, Change]:
    found: dict[int, Change] = {}
    for sql in (_LINES, _ITEMS):
        for match, line, item, was, now, changed_at, reason in pg.fetch(
            sql, {"tenant": tenant_id, "since": since}
        ):
            detail = {"line": line, "item": item, "was": str(was), "now": str(now)}
            change = found.setdefault(match, Change(reason, detail | {"changed_at": changed_at.isoformat()}))
            if reason == "line_void":
                change.void_lines.add(line)
            else:
                change.only_void_lines = False
    return found


def _tell_held(by: By, changes: dict[int, Change]) -> None:
    """Note once that a match of a closed period has lost its ground."""
    told = set(pg.fetch(_TOLD, {"tenant": by.tenant.pk, "matches": list(changes)}))
    made = Decision.objects.bulk_create(
        Decision(
            tenant=by.tenant,
            match_id=pk,
            action=Decision.Action.HELD,
            reason=change.reason,
            detail=change.detail,
            before=Match.Status.CONFIRMED,
            after=Match.Status.CONFIRMED,
            actor_name=by.actor_name,
        )
        for pk, change in changes.items()
        if (pk, change.reason, change.detail["changed_at"]) not in told
    )
    telling.held(by.tenant, len(made))


def _carry_over(
    by: By, rows: list[Match], parts: dict[int, desk.Parts], changes: dict[int, Change]
) -> list[int]:
    """Give the matches of lines that only got another id to those, as they were. Return the new matches."""
    heirs = _heirs(by.tenant.pk, {line for match in rows for line in changes[match.pk].void_lines})
    carried = []
    for match in rows:
        change = changes[match.pk]
        if not change.only_void_lines or not change.void_lines <= heirs.keys():
            continue
        differences = MatchAdjustment.objects.filter(tenant=by.tenant, match=match)
        draft = Draft(
            lines=[heirs.get(line, line) for line in parts[match.pk].lines],
            items=parts[match.pk].items,
            adjustments=dict(differences.values_list("kind", "amount")),
            origin=Match.Origin(match.origin),
            kind=Match.Kind(match.kind),
            score=match.score,
            reasons=match.reasons,
        )
        try:
            new = linking.place(by, draft, why=("line_rekeyed", {"match": match.pk}))
        except Refused:  # taken by somebody meanwhile: it stays open, and the matcher proposes it
            continue
        carried.append(new.pk)
    return carried


def _heirs(tenant_id: int, lines: set[int]) -> dict[int, int]:
    """Return the successor of each void line that has exactly one, which is nobody else's."""
    if not lines:
        return {}
    found = pg.fetch(_SUCCESSORS, {"tenant": tenant_id, "lines": list(lines)})
    claims: dict[int, list[int]] = defaultdict(list)
    for line, heirs in found:
        for heir in heirs:
            claims[heir].append(line)
    return {line: heirs[0] for line, heirs in found if len(heirs) == 1 and len(claims[heirs[0]]) == 1}
