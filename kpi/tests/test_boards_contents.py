"""What boards show: the overview's own numbers, exact sums of every kind of tile, few queries, and a sentence where there is nothing to show."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from kpi import queries
from kpi.boards import catalog
from kpi.boards.asking import Scope
from kpi.boards.contents import DRAWN, contents, look
from kpi.boards.records import Column
from kpi.boards.screen import written
from kpi.catalog import BY_CODE
from kpi.models import Anomaly, Board, Forecast, ForecastPoint, Occasion, SegmentState, Target
from kpi.segmenting.services import score
from kpi.tests.boards import FEBRUARY, MARCH, TODAY, D, board_of, filled, only, shown
from lib.periods import Period, preset
from live import cache
from tenants.models import Tenant
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def aurora(cast: Cast) -> Tenant:
    """Aurora with two months of everything."""
    return filled(cast)


EVERY = [("number", {"kpi": code}) for code in BY_CODE] + [
    (code, {}) for code in catalog.KINDS if code != "number"
]


class TestNumbers:
    def test_every_number_is_the_overviews(self, aurora: Tenant) -> None:
        whole = queries.board(aurora, period=MARCH, today=TODAY, comparison="previous")
        for found, code in zip(shown(aurora, *EVERY[: len(BY_CODE)]), BY_CODE, strict=True):
            assert found.card == whole.card(code), code

    def test_what_they_are_compared_with_follows_the_choice(self, aurora: Tenant) -> None:
        for comparison in ("last_year", "same_weekdays", "calendar"):
            whole = queries.board(aurora, period=MARCH, today=TODAY, comparison=comparison)
            cards = shown(aurora, *EVERY[: len(BY_CODE)], comparison=comparison)
            assert [one.card for one in cards] == list(whole.cards)

    def test_a_number_says_itself_in_a_sheet(self, aurora: Tenant) -> None:
        found = only(aurora, "number", kpi="revenue")
        assert found.sheet.rows == (("Sales", D("140.00"), D("80.00"), D("0.75")),)
        assert (found.title, found.note, found.problem) == ("Sales", "01/03/2026 – 21/03/2026", "")
        assert found.href == "/t/aurora/sales/?status=counted&from=2026-03-01&to=2026-03-21"

    def test_the_goal_of_the_month(self, cast: Cast, aurora: Tenant) -> None:
        assert "no goal" in only(aurora, "target", kpi="revenue").problem
        Target.objects.create(tenant=cast.boreal, kpi="revenue", month=date(2026, 3, 1), value=1)
        assert "no goal" in only(aurora, "target", kpi="revenue").problem
        Target.objects.create(tenant=aurora, kpi="revenue", month=date(2026, 3, 1), value=280)
        found = only(aurora, "target", kpi="revenue")
        assert found.title == "Sales: 50% of the goal of R$\xa0280,00"
        reached = {day: (done, due) for day, done, due in found.sheet.rows}
        assert reached[date(2026, 3, 1)] == (D(30), D("0.00"))  # a Sunday asks for nothing
        assert reached[date(2026, 3, 21)][0] == D(140)
        assert reached[date(2026, 3, 31)] == (None, D("280.00"))


class TestCourses:
    def test_by_day_beside_the_compared_days(self, aurora: Tenant) -> None:
        found = only(aurora, "by_day", measure="revenue")
        rows = {row[0]: row for row in found.sheet.rows}
        assert len(rows) == 21
        assert (rows[date(2026, 3, 1)][1], rows[date(2026, 3, 10)][1], rows[date(2026, 3, 4)][1]) == (
            D(30),
            D(60),
            D(0),
        )
        before = {day: total for _day, _total, day, total in found.sheet.rows if day}
        assert before[FEBRUARY] == D(80)
        spent = only(aurora, "by_day", measure="expenses")
        assert sum(row[1] for row in spent.sheet.rows) == D(150)

    def test_own_days_and_incidents_stand_on_the_days(self, aurora: Tenant) -> None:
        now, day = timezone.now(), date(2026, 3, 10)
        for tenant in Tenant.objects.all():
            Occasion.objects.create(tenant=tenant, label=f"Greve {tenant.name}", first_day=day, last_day=day)
            Anomaly.objects.create(
                tenant=tenant, measure="revenue", kind="high", first_day=day, last_day=day, expected=9, lo=8, hi=10, got=60, score=3,
                found_at=now, updated_at=now,
            )  # fmt: skip
        board = board_of(aurora, ("by_day", {"measure": "revenue"}))
        asked: dict[str, Any] = {"period": MARCH, "today": TODAY, "locale": "pt_BR"}
        chart = look(board, **asked, choose=str).contents[0].chart
        assert chart is not None
        (told,) = [row.note for row in chart.table.rows if row.note]
        assert "Greve Aurora" in chart.svg
        assert "expected R$" in told
        public = contents(board, **asked)[0].chart
        assert public is not None
        assert "Greve" not in public.svg

    def test_cash_flow_by_month(self, aurora: Tenant) -> None:
        found = only(aurora, "cash_flow", months="6")
        assert [row[0] for row in found.sheet.rows] == [
            date(2025, 10, 1),
            date(2025, 11, 1),
            date(2025, 12, 1),
        ] + [date(2026, n, 1) for n in (1, 2, 3)]
        assert found.sheet.rows[-1] == (date(2026, 3, 1), D(300), D(-150), D(150))
        assert found.sheet.links[-1] == "/t/aurora/transactions/?flow=1&from=2026-03-01&to=2026-03-31"

    def test_the_projection_is_that_of_the_analysis(self, aurora: Tenant) -> None:
        from kpi.analysis.projection import projection

        whole = projection(aurora, today=TODAY)
        assert whole is not None
        rows = only(aurora, "projection").sheet.rows
        assert rows == tuple(
            (
                w.start,
                w.expected_in,
                w.expected_out,
                w.recurring_in,
                w.recurring_out,
                w.balance_expected,
                w.balance_known,
                w.balance_due,
            )
            for w in whole.weeks
        )

    def test_the_forecast_with_its_band(self, aurora: Tenant) -> None:
        assert "first forecast is being made" in only(aurora, "expected", measure="receipts").problem
        forecast(aurora, "company", "", "100")
        forecast(aurora, "store", "Centro", "60")
        found = only(aurora, "expected", measure="sales")
        assert found.sheet.rows[-1] == (TODAY + timedelta(days=2), None, D(100), D(90), D(110))
        assert found.sheet.rows[27] == (date(2026, 3, 20), D(0), None, None, None)
        here = only(aurora, "expected", {"scope": Scope("store", "Centro")}, measure="sales")
        assert here.sheet.rows[-1][2] == D(60)
        assert (
            "none of them"
            in only(aurora, "expected", {"scope": Scope("store", "Sul")}, measure="sales").problem
        )


def forecast(tenant: Tenant, about: str, subject: str, mean: str) -> None:
    made = Forecast.objects.create(
        tenant=tenant, measure="sales", grain="day", about=about, subject=subject, currency="BRL", through=TODAY, made_at=timezone.now(),
        model="naive", verdict="ok", wape=0.2, covered80=0.81,
    )  # fmt: skip
    for n in range(3):
        ForecastPoint.objects.create(
            tenant=tenant, forecast=made, start=TODAY + timedelta(days=n), mean=D(mean), lo80=D(mean) - 10, hi80=D(mean) + 10, lo95=0, hi95=999
        )  # fmt: skip


class TestParts:
    def test_a_ranking_has_exact_shares_and_leads_to_the_rows(self, aurora: Tenant) -> None:
        found = only(aurora, "by_dimension", measure="revenue", by="store")
        assert [(name, total) for name, total, _share in found.sheet.rows] == [
            ("Centro", D(70)),
            ("Sul", D(40)),
            ("Norte", D(30)),
        ]
        assert [share for _n, _t, share in found.sheet.rows] == [D(70) / 140, D(40) / 140, D(30) / 140]
        assert (
            found.sheet.links[0]
            == "/t/aurora/sales/?status=counted&store=Centro&from=2026-03-01&to=2026-03-21"
        )
        assert (found.chart, found.choices) == (None, None)

    def test_nobody_in_particular_is_not_ranked(self, aurora: Tenant) -> None:
        found = only(aurora, "by_dimension", measure="revenue", by="customer")
        assert [row[:2] for row in found.sheet.rows] == [("Maria", D(90)), ("Bento", D(10))]

    def test_expenses_are_sizes(self, aurora: Tenant) -> None:
        found = only(aurora, "by_dimension", measure="expenses", by="category", shape="bars")
        assert [row[:2] for row in found.sheet.rows] == [("Aluguel", D(120)), ("Luz", D(30))]
        assert found.chart is not None
        assert "<a " not in found.chart.svg

    def test_why_it_changed_adds_up(self, aurora: Tenant) -> None:
        found = only(aurora, "drivers", measure="revenue", by="store")
        differences = {row[0]: row[3] for row in found.sheet.rows}
        assert differences == {"Centro": D(70), "Sul": D(40), "Norte": D(-50)}
        assert (
            "nothing to compare with"
            in only(
                aurora, "drivers", {"period": Period("range", date(2025, 12, 1), date(2026, 1, 1))}
            ).problem
        )

    def test_who_carries_the_sales(self, aurora: Tenant) -> None:
        found = only(aurora, "concentration", by="customer")
        assert [(name, total, share) for name, total, share in found.sheet.rows] == [
            ("Maria", D(90), D("0.9")),
            ("Bento", D(10), D("0.1")),
        ]
        assert found.title == "1 customer carries 80% of sales"


class TestPeople:
    def test_open_items_by_age(self, aurora: Tenant) -> None:
        rows = {row[0]: row[1:] for row in only(aurora, "ageing", direction="receivable").sheet.rows}
        assert (rows["due in 30 days"], rows["1–30 days late"]) == ((1, D("100.00")), (1, D("15.00")))
        rows = {row[0]: row[1:] for row in only(aurora, "ageing", direction="payable").sheet.rows}
        assert (rows["due in 30 days"], rows["31–60"]) == ((1, D("25.00")), (1, D("7.00")))

    def test_cohorts_and_segments(self, aurora: Tenant) -> None:
        rows = only(aurora, "cohorts").sheet.rows
        assert rows == ((date(2025, 12, 1), 1, D(0), D(1), D(1)), (date(2026, 3, 1), 1, None, None, None))
        assert "every night" in only(aurora, "segments").problem
        score(tenant=aurora, as_of=TODAY + timedelta(days=1))
        SegmentState.objects.update_or_create(
            tenant=aurora, defaults={"as_of": TODAY + timedelta(days=1), "built_at": timezone.now()}
        )
        rows = only(aurora, "segments", {"period": preset("90d", TODAY)}).sheet.rows
        assert sum(row[1] for row in rows) == 2  # nobody in particular is no customer
        assert written(Column("", "change"), 3, "BRL", "pt_BR") == "+3"
        assert [written(Column("", "change"), n, "BRL", "pt_BR") for n in (0, -3, None)] == [
            "0",
            "\u22123",
            "–",
        ]

    def test_incidents_tell_what_happened(self, aurora: Tenant) -> None:
        assert "Nothing so far" in only(aurora, "anomalies").problem
        now = timezone.now()
        for tenant in Tenant.objects.all():
            Anomaly.objects.create(
                tenant=tenant, measure="revenue", kind="low", first_day=TODAY, last_day=TODAY, expected=90, lo=80, hi=100, got=10, score=3,
                found_at=now, updated_at=now, parts=[{"dimension": "store", "key": "Sul", "name": "Sul", "gap": "-80", "share": "0.9"}],
            )  # fmt: skip
        (row,) = only(aurora, "anomalies").sheet.rows
        assert row[0] == "Mar 21, 2026"
        assert "Sul" in row[2]

    def test_words(self, aurora: Tenant) -> None:
        found = only(aurora, "text", title="Vendas", text="<b>negrito</b>")
        assert (found.title, found.note, found.sheet.rows) == ("Vendas", "<b>negrito</b>", ())


class TestWhole:
    def test_every_kind_is_drawn(self) -> None:
        assert set(DRAWN) == set(catalog.KINDS)

    def test_a_board_of_everything_takes_ten_queries_and_then_few(self, aurora: Tenant) -> None:
        forecast(aurora, "company", "", "100")
        SegmentState.objects.create(tenant=aurora, as_of=TODAY, built_at=timezone.now())
        only(aurora, "by_dimension")  # the sums by dimension are up to date
        board = board_of(aurora, *EVERY)
        asked: dict[str, Any] = {"period": preset("90d", TODAY), "today": TODAY, "locale": "pt_BR"}
        cache.forget_generations()
        for most in (10, 4):
            board = Board.objects.select_related("tenant").get(pk=board.pk)
            with CaptureQueriesContext(database) as asked_for:
                found = contents(board, **asked)
            told = [query["sql"] for query in asked_for if "SAVEPOINT" not in query["sql"]]
            assert len(told) <= most, "\n\n".join(told)
            assert len(found) == len(EVERY)

    def test_a_company_without_anything_gets_sentences(self, cast: Cast) -> None:
        found = shown(cast.boreal, *EVERY)
        assert [one.title for one in found if not one.problem and not one.card] == [""]  # words of nobody
        assert {one.card.value for one in found if one.card} == {None}

    def test_what_was_stored_by_another_version_says_so(self, aurora: Tenant) -> None:
        odd, good = shown(aurora, ("hologram", {}), ("number", {"kpi": "revenue"}))
        assert "not known here" in odd.problem
        assert good.card is not None
        odd, good = shown(aurora, ("number", {"kpi": "moon"}), ("number", {"kpi": "revenue"}))
        assert "not known here" in odd.problem

    def test_in_portuguese(self, aurora: Tenant) -> None:
        with translation.override("pt-br"):
            assert (
                only(aurora, "by_dimension", measure="revenue", by="store").title
                == "Vendas por loja: Centro responde por 50%"
            )
