"""How a month's goal spreads over its days, and where a pace leads. Pure: no database, no clock.

A day's share follows what its weekday usually brings (the last twelve weeks); a national holiday weighs like a Sunday, a day on which the
company is closed weighs nothing. So a shop that sells on Saturdays is not behind on a Friday.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from kpi.calculations import ratio
from lib.clock import month_end
from lib.workdays import national

Weights = Sequence[Decimal]
EVEN: Weights = (Decimal(1),) * 7
_SUNDAY = 6


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


def spread(month: date, *, weights: Weights, closed: frozenset[date] = frozenset()) -> dict[date, Decimal]:
    """Return the share of each day of a month (named by its first day) in its goal; together they are 1."""
    days = [month + timedelta(days=n) for n in range(month_end(month).day)]
    weighed = {day: _weight(day, weights, closed) for day in days}
    whole = sum(weighed.values(), Decimal(0))
    if whole <= 0:
        return {day: Decimal(1) / len(days) for day in days}
    return {day: weight / whole for day, weight in weighed.items()}


def _weight(day: date, weights: Weights, closed: frozenset[date]) -> Decimal:
    if day in closed:
        return Decimal(0)
    return weights[_SUNDAY if day in national(day.year) else day.weekday()]


def weights_of(days: Mapping[date, Decimal]) -> Weights:
    """Return the mean of each weekday; even where fewer than four weeks are known or a mean is below zero."""
    if len(days) < 28:
        return EVEN
    by_weekday = [[value for day, value in days.items() if day.weekday() == n] for n in range(7)]
    if not all(by_weekday):
        return EVEN
    means = [sum(values, Decimal(0)) / len(values) for values in by_weekday]
    signs = {mean > 0 for mean in means if mean}
    return EVEN if len(signs) != 1 else tuple(abs(mean) for mean in means)


def of_span(
    goals: Mapping[date, Decimal], shares: Mapping[date, Decimal], first: date, last: date
) -> Decimal | None:
    """Return the goal of the days from `first` through `last`: each day's share of its month's. None when a month has no goal."""
    total, day = Decimal(0), first
    while day <= last:
        goal = goals.get(day.replace(day=1))
        if goal is None:
            return None
        total += goal * shares[day]
        day += timedelta(days=1)
    return total


def progress(*, goal: Decimal, value: Decimal, due: Decimal | None, known: Decimal | None) -> Progress:
    """Return the progress of a span. `known` is the value of the days that are over, `due` what those should have brought (None: no sum)."""
    pace = ratio(known, due) if due and known is not None and abs(due) > abs(goal) / 1000 else None
    return Progress(goal, value, ratio(value, goal), pace, due)
