"""Reading goals: of a year, of one number by month, and how far a board's numbers are."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from kpi.catalog import CATALOG, Kpi
from kpi.models import Daily, Target
from kpi.occasions.queries import free_days
from kpi.queries import CREDIT, DEBIT, SALE, Board, Card
from kpi.targets import pace
from kpi.targets.pace import Progress, Weights
from lib.clock import add_months, month_end
from lib.periods import Period
from tenants.models import Tenant

# A state (what stands open today) has no month to reach anything in.
KPIS: Final = tuple(kpi for kpi in CATALOG if not kpi.now)
FLOWS: Final = frozenset({"inflow", "revenue", "expenses", "net", "sales_count", "new_customers"})
_TYPES: Final = {"inflow": CREDIT, "expenses": DEBIT, "revenue": SALE, "sales_count": SALE}
_WEEKS: Final = timedelta(weeks=12)
# A closed shop sells nothing; its bank goes on.
_CLOSED: Final = frozenset({"revenue", "sales_count", "new_customers"})


@dataclass(frozen=True, slots=True)
class Goals:
    """The goals of some months with what it takes to spread them over days."""

    by_kpi: Mapping[str, Mapping[date, Decimal]]
    weights: Mapping[str, Weights]
    closed: frozenset[date]

    def shares(self, kpi: str, first: date, last: date) -> dict[date, Decimal]:
        """Return each day's share of its month, for every month that the days touch."""
        found: dict[date, Decimal] = {}
        month = first.replace(day=1)
        while month <= last:
            closed = self.closed if kpi in _CLOSED else frozenset()
            found |= pace.spread(month, weights=self.weights.get(kpi, pace.EVEN), closed=closed)
            month = add_months(month, 1)
        return found

    def of_days(self, kpi: str, first: date, last: date) -> Decimal | None:
        """Return the goal of these days; None when a month has none. Of what is no sum of days: its month's."""
        goals = self.by_kpi.get(kpi, {})
        if kpi not in FLOWS:
            return goals.get(first.replace(day=1)) if first.replace(day=1) == last.replace(day=1) else None
        return pace.of_span(goals, self.shares(kpi, first, last), first, last) if goals else None

    def by_day(self, kpi: str, days: list[date]) -> list[Decimal | None]:
        """Return the goal of each day, None where its month has none: the line on a chart."""
        goals = self.by_kpi.get(kpi, {})
        if kpi not in FLOWS or not goals or not days:
            return []
        shares = self.shares(kpi, days[0], days[-1])
        line: list[Decimal | None] = []
        for day in days:
            goal = goals.get(day.replace(day=1))
            line.append(None if goal is None else (goal * shares[day]).quantize(Decimal("0.01")))
        return line


def of_year(tenant: Tenant, year: int) -> dict[tuple[str, date], Decimal]:
    """Return every goal of a year by number and month. One query."""
    rows = Target.objects.filter(tenant=tenant, month__gte=date(year, 1, 1), month__lte=date(year, 12, 1))
    return {(kpi, month): value for kpi, month, value in rows.values_list("kpi", "month", "value")}


def goals(tenant: Tenant, first: date, last: date) -> Goals:
    """Return the goals of the months that these days touch. One query, and two more when there are any."""
    rows = Target.objects.filter(tenant=tenant, month__gte=first.replace(day=1), month__lte=last)
    by_kpi: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for kpi, month, value in rows.values_list("kpi", "month", "value"):
        by_kpi[kpi][month] = value
    if not by_kpi:
        return Goals({}, {}, frozenset())
    closed = free_days(tenant, first.replace(day=1), month_end(last))
    return Goals(by_kpi, _weights(tenant, first.replace(day=1)), closed)


def _weights(tenant: Tenant, before: date) -> dict[str, Weights]:
    """Return the usual shape of a week of each sum, from the twelve weeks before a day. One query."""
    rows = Daily.objects.filter(
        tenant=tenant, currency=tenant.currency, type__in=[CREDIT, DEBIT, SALE], n__gt=0, day__gte=before - _WEEKS, day__lt=before,
    ).values_list("type", "day", "flow_total", "flow_n")  # fmt: skip
    found: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for kind, day, total, n in rows:
        for code, its in _TYPES.items():
            if its == kind:
                found[code][day] = Decimal(n) if code == "sales_count" else total
    return {code: pace.weights_of(_without_gaps(days)) for code, days in found.items()}


def _without_gaps(days: Mapping[date, Decimal]) -> dict[date, Decimal]:
    """Return every day from the first to the last one, nothing on those without a row."""
    first, last = min(days), max(days)
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {day: days.get(day, Decimal(0)) for day in span}


def whole(period: Period) -> tuple[date, date]:
    """Return the first and last day that a period's goal is of: of "this month" and "this year" the whole of it."""
    if period.key == "month":
        return period.start, month_end(period.start)
    if period.key == "year":
        return period.start, date(period.start.year, 12, 31)
    return period.start, period.last


def of_board(found: Goals, board: Board, *, today: date) -> dict[str, Progress]:
    """Return how far each card of a board is, by code; only those with a goal and a value."""
    done = ((card.kpi.code, of_card(found, card, board.period, today=today)) for card in board.cards)
    return {code: one for code, one in done if one is not None}


def of_card(found: Goals, card: Card, period: Period, *, today: date) -> Progress | None:
    """Return how far one number is; None without a goal or a value. Its pace counts days that are over, so that a morning is not behind."""
    code, (first, last) = card.kpi.code, whole(period)
    if (
        card.value is None
        or code not in found.by_kpi
        or (code not in FLOWS and first.replace(day=1) != first)
    ):
        return None
    goal = found.of_days(code, first, last)
    if not goal:
        return None
    over = min(last, today - timedelta(days=1))
    due = found.of_days(code, first, over) if code in FLOWS and over >= first else None
    return pace.progress(
        goal=goal, value=Decimal(card.value), due=due, known=_known(card, period, over, last)
    )


def _known(card: Card, period: Period, over: date, last: date) -> Decimal | None:
    """Return the value of the days through `over`; None where that is not told, or when the span is over and its value says all."""
    days = (over - period.start).days + 1
    if over >= last or not card.spark or days < 1:
        return None
    return sum(card.spark[:days], Decimal(0))


def stored(kpi: Kpi, value: Decimal) -> Decimal:
    """Return a goal as it is kept, of what a person wrote: expenses without a minus, shares as percent."""
    if kpi.unit == "percent":
        return value / 100
    return -abs(value) if kpi.by_size else value


def written(kpi: Kpi, value: Decimal) -> Decimal:
    """Return a kept goal as a person writes it."""
    if kpi.unit == "percent":
        return value * 100
    return abs(value) if kpi.by_size else value
