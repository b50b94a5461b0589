"""The boards of the demo: the starters of every company, and one for the meeting on Monday."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils import translation

from config.demo import companies
from kpi.boards import services
from kpi.models import Board
from ledger.models import Sale
from tenants import access as doors
from tenants.models import Tenant, User

NAME: Final = "Reunião de segunda"
_WORDS: Final = "A meta, por que mudou, o que ninguém esperava e o que vem pela frente."


def _tiles(*numbers: str, main: str, by: str, ahead: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return (
        {"kind": "text", "options": {"text": _WORDS}},
        *({"kind": "number", "options": {"kpi": kpi}} for kpi in numbers),
        {"kind": "target", "options": {"kpi": main}},
        {"kind": "drivers", "options": {"measure": main, "by": by}},
        {"kind": "by_day", "options": {"measure": main}, "width": 12},
        {"kind": "anomalies", "width": 12, "height": 1},
        {"kind": "by_dimension", "options": {"measure": main, "by": by}},
        ahead,
    )


_SELLING: Final = _tiles(
    "revenue", "inflow", "expenses", "receivables_overdue", main="revenue", by="product", ahead={"kind": "expected", "options": {"measure": "sales"}},
)  # fmt: skip
# An office lives on fees: what came in, and where the balance is going.
_EARNING: Final = _tiles(
    "inflow",
    "expenses",
    "cash_balance",
    "receivables_overdue",
    main="inflow",
    by="category",
    ahead={"kind": "projection"},
)


def arrange(tenants: Mapping[str, Tenant]) -> None:
    """Give every company that has none its boards, in Portuguese."""
    ana = User.objects.get(email=companies.PEOPLE[0].email)
    with translation.override("pt-br"):
        for tenant in tenants.values():
            services.ensure_starters(tenant=tenant)
            if Board.objects.filter(tenant=tenant, owner=ana).exists():
                continue
            access = doors.enter(user=ana, slug=tenant.slug)
            board = services.create_board(tenant=tenant, name=NAME, actor=access, shared=True)
            sells = Sale.objects.filter(tenant=tenant).exists()
            services.replace_tiles(board=board, tiles=_SELLING if sells else _EARNING)
