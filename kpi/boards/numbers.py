"""Tiles of one number: its card, and how far it is on the way to its goal."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from kpi import comparing
from kpi.boards.desk import Desk, NotShown, own_title
from kpi.boards.facts import days_of
from kpi.boards.records import Column, ColumnUnit, Content, Sheet
from kpi.calculations import Number, Totals
from kpi.catalog import BY_CODE, Kpi, Unit
from kpi.models import Tile
from kpi.occasions.queries import flags
from kpi.queries import CREDIT, DEBIT, SALE, Card
from kpi.views import rows_url
from lib import charts
from lib.charts import Series, line_chart
from lib.clock import add_months
from lib.periods import Period

_UNITS: Final[Mapping[str, ColumnUnit]] = {Unit.MONEY: "money", Unit.COUNT: "count", Unit.PERCENT: "percent"}
_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "inflow": (CREDIT,), "outflow": (DEBIT,), "net": (CREDIT, DEBIT), "revenue": (SALE,), "sales": (SALE,),
}  # fmt: skip
# What sums by dimension tell of one value. Those of products count lines of sales, not sales.
_OF_SALES: Final = frozenset({"revenue", "sales_count", "average_ticket"})
_OF_LINES: Final = frozenset({"inflow", "expenses", "net"})
ZERO: Final = Decimal(0)


def number(desk: Desk, tile: Tile) -> Content:
    """Return the card of a KPI, as the overview has it."""
    kpi = BY_CODE[tile.options["kpi"]]
    _check_scope(desk, kpi)
    card = _card(desk, kpi)
    unit = _UNITS[kpi.unit]
    columns = (
        Column(_("Number"), "text"),
        Column(_("Value"), unit),
        Column(_("Before"), unit),
        Column(_("Change"), "percent"),
    )
    row = (str(kpi.label), card.value, card.previous, card.change)
    return Content(
        tile.pk, own_title(tile, str(kpi.label)), desk.now() if kpi.now else desk.span(desk.spans.period), Sheet(columns, (row,)), card=card,
        href="" if desk.scope else rows_url(desk.tenant.slug, desk.spans.period, card),
    )  # fmt: skip


def _check_scope(desk: Desk, kpi: Kpi) -> None:
    if desk.scope is None:
        return
    known = _OF_SALES if desk.scope.sells else _OF_LINES
    if desk.scope.dimension == "product":
        known = frozenset({"revenue"})
    if kpi.code not in known:
        desk.only_whole()


def _card(desk: Desk, kpi: Kpi) -> Card:
    facts, spans = desk.facts, desk.spans
    value = kpi.measure(facts.totals(spans.period, before=None, state=facts.state(spans.today)))
    previous = None if kpi.now else _measured(desk, kpi, spans.comparison, spans.compared)
    found = [] if kpi.now else [
        comparing.beside(kpi, key, value, had, spans.beside)
        for key, span in spans.beside.others.items()
        if value is not None and (had := _measured(desk, kpi, key, span)) is not None
    ]  # fmt: skip
    goal = None if desk.scope else comparing.with_goal(
        kpi, value, goals=desk.goals, until=spans.period.until(spans.today), calendar=desk.calendar, today=spans.today
    )  # fmt: skip
    return Card(
        kpi, value, previous, comparing.moved_by(kpi, value, previous), _spark(desk, kpi) if value is not None else (),
        (*found, *([goal] if goal else [])),
    )  # fmt: skip


def _measured(desk: Desk, kpi: Kpi, key: str, span: Period) -> Number:
    chosen = key == desk.spans.comparison
    return kpi.measure(desk.facts.totals(span, before="chosen" if chosen else "other", state=Totals()))


def _spark(desk: Desk, kpi: Kpi) -> tuple[Decimal, ...]:
    days = days_of(desk.spans.period)
    if not kpi.series or len(days) < 2:
        return ()
    return tuple(_of_day(desk, kpi.series, day) for day in days)


def _of_day(desk: Desk, series: str, day: date) -> Decimal:
    rows = [desk.facts.days[kind].get(day, (0, ZERO)) for kind in _TYPES[series]]
    return sum((Decimal(n) if series == "sales" else total for n, total in rows), ZERO)


def target(desk: Desk, tile: Tile) -> Content:
    """Return how the number grows through the running month, beside what its goal asks of the days that have passed."""
    kpi = BY_CODE[tile.options["kpi"]]
    desk.only_whole()
    today = desk.spans.today
    month = Period("month", today.replace(day=1), add_months(today.replace(day=1), 1))
    goal = desk.goals.whole(kpi, month)
    if goal is None:
        raise NotShown(_("%(name)s has no goal for this month yet.") % {"name": kpi.label})
    days = days_of(month)
    reached = list(accumulate(_of_day(desk, kpi.series, day) for day in days if day <= today))
    due = desk.goals.rising(kpi.code, month.start)
    done = reached[-1] / goal if goal else None
    size = -1 if kpi.by_size else 1
    unit = desk.money if kpi.unit == Unit.MONEY else charts.Unit("number", locale=desk.locale)
    links = [_rows_until(desk, kpi, day) if day <= today else "" for day in days]
    names = {"name": kpi.label, "share": desk.share(done or ZERO), "amount": unit.short(abs(goal))}
    chart = line_chart(
        title=_("%(name)s: %(share)s of the goal of %(amount)s") % names, x=days,
        series=[
            Series(str(kpi.label), [size * value for value in reached]),
            Series(_("On the way to the goal"), [size * value for value in due], role="previous"),
        ],
        unit=unit, by="day", flags=flags(days, desk.occasions), links=links,
    )  # fmt: skip
    kept = _UNITS[kpi.unit]
    columns = (Column(_("Day"), "day"), Column(_("Reached"), kept), Column(_("On the way to the goal"), kept))
    rows = tuple((day, reached[n] if n < len(reached) else None, due[n]) for n, day in enumerate(days))
    return Content(
        tile.pk,
        own_title(tile, chart.title),
        desk.span(month),
        Sheet(columns, rows, tuple(links)),
        chart=desk.linked(chart),
    )


def _rows_until(desk: Desk, kpi: Kpi, day: date) -> str:
    """Return the rows that a number adds up to from the first of the month through a day."""
    name, query = kpi.rows or ("", "")
    address = reverse(name, kwargs={"slug": desk.tenant.slug}) if name else ""
    return address and f"{address}?{query}&from={day.replace(day=1).isoformat()}&to={day.isoformat()}"
