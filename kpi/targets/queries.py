"""Reading goals: of a year, of one number by month, and how far a board's numbers are."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from kpi.catalog import CATALOG, Kpi
from kpi.models import Daily, Target
from kpi.occasions.queries import free_days
from kpi.queries import CREDIT, DEBIT, SALE, Board, Card
from kpi.targets import pace
from kpi.targets.goals import FLOWS, Courses, Goals
from kpi.targets.pace import Progress
from lib.clock import month_end
from lib.periods import Period
from tenants.models import Tenant

# A state (what stands open today) has no month to reach anything in.
KPIS: Final = tuple(kpi for kpi in CATALOG if not kpi.now)


def of_year(tenant: Tenant, year: int) -> dict[tuple[str, date], Decimal]:
    """Return every goal of a year by number and month. One query."""
    rows = Target.objects.filter(tenant=tenant, month__gte=date(year, 1, 1), month__lte=date(year, 12, 1))
    return {(kpi, month): value for kpi, month, value in rows.values_list("kpi", "month", "value")}


def goals(tenant: Tenant, first: date, last: date, *, today: date) -> Goals:
    """Return the goals of the months that these days touch, with the weekdays of each. One query, and two more when there are any."""
    rows = Target.objects.filter(tenant=tenant, month__gte=first.replace(day=1), month__lte=last)
    by_kpi: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for kpi, month, value in rows.values_list("kpi", "month", "value"):
        by_kpi[kpi][month] = value
    if not by_kpi:
        return Goals()
    span = Period("range", first.replace(day=1), month_end(last) + timedelta(days=1))
    found = Goals(by_kpi, free_days(tenant, date.min, span.last))
    reads = found.reads(span, today)
    return found.shaped(_courses(tenant, reads), span, today) if reads else found


def _courses(tenant: Tenant, span: Period) -> Courses:
    rows = Daily.objects.filter(
        tenant=tenant, currency=tenant.currency, type__in=[CREDIT, DEBIT, SALE], day__gte=span.start, day__lt=span.end
    ).values_list("type", "day", "flow_n", "flow_total")  # fmt: skip
    found: dict[str, dict[date, tuple[int, Decimal]]] = defaultdict(dict)
    for kind, day, n, total in rows:
        found[kind][day] = (n, total)
    return found


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
    kpi, (first, last) = card.kpi, whole(period)
    if card.value is None or (kpi.code not in FLOWS and first.day != 1):
        return None
    goal = found.due(kpi, Period("goal", first, last + timedelta(days=1)))
    if not goal:
        return None
    over = min(last, today - timedelta(days=1))
    is_pace = kpi.code in FLOWS and over >= first
    due = found.due(kpi, Period("over", first, over + timedelta(days=1))) if is_pace else None
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
