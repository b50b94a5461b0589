"""Which rhythm days follow: the day of the week or of the month that payments fall on as banks move them, and the days that come next."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Final, Literal

from lib.clock import add_months
from lib.workdays import Calendar

ONE: Final = timedelta(days=1)
LOOK: Final = 8  # latest occurrences that say which day it is: a day that was moved counts after a while
FEW: Final = 5  # with fewer of them every one has to fit
_SHARE: Final = 0.75  # of occurrences on their day, and of periods that had one
_LAST: Final = 31  # as a day of the month: the last one


class Rhythm(StrEnum):
    """How often."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class _Habit:
    """`gaps`: days between two occurrences as a rule. `step`: weeks or months. `slack`: days that an occurrence may be off its day. `over`: days after which
    what did not come again is over: one interval and a half; of what comes once a year a month and a bit.
    """

    gaps: tuple[int, int]
    unit: Literal["week", "month"]
    step: int
    interval: int
    over: int
    slack: int
    least: int = 3


_HABITS: Final = {
    Rhythm.WEEKLY: _Habit((5, 9), "week", 1, 7, 11, 1),
    Rhythm.FORTNIGHTLY: _Habit((12, 17), "week", 2, 14, 21, 2),
    Rhythm.MONTHLY: _Habit((25, 37), "month", 1, 31, 46, 3),
    Rhythm.QUARTERLY: _Habit((80, 104), "month", 3, 92, 138, 5),
    Rhythm.YEARLY: _Habit((350, 380), "month", 12, 366, 400, 7, least=2),
}


def interval(rhythm: Rhythm) -> int:
    """Return how many days usually lie between two occurrences."""
    return _HABITS[rhythm].interval


def over_after(rhythm: Rhythm) -> int:
    """Return after how many days without another occurrence a line is over."""
    return _HABITS[rhythm].over


def slack(rhythm: Rhythm) -> int:
    """Return by how many days an occurrence may be late without being missing."""
    return _HABITS[rhythm].slack


@dataclass(frozen=True, slots=True)
class Rule:
    """On which day of its period something falls: `number` is the weekday (Monday is 0), the day of the month (31: the last one) or the n-th business day.

    A day that is not worked is moved to the next business day, or with `back` to the one before.
    """

    rhythm: Rhythm
    kind: Literal["weekday", "day", "business_day"]
    number: int
    back: bool = False

    def slot(self, unit: int, calendar: Calendar) -> date:
        """Return the day in a period: the n-th week or month since the year 1."""
        if self.kind == "business_day":
            days = _business_days(unit, calendar)
            return days[min(self.number, len(days)) - 1]
        if self.kind == "weekday":
            day = date.fromordinal(1 + 7 * unit + self.number)
        else:
            first = _month(unit)
            last = add_months(first, 1) - ONE
            day = first.replace(day=min(self.number, last.day))
        return business_day(day, calendar, back=self.back)

    def unit(self, day: date, calendar: Calendar) -> int:
        """Return the period whose day lies nearest to this one."""
        here = (day.toordinal() - 1) // 7 if self.kind == "weekday" else 12 * (day.year - 1) + day.month - 1
        return min((here, here - 1, here + 1), key=lambda unit: abs(self.slot(unit, calendar) - day))

    def after(self, unit: int, calendar: Calendar) -> Iterator[date]:
        """Yield the days of the periods that follow, without end."""
        while True:
            unit += _HABITS[self.rhythm].step
            yield self.slot(unit, calendar)


PAYDAY: Final = Rule(Rhythm.MONTHLY, "business_day", 5)  # until when wages are due by law (CLT, article 459)


@dataclass(frozen=True, slots=True)
class Fit:
    """A rule, the period of the last day, and which share of the periods had its occurrence on its day (0 to 1)."""

    rule: Rule
    unit: int
    share: float


def business_day(day: date, calendar: Calendar, *, back: bool = False) -> date:
    """Return the day itself where it is worked, otherwise the next one that is, or with `back` the one before."""
    for _n in range(62):  # a company may be closed for weeks; not for ever
        if calendar.works(day):
            break
        day = day - ONE if back else day + ONE
    return day


def fit(days: Sequence[date], calendar: Calendar) -> Fit | None:
    """Return the rule that the days follow, the earliest first and each once; None where they follow none. Only the latest ones are looked at."""
    days = days[-LOOK:]
    if len(days) < 2:
        return None
    gap = median((after - before).days for before, after in pairwise(days))
    fits = (
        _fit(rule, days, calendar)
        for rhythm, habit in _HABITS.items()
        if habit.gaps[0] <= gap <= habit.gaps[1] and len(days) >= habit.least
        for rule in _candidates(rhythm, days, calendar)
    )
    best = min((one for one in fits if one), key=lambda one: one[0], default=None)
    return best[1] if best else None


def _fit(rule: Rule, days: Sequence[date], calendar: Calendar) -> tuple[int, Fit] | None:
    """Return by how many days all are off together, and the fit; None where they do not follow the rule."""
    habit = _HABITS[rule.rhythm]
    few = len(days) < FEW
    allowed = max(1, habit.slack - 1) if few and habit.least > 2 else habit.slack
    units = [rule.unit(day, calendar) for day in days]
    steps = [after - before for before, after in pairwise(units)]
    if any(step <= 0 or step % habit.step for step in steps):
        return None
    off = [abs((rule.slot(unit, calendar) - day).days) for unit, day in zip(units, days, strict=True)]
    hits, slots = sum(n <= allowed for n in off), (units[-1] - units[0]) // habit.step + 1
    if hits < (len(days) if few else _SHARE * len(days)) or len(days) < _SHARE * slots:
        return None
    return sum(min(n, 2 * allowed + 1) for n in off), Fit(rule, units[-1], hits / slots)


def _candidates(rhythm: Rhythm, days: Sequence[date], calendar: Calendar) -> Iterator[Rule]:
    """Yield the rules that one of the days may have come from, the plainest first: of equally good ones the first is taken."""
    if _HABITS[rhythm].unit == "week":
        for number in _common(day.weekday() for day in days):
            yield Rule(rhythm, "weekday", number)
            yield Rule(rhythm, "weekday", number, back=True)
        return
    if rhythm is Rhythm.MONTHLY:
        yield PAYDAY
    for number in _common(_day_of_month(day) for day in days):
        yield Rule(rhythm, "day", number)
        yield Rule(rhythm, "day", number, back=True)
    yield Rule(rhythm, "day", _LAST, back=True)
    yield Rule(rhythm, "day", 1)
    places = [place for day in days if (place := _place(day, calendar))]
    for number in _common(places):
        yield Rule(rhythm, "business_day", number)


def _common(numbers: Iterator[int] | Sequence[int]) -> list[int]:
    """Return the four most frequent numbers and both ends: the days that a rule without weekends and holidays would leave."""
    counted = Counter(numbers)
    ends = [min(counted), max(counted)] if counted else []
    return list(dict.fromkeys([*(number for number, _n in counted.most_common(4)), *ends]))


def _day_of_month(day: date) -> int:
    return _LAST if (day + ONE).day == 1 else day.day


def _place(day: date, calendar: Calendar) -> int:
    """Return which business day of its month it is; 0 where it is none."""
    days = _business_days(12 * (day.year - 1) + day.month - 1, calendar)
    return days.index(day) + 1 if day in days else 0


def _month(unit: int) -> date:
    return date(unit // 12 + 1, unit % 12 + 1, 1)


@lru_cache(maxsize=512)
def _business_days(unit: int, calendar: Calendar) -> tuple[date, ...]:
    """Return the worked days of a month; its first day where a company is closed for all of it."""
    first = _month(unit)
    end = add_months(first, 1)
    span = [first + timedelta(days=n) for n in range((end - first).days)]
    return tuple(day for day in span if calendar.works(day)) or (first,)
