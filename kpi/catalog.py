"""Every KPI, declared as data. The overview, the API and its documentation read the same entries."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kpi.calculations import Number, Totals, plus, ratio

Text = str | Promise


class Unit(StrEnum):
    """How a value is written."""

    MONEY = "money"
    COUNT = "count"
    PERCENT = "percent"


class Better(StrEnum):
    """Which direction is good news."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Kpi:
    """One number. `code` is stable: it stands in URLs, cache keys and the API. `measure` returns None for unknown.

    `now` marks a state (what stands open, what is in the bank): it has no period and no comparison. `rows` is the page behind the number (its URL name),
    with the query that filters it; the period is added to it unless `now`. `series` names the daily series drawn beside it.
    """

    code: str
    label: Text
    unit: Unit
    better: Better
    formula: Text
    source: Text
    exclusions: Text
    measure: Callable[[Totals], Number]
    rows: tuple[str, str] | None = None
    series: str = ""
    now: bool = False
    by_size: bool = False  # money out: "11 % less was spent", although −89 is more than −100
    split: str = ""  # the measure of the analysis that says why it changed


_SALES = _("sales of the ERP, by sale date")
_LINES = _("posted bank and card lines, by business day")
_ITEMS = _("open items of the ERP")
_NO_CANCELLED = _("cancelled, ignored and void sales")
_NO_OWN = _("pending, ignored and void lines, card bill payments, transfers between own accounts")
_NO_CLOSED = _("cancelled, ignored and void items")

CATALOG: Final[tuple[Kpi, ...]] = (
    Kpi(
        "cash_balance", _("Cash balance"), Unit.MONEY, Better.UP, _("sum of the balances of bank accounts"), _("balances that the banks report"),
        _("credit cards; accounts in another currency"), lambda t: t.cash, rows=("sync:accounts", ""), now=True,
    ),
    Kpi(
        "inflow", _("Received"), Unit.MONEY, Better.UP, _("sum of money in"), _LINES, _NO_OWN, lambda t: t.inflow,
        rows=("ledger:transactions", "type=CREDIT&flow=1"), series="inflow", split="inflow",
    ),
    Kpi(
        "revenue", _("Sales"), Unit.MONEY, Better.UP, _("sum of the totals of sales"), _SALES, _NO_CANCELLED, lambda t: t.revenue,
        rows=("ledger:sales", "status=counted"), series="revenue", split="revenue",
    ),
    Kpi(
        "receivables_open", _("To receive"), Unit.MONEY, Better.NEITHER, _("sum of the open amounts of receivables"), _ITEMS, _NO_CLOSED,
        lambda t: t.receivables_open, rows=("ledger:open_items", "direction=receivable&status=unsettled"), now=True,
    ),
    Kpi(
        "expenses", _("Expenses"), Unit.MONEY, Better.DOWN, _("sum of money out"), _LINES, _NO_OWN, lambda t: t.outflow,
        rows=("ledger:transactions", "type=DEBIT&flow=1"), series="outflow", split="expenses", by_size=True,
    ),
    Kpi(
        "net", _("Net"), Unit.MONEY, Better.UP, _("received − expenses"), _LINES, _NO_OWN, lambda t: plus(t.inflow, t.outflow),
        rows=("ledger:transactions", "flow=1"), series="net", split="net",
    ),
    Kpi(
        "sales_count", _("Number of sales"), Unit.COUNT, Better.UP, _("count of sales"), _SALES, _NO_CANCELLED, lambda t: t.sales,
        rows=("ledger:sales", "status=counted"), series="sales", split="sales_count",
    ),
    Kpi(
        "average_ticket", _("Average ticket"), Unit.MONEY, Better.UP, _("sales ÷ number of sales"), _SALES, _NO_CANCELLED,
        lambda t: ratio(t.revenue, t.sales), rows=("ledger:sales", "status=counted&sort=-total"), split="average_ticket",
    ),
    Kpi(
        "active_customers", _("Active customers"), Unit.COUNT, Better.UP, _("count of different customers with a sale"), _SALES, _NO_CANCELLED,
        lambda t: t.active_customers, split="active_customers",
    ),
    Kpi(
        "new_customers", _("New customers"), Unit.COUNT, Better.UP, _("count of customers whose first sale is in the period"), _SALES,
        _NO_CANCELLED, lambda t: t.new_customers, split="new_customers",
    ),
    Kpi(
        "receivables_overdue", _("Overdue"), Unit.MONEY, Better.DOWN, _("sum of the open amounts of receivables due before today"), _ITEMS,
        _NO_CLOSED, lambda t: t.receivables_overdue, rows=("ledger:open_items", "direction=receivable&status=overdue"), now=True,
    ),
    Kpi(
        "payables_open", _("To pay"), Unit.MONEY, Better.NEITHER, _("sum of the open amounts of payables"), _ITEMS, _NO_CLOSED,
        lambda t: t.payables_open, rows=("ledger:open_items", "direction=payable&status=unsettled"), now=True,
    ),
    Kpi(
        "reconciled_share", _("Reconciled"), Unit.PERCENT, Better.UP, _("settled lines ÷ lines"), _LINES, _NO_OWN,
        lambda t: ratio(t.lines_settled, t.lines), split="reconciled_share",
    ),
)  # fmt: skip
BY_CODE: Final = {kpi.code: kpi for kpi in CATALOG}
