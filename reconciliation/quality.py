"""How good suggestions are in one company, by what its people said about them. Reads only; see `services.automatic` for what follows from it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from lib import clock, pg
from reconciliation import queries
from reconciliation.services import History, histories
from tenants.models import Tenant

WEEKS: Final = 13
DAYS: Final = 90  # that a threshold is tried on

# A suggestion that a person decided on: right when it stands confirmed, wrong when it was rejected or taken back.
_JUDGED: Final = """
    SELECT m.*, m.status = 'confirmed' AS is_right FROM reconciliation_match m LEFT JOIN reconciliation_run r ON r.id = m.run_id
     WHERE m.tenant_id = %(tenant)s AND m.decided_at >= %(since)s AND m.origin = 'automatic'
       AND (m.status = 'confirmed' AND coalesce(r.kind, '') NOT IN ('automatic', 'rule') OR m.status = 'rejected'
            OR m.status = 'undone' AND EXISTS (
               SELECT FROM reconciliation_decision d WHERE d.tenant_id = m.tenant_id AND d.match_id = m.id AND d.action = 'undo'))
"""
_SUGGESTIONS: Final = f"""
SELECT date_trunc('week', j.decided_at AT TIME ZONE %(zone)s)::date, count(*) FILTER (WHERE is_right), count(*) FILTER (WHERE NOT is_right),
       count(*) FILTER (WHERE j.verdict = 'ambiguous')
  FROM ({_JUDGED}) j GROUP BY 1
"""  # noqa: S608 - constants of ours
# Hours from when a line came in until it was settled: the middle one. Untouched: settled by a rule or by itself.
_SETTLED: Final = """
SELECT date_trunc('week', m.decided_at AT TIME ZONE %(zone)s)::date AS week, count(*),
       count(*) FILTER (WHERE r.kind IN ('automatic', 'rule')), count(*) FILTER (WHERE m.origin = 'person'),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM m.decided_at - t.created_at) / 3600)
  FROM reconciliation_match m LEFT JOIN reconciliation_run r ON r.id = m.run_id
  JOIN reconciliation_matchline l ON l.tenant_id = m.tenant_id AND l.match_id = m.id AND l.confirmed
  JOIN ledger_transaction t ON t.tenant_id = l.tenant_id AND t.id = l.transaction_id
 WHERE m.tenant_id = %(tenant)s AND m.decided_at >= %(since)s AND m.status = 'confirmed' GROUP BY 1
"""
_REASONS: Final = f"""
SELECT e ->> 'name', count(*), count(*) FILTER (WHERE is_right), avg((e ->> 'points')::numeric)
  FROM ({_JUDGED}) j CROSS JOIN LATERAL jsonb_array_elements(j.reasons) e GROUP BY 1 ORDER BY 2 DESC, 1
"""  # noqa: S608 - constants of ours


@dataclass(frozen=True, slots=True)
class Week:
    """What was decided in a week that begins on this Monday. `hours`: until a line was settled, the middle one; None when none was."""

    start: date
    right: int = 0
    wrong: int = 0
    ambiguous: int = 0  # suggestions among several that people decided on
    settled: int = 0  # lines
    untouched: int = 0
    by_hand: int = 0
    hours: float | None = None

    @property
    def precision(self) -> Decimal | None:
        """Return the share of suggestions that were right."""
        return share(self.right, self.right + self.wrong)

    @property
    def untouched_share(self) -> Decimal | None:
        """Return the share of settled lines that nobody had to touch."""
        return share(self.untouched, self.settled)

    @property
    def ambiguous_share(self) -> Decimal | None:
        """Return the share of suggestions that needed a choice."""
        return share(self.ambiguous, self.right + self.wrong)


def share(part: int, whole: int) -> Decimal | None:
    """Return a ratio, None of nothing."""
    return Decimal(part) / whole if whole else None


def weeks(tenant: Tenant) -> list[Week]:
    """Return the last WEEKS weeks, this one included, the oldest first. Two statements over what was decided in them."""
    today = clock.today(tenant.zone)
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    named = {
        "tenant": tenant.pk, "zone": str(tenant.zone), "since": datetime.combine(first, time.min, tenant.zone),
    }  # fmt: skip
    said = {week: counts for week, *counts in pg.fetch(_SUGGESTIONS, named)}
    done = {week: counts for week, *counts in pg.fetch(_SETTLED, named)}
    starts = [first + timedelta(weeks=n) for n in range(WEEKS)]
    return [_week(start, said.get(start, []), done.get(start, [])) for start in starts]


def _week(start: date, said: list[Any], done: list[Any]) -> Week:
    right, wrong, ambiguous = said or (0, 0, 0)
    settled, untouched, by_hand, hours = done or (0, 0, 0, None)
    return Week(start, right, wrong, ambiguous, settled, untouched, by_hand, hours and float(hours))


def total(found: list[Week]) -> Week:
    """Return all weeks as one. `hours` stays unknown: the middle of middles says nothing."""
    return Week(
        found[0].start,
        *(
            sum(getattr(week, name) for week in found)
            for name in ("right", "wrong", "ambiguous", "settled", "untouched", "by_hand")
        ),
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """One kind of reason: in how many suggestions that people decided on it stood, how many of those were right, its points on average."""

    name: str
    count: int
    right: int
    points: Decimal

    @property
    def precision(self) -> Decimal | None:
        """Return the share that was right."""
        return share(self.right, self.count)


def evidence(tenant: Tenant) -> list[Evidence]:
    """Return what each reason earned in the last DAYS days, the most frequent first. One statement."""
    named = {"tenant": tenant.pk, "since": since(tenant)}
    return [Evidence(*row) for row in pg.fetch(_REASONS, named)]


def since(tenant: Tenant) -> datetime:
    """Return when the last DAYS days began."""
    return datetime.combine(clock.today(tenant.zone) - timedelta(days=DAYS), time.min, tenant.zone)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score above which clear suggestions would be confirmed without a person: what people said ever, and in the last DAYS days."""

    score: int
    ever: History
    lately: History


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the company's own history says about going without a person.

    `supported`: the lowest score that it supports, which settles most, and each ten above it. `nearest`: while there is none, the score with
    the best precision. `chosen`: what is known of the score that the company has set.
    """

    supported: tuple[Threshold, ...]
    nearest: Threshold | None
    chosen: Threshold | None


def outlook(tenant: Tenant, chosen: int | None) -> Outlook:
    """Return it. Two statements."""
    ever, lately = histories(tenant.pk), histories(tenant.pk, since=since(tenant))

    def at(score: int) -> Threshold:
        return Threshold(score, _at(ever, score), _at(lately, score))

    lowest = min((score for score, known in ever.items() if known.supports), default=None)
    offered = [] if lowest is None else [lowest, *range(lowest - lowest % 10 + 10, max(ever) + 1, 10)]
    supported = tuple(one for score in offered if (one := at(score)).ever.supports)
    best = max(ever, key=lambda one: (ever[one].precision or 0, ever[one].right), default=None)
    return Outlook(
        supported,
        at(best) if best is not None and not supported else None,
        at(chosen) if chosen is not None else None,
    )


def _at(found: dict[int, History], score: int) -> History:
    above = [one for one in found if one >= score]
    return found[min(above)] if above else History(0, 0)


def ambiguous_now(tenant: Tenant) -> Decimal | None:
    """Return which share of the open lines that were looked at needs a choice."""
    found = queries.summary(tenant.pk)
    looked_at = sum(n for one in found for verdict, n in one.by_verdict.items() if verdict)
    return share(sum(one.by_verdict.get("ambiguous", 0) for one in found), looked_at)
