"""What boards, charts and rankings say: exact values, unknown as None, companies and currencies apart, and few queries."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kpi import months, queries, rankings
from kpi.catalog import BY_CODE, CATALOG
from kpi.models import ViewState
from kpi.queries import Board, board
from kpi.ready import board_json
from kpi.services import refresh_now
from lib import clock
from lib.periods import Period, preset
from live import events
from reconciliation.models import Match, Progress
from sync.models import FileImport
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import (
    DAY,
    make_account,
    make_connection,
    make_customer,
    make_match,
    make_open_item,
    make_product,
    make_sale,
    make_source,
    make_transaction,
)

D = Decimal
TODAY = date(2026, 3, 21)
MARCH = preset(
    "month", TODAY
)  # 1 to 21 March: 15 business days, as many as 2 to 24 February has, with Carnival
FEBRUARY = date(2026, 2, 10)


def values(found: Board) -> dict[str, Any]:
    """Return the value of every card."""
    return {card.kpi.code: card.value for card in found.cards}


def previous(found: Board) -> dict[str, Any]:
    """Return what every card is compared with."""
    return {card.kpi.code: card.previous for card in found.cards}


@pytest.fixture
def aurora(cast: Cast) -> Tenant:
    """Aurora with two months of everything, and Boreal with other numbers beside it."""
    for tenant, factor in ((cast.aurora, 1), (cast.boreal, 1000)):
        account = make_account(tenant, balance=D("500.00") * factor)
        make_account(tenant, kind="card", balance=D("-80.00") * factor, source=account.source)
        make_account(tenant, currency="USD", balance=D("7.00"), source=account.source)
        for amount, changes in (
            ("300.00", {}),
            ("-120.00", {}),
            ("-50.00", {"nature": "bill_payment"}),
            ("1.00", {"ignored": True}),
            ("2.00", {"status": "pending"}),
            ("9.00", {"currency": "USD"}),
            ("-4.00", {"currency": "USD"}),
            ("200.00", {"date": FEBRUARY}),
            ("-150.00", {"date": FEBRUARY}),
            ("4000.00", {"date": date(2026, 2, 25)}),  # after as many business days: not like for like
            ("10.00", {"date": date(2026, 1, 31)}),
        ):
            make_transaction(account, D(amount) * factor, **changes)
        source = make_source(tenant)
        maria, bento = (
            make_customer(tenant, "Maria", source=source),
            make_customer(tenant, "Bento", source=source),
        )
        bath, food = (
            make_product(tenant, "Banho", source=source),
            make_product(tenant, "Ração", source=source),
        )
        make_sale(tenant, 60 * factor, customer=maria, items=[(bath, 40 * factor), (food, 20 * factor)])
        make_sale(tenant, 30 * factor, customer=maria, date=date(2026, 3, 1), items=[(bath, 30 * factor)])
        make_sale(tenant, 10 * factor, customer=bento, date=TODAY, items=[(None, 10 * factor)])
        make_sale(tenant, 99 * factor, customer=bento, is_cancelled=True)
        make_sale(tenant, 80 * factor, customer=maria, date=FEBRUARY, items=[(food, 80 * factor)])
        make_sale(tenant, 5 * factor, customer=maria, date=date(2026, 1, 30))
        items: list[tuple[str, dict[str, Any]]] = [
            ("100.00", {"due_date": TODAY}),
            ("40.00", {"due_date": TODAY - timedelta(days=1), "open_amount": D(15), "status": "partial"}),
            ("70.00", {"status": "paid", "open_amount": D(0)}),
            ("30.00", {"ignored": True}),
            ("-90.00", {}),
            ("-60.00", {"status": "cancelled"}),
        ]
        for amount, changes in items:
            make_open_item(tenant, amount, source=source, **changes)
    return cast.aurora


def test_the_values_of_a_month(aurora: Tenant) -> None:
    assert values(board(aurora, period=MARCH, today=TODAY)) == {
        "cash_balance": D("500.00"),
        "inflow": D("300.00"),
        "revenue": D("100.00"),
        "receivables_open": D("115.00"),
        "expenses": D("-120.00"),
        "net": D("180.00"),
        "sales_count": 3,
        "average_ticket": D(100) / 3,
        "active_customers": 2,
        "new_customers": 1,
        "receivables_overdue": D("15.00"),
        "payables_open": D("-90.00"),
        "reconciled_share": None,
    }


def test_as_many_business_days_of_the_month_before(aurora: Tenant) -> None:
    found = board(aurora, period=MARCH, today=TODAY)
    assert (found.compared.start, found.compared.last) == (date(2026, 2, 2), date(2026, 2, 24))
    before = previous(found)
    assert (before["inflow"], before["expenses"], before["net"]) == (D("200.00"), D("-150.00"), D("50.00"))
    assert (before["revenue"], before["active_customers"], before["new_customers"]) == (D("80.00"), 1, 0)
    assert found.card("inflow").change == D("0.5")
    assert found.card("expenses").change == D("-0.2")  # less was spent
    assert before["cash_balance"] is None


def test_a_range_that_reaches_beyond_today_is_compared_up_to_today(aurora: Tenant) -> None:
    march = Period("month", date(2026, 3, 1), date(2026, 4, 1))
    assert board(aurora, period=march, today=TODAY).compared.last == date(2026, 2, 24)


def test_nothing_is_compared_with_days_before_the_data_begins(aurora: Tenant) -> None:
    found = board(aurora, period=MARCH, today=TODAY, comparison="last_year")
    assert set(previous(found).values()) == {None}
    assert {card.change for card in found.cards} == {None}
    # Lines begin on 31 January and sales on the 30th, so only half of January can be told.
    february = board(aurora, period=preset("last_month", TODAY), today=TODAY)
    assert (previous(february)["inflow"], previous(february)["revenue"]) == (None, None)


def test_a_period_before_all_data_is_unknown_and_one_without_events_is_zero(aurora: Tenant) -> None:
    early = Period("range", date(2025, 1, 1), date(2025, 2, 1))
    assert values(board(aurora, period=early, today=TODAY))["inflow"] is None
    later = Period("range", date(2026, 3, 22), date(2026, 3, 23))
    found = values(board(aurora, period=later, today=date(2026, 3, 22)))
    assert (found["inflow"], found["sales_count"], found["average_ticket"]) == (D(0), 0, None)


def test_what_nobody_tells_is_unknown(cast: Cast) -> None:
    assert set(values(board(cast.aurora, period=MARCH, today=TODAY)).values()) == {None}
    make_transaction(make_account(cast.aurora))
    found = values(board(cast.aurora, period=MARCH, today=TODAY))
    assert (found["inflow"], found["revenue"], found["receivables_open"], found["cash_balance"]) == (
        D("100.00"), None, None, None,
    )  # fmt: skip


def test_the_settled_share_counts_what_the_flow_counts(cast: Cast) -> None:
    account = make_account(cast.aurora)
    source = account.source
    settled, item = make_transaction(account, "100.00"), make_open_item(cast.aurora, "100.00", source=source)
    own, paid = (
        make_transaction(account, "60.00", nature="own_transfer"),
        make_open_item(cast.aurora, "60.00", source=source),
    )
    make_transaction(account, "50.00")
    make_transaction(account, "-50.00")
    for line, due in ((settled, item), (own, paid)):
        Match.objects.filter(pk=make_match(line, due).pk).update(
            status=Match.Status.CONFIRMED, decided_at=clock.now(), decided_by_name="Ana"
        )
    assert values(board(cast.aurora, period=MARCH, today=TODAY))["reconciled_share"] is None
    Progress.objects.create(tenant=cast.aurora, ran_at=clock.now())
    assert values(board(cast.aurora, period=MARCH, today=TODAY))["reconciled_share"] == D(1) / 3
    assert values(board(cast.boreal, period=MARCH, today=TODAY))["reconciled_share"] is None


def test_a_settled_part_is_no_longer_open_whatever_the_erp_shows(cast: Cast) -> None:
    line, item = (
        make_transaction(make_account(cast.aurora), "60.00"),
        make_open_item(cast.aurora, "100.00", due_date=FEBRUARY),
    )
    make_open_item(cast.aurora, "-80.00")
    Match.objects.filter(pk=make_match(line, (item, "60.00")).pk).update(
        status=Match.Status.CONFIRMED, decided_at=clock.now(), decided_by_name="Ana"
    )
    found = values(board(cast.aurora, period=MARCH, today=TODAY))
    codes = ("receivables_open", "receivables_overdue", "payables_open")
    assert [found[code] for code in codes] == [D("40.00"), D("40.00"), D("-80.00")]


def test_other_currencies_stand_apart(aurora: Tenant) -> None:
    assert board(aurora, period=MARCH, today=TODAY).foreign == (("USD", D("9.00"), D("-4.00")),)


def test_the_small_lines_have_a_point_a_day(aurora: Tenant) -> None:
    found = board(aurora, period=MARCH, today=TODAY)
    for code, day, value in (("inflow", DAY, "300"), ("net", DAY, "180"), ("sales_count", TODAY, "1")):
        spark = found.card(code).spark
        assert len(spark) == MARCH.days
        assert spark[(day - MARCH.start).days] == D(value)
    assert sum(found.card("revenue").spark) == D("100.00")
    assert found.card("cash_balance").spark == ()


@pytest.mark.parametrize(("period", "queries_"), [("month", 9), ("7d", 9), ("12m", 7)])
def test_a_board_costs_the_same_whatever_it_shows(
    aurora: Tenant, django_assert_num_queries: Any, period: str, queries_: int
) -> None:
    """Two fewer for a year: with no data a year ago, its customers and settled lines are not asked for."""
    with django_assert_num_queries(queries_):
        board(aurora, period=preset(period, TODAY), today=TODAY)


def test_the_board_as_json(aurora: Tenant) -> None:
    found = board_json(board(aurora, period=MARCH, today=TODAY))
    assert [row["code"] for row in found["kpis"]] == [kpi.code for kpi in CATALOG]
    revenue = next(row for row in found["kpis"] if row["code"] == "revenue")
    assert (revenue["value"], revenue["previous"], revenue["change"], revenue["unit"]) == (
        "100.00", "80.00", "0.2500", "money",
    )  # fmt: skip
    assert found["period"] == {
        "key": "month", "from": "2026-03-01", "to": "2026-03-21", "business_days": 15, "free_days": 6,
    }  # fmt: skip
    assert found["other_currencies"] == [{"currency": "USD", "inflow": "9.00", "outflow": "-4.00"}]


def test_cash_flow_by_month(aurora: Tenant, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        found = queries.cash_flow_by_month(aurora, until=TODAY, months=4)
    assert [(row.month, row.inflow, row.outflow, row.net) for row in found] == [
        (date(2025, 12, 1), D(0), D(0), D(0)),
        (date(2026, 1, 1), D("10.00"), D(0), D("10.00")),
        (date(2026, 2, 1), D("4200.00"), D("-150.00"), D("4050.00")),
        (date(2026, 3, 1), D("300.00"), D("-120.00"), D("180.00")),
    ]


def test_sales_by_day_has_every_day(aurora: Tenant, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        found = queries.sales_by_day(aurora, period=MARCH)
    assert len(found) == 21
    assert {day: total for day, total in found if total} == {
        date(2026, 3, 1): D("30.00"),
        DAY: D("60.00"),
        TODAY: D("10.00"),
    }


def test_rankings(aurora: Tenant, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        customers = rankings.top_customers(aurora, period=MARCH)
    assert [(row.name, row.total, row.sales, row.share) for row in customers] == [
        ("Maria", D("90.00"), 2, D("0.9")),
        ("Bento", D("10.00"), 1, D("0.1")),
    ]
    with django_assert_num_queries(2):
        products = rankings.top_products(aurora, period=MARCH)
    assert [(row.name, row.total, row.sales) for row in products] == [
        ("Banho", D("70.00"), 2),
        ("Ração", D("20.00"), 1),
    ]


def test_pending_lines_stand_apart(aurora: Tenant) -> None:
    assert queries.pending(aurora) == (1, D("2.00"), D(0))


class TestMonth:
    MARCH = date(2026, 3, 1)
    ROWS = (
        ("CREDIT", 2, D("301.00"), D("150.5"), 1, D("300.00")),
        ("DEBIT", 2, D("-170.00"), D(-85), 2, D("-170.00")),
    )

    def test_reads_the_view_when_it_is_current(self, aurora: Tenant, django_assert_num_queries: Any):
        refresh_now()
        with django_assert_num_queries(3):
            found = months.read(aurora, self.MARCH)
        assert [tuple(row.values()) for row in found.rows] == list(self.ROWS)
        assert found.as_of == ViewState.objects.get(tenant=aurora).built_at
        assert months.read(aurora, date(2025, 3, 1)).rows == []

    def test_says_the_newest_while_the_view_is_behind(self, aurora: Tenant):
        refresh_now()
        make_transaction(make_account(aurora), "2.00", ignored=True)
        events.publish("facts_changed", tenant_id=aurora.pk)
        credit, debit = months.read(aurora, self.MARCH).rows
        assert tuple(credit.values()) == ("CREDIT", 3, D("303.00"), D(101), 1, D("300.00"))
        assert tuple(debit.values()) == self.ROWS[1]

    def test_an_active_sum_over_nothing_is_unknown_either_way(self, cast: Cast):
        make_transaction(make_account(cast.aurora), "1.00", ignored=True)
        behind = months.read(cast.aurora, self.MARCH).rows
        refresh_now()
        assert months.read(cast.aurora, self.MARCH).rows == behind
        assert behind[0]["active_total_amount"] is None


class TestAsOf:
    def test_the_stalest_connection_sets_the_time(self, cast: Cast):
        early, late = datetime(2026, 3, 10, 8, tzinfo=UTC), datetime(2026, 3, 10, 9, tzinfo=UTC)
        for good in (late, early):
            make_connection(cast.aurora, last_good_at=good)
        make_connection(cast.aurora, last_good_at=None, state="paused")
        make_connection(cast.boreal, last_good_at=None)
        assert queries.facts_as_of(cast.aurora) == early
        assert queries.facts_as_of(cast.boreal) is None

    def test_one_that_never_finished_makes_it_unknown(self, cast: Cast):
        make_connection(cast.aurora, last_good_at=datetime(2026, 3, 10, 8, tzinfo=UTC))
        make_connection(cast.aurora)
        assert queries.facts_as_of(cast.aurora) is None

    def test_a_company_that_only_imports_files_is_as_fresh_as_the_newest(self, cast: Cast):
        stored = datetime(2026, 3, 10, 8, tzinfo=UTC)
        FileImport.objects.create(
            tenant=cast.aurora,
            name="extrato.ofx",
            sha256="0" * 64,
            size=1,
            content=b"",
            status="stored",
            stored_at=stored,
        )
        assert queries.facts_as_of(cast.aurora) == stored


def test_every_kpi_says_what_it_is() -> None:
    assert len(BY_CODE) == len(CATALOG)
    for kpi in CATALOG:
        assert kpi.label, kpi.code
        assert kpi.formula, kpi.code
        assert kpi.source, kpi.code
        assert kpi.exclusions, kpi.code
