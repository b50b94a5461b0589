"""What a rule asks, as data, and what a look at the number says about it. Reads no row and no clock.

Expenses and payables are looked at by their size, as people speak of them: "expenses above 5,000".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from django.utils.translation import gettext as _

from kpi.catalog import BY_CODE, Kpi, Unit
from kpi.models import AlertRule
from lib.clock import month_end

Kind, Way, Window, Compare = AlertRule.Kind, AlertRule.Way, AlertRule.Window, AlertRule.Compare
# Well again is a little further than no longer bad: a number that wavers around its limit is one incident.
MARGIN: Final = Decimal("0.05")
# Of a goal: before a tenth of it is due, one slow morning would be far behind.
EARLY: Final = Decimal("0.1")
OF_SALES: Final = ("product", "customer", "store", "seller", "channel", "payment")
OF_LINES: Final = ("category", "account")
_SPLIT: Final[Mapping[str, tuple[str, ...]]] = {
    "revenue": OF_SALES,
    "sales_count": OF_SALES[1:],
    "average_ticket": OF_SALES[1:],
    "inflow": OF_LINES,
    "expenses": OF_LINES,
    "net": OF_LINES,
}
FORECAST: Final = {"revenue": "sales", "inflow": "receipts", "expenses": "expenses"}
# What only grows while a day goes on: that it is above a limit is known before the day is over.
GROWING: Final = frozenset(
    {"inflow", "expenses", "revenue", "sales_count", "active_customers", "new_customers"}
)
SUMS: Final = frozenset({"inflow", "expenses", "revenue", "sales_count", "net", "new_customers"})
WAYS: Final[Mapping[str, tuple[str, ...]]] = {
    Kind.ABSOLUTE: (Way.BELOW, Way.ABOVE),
    Kind.CHANGE: (Way.BELOW, Way.ABOVE, Way.OUTSIDE),
    Kind.FORECAST: (Way.OUTSIDE, Way.BELOW, Way.ABOVE),
    Kind.TARGET: ("",),
    Kind.STREAK: (Way.FALLING, Way.RISING, Way.ZERO),
    Kind.MISSING: ("",),
}
WINDOWS: Final[Mapping[str, tuple[str, ...]]] = {
    Kind.ABSOLUTE: (Window.DAY, Window.WEEK, Window.DAYS30, Window.MONTH),
    Kind.CHANGE: (Window.DAY, Window.WEEK, Window.DAYS30, Window.MONTH),
    Kind.FORECAST: (Window.DAY,),
    Kind.TARGET: (Window.MONTH,),
    Kind.STREAK: (Window.DAY, Window.WEEK),
    Kind.MISSING: (Window.HOUR, Window.DAY),
}
_LONGEST: Final = {Window.HOUR: 24 * 30, Window.DAY: 30, Window.WEEK: 26}


class Unusable(ValueError):
    """What was asked is no condition. `problems` says by field what is wrong, in the reader's language."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems.items()))
        self.problems = problems


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


# --- reading what people ask ------------------------------------------------------------------------------------------------
def parse(fields: Mapping[str, Any]) -> Condition:
    """Return the condition of these fields (texts, and `limit` as Decimal or None). What a kind does not use is left empty. Raises Unusable."""
    problems: dict[str, str] = {}
    kpi = _one_of(problems, "kpi", str(fields.get("kpi", "")), tuple(BY_CODE))
    kind = _one_of(
        problems, "kind", str(fields.get("kind", "")), kinds_for(kpi) if kpi in BY_CODE else Kind.values
    )
    if problems:
        raise Unusable(problems)
    now = BY_CODE[kpi].now
    way = _one_of(problems, "way", str(fields.get("way", "") or WAYS[kind][0]), WAYS[kind])
    window = (
        ""
        if now
        else _one_of(problems, "window", str(fields.get("window", "") or WINDOWS[kind][0]), WINDOWS[kind])
    )
    compare = ""
    if kind == Kind.CHANGE:
        compare = _one_of(
            problems, "compare", str(fields.get("compare", "") or Compare.PREVIOUS), Compare.values
        )
    dimension = str(fields.get("dimension", "") or "")
    if dimension:
        _one_of(problems, "dimension", dimension, splits_for(kpi, kind))
    key = str(fields.get("key", "") or "")[:120] if dimension else ""
    limit = _limit(problems, kpi, kind, way, window, fields.get("limit"))
    if problems:
        raise Unusable(problems)
    return Condition(kpi, kind, way, limit, window, compare, dimension, key)


def kinds_for(kpi: str) -> tuple[str, ...]:
    """Return what can be asked of a number."""
    if BY_CODE[kpi].now:
        return (Kind.ABSOLUTE,)
    left_out = {Kind.FORECAST} if kpi not in FORECAST else set()
    left_out |= {Kind.TARGET} if kpi not in SUMS else set()
    return tuple(kind for kind in Kind.values if kind not in left_out)


def splits_for(kpi: str, kind: str) -> tuple[str, ...]:
    """Return by what a number can be narrowed for a kind of condition."""
    found = _SPLIT.get(kpi, ())
    if kind == Kind.FORECAST:
        return tuple(name for name in found if name in {"product", "store"})
    return () if kind == Kind.TARGET else found


def _one_of(problems: dict[str, str], name: str, value: str, known: Iterable[str]) -> str:
    choices = list(known)
    if value not in choices:
        problems[name] = _("Use one of: %(names)s.") % {"names": ", ".join(choices)}
    return value


def _limit(
    problems: dict[str, str], kpi: str, kind: str, way: str, window: str, value: Decimal | None
) -> Decimal | None:
    if kind == Kind.FORECAST:
        return None
    if value is None or not value.is_finite():
        problems["limit"] = _("Write a number.")
    elif kind == Kind.ABSOLUTE:
        if abs(value) >= Decimal(10) ** 15:
            problems["limit"] = _("This number is too large.")
        elif BY_CODE[kpi].unit == Unit.PERCENT and not 0 <= value <= 1:
            problems["limit"] = _("Use a share from 0 to 100 %.")
    elif kind in {Kind.CHANGE, Kind.TARGET}:
        if not 0 < value <= 100:
            problems["limit"] = _("Use more than 0 %.")
    else:
        most = _LONGEST.get(Window(window), 30) if window in Window.values else 30
        least = 2 if kind == Kind.STREAK and way != Way.ZERO else 1
        if value != value.to_integral_value() or not least <= value <= most:
            problems["limit"] = _("Use a whole number from %(least)d to %(most)d.") % {
                "least": least,
                "most": most,
            }
    return value


def first_needed(condition: Condition, day: date) -> date:
    """Return the earliest day that judging a day may read."""
    first, _last = condition.span(day)
    if condition.kind == Kind.STREAK:
        periods = int(condition.limit or 1) + 1
        return day - timedelta(days=periods * (7 if condition.window == Window.WEEK else 1))
    if condition.kind == Kind.CHANGE:
        return first - timedelta(days=400 if condition.compare == Compare.LAST_YEAR else 70)
    return first.replace(day=1) if condition.kind == Kind.TARGET else first
