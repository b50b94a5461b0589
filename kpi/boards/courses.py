"""Tiles over time: days beside those they are compared with, months of cash, the forecast, and where the balance is going."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpi.analysis.pictures import MEASURES
from kpi.analysis.projection import FORETOLD, USUAL_WEEKS, WEEKS, both_ways, foretold, laid_out, usual_of
from kpi.boards.desk import Desk, NotShown, own_title
from kpi.boards.facts import TYPES, Ahead
from kpi.boards.records import Column, Content, Sheet
from kpi.calculations import change
from kpi.comparing import LABELS
from kpi.incidents.telling import happened
from kpi.models import Forecast, Tile
from kpi.occasions.queries import flags, flags_by_month
from kpi.plan import Plan
from kpi.queries import CREDIT, DEBIT, SALE, MonthFlow
from kpi.recurrence.queries import Flows
from lib import formats
from lib.charts import Band, Chart, Mark, Series, line_chart
from lib.clock import add_months, month_end
from lib.periods import Period
from lib.workdays import partners

ZERO: Final = Decimal(0)
ENOUGH: Final = timedelta(weeks=6)  # of days, for a forecast of the next ones
PAST: Final = timedelta(days=28)  # shown before a forecast, which is as long
_ROWS: Final[Mapping[str, tuple[str, str]]] = {
    "revenue": ("ledger:sales", "status=counted"),
    "inflow": ("ledger:transactions", "type=CREDIT&flow=1"),
    "expenses": ("ledger:transactions", "type=DEBIT&flow=1"),
}


@dataclass(frozen=True, slots=True)
class _Said:
    """What a chart by day is called: without a comparison, and with one by its outcome."""

    plain: str | Promise
    above: str | Promise
    below: str | Promise
    equal: str | Promise


_SAID: Final[Mapping[str, _Said]] = {
    "revenue": _Said(
        gettext_lazy("Sales by day"), gettext_lazy("Sales %(share)s above the compared period"),
        gettext_lazy("Sales %(share)s below the compared period"), gettext_lazy("Sales equal to the compared period"),
    ),
    "inflow": _Said(
        gettext_lazy("Received by day"), gettext_lazy("Received %(share)s more than in the compared period"),
        gettext_lazy("Received %(share)s less than in the compared period"), gettext_lazy("Received as much as in the compared period"),
    ),
    "expenses": _Said(
        gettext_lazy("Expenses by day"), gettext_lazy("Expenses %(share)s above the compared period"),
        gettext_lazy("Expenses %(share)s below the compared period"), gettext_lazy("Expenses equal to the compared period"),
    ),
}  # fmt: skip


def by_day(desk: Desk, tile: Tile) -> Content:
    """Return a measure by day beside the same weekdays of the compared period; each day leads to its rows. Expenses are sizes."""
    measure = tile.options["measure"]
    kind, period, compared = TYPES[measure], desk.spans.period, desk.spans.compared
    desk.needs_type(kind)
    if not desk.facts.knows(kind, period):
        raise NotShown(_unknown(kind))
    size = -1 if measure == "expenses" else 1
    now = [(day, size * total) for day, total in desk.facts.by_day(kind, period)]
    knows_before = desk.facts.knows_all(kind, compared)
    before = [(day, size * total) for day, total in desk.facts.by_day(kind, compared)] if knows_before else []
    had = dict(before)
    beside = [(day, had.get(day)) if day and before else (None, None) for day in partners(period, compared)]
    name, then = str(MEASURES[measure]), str(LABELS[desk.spans.comparison])
    passed = sum((total for day, total in now if day <= desk.spans.today), ZERO)
    title = _title(desk, _SAID[measure], change(passed, sum((total for _day, total in before), ZERO)))
    goals = _goal(desk, measure, [day for day, _total in now], size)
    chart = line_chart(
        title=title, x=[day for day, _total in now],
        series=[
            Series(name, [total for _day, total in now]), *([Series(then, [total for _day, total in beside], role="previous")] if before else []),
            *goals,
        ],
        unit=desk.money, by="day", links=[_day_rows(desk, measure, day) for day, _total in now],
        flags=flags([day for day, _total in now], desk.occasions), marks=_marks(desk, measure, [day for day, _total in now]),
    )  # fmt: skip
    columns = (
        Column(_("Day"), "day"),
        Column(name, "money"),
        Column(_("Compared day"), "day"),
        Column(then, "money"),
        *(Column(goal.name, "money") for goal in goals),
    )
    aims = [tuple(goal.values[n] for goal in goals) for n in range(len(now))]
    rows = tuple((*one, *other, *aim) for one, other, aim in zip(now, beside, aims, strict=True))
    links = tuple(_day_rows(desk, measure, day) for day, _total in now)
    return Content(
        tile.pk, own_title(tile, title), desk.span(period), Sheet(columns, rows, links), chart=desk.linked(chart),
        href=_rows(desk, measure, period.start, period.last),
    )  # fmt: skip


def _goal(desk: Desk, measure: str, days: list[date], size: int) -> list[Series]:
    """Return the goal of each day as a line; none of one value alone, whose goal nobody wrote."""
    line = [] if desk.scope else desk.goals.by_day(measure, days)
    values = [None if goal is None else size * goal for goal in line]
    return [Series(_("Goal"), values, role="goal")] if values else []


def _marks(desk: Desk, measure: str, days: list[date]) -> list[Mark]:
    """Return the incidents of the company's number, each on its last day, with what happened: for its own pages, like its own days."""
    if desk.scope or desk.choose is None:
        return []
    found = [
        one for one in desk.anomalies if one.measure == measure and not one.dimension and one.last_day in days
    ]
    return [Mark(days.index(one.last_day), happened(one)) for one in found]


def _title(desk: Desk, said: _Said, moved: Decimal | None) -> str:
    if moved is None:
        return str(said.plain)
    if not moved:
        return str(said.equal)
    return str(said.above if moved > 0 else said.below) % {"share": formats.percent(abs(moved), desk.locale)}


def _unknown(kind: str) -> str:
    return (
        _("No source tells of sales in this period.") if kind == SALE else _("No bank tells of this period.")
    )


def _day_rows(desk: Desk, measure: str, day: date) -> str:
    return _rows(desk, measure, day, day)


def _rows(desk: Desk, measure: str, first: date, last: date) -> str:
    """Return the list behind some days; of one value of a dimension where the list can be filtered by it."""
    name, query = _ROWS[measure]
    address = f"{reverse(name, kwargs={'slug': desk.tenant.slug})}?{query}&from={first.isoformat()}&to={last.isoformat()}"
    if desk.scope is None:
        return address
    return f"{address}&{desk.scope_query}" if desk.scope_query else ""


def cash_flow(desk: Desk, tile: Tile) -> Content:
    """Return money in and out of the last months."""
    desk.needs_type(CREDIT)
    if not desk.facts.knows(CREDIT, Period("range", desk.spans.today, desk.spans.today + timedelta(days=1))):
        raise NotShown(_("No bank tells of money in and out yet."))
    first = add_months(desk.spans.today.replace(day=1), 1 - int(tile.options["months"]))
    months = [add_months(first, n) for n in range(int(tile.options["months"]))]
    flows = [
        MonthFlow(month, desk.facts.months.get((month, CREDIT), ZERO), desk.facts.months.get((month, DEBIT), ZERO))
        for month in months
    ]  # fmt: skip
    pictures = replace(desk.pictures, plan=_planned(desk, months))
    chart, goals = pictures.cash_flow(flows), pictures.cash_goals()
    names = [_("Received"), _("Expenses"), _("Net"), *(goal.name for goal in goals)]
    columns = (Column(_("Month"), "month"), *(Column(name, "money") for name in names))
    rows = tuple(
        (one.month, one.inflow, one.outflow, one.net, *(goal.values[n] for goal in goals))
        for n, one in enumerate(flows)
    )
    links = tuple(
        _rows(desk, "inflow", month, month_end(month)).replace("type=CREDIT&", "") for month in months
    )
    note = f"{formats.month(months[0], desk.locale)} – {formats.month(months[-1], desk.locale)}"
    return Content(
        tile.pk, own_title(tile, chart.title), note, Sheet(columns, rows, links), chart=desk.linked(chart)
    )


def _planned(desk: Desk, months: list[date]) -> Plan:
    """Return the goals and the own days of these months, as the overview draws them; the goals are those of the whole company."""
    goals = {} if desk.scope else desk.goals.by_kpi
    lines = {code: [goals.get(code, {}).get(month) for month in months] for code in ("inflow", "expenses")}
    return Plan(
        by_month={code: line for code, line in lines.items() if any(line)},
        month_flags=flags_by_month(months, desk.occasions),
    )


_AHEAD: Final[Mapping[str, tuple[str, str, str | Promise]]] = {
    "sales": ("revenue", SALE, gettext_lazy("%(amount)s of sales expected in the next %(days)d days")),
    "receipts": (
        "inflow",
        CREDIT,
        gettext_lazy("%(amount)s expected to come in over the next %(days)d days"),
    ),
    "expenses": (
        "expenses",
        DEBIT,
        gettext_lazy("%(amount)s expected to go out over the next %(days)d days"),
    ),
}


def expected(desk: Desk, tile: Tile) -> Content:
    """Return the last four weeks by day and the next ones as expected, with the band that holds 8 of 10 days. Expenses are sizes."""
    measure = tile.options["measure"]
    shown, kind, sentence = _AHEAD[measure]
    if desk.scope and desk.scope.dimension not in {"store", "product"}:
        desk.only_whole()
    desk.needs_type(kind)
    found = desk.facts.ahead(measure)
    _check_forecast(desk, found, kind)
    assert found is not None, "checked"
    size, today = (-1 if measure == "expenses" else 1), desk.spans.today
    past = [
        (day, size * total) for day, total in desk.facts.by_day(kind, Period("range", today - PAST, today))
    ]
    ahead = [_sized(point, size) for point in found.points[: PAST.days]]
    told = {"amount": desk.short(sum((mean for _day, mean, _low, _high in ahead), ZERO)), "days": len(ahead)}
    links = tuple(_day_rows(desk, shown, day) for day, _total in past)
    chart = _band(desk, str(sentence) % told, str(MEASURES[shown]), past, ahead, links)
    names = (str(MEASURES[shown]), _("Expected"), _("At least"), _("At most"))
    columns = (Column(_("Day"), "day"), *(Column(name, "money") for name in names))
    rows = (
        *((day, total, None, None, None) for day, total in past),
        *((day, None, *rest) for day, *rest in ahead),
    )
    note = ""
    if found.error is not None and found.held is not None:
        held = {"error": desk.share(found.error), "held": desk.share(found.held)}
        note = (
            _("On the past a day was off by %(error)s on average; %(held)s of days lay in the band.") % held
        )
    return Content(
        tile.pk, own_title(tile, chart.title), note, Sheet(columns, rows, (*links, *([""] * len(ahead)))), chart=desk.linked(chart)
    )  # fmt: skip


def _check_forecast(desk: Desk, found: Ahead | None, kind: str) -> None:
    if found and found.verdict == Forecast.Verdict.TOO_WILD:
        raise NotShown(_("One day is too unlike the other: a forecast by day would say nothing."))
    past = Period("range", desk.spans.today - ENOUGH, desk.spans.today)
    if found is None and not desk.scope and desk.facts.knows_all(kind, past):
        raise NotShown(_("The first forecast is being made; it appears here by itself."), soon=True)
    if found is None or not found.points:
        if desk.scope:
            raise NotShown(
                _("Only the main stores and products are forecast alone, and this is none of them.")
            )
        raise NotShown(_("There is too little history to forecast days. It takes about six weeks."))


def _sized(
    point: tuple[date, Decimal, Decimal, Decimal], size: int
) -> tuple[date, Decimal, Decimal, Decimal]:
    day, mean, low, high = point
    return (day, mean, low, high) if size > 0 else (day, -mean, -high, -low)


def _band(desk: Desk, title: str, name: str, past: Any, ahead: Any, links: Sequence[str]) -> Chart:
    nothing: list[Decimal | None] = [None] * len(past)
    days = [*(day for day, _total in past), *(day for day, *_rest in ahead)]
    return line_chart(
        title=title, x=days, flags=flags(days, desk.occasions), links=links,
        series=[
            Series(name, [total for _day, total in past]),
            Series(_("Expected"), [*nothing, *(mean for _day, mean, _low, _high in ahead)], role="forecast"),
        ],
        unit=desk.money, by="day",
        band=Band(_("8 of 10 days lie here"), [*nothing, *(low for _d, _m, low, _h in ahead)], [*nothing, *(high for _d, _m, _l, high in ahead)]),
    )  # fmt: skip


def projection(desk: Desk, tile: Tile) -> Content:
    """Return the balance of the next 13 weeks."""
    desk.only_whole()
    balance, today = desk.facts.cash, desk.spans.today
    if balance is None:
        raise NotShown(_("No bank tells a balance yet."))
    starts = [today + timedelta(weeks=n) for n in range(WEEKS)]
    late, due = _due(desk, starts)
    forecast, ahead = _forecast(desk, starts), desk.facts.recurring(starts, desk.calendar, USUAL_WEEKS)
    found = laid_out(
        balance, late=late, starts=starts, due=due, recurring=ahead.weeks, standing=ahead.standing, forecast=forecast,
        usual=(ZERO, ZERO) if forecast else _usual(desk, starts, ahead.past),
    )  # fmt: skip
    chart = desk.drawing.projection(found)
    columns = (
        Column(_("Week from"), "day"),
        *(Column(name, "money") for name in (
            _("Expected in"), _("Expected out"), _("Recurring in"), _("Recurring out"), _("Balance expected"), _("Balance known"), _("Only what is due"),
        )),
    )  # fmt: skip
    rows = tuple(
        (week.start, week.expected_in, week.expected_out, week.recurring_in, week.recurring_out, week.balance_expected, week.balance_known, week.balance_due)
        for week in found.weeks
    )  # fmt: skip
    return Content(
        tile.pk, own_title(tile, chart.title), desk.now(), Sheet(columns, rows), chart=desk.linked(chart),
        href=reverse("kpi:analysis", kwargs={"slug": desk.tenant.slug}),
    )  # fmt: skip


def _due(desk: Desk, starts: list[date]) -> tuple[tuple[Decimal, Decimal], list[tuple[Decimal, Decimal]]]:
    """Return what is overdue (in, out), and what falls due in each week."""
    late, weeks = [ZERO, ZERO], [[ZERO, ZERO] for _start in starts]
    for direction, day, _n, left in desk.facts.items:
        place, way = (day - starts[0]).days // 7, int(direction == "payable")
        if place < 0:
            late[way] += left
        elif place < len(weeks):
            weeks[place][way] += left
    return (late[0], late[1]), [(one[0], one[1]) for one in weeks]


def _forecast(desk: Desk, starts: list[date]) -> list[Flows]:
    """Return money in and out of each week as forecast; [] unless the forecast reaches to the last of them."""
    ways = [(desk.facts.ahead(name), desk.facts.weeks_ahead(name)) for name in FORETOLD]
    days = [{day: mean for day, mean, *_band in one.points} if one else {} for one, _weeks in ways]
    return both_ways(
        [foretold(each, weeks, starts) for each, (_one, weeks) in zip(days, ways, strict=True)], len(starts)
    )


def _usual(desk: Desk, starts: list[date], recurring: Sequence[Flows]) -> Flows:
    """Return what a week usually brings beside what comes again, in and out."""
    weeks = [
        Period("week", starts[0] - timedelta(weeks=n), starts[0] - timedelta(weeks=n - 1))
        for n in range(USUAL_WEEKS, 0, -1)
    ]
    return usual_of(
        [(desk.facts.sums(CREDIT, week)[1], desk.facts.sums(DEBIT, week)[1]) for week in weeks], recurring
    )
