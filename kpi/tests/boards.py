"""What the tests of boards share: two companies with everything, boards of some tiles, and what they show in March."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kpi.boards.contents import contents
from kpi.boards.records import Content
from kpi.models import Board, Tile
from ledger.models import Customer
from lib.periods import preset
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import (
    make_account,
    make_customer,
    make_open_item,
    make_product,
    make_sale,
    make_source,
    make_transaction,
)

D = Decimal
TODAY = date(2026, 3, 21)
MARCH = preset("month", TODAY)
FEBRUARY = date(2026, 2, 10)


def filled(cast: Cast) -> Tenant:
    """Return Aurora with two months of everything, and Boreal with a thousand times as much beside it."""
    for tenant, factor in ((cast.aurora, 1), (cast.boreal, 1000)):
        _fill(tenant, factor)
    return cast.aurora


def _fill(tenant: Tenant, factor: int) -> None:
    source = make_source(tenant)
    bank = make_account(tenant, balance=D("500.00") * factor, source=source, name="Banco")
    make_account(tenant, kind="card", balance=D("-80.00") * factor, source=source)
    for amount, changes in (
        ("300.00", {"category": "Vendas"}), ("-120.00", {"category": "Aluguel"}), ("-30.00", {"category": "Luz"}),
        ("-50.00", {"nature": "bill_payment"}), ("9.00", {"currency": "USD"}),
        ("200.00", {"date": FEBRUARY}), ("-150.00", {"date": FEBRUARY, "category": "Aluguel"}), ("10.00", {"date": date(2025, 12, 31)}),
    ):  # fmt: skip
        make_transaction(bank, D(amount) * factor, **changes)
    maria, bento = (make_customer(tenant, name, source=source) for name in ("Maria", "Bento"))
    bath, food = (make_product(tenant, name, source=source) for name in ("Banho", "Ração"))
    nobody = make_customer(tenant, "Consumidor final", source=source)
    sales: tuple[tuple[int, Customer, str, dict[str, Any]], ...] = (
        (60, maria, "Centro", {"items": [(bath, 40 * factor), (food, 20 * factor)]}),
        (30, maria, "Norte", {"date": date(2026, 3, 1), "items": [(bath, 30 * factor)]}),
        (10, bento, "Centro", {"date": TODAY}), (500, bento, "Centro", {"is_cancelled": True}),
        (40, nobody, "Sul", {"date": date(2026, 3, 2)}), (80, maria, "Norte", {"date": FEBRUARY}), (5, maria, "Centro", {"date": date(2025, 12, 30)}),
    )  # fmt: skip
    for total, customer, store, changes in sales:
        make_sale(tenant, total * factor, customer=customer, store=store, **changes)
    items: tuple[tuple[str, date, dict[str, Any]], ...] = (
        ("100.00", TODAY + timedelta(days=3), {}), ("40.00", TODAY - timedelta(days=2), {"open_amount": D(15) * factor, "status": "partial"}),
        ("-25.00", TODAY + timedelta(days=9), {}), ("-7.00", TODAY - timedelta(days=40), {}),
    )  # fmt: skip
    for amount, due, changes in items:
        make_open_item(tenant, D(amount) * factor, due_date=due, source=source, **changes)


def board_of(tenant: Tenant, *tiles: tuple[str, dict[str, Any]]) -> Board:
    """Return a stored board with these tiles."""
    board = Board.objects.create(tenant=tenant, name="Painel")
    for position, (kind, options) in enumerate(tiles):
        Tile.objects.create(
            tenant=tenant, board=board, kind=kind, options=options, position=position, width=6, height=2
        )
    return board


def shown(tenant: Tenant, *tiles: tuple[str, dict[str, Any]], **changes: Any) -> list[Content]:
    """Return what a board of these tiles shows in March."""
    asked: dict[str, Any] = {"period": MARCH, "today": TODAY, "locale": "pt_BR"} | changes
    return contents(board_of(tenant, *tiles), **asked)


def only(tenant: Tenant, kind: str, changes: dict[str, Any] | None = None, **options: str) -> Content:
    """Return what one tile shows in March."""
    return shown(tenant, (kind, options), **(changes or {}))[0]
