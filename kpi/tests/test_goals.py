"""How much of a goal is due: one measure for cards, boards, charts and alerts; by the company's own weeks, by business days without a past."""

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from openpyxl import load_workbook

from kpi import queries
from kpi.alerts.conditions import Condition
from kpi.alerts.reading import Reader
from kpi.boards.asking import Scope
from kpi.boards.contents import contents
from kpi.catalog import BY_CODE
from kpi.exports.document import pdf
from kpi.exports.records import About
from kpi.exports.workbook import xlsx
from kpi.models import Board, Daily, Occasion, Target, Tile
from kpi.plan import read as planned
from kpi.targets.goals import Courses, Goals
from kpi.tests.test_export_document import read
from lib.periods import Period, preset
from tests.cast import Cast
from tests.factories import make_sale

D = Decimal
TODAY = date(2026, 4, 15)
# April 2026: 22 weekdays, of which Good Friday (3rd) and Tiradentes (Tuesday 21st) are holidays; 4 Saturdays.
APRIL = date(2026, 4, 1)
MONTH = Period("month", APRIL, date(2026, 5, 1))
HALF = Period("month", APRIL, TODAY + timedelta(days=1))
REVENUE, EXPENSES, NEW = (BY_CODE[code] for code in ("revenue", "expenses", "new_customers"))
CARNIVAL = (date(2026, 2, 16), date(2026, 2, 17))


def weeks(before: date, count: int = 12) -> dict[date, tuple[int, Decimal]]:
    """Return weeks of a shop: 100 in one sale from Monday to Friday, 300 in six on Saturdays, closed on Sundays and at Carnival."""
    days = (before - timedelta(days=n) for n in range(1, 7 * count + 1))
    sold = {5: (6, D(300)), 6: (0, D(0))}
    return {day: sold.get(day.weekday(), (1, D(100))) for day in days if day not in CARNIVAL}


def goals_of(courses: Courses, *own: date, **values: int) -> Goals:
    """Return goals of April, shaped by what happened before."""
    goals = Goals({code: {APRIL: D(value)} for code, value in values.items()}, frozenset(own))
    return goals.shaped(courses, MONTH, TODAY)


class TestMeasure:
    def test_a_month_follows_the_weeks_before_it_and_its_holidays(self) -> None:
        goals = goals_of({"SALE": weeks(APRIL)}, revenue=3200)
        # 20 weekdays that are worked at 100, 4 Saturdays at 300.
        days = [APRIL + timedelta(days=n) for n in range(30)]
        line = dict(zip(days, goals.by_day("revenue", days), strict=True))
        assert (line[date(2026, 4, 2)], line[date(2026, 4, 4)]) == (D("100.00"), D("300.00"))
        assert {line[date(2026, 4, n)] for n in (3, 5, 21)} == {D("0.00")}
        assert goals.due(REVENUE, HALF) == D("1600.00")  # 10 weekdays and 2 Saturdays
        assert goals.due(REVENUE, MONTH) == goals.whole(REVENUE, MONTH) == D(3200)
        assert goals.rising("revenue", APRIL)[14::15] == [D("1600.00"), D("3200.00")]

    def test_without_a_past_business_days_decide(self) -> None:
        # Three weeks, and one invoice a week: neither says how a week goes.
        for past in ({}, weeks(APRIL, 3), {d: row for d, row in weeks(APRIL).items() if d.day in (5, 20)}):
            goals = goals_of({"SALE": past}, revenue=2000)
            assert goals.due(REVENUE, HALF) == D("1000.00")  # 10 of 20 business days
            assert goals.due(REVENUE, Period("day", date(2026, 4, 4), date(2026, 4, 6))) == D("0.00")

    def test_own_free_days_ask_for_nothing(self) -> None:
        closed = date(2026, 4, 10)
        courses = {"SALE": weeks(APRIL), "DEBIT": {day: (1, D(-50)) for day in weeks(APRIL)}}
        goals = goals_of(courses, closed, revenue=3100, expenses=-3000)
        assert goals.by_day("revenue", [closed, date(2026, 4, 9)]) == [D("0.00"), D("100.00")]
        assert goals.due(REVENUE, HALF) == D("1500.00")
        # In the bank it is a day like a Sunday, on which this company pays too.
        assert goals.by_day("expenses", [closed]) == [D("-100.00")]
        assert goals_of({}, closed, expenses=-1900).due(EXPENSES, HALF) == D("-900.00")
        # A free day of the past is no usual day either.
        ill = weeks(APRIL) | {date(2026, 3, 25): (0, D(0))}
        assert goals_of({"SALE": ill}, date(2026, 3, 25), revenue=3200).due(REVENUE, HALF) == D("1600.00")

    def test_of_several_months_and_of_new_customers(self) -> None:
        march = date(2026, 3, 1)
        goals = Goals({"revenue": {march: D(1000), APRIL: D(2000)}, "new_customers": {APRIL: D(44)}})
        assert goals.due(REVENUE, Period("range", march, TODAY + timedelta(days=1))) == D("2000.00")
        assert goals.due(REVENUE, Period("range", date(2026, 2, 1), TODAY)) is None
        # Like the number of sales: 20 weekdays with one, 4 Saturdays with six.
        shaped = goals.shaped({"SALE": weeks(APRIL)}, MONTH, TODAY)
        assert shaped.due(NEW, Period("day", date(2026, 4, 4), date(2026, 4, 5))) == D("6.00")

    def test_what_is_read_ends_before_each_month_and_before_this_one(self) -> None:
        goals = Goals(
            {"revenue": {APRIL: D(1), date(2026, 6, 1): D(1)}, "average_ticket": {date(2026, 7, 1): D(1)}}
        )
        year = Period("year", date(2026, 1, 1), date(2027, 1, 1))
        assert goals.reads(year, TODAY) == Period("shape", date(2026, 1, 7), APRIL)
        assert goals.reads(year, date(2026, 8, 9)) == Period("shape", date(2026, 1, 7), date(2026, 6, 1))
        assert goals.reads(Period("month", date(2026, 7, 1), date(2026, 8, 1)), TODAY) is None
        assert Goals().reads(year, TODAY) is None


@pytest.mark.django_db
@pytest.mark.parametrize(("free", "due"), [((), "1600.00"), ((date(2026, 4, 10),), "1548.39")])
def test_cards_boards_charts_and_alerts_expect_the_same(cast: Cast, free: tuple[date, ...], due: str) -> None:
    tenant = cast.aurora
    for company, factor in ((tenant, 1), (cast.boreal, 9)):
        Daily.objects.bulk_create(
            Daily(
                tenant=company, day=day, type="SALE", currency="BRL", n=n, total=total * factor, active_n=n, active_total=total * factor,
                flow_n=n, flow_total=total * factor,
            )
            for day, (n, total) in weeks(APRIL).items()
        )  # fmt: skip
        Target.objects.create(tenant=company, kpi="revenue", month=APRIL, value=3200 * factor)
        for day in free:
            Occasion.objects.create(tenant=company, kind="free", label="Balanço", first_day=day, last_day=day)
    board = Board.objects.create(tenant=tenant, name="Painel")
    for place, (kind, options) in enumerate(
        (("number", {"kpi": "revenue"}), ("target", {"kpi": "revenue"}), ("by_day", {}))
    ):
        Tile.objects.create(
            tenant=tenant, board=board, kind=kind, options=options, position=place, width=6, height=2
        )
    asked: dict[str, Any] = {"period": preset("month", TODAY), "today": TODAY}
    overview = queries.board(tenant, **asked)
    number, target, by_day = contents(board, **asked, locale="pt_BR")
    assert overview.card("revenue").comparisons[-1].previous == D(due)
    assert number.card == overview.card("revenue")
    assert {row[0]: row[2] for row in target.sheet.rows}[TODAY] == D(due)
    assert by_day.chart is not None
    assert 'class="line goal s8"' in by_day.chart.svg
    plan = planned(tenant, board=overview, day_kpi="revenue", months=[APRIL], today=TODAY)
    assert abs(sum(day or 0 for day in plan.by_day) - D(due)) < D("0.10")  # each day is rounded
    look = Reader(tenant, APRIL, TODAY).look(Condition("revenue", "target", "", D("0.1"), "month"), TODAY)
    assert (look.expected, look.goal) == (D(due), D(3200))


def test_goal_lines_stand_in_every_table(cast: Cast) -> None:
    """The page's table, the API, the spreadsheet and its chart, and the PDF say the goals that the picture draws, and no others."""
    for tenant, factor in ((cast.aurora, 1), (cast.boreal, 1000)):
        for code, value in (("revenue", 2000), ("inflow", 500), ("expenses", -300)):
            Target.objects.create(tenant=tenant, kpi=code, month=APRIL, value=value * factor)
        for n, kind in enumerate(("SALE", "CREDIT", "DEBIT")):
            Daily.objects.create(
                tenant=tenant, day=TODAY - timedelta(days=n), type=kind, currency="BRL", n=1, total=9, active_n=1, active_total=9, flow_n=1, flow_total=9,
            )  # fmt: skip
    board = Board.objects.create(tenant=cast.aurora, name="Painel", shared=True)
    for place, (kind, options) in enumerate((("by_day", {"measure": "revenue"}), ("cash_flow", {}))):
        Tile.objects.create(
            tenant=cast.aurora, board=board, kind=kind, options=options, position=place, width=6, height=2
        )
    asked: dict[str, Any] = {"period": preset("month", TODAY), "today": TODAY, "locale": "pt_BR"}
    with translation.override("en"):
        shown = contents(board, **asked)
        about = About(cast.aurora.name, board.name, asked["period"], asked["period"].previous(), "BRL", "pt_BR", cast.aurora.zone, None)  # fmt: skip
        book, paper = load_workbook(io.BytesIO(xlsx(shown, about))), read(pdf(shown, about))
    by_day, months = (one.sheet for one in shown)
    assert [column.name for column in by_day.columns][4:] == ["Goal"]
    assert [column.name for column in months.columns][4:] == ["Goal received", "Limit of expenses"]
    days = {row[0]: row[4] for row in by_day.rows}
    # 20 business days, without a past: 100 on each.
    assert (days[date(2026, 4, 1)], days[date(2026, 4, 3)], days[date(2026, 4, 4)]) == (D(100), D(0), D(0))
    assert months.rows[-1][4:] == (D(500), D(-300))
    assert months.rows[0][4:] == (None, None)
    for one, sheet in zip(shown, book.worksheets[1:], strict=True):
        assert one.chart is not None
        assert set(one.chart.table.head[1:]) <= {column.name for column in one.sheet.columns}
        table = list(sheet.iter_rows(min_row=4, values_only=True))
        assert list(table[0]) == [column.name for column in one.sheet.columns]
        assert [row[4] for row in table[1:]] == [row[4] for row in one.sheet.rows]
        drawn = {series.tx.strRef.f.rpartition("!")[2] for series in _series(sheet._charts[0])}
        assert {f"{'ABCDEF'[n]}4" for n in range(4, len(one.sheet.columns))} <= {
            one.replace("$", "") for one in drawn
        }
    assert paper.count("Goal") >= 2
    assert "Limit of expenses" in paper


def _series(chart: Any) -> list[Any]:
    return [series for part in chart._charts for series in part.series]


def test_one_store_has_no_goal_in_its_table(cast: Cast) -> None:
    Target.objects.create(tenant=cast.aurora, kpi="revenue", month=APRIL, value=2000)
    make_sale(cast.aurora, "9.00", store="Centro", date=TODAY)
    board = Board.objects.create(tenant=cast.aurora, name="Painel")
    Tile.objects.create(
        tenant=cast.aurora, board=board, kind="by_day", options={"measure": "revenue"}, position=0, width=6, height=2
    )  # fmt: skip
    asked: dict[str, Any] = {"period": preset("month", TODAY), "today": TODAY, "locale": "pt_BR"}
    (found,) = contents(board, **asked, scope=Scope("store", "Centro"))
    assert len(found.sheet.columns) == 4
    (whole,) = contents(board, **asked)
    assert len(whole.sheet.columns) == 5
