"""How a month's goal spreads over its days, and where a pace leads. Pure: no database, no clock.

A day's share follows what its weekday usually brings; a national holiday weighs like a Sunday, a day on which the company is closed weighs
nothing. So a shop that sells on Saturdays is not behind on a Friday.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from kpi.calculations import ratio
from lib.clock import month_end
from lib.workdays import national

Weights = Sequence[Decimal]
# Monday to Friday alike, and nothing on weekends: where the past is too short to say better.
BUSINESS_DAYS: Final[Weights] = tuple(map(Decimal, (1, 1, 1, 1, 1, 0, 0)))
KNOWN: Final = 28  # days of past that tell how a week goes
ACTIVE: Final = 12  # of them with something: from one invoice a month no weekday follows
_SUNDAY: Final = 6


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a number is. `share`: of the goal, 0.62 is 62 %. `pace`: the share that it ends with at this pace; None: nobody knows yet.

    `goal` is that of the whole span, `due` what of it should be there by now (None where the number is no sum of its days).
    """

    goal: Decimal
    value: Decimal
    share: Decimal | None
    pace: Decimal | None = None
    due: Decimal | None = None

    @property
    def size(self) -> Decimal:
        """Return the goal without its sign, as people speak of money out."""
        return abs(self.goal)

    @property
    def bar(self) -> int:
        """Return the share as whole per cent between 0 and 100."""
        return min(100, max(0, round((self.share or Decimal(0)) * 100)))

    @property
    def is_behind(self) -> bool:
        """Return whether the goal is missed at this pace, of money out whether it is overrun. A share within 2 % is on course."""
        end = self.pace if self.pace is not None else self.share
        if end is None:
            return False
        return end > Decimal("1.02") if self.goal < 0 else end < Decimal("0.98")

    @property
    def tone(self) -> str:
        """Return the tone of its bar."""
        return "warn" if self.is_behind else "good"


def spread(
    month: date, *, weights: Weights, closed: frozenset[date] = frozenset(), resting: frozenset[date] = frozenset()
) -> dict[date, Decimal]:  # fmt: skip
    """Return the share of each day of a month (named by its first day) in its goal; together they are 1.

    Days that are `closed` weigh nothing, `resting` ones and national holidays like a Sunday. Where nothing weighs anything, all days weigh the same.
    """
    days = [month + timedelta(days=n) for n in range(month_end(month).day)]
    weighed = {
        day: Decimal(0)
        if day in closed
        else weights[_SUNDAY if day in resting or day in national(day.year) else day.weekday()]
        for day in days
    }
    whole = sum(weighed.values(), Decimal(0))
    if whole <= 0:
        return {day: Decimal(1) / len(days) for day in days}
    return {day: weight / whole for day, weight in weighed.items()}


def weights_of(rows: Mapping[date, Decimal], *, without: frozenset[date] = frozenset()) -> Weights | None:
    """Return the mean of each weekday from the first to the last day with something; None where that tells too little.

    National holidays and the days of `without` are no usual ones. Too little: under four weeks, under twelve days with something, a weekday of which
    none is left, or means of both signs.
    """
    active = [day for day, value in rows.items() if value]
    if len(active) < ACTIVE:
        return None
    first, last = min(active), max(active)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    usual = [day for day in days if day not in without and day not in national(day.year)]
    by_weekday = [[rows.get(day, Decimal(0)) for day in usual if day.weekday() == n] for n in range(7)]
    if len(days) < KNOWN or not all(by_weekday):
        return None
    means = [sum(values, Decimal(0)) / len(values) for values in by_weekday]
    signs = {mean > 0 for mean in means if mean}
    return tuple(abs(mean) for mean in means) if len(signs) == 1 else None


def progress(*, goal: Decimal, value: Decimal, due: Decimal | None, known: Decimal | None) -> Progress:
    """Return the progress of a span. `known` is the value of the days that are over, `due` what those should have brought (None: no sum)."""
    pace = ratio(known, due) if due and known is not None and abs(due) > abs(goal) / 1000 else None
    return Progress(goal, value, ratio(value, goal), pace, due)
