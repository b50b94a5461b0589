"""The boards that every company begins with, and the templates of new ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from kpi.catalog import Text

Wanted = tuple[str, Mapping[str, str], int, int]  # kind, options, width, height


@dataclass(frozen=True, slots=True)
class Starter:
    """One template: what it is called, what it is for, and its tiles."""

    code: str
    name: Text
    help: Text
    icon: str
    period: str
    tiles: tuple[Wanted, ...]
    needs_sales: bool = True


def _number(kpi: str) -> Wanted:
    return ("number", {"kpi": kpi}, 3, 1)


def _split(measure: str, by: str, width: int = 6, **more: str) -> Wanted:
    return ("by_dimension", {"measure": measure, "by": by, **more}, width, 2)


STARTERS: Final[tuple[Starter, ...]] = (
    Starter(
        "sales", _("Sales"), _("How much, to whom, by whom, and why it changed."), "shopping-bag", "month",
        (
            _number("revenue"), _number("sales_count"), _number("average_ticket"), _number("active_customers"),
            ("by_day", {"measure": "revenue"}, 12, 2),
            ("drivers", {"measure": "revenue", "by": "product"}, 6, 2), _split("revenue", "product"),
            _split("revenue", "store", shape="bars"), _split("revenue", "channel", shape="donut"),
            _split("revenue", "seller"), ("expected", {"measure": "sales"}, 6, 2), ("anomalies", {}, 12, 1),
        ),
    ),
    Starter(
        "cash", _("Cash"), _("What is there, what comes in, what is late."), "wallet", "month",
        (
            _number("cash_balance"), _number("inflow"), _number("expenses"), _number("net"),
            ("cash_flow", {}, 12, 2), ("projection", {}, 6, 2), ("expected", {"measure": "receipts"}, 6, 2),
            ("ageing", {"direction": "receivable"}, 6, 2), ("ageing", {"direction": "payable"}, 6, 2),
            _split("expenses", "category"), ("drivers", {"measure": "expenses", "by": "category"}, 6, 2),
        ),
        needs_sales=False,
    ),
    Starter(
        "customers", _("Customers"), _("Who buys, who comes back, who is being lost."), "users", "90d",
        (
            _number("active_customers"), _number("new_customers"), _number("average_ticket"), _number("receivables_overdue"),
            ("segments", {}, 6, 3), ("cohorts", {}, 6, 3),
            ("drivers", {"measure": "revenue", "by": "customer"}, 6, 2), _split("revenue", "customer"),
            ("concentration", {"by": "customer"}, 12, 2),
        ),
    ),
)  # fmt: skip
BY_CODE: Final = {starter.code: starter for starter in STARTERS}


def of(*, sells: bool) -> tuple[Starter, ...]:
    """Return the starters of a company; without sales only what money in the bank fills."""
    return STARTERS if sells else tuple(one for one in STARTERS if not one.needs_sales)


def tiles_of(code: str) -> tuple[Wanted, ...]:
    """Return the tiles of a template; none for a name of none."""
    return BY_CODE[code].tiles if code in BY_CODE else ()
