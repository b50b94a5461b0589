"""What a number is compared with: several spans from one read, goals by the business days that passed, companies and their free days apart."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kpi import ready
from kpi.comparing import Compared
from kpi.models import Occasion, Target
from kpi.queries import Board, board
from lib.periods import Period, preset
from lib.workdays import Days
from tenants.models import Tenant
from tests.api import with_key
from tests.cast import Cast
from tests.factories import make_account, make_sale, make_transaction

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = date(2026, 3, 20)  # the 15th business day of March
MONTH = preset("month", TODAY)


@pytest.fixture
def aurora(cast: Cast) -> Tenant:
    """Aurora, which sold 10 on each of some days of two years; Boreal sold 1,000 on the same."""
    days = (
        "2025-01-02", "2025-03-05", "2025-03-25", "2025-03-26", "2026-02-02", "2026-02-20", "2026-02-23", "2026-02-24", "2026-02-25",
        "2026-03-02", "2026-03-20",
    )  # fmt: skip
    for tenant, amount in ((cast.aurora, "10.00"), (cast.boreal, "1000.00")):
        for day in days:
            make_sale(tenant, amount, date=date.fromisoformat(day))
    return cast.aurora


def found(tenant: Tenant, code: str = "revenue", **asked: Any) -> dict[str, Compared]:
    """Return what a card is compared with, by key."""
    card = board(tenant, **({"period": MONTH, "today": TODAY} | asked)).card(code)
    return {one.key: one for one in card.comparisons}


def test_several_comparisons_stand_on_one_card(aurora: Tenant) -> None:
    told = found(aurora)
    assert {key: (str(one.period.start), str(one.period.last), one.previous, one.change) for key, one in told.items()} == {
        "previous": ("2026-02-02", "2026-02-24", D("40.00"), D("-0.5")),
        "last_year": ("2025-03-05", "2025-03-25", D("20.00"), D(0)),
        "same_weekdays": ("2026-02-08", "2026-02-27", D("40.00"), D("-0.5")),
        "calendar": ("2026-02-01", "2026-02-20", D("20.00"), D(0)),
    }  # fmt: skip
    assert [one.days.business for one in told.values()] == [15, 15, 13, 13]
    assert found(aurora, "sales_count")["last_year"].previous == 2
    # A business day more or less: what a day brought.
    assert (told["previous"].per_day, told["calendar"].per_day) == (
        None,
        (D(20) / 15 - D(20) / 13) / (D(20) / 13),
    )


def test_the_chosen_one_is_first_and_the_others_have_what_the_rollup_holds(aurora: Tenant) -> None:
    for chosen in ("previous", "last_year", "same_weekdays", "calendar"):
        shown = board(aurora, period=MONTH, today=TODAY, comparison=chosen)
        first = shown.card("revenue").comparisons[0]
        assert (first.key, first.previous, first.change) == (
            chosen, shown.card("revenue").previous, shown.card("revenue").change,
        )  # fmt: skip
        assert shown.compared == first.period
        assert [one.key for one in shown.card("active_customers").comparisons] == [chosen]
        assert shown.card("receivables_open").comparisons == ()


def test_a_company_without_a_year_behind_it_is_not_compared_with_one(cast: Cast) -> None:
    make_sale(cast.aurora, "10.00", date=date(2026, 1, 5))
    make_sale(cast.aurora, "20.00", date=date(2026, 3, 5))
    assert [*found(cast.aurora)] == ["previous", "same_weekdays", "calendar"]
    assert found(cast.boreal) == {}
    # The same span is told once: a year to date has one year before it.
    year = found(cast.aurora, period=preset("year", date(2028, 2, 29)), today=date(2028, 2, 29))
    assert [(key, str(one.period.last)) for key, one in year.items()] == [
        ("previous", "2027-02-28"), ("same_weekdays", "2027-12-28"),
    ]  # fmt: skip


def test_closed_days_of_one_company_move_its_own_spans_only(aurora: Tenant, cast: Cast) -> None:
    Occasion.objects.create(
        tenant=aurora, kind="free", label="Balanço", first_day=date(2026, 2, 19), last_day=date(2026, 2, 20)
    )
    Occasion.objects.create(
        tenant=aurora, kind="event", label="Feira", first_day=date(2026, 2, 3), last_day=date(2026, 2, 3)
    )
    assert found(aurora)["previous"].period.last == date(2026, 2, 26)
    assert found(aurora)["previous"].previous == D("50.00")
    assert found(cast.boreal)["previous"].period.last == date(2026, 2, 24)


class TestGoals:
    def test_of_a_running_month_the_part_of_its_business_days(self, aurora: Tenant, cast: Cast) -> None:
        self.goal(aurora, "revenue", 3, "44.00")  # March has 22 business days, 15 have passed
        self.goal(cast.boreal, "revenue", 3, "9999.00")
        goal = found(aurora)["target"]
        assert (goal.previous, goal.whole, goal.days) == (D("30.00"), D(44), Days(15, 5))
        assert goal.change == (D(20) - D(30)) / D(30)

    def test_of_several_months_only_where_each_has_one(self, aurora: Tenant) -> None:
        self.goal(aurora, "revenue", 3, "44.00")
        two = {"period": Period("range", date(2026, 2, 1), date(2026, 3, 21))}
        assert "target" not in found(aurora, **two)
        self.goal(aurora, "revenue", 2, "18.00")
        assert found(aurora, **two)["target"].previous == D("48.00")
        self.goal(aurora, "average_ticket", 2, "9.00")
        self.goal(aurora, "average_ticket", 3, "8.00")
        assert "target" not in found(aurora, "average_ticket", **two)
        assert found(aurora, "average_ticket")["target"].previous == D(8)

    def test_of_money_out_by_size_and_of_a_state_as_a_whole(self, cast: Cast) -> None:
        account = make_account(cast.aurora, balance="900.00")
        make_transaction(account, "-120.00", date=TODAY)
        self.goal(cast.aurora, "expenses", 3, "-220.00")
        self.goal(cast.aurora, "cash_balance", 3, "1000.00")
        spent, cash = (found(cast.aurora, code)["target"] for code in ("expenses", "cash_balance"))
        assert (spent.previous, spent.change) == (D("-150.00"), D("-0.2"))
        assert (cash.previous, cash.change) == (D(1000), D("-0.1"))

    @staticmethod
    def goal(tenant: Tenant, code: str, month: int, value: str) -> None:
        Target.objects.create(tenant=tenant, kpi=code, month=date(2026, month, 1), value=D(value))


def test_what_was_kept_says_the_same(aurora: Tenant) -> None:
    TestGoals.goal(aurora, "revenue", 3, "44.00")
    asked: dict[str, Any] = {"period": MONTH, "today": TODAY, "comparison": "last_year"}
    computed = board(aurora, **asked)
    kept: Board = ready.board(ready.numbers(aurora, **asked), **asked)
    assert [one.period for one in kept.card("sales_count").comparisons] == [
        one.period for one in computed.card("sales_count").comparisons
    ]
    assert kept.card("sales_count").comparisons[0] == computed.card("sales_count").comparisons[0]
    assert ready.board_json(kept) == ready.board_json(computed)
    assert (kept.days, kept.compared_days) == (Days(15, 5), Days(15, 6))


def test_the_api_tells_all_of_them(aurora: Tenant) -> None:
    client = with_key(aurora)
    answer = client.get("/api/kpis?from=2026-03-01&to=2026-03-20&compare=last_year")
    data = answer.json()["data"]
    assert data["compared"] == {
        "key": "last_year", "from": "2025-03-05", "to": "2025-03-25", "business_days": 15, "free_days": 6,
    }  # fmt: skip
    revenue = next(one for one in data["kpis"] if one["code"] == "revenue")
    assert revenue["comparisons"][1] == {
        "key": "previous", "from": "2026-02-02", "to": "2026-02-24", "business_days": 15, "free_days": 8, "previous": "40.00",
        "change": "-0.5000", "difference": None, "change_per_business_day": None, "goal": None,
    }  # fmt: skip
    assert client.get("/api/kpis?compare=x").status_code == 400


def test_days_stand_beside_their_weekday(aurora: Tenant) -> None:
    asked: dict[str, Any] = {"period": MONTH, "today": TODAY, "comparison": "previous"}
    told = ready.story(aurora, board=board(aurora, **asked), today=TODAY)
    beside = dict(zip((day for day, _total in told.by_day), told.compared_by_day, strict=True))
    assert beside[date(2026, 3, 1)] == (None, None)  # 1 February is no part of what is compared
    assert beside[date(2026, 3, 2)] == (date(2026, 2, 2), D("10.00"))
    assert beside[date(2026, 3, 20)] == (date(2026, 2, 20), D("10.00"))
    assert told.compared_total == D("40.00")  # the 23rd and 24th too, beside which no day stands
