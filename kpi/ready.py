"""Numbers as they were computed last: kept until facts change (live.cache), read by the overview and the API alike.

What is kept is JSON; here it becomes JSON and comes back. Who may read it was asked before: the cache knows companies, not people.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import orjson

from kpi import overview, queries, rankings
from kpi.calculations import Number
from kpi.catalog import BY_CODE, Kpi, Unit
from kpi.comparing import Compared
from kpi.overview import Counterparty
from kpi.queries import CREDIT, DEBIT, Board, Card, MonthFlow
from kpi.rankings import Ranked
from lib import workdays
from lib.periods import Period
from lib.workdays import Days
from live import cache, freshness
from tenants.models import Tenant

DayTotals = Sequence[tuple[date, Decimal]]
Beside = Sequence[tuple[date | None, Decimal | None]]
SHAPE: Final = 4  # of what is kept; an older program's entries are not read


@dataclass(frozen=True, slots=True)
class Numbers:
    """The board of a period as JSON, the time at which it was true (ISO), and what should have been paid by then (negative). None: unknown."""

    board: Mapping[str, Any]
    as_of: str | None
    payables_overdue: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """What the overview shows beside its numbers: flow by month, days beside those they are compared with, rankings.

    `compared_by_day` has the day that stands beside each day of `by_day`, None where none does; `compared_total` counts those too that stand beside none.
    `sells` says whether the days and rankings are of sales; without any sales they are of money (`payers`, `payees`).
    """

    cash_flow: Sequence[MonthFlow]
    by_day: DayTotals
    compared_by_day: Beside
    compared_total: Decimal
    sells: bool
    top_products: Sequence[Ranked] = ()
    top_customers: Sequence[Ranked] = ()
    walk_ins: tuple[int, Decimal] = (0, Decimal(0))
    payers: Sequence[Counterparty] = ()
    payees: Sequence[Counterparty] = ()


def numbers(tenant: Tenant, *, period: Period, today: date, comparison: str) -> Numbers:
    """Return the board, computed at most once for each state of the facts."""

    def compute() -> dict[str, Any]:
        as_of = freshness.as_of(tenant)
        found = queries.board(tenant, period=period, today=today, comparison=comparison)
        late = found.payables_overdue
        return {
            "board": board_json(found), "as_of": as_of and as_of.isoformat(), "payables_overdue": None if late is None else str(late),
        }  # fmt: skip

    found = _remember(tenant, "numbers", compute, period, today, comparison)
    return Numbers(found["board"], found["as_of"], found["payables_overdue"])


def board(kept: Numbers, *, period: Period, today: date, comparison: str) -> Board:
    """Return the board that was kept for exactly this question."""
    data = kept.board
    compared, span = data["compared"], data["period"]
    cards = tuple(_card(BY_CODE[one["code"]], one) for one in data["kpis"])
    foreign = tuple(
        (one["currency"], Decimal(one["inflow"]), Decimal(one["outflow"])) for one in data["other_currencies"]
    )
    days, then = (Days(one["business_days"], one["free_days"]) for one in (span, compared))
    late = None if kept.payables_overdue is None else Decimal(kept.payables_overdue)
    return Board(period, _span(compared), comparison, data["currency"], cards, foreign, days, then, late)


def story(tenant: Tenant, *, board: Board, today: date) -> Story:
    """Return what goes with the board, computed at most once for each state of the facts."""
    sells = board.card("revenue").value is not None

    def compute() -> dict[str, Any]:
        return _sales(tenant, board, today) if sells else _money(tenant, board, today)

    found = _remember(tenant, "story", compute, board.period, today, f"{board.comparison}:{sells}")
    return Story(
        cash_flow=[MonthFlow(_day(month), Decimal(i), Decimal(o)) for month, i, o in found["cash_flow"]],
        by_day=_days(found["by_day"]),
        compared_by_day=[
            (day and _day(day), total and Decimal(total)) for day, total in found["compared_by_day"]
        ],
        compared_total=Decimal(found["compared_total"]),
        sells=sells,
        top_products=[_ranked(row) for row in found.get("top_products", ())],
        top_customers=[_ranked(row) for row in found.get("top_customers", ())],
        walk_ins=(found["walk_ins"][0], Decimal(found["walk_ins"][1])) if sells else (0, Decimal(0)),
        payers=[Counterparty(name, Decimal(total), n) for name, total, n in found.get("payers", ())],
        payees=[Counterparty(name, Decimal(total), n) for name, total, n in found.get("payees", ())],
    )


def board_json(found: Board) -> dict[str, Any]:
    """Return the board as the API and the cache have it: amounts as text, days as ISO."""
    return {
        "period": _span_json(found.period.key, found.period, found.days),
        "compared": _span_json(found.comparison, found.compared, found.compared_days),
        "currency": found.currency,
        "kpis": [
            {
                "code": card.kpi.code,
                "unit": card.kpi.unit,
                "better": card.kpi.better,
                "value": _text(card.kpi, card.value),
                "previous": _text(card.kpi, card.previous),
                "change": _ratio(card.change),
                "series": [str(point) for point in card.spark],
                "comparisons": [_compared_json(card.kpi, one) for one in card.comparisons],
            }
            for card in found.cards
        ],
        "other_currencies": [
            {"currency": currency, "inflow": str(inward), "outflow": str(outward)}
            for currency, inward, outward in found.foreign
        ],
    }


def _remember(
    tenant: Tenant, part: str, compute: Callable[[], Any], period: Period, today: date, more: str
) -> dict[str, Any]:
    params = {
        "from": period.start, "to": period.last, "key": period.key, "day": today, "more": more,
        "kpis": list(BY_CODE),  # an older program's board lacks a card
        "shape": SHAPE,  # or knows of one comparison only
    }  # fmt: skip
    kept = cache.remember("board", tenant_id=tenant.pk, compute=compute, params=params, part=part)
    found: dict[str, Any] = orjson.loads(kept.body)
    return found


def _sales(tenant: Tenant, board: Board, today: date) -> dict[str, Any]:
    period = board.period
    tops = rankings.top_products(tenant, period=period), rankings.top_customers(tenant, period=period)
    products, customers = ([_row(one) for one in rows] for rows in tops)
    return {
        "cash_flow": _flow(tenant, today),
        "by_day": queries.sales_by_day(tenant, period=period),
        **_beside(board, queries.sales_by_day(tenant, period=board.compared)),
        "top_products": products,
        "top_customers": customers,
        "walk_ins": rankings.walk_ins(tenant, period=period),
    }


def _money(tenant: Tenant, board: Board, today: date) -> dict[str, Any]:
    period = board.period
    payers = overview.counterparties(tenant, period=period, kind=CREDIT)
    payees = overview.counterparties(tenant, period=period, kind=DEBIT)
    return {
        "cash_flow": _flow(tenant, today),
        "by_day": overview.received_by_day(tenant, period=period),
        **_beside(board, overview.received_by_day(tenant, period=board.compared)),
        "payers": [(one.name, one.total, one.lines) for one in payers],
        "payees": [(one.name, one.total, one.lines) for one in payees],
    }


def _beside(board: Board, before: DayTotals) -> dict[str, Any]:
    """Return the compared days in the order of the days that they stand beside, and what all of them hold."""
    total = sum((amount for _day, amount in before), Decimal(0))
    amounts = dict(before)
    days = workdays.partners(board.period, board.compared)
    return {"compared_by_day": [(day, day and amounts[day]) for day in days], "compared_total": total}


def _flow(tenant: Tenant, today: date) -> list[tuple[date, Decimal, Decimal]]:
    months = queries.cash_flow_by_month(tenant, until=today)
    return [(one.month, one.inflow, one.outflow) for one in months]


def _row(one: Ranked) -> tuple[int, str, Decimal, int, Decimal | None]:
    return (one.pk, one.name, one.total, one.sales, one.share)


def _ranked(row: Sequence[Any]) -> Ranked:
    pk, name, total, sales, share = row
    return Ranked(pk, name, Decimal(total), sales, None if share is None else Decimal(share))


def _days(rows: Sequence[Sequence[str]]) -> DayTotals:
    return [(_day(day), Decimal(total)) for day, total in rows]


def _day(text: str) -> date:
    # A day that was a datetime (midnight) in the database's answer keeps only its date.
    return datetime.fromisoformat(text).date()


def _card(kpi: Kpi, one: Mapping[str, Any]) -> Card:
    change = None if one["change"] is None else Decimal(one["change"])
    spark = tuple(Decimal(point) for point in one["series"])
    found = tuple(_compared(kpi, each) for each in one["comparisons"])
    return Card(kpi, _number(kpi, one["value"]), _number(kpi, one["previous"]), change, spark, found)


def _span_json(key: str, span: Period, days: Days) -> dict[str, Any]:
    return {
        "key": key, "from": str(span.start), "to": str(span.last), "business_days": days.business, "free_days": days.free,
    }  # fmt: skip


def _span(one: Mapping[str, Any]) -> Period:
    return Period(one["key"], _day(one["from"]), _day(one["to"]) + timedelta(days=1))


def _compared_json(kpi: Kpi, one: Compared) -> dict[str, Any]:
    return _span_json(one.key, one.period, one.days) | {
        "previous": _text(kpi, one.previous),
        "change": _ratio(one.change),
        "difference": _text(kpi, one.difference),
        "change_per_business_day": _ratio(one.per_day),
        "goal": _text(kpi, one.whole),
    }


def _compared(kpi: Kpi, one: Mapping[str, Any]) -> Compared:
    ratios = (one["change"], one["change_per_business_day"])
    change, per_day = (None if ratio is None else Decimal(ratio) for ratio in ratios)
    return Compared(
        one["key"], _span(one), Days(one["business_days"], one["free_days"]), _number(kpi, one["previous"]), change,
        _number(kpi, one["difference"]), per_day, _number(kpi, one["goal"]),
    )  # fmt: skip


def _ratio(value: Decimal | None) -> str | None:
    return None if value is None else str(round(value, 4))


def _number(kpi: Kpi, value: str | int | None) -> Number:
    if value is None:
        return None
    return int(Decimal(value)) if kpi.unit == Unit.COUNT else Decimal(value)


def _text(kpi: Kpi, value: Number) -> str | int | None:
    if value is None or isinstance(value, int):
        return value
    return str(round(value, 4 if kpi.unit == Unit.PERCENT else 2))
