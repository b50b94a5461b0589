"""The one measure of how much of a goal is due: cards, boards, charts, alerts and the API all ask here. Pure: no database, no clock.

A month's goal spreads over its days as the company's weeks went in the twelve weeks before it (`kpi.targets.pace`), over its business days where
there is too little past. docs/alerts.md has the formula.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Final

from kpi.catalog import Kpi
from kpi.targets import pace
from kpi.targets.pace import Weights
from lib.clock import add_months, month_end
from lib.periods import Period

# Only what adds up over days is due bit by bit, and has one goal for several months.
FLOWS: Final = frozenset({"inflow", "revenue", "expenses", "net", "sales_count", "new_customers"})
# A closed shop sells nothing; in its bank it is a day like a Sunday.
_OF_SALES: Final = frozenset({"revenue", "sales_count", "new_customers"})
_TYPES: Final = {"inflow": "CREDIT", "expenses": "DEBIT", "revenue": "SALE", "sales_count": "SALE"}
_LIKE: Final = {"new_customers": "sales_count"}  # they come when customers come
_WINDOW: Final = timedelta(weeks=12)
_ONE: Final = timedelta(days=1)
_CENT: Final = Decimal("0.01")
ZERO: Final = Decimal(0)
Courses = Mapping[
    str, Mapping[date, tuple[int, Decimal]]
]  # count and total by type (CREDIT, DEBIT, SALE) and day


@dataclass(frozen=True, slots=True)
class Goals:
    """The goals of a company by number and month, its own free days, and how its weeks went before each month (`shaped`)."""

    by_kpi: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    own: frozenset[date] = frozenset()
    shapes: Mapping[tuple[str, date], Weights] = field(default_factory=dict)

    def reads(self, span: Period, today: date) -> Period | None:
        """Return the days whose numbers `shaped` needs for the months of a span; None where none of these has a goal that spreads."""
        befores = [_before(month, today) for month in self._months_with_goals(span)]
        return Period("shape", befores[0] - _WINDOW, befores[-1]) if befores else None

    def shaped(self, courses: Courses, span: Period, today: date) -> "Goals":
        """Return these goals with the weekdays of the months of a span, from what happened in the days that `reads` named."""
        found: dict[tuple[str, date], Weights] = {}
        for month in self._months_with_goals(span):
            before = _before(month, today)
            window = [before - _WINDOW + n * _ONE for n in range(_WINDOW.days)]
            for code, kind in _TYPES.items():
                course, counts = courses.get(kind, {}), code == "sales_count"
                rows = {day: Decimal(course[day][0]) if counts else course[day][1] for day in window if day in course}  # fmt: skip
                if weights := pace.weights_of(rows, without=self.own):
                    found[code, month] = weights
        return replace(self, shapes=found)

    def _months_with_goals(self, span: Period) -> list[date]:
        return [
            month
            for month in _months(span)
            if any(month in self.by_kpi.get(code, {}) for code in (*_TYPES, *_LIKE))
        ]

    def whole(self, kpi: Kpi, span: Period) -> Decimal | None:
        """Return the goal of all months that a span touches; None unless each has one. Only what adds up has one for several months."""
        goals, months = self.by_kpi.get(kpi.code, {}), _months(span)
        if any(month not in goals for month in months) or (len(months) > 1 and kpi.code not in FLOWS):
            return None
        return sum((goals[month] for month in months), ZERO)

    def due(self, kpi: Kpi, span: Period) -> Decimal | None:
        """Return how much of the goal belongs to the days of a span; of a share or a state the whole goal. None where there is none."""
        whole = self.whole(kpi, span)
        if whole is None or kpi.code not in FLOWS:
            return whole
        total = ZERO
        for month in _months(span):
            first, last = max(span.start, month), min(span.last, month_end(month))
            if first == month and last == month_end(month):
                share = Decimal(1)
            else:
                shares = self._shares(kpi.code, month)
                share = sum((shares[day] for day in _days(first, last)), ZERO)
            total += self.by_kpi[kpi.code][month] * share
        return total.quantize(_CENT)

    def by_day(self, code: str, days: Sequence[date]) -> list[Decimal | None]:
        """Return the goal of each day, None where its month has none: the line on a chart. Empty where no day has one."""
        goals = self.by_kpi.get(code, {})
        if code not in FLOWS or not any(day.replace(day=1) in goals for day in days):
            return []
        shares: dict[date, Decimal] = {}
        for month in {day.replace(day=1) for day in days} & set(goals):
            shares |= self._shares(code, month)
        return [
            (goals[month] * shares[day]).quantize(_CENT) if (month := day.replace(day=1)) in goals else None
            for day in days
        ]

    def rising(self, code: str, month: date) -> list[Decimal]:
        """Return how much of a month's goal should be there at the end of each of its days. Raises KeyError where it has none."""
        goal, shares = self.by_kpi[code][month], self._shares(code, month)
        return [
            (goal * share).quantize(_CENT)
            for share in accumulate(shares[day] for day in _days(month, month_end(month)))
        ]

    def _shares(self, code: str, month: date) -> dict[date, Decimal]:
        sales = code in _OF_SALES
        return pace.spread(
            month,
            weights=self.shapes.get((_LIKE.get(code, code), month), pace.BUSINESS_DAYS),
            closed=self.own if sales else frozenset(),
            resting=frozenset() if sales else self.own,
        )


def _before(month: date, today: date) -> date:
    """Return the day before which a month's weekdays are looked for: its first; of a month to come that of the running one."""
    return min(month, today.replace(day=1))


def _months(span: Period) -> list[date]:
    first, last = span.start.replace(day=1), span.last
    count = 12 * (last.year - first.year) + last.month - first.month + 1
    return [add_months(first, n) for n in range(count)]


def _days(first: date, last: date) -> list[date]:
    return [first + n * _ONE for n in range((last - first).days + 1)]
