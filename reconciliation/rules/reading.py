"""Bank lines with what was decided about them, as the engine takes them; and the rules of a company, ready to be asked."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import orjson
from django.db.models import F

from lib import pg
from reconciliation.matching.records import Line
from reconciliation.models import Rule as Row
from reconciliation.models import RuleRun
from reconciliation.rules import conditions
from reconciliation.rules.conditions import Subject
from reconciliation.rules.engine import Action, Rule, State

_COUNTS: Final = """
t.tenant_id = %(tenant)s AND t.id <= %(last)s AND t.void_at IS NULL AND t.amount <> 0 AND (%(closed)s::date IS NULL OR t.date > %(closed)s)
"""
# Lines that were written since a moment, but for what rules themselves wrote or took back; for a rule that settles or books: lines of which
# the matcher has said since what such a rule needs.
_CHANGED: Final = """
AND t.updated_at >= %(since)s AND NOT EXISTS (
    SELECT FROM reconciliation_ruleeffect e
     WHERE e.tenant_id = t.tenant_id AND e.transaction_id = t.id AND greatest(e.created_at, e.undone_at) >= t.updated_at)
"""
_JUDGED: Final = """
AND t.id IN (SELECT q.transaction_id FROM reconciliation_openline q
              WHERE q.tenant_id = %(tenant)s AND q.verdict = '{verdict}' AND q.judged_at >= %(since)s)
"""
# `undone`: a person took back what the clear proposal says, and not with the whole run that had confirmed it.
_LINES: Final = """
SELECT t.id, t.date, t.amount, coalesce(nullif(t.name_override, ''), t.counterparty_name), t.counterparty_document,
       concat_ws(chr(10), t.description, nullif(t.description_raw, t.description)), t.reference, t.account_id,
       t.category_override, t.ignored,
       EXISTS (SELECT FROM reconciliation_matchline l WHERE l.tenant_id = t.tenant_id AND l.transaction_id = t.id AND l.confirmed),
       p.id, coalesce(o.verdict = 'none', false),
       p.id IS NOT NULL AND EXISTS (
           SELECT FROM reconciliation_matchline l JOIN reconciliation_match m ON m.id = l.match_id AND m.tenant_id = l.tenant_id
             JOIN reconciliation_decision d ON d.tenant_id = m.tenant_id AND d.match_id = m.id AND d.action = 'undo'
            WHERE l.tenant_id = t.tenant_id AND l.transaction_id = t.id AND m.status = 'undone' AND m.signature = p.signature
              AND d.run_id IS DISTINCT FROM m.run_id),
       (SELECT coalesce(json_agg(json_build_array(e.action, e.category)), '[]')::text FROM reconciliation_ruleeffect e
         WHERE e.tenant_id = t.tenant_id AND e.transaction_id = t.id AND e.undone_at IS NULL)
  FROM ledger_transaction t
  LEFT JOIN reconciliation_openline o ON o.tenant_id = t.tenant_id AND o.transaction_id = t.id AND o.verdict IN ('clear', 'none')
            AND o.waits_since IS NULL AND o.posted_as_id IS NULL AND t.status = 'posted'
  LEFT JOIN LATERAL (
       SELECT m.id, m.signature FROM reconciliation_matchline l JOIN reconciliation_match m ON m.id = l.match_id AND m.tenant_id = l.tenant_id
        WHERE o.verdict = 'clear' AND l.tenant_id = t.tenant_id AND l.transaction_id = t.id AND m.status = 'proposed' AND m.verdict = 'clear'
        ORDER BY l.rank, m.id LIMIT 1) p ON true
"""
_BATCH: Final = """
{lines} WHERE {counts} {changed} AND (%(place)s::bigint IS NULL OR (t.date, t.id) < (%(day)s::date, %(place)s::bigint))
 ORDER BY t.date DESC, t.id DESC LIMIT %(limit)s
"""
_THESE: Final = (
    f"{_LINES} WHERE t.tenant_id = %(tenant)s AND t.id = ANY(%(ids)s) AND t.void_at IS NULL ORDER BY t.id"
)
_LOCK: Final = """
SELECT t.id FROM ledger_transaction t WHERE t.tenant_id = %(tenant)s AND t.id = ANY(%(ids)s) ORDER BY t.id FOR NO KEY UPDATE
"""


# What the matcher must have said of a line before these rules act on it.
NEEDED: Final[dict[str, str]] = {Row.Action.SETTLE: "clear", Row.Action.BOOK: "none"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One line: its id and day (its place in a run), what conditions see, and what was decided so far."""

    id: int
    date: date
    subject: Subject
    state: State


def last_line(tenant_id: int) -> int:
    """Return the highest id of the company's lines, 0 when there is none."""
    rows = pg.fetch("SELECT coalesce(max(id), 0) FROM ledger_transaction WHERE tenant_id = %s", [tenant_id])
    return int(rows[0][0])


def count(
    tenant_id: int, *, last: int, closed: date | None, since: datetime | None = None, action: str = ""
) -> int:
    """Return how many lines a run goes through: all that count, up to that id, of days that are not closed; with `since` what changed."""
    sql = f"SELECT count(*) FROM ledger_transaction t WHERE {_COUNTS} {_changed(since, action)}"  # noqa: S608 - constants of ours
    params = {"tenant": tenant_id, "last": last, "closed": closed, "since": since}
    return int(pg.fetch(sql, params)[0][0])


def _changed(since: datetime | None, action: str) -> str:
    if since is None:
        return ""
    verdict = NEEDED.get(action)
    return _JUDGED.format(verdict=verdict) if verdict else _CHANGED


def batch(run: RuleRun, *, closed: date | None, limit: int) -> list[Seen]:
    """Return the next lines of a run, the newest day first; none when it is through."""
    params = {
        "tenant": run.tenant_id, "last": run.last_id, "closed": closed, "day": run.place_date, "place": run.place, "limit": limit,
        "since": run.since,
    }  # fmt: skip
    sql = _BATCH.format(lines=_LINES, counts=_COUNTS, changed=_changed(run.since, run.action))
    return [_seen(*row) for row in pg.fetch(sql, params)]


def these(tenant_id: int, ids: Collection[int]) -> list[Seen]:
    """Return these lines, those that still count, by id."""
    return [_seen(*row) for row in pg.fetch(_THESE, {"tenant": tenant_id, "ids": list(ids)})]


def lock(tenant_id: int, ids: Collection[int]) -> None:
    """Hold these lines against edits and decisions until the transaction ends. Needs Lock.LEDGER, so that syncs are not waited for in turn."""
    pg.fetch(_LOCK, {"tenant": tenant_id, "ids": list(ids)})


def _seen(
    pk: int, day: date, amount: Any, name: str, document: str, description: str, reference: str, account: int,
    category: str, ignored: bool, settled: bool, proposal: int | None, unmatched: bool, undone: bool, effects: str,
) -> Seen:  # fmt: skip
    line = Line(
        id=str(pk), date=day, amount=amount, name=name, document=document, description=description, reference=reference,
        account=str(account),
    )  # fmt: skip
    done = {(action, given) for action, given in orjson.loads(effects)}
    state = State(
        category=category,
        ignored=ignored,
        settled=settled,
        asked=("ask", "") in done,
        by_rules=frozenset(done),
        clear_match=proposal,
        unmatched=unmatched,
        undone_by_hand=frozenset(_undone(done, category, ignored, settled, undone)),
    )
    return Seen(pk, day, Subject.of(line), state)


def _undone(
    done: Iterable[tuple[Action, str]], category: str, ignored: bool, settled: bool, undone: bool
) -> Iterable[tuple[Action, str]]:
    for action, given in done:
        stands = {"categorise": category == given, "ignore": ignored, "book": settled}
        if not stands.get(action, True):
            yield action, given
    if undone:
        yield "settle", ""


def before(rule: Row) -> list[Rule]:
    """Return the rules that come before this one and may act, in their order."""
    rows = Row.objects.filter(
        tenant=rule.tenant_id, is_active=True, removed_at=None, dry_run_version=F("version")
    ).order_by("position", "pk")
    return [ready(row) for row in rows if (row.position, row.pk) < (rule.position, rule.pk)]


def ready(rule: Row) -> Rule:
    """Return the rule as the engine takes it. Raises Unusable when what is stored is no condition any more."""
    action: Action = rule.action  # type: ignore[assignment]  # the column's choices
    return Rule(rule.pk, conditions.parse(rule.conditions), action, rule.category)
