"""What a rule asks, as data, and what a look at the number says about it. Reads no row and no clock.

Expenses and payables are looked at by their size, as people speak of them: "expenses above 5,000".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Final

from kpi.catalog import BY_CODE, Kpi
from kpi.models import AlertRule
from lib.clock import month_end

Kind, Way, Window, Compare = AlertRule.Kind, AlertRule.Way, AlertRule.Window, AlertRule.Compare
# Well again is a little further than no longer bad: a number that wavers around its limit is one incident.
MARGIN: Final = Decimal("0.05")
# Of a goal: before a tenth of it is due, one slow morning would be far behind.
EARLY: Final = Decimal("0.1")
OF_SALES: Final = ("product", "customer", "store", "seller", "channel", "payment")
OF_LINES: Final = ("category", "account")
FORECAST: Final = {"revenue": "sales", "inflow": "receipts", "expenses": "expenses"}
# What only grows while a day goes on: that it is above a limit is known before the day is over.
GROWING: Final = frozenset(
    {"inflow", "expenses", "revenue", "sales_count", "active_customers", "new_customers"}
)
# From which what is usual is told, before a number was at zero.
USUAL_WEEKS: Final = {Window.DAY: 4, Window.WEEK: 8}
SUMS: Final = frozenset({"inflow", "expenses", "revenue", "sales_count", "net", "new_customers"})


class Verdict(StrEnum):
    """What a look says. Between bad and well nothing changes; unknown is never bad."""

    BAD = "bad"
    WELL = "well"
    BETWEEN = "between"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on one number. `limit` is an amount or count (absolute), a ratio (change, target) or a number of periods (streak, missing)."""

    kpi: str
    kind: str
    way: str = ""
    limit: Decimal | None = None
    window: str = ""
    compare: str = ""
    dimension: str = ""
    key: str = ""

    @property
    def number(self) -> Kpi:
        """Return the entry of the catalog."""
        return BY_CODE[self.kpi]

    @property
    def by_size(self) -> bool:
        """Return whether the number is negative by nature and spoken of without its sign."""
        return self.number.by_size or self.kpi == "payables_open"

    @property
    def is_momentary(self) -> bool:
        """Return whether only the present is known: a state, or how long nothing came."""
        return self.number.now or self.kind == Kind.MISSING

    @property
    def is_early(self) -> bool:
        """Return whether it can be bad before its day is over."""
        return self.kind == Kind.ABSOLUTE and self.way == Way.ABOVE and self.kpi in GROWING

    def span(self, day: date) -> tuple[date, date]:
        """Return the first and last day of the window that ends with a day."""
        days = {Window.WEEK: 7, Window.DAYS30: 30}.get(Window(self.window), 1) if self.window else 1
        if self.window == Window.MONTH:
            return day.replace(day=1), day
        return day - timedelta(days=days - 1), day

    def is_judged_on(self, day: date) -> bool:
        """Return whether there is something to judge when this day is over: a week is over on Sunday, and that a month
        stays below a value is known at its end."""
        if self.kind == Kind.ABSOLUTE and self.window == Window.MONTH and self.way == Way.BELOW:
            return day == month_end(day)
        return self.kind != Kind.STREAK or self.window != Window.WEEK or day.weekday() == 6


@dataclass(frozen=True, slots=True)
class Look:
    """The two sides of a condition at a moment: what is, and what it is held against (`expected_to`: the upper end of a band).

    `goal` is the whole goal of the month, `steps` the values of a streak's periods, the oldest first.
    """

    got: Decimal | None
    expected: Decimal | None = None
    expected_to: Decimal | None = None
    goal: Decimal | None = None
    steps: tuple[Decimal | None, ...] = ()


UNKNOWN: Final = Look(None)


def judge(condition: Condition, look: Look) -> Verdict:
    """Return what a look says about a condition."""
    return _JUDGES[Kind(condition.kind)](condition, look)


def moved(look: Look) -> Decimal | None:
    """Return the change as a ratio of the size of what was, through zero too; None with nothing to compare with."""
    if look.got is None or not look.expected:
        return None
    return (look.got - look.expected) / abs(look.expected)


def _absolute(condition: Condition, look: Look) -> Verdict:
    if look.got is None or condition.limit is None:
        return Verdict.UNKNOWN
    room = abs(condition.limit) * MARGIN
    if condition.way == Way.ABOVE:
        return _three(look.got > condition.limit, look.got <= condition.limit - room)
    return _three(look.got < condition.limit, look.got >= condition.limit + room)


def _change(condition: Condition, look: Look) -> Verdict:
    by = moved(look)
    if by is None or condition.limit is None:
        return Verdict.UNKNOWN
    by = {Way.ABOVE: by, Way.BELOW: -by}.get(Way(condition.way), abs(by))
    return _three(by > condition.limit, by <= condition.limit * (1 - MARGIN))


def _forecast(condition: Condition, look: Look) -> Verdict:
    if look.got is None or look.expected is None or look.expected_to is None:
        return Verdict.UNKNOWN
    below, above = look.got < look.expected, look.got > look.expected_to
    bad = {Way.BELOW: below, Way.ABOVE: above}.get(Way(condition.way), below or above)
    return _three(bad, not bad)


def _target(condition: Condition, look: Look) -> Verdict:
    if look.goal is None or look.expected is None or condition.limit is None:
        return Verdict.UNKNOWN
    if abs(look.expected) < abs(look.goal) * EARLY:
        return Verdict.WELL  # a new month begins anew
    by = moved(look)
    if by is None:
        return Verdict.UNKNOWN
    by = by if condition.by_size else -by
    return _three(by > condition.limit, by <= condition.limit * (1 - MARGIN))


def _streak(condition: Condition, look: Look) -> Verdict:
    steps = look.steps
    if not steps or any(step is None for step in steps):
        return Verdict.UNKNOWN
    known = [step for step in steps if step is not None]
    if condition.way == Way.ZERO:
        bad = not any(known)
    else:
        pairs = list(pairwise(known))
        bad = all(
            later < earlier if condition.way == Way.FALLING else later > earlier for earlier, later in pairs
        )
    return _three(bad, not bad)


def _missing(condition: Condition, look: Look) -> Verdict:
    if look.got is None or condition.limit is None:
        return Verdict.UNKNOWN
    bad = look.got > hours_of(condition)
    return _three(bad, not bad)


def hours_of(condition: Condition) -> Decimal:
    """Return how many hours of silence a condition allows."""
    assert condition.limit is not None, "silence has a limit"
    return condition.limit * (1 if condition.window == Window.HOUR else 24)


def _three(bad: bool, well: bool) -> Verdict:
    if bad:
        return Verdict.BAD
    return Verdict.WELL if well else Verdict.BETWEEN


_JUDGES: Final = {
    Kind.ABSOLUTE: _absolute,
    Kind.CHANGE: _change,
    Kind.FORECAST: _forecast,
    Kind.TARGET: _target,
    Kind.STREAK: _streak,
    Kind.MISSING: _missing,
}


@dataclass(frozen=True, slots=True)
class Incident:
    """From the day on which it became bad to the day on which it was well again (None: still bad)."""

    day: date
    look: Look
    ended_on: date | None = None


def incidents(
    condition: Condition, looks: Iterable[tuple[date, Look]], *, firing: bool = False
) -> tuple[date | None, list[Incident]]:
    """Return the incidents of consecutive days, the oldest first. `firing`: one is on already when the days begin.

    The first of the two is the day on which that one ended, None when it did not (or there was none).
    """
    before_ended: date | None = None
    found: list[Incident] = []
    current: tuple[date, Look] | None = None
    for day, look in looks:
        verdict = judge(condition, look)
        if verdict == Verdict.BAD and not firing and current is None:
            current = (day, look)
        elif verdict == Verdict.WELL and firing:
            firing, before_ended = False, day
        elif verdict == Verdict.WELL and current is not None:
            found.append(Incident(*current, ended_on=day))
            current = None
    if current is not None:
        found.append(Incident(*current))
    return before_ended, found


def of_rule(rule: AlertRule) -> Condition:
    """Return what a stored rule asks."""
    names = ("kpi", "kind", "way", "limit", "window", "compare", "dimension", "key")
    return Condition(**{name: getattr(rule, name) for name in names})


def first_needed(condition: Condition, day: date) -> date:
    """Return the earliest day that judging a day may read."""
    first, _last = condition.span(day)
    if condition.kind == Kind.STREAK:
        days = (int(condition.limit or 1) + 1) * (7 if condition.window == Window.WEEK else 1)
        usual = 7 * USUAL_WEEKS[Window(condition.window)] if condition.way == Way.ZERO else 0
        return day - timedelta(days=days + usual)
    if condition.kind == Kind.CHANGE:
        return first - timedelta(days=400 if condition.compare == Compare.LAST_YEAR else 70)
    return first.replace(day=1) if condition.kind == Kind.TARGET else first
