"""The boards of the demo: the starters of every company, and one for the meeting on Monday."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils import translation

from config.demo import companies
from kpi.boards import services
from kpi.models import Board
from tenants import access as doors
from tenants.models import Tenant, User

NAME: Final = "Reunião de segunda"
_WORDS: Final = "A meta, por que mudou, o que ninguém esperava e o que vem pela frente."
_TILES: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "text", "options": {"text": _WORDS}},
    *(
        {"kind": "number", "options": {"kpi": kpi}}
        for kpi in ("revenue", "inflow", "expenses", "receivables_overdue")
    ),
    {"kind": "target", "options": {"kpi": "revenue"}},
    {"kind": "drivers", "options": {"measure": "revenue", "by": "product"}},
    {"kind": "by_day", "options": {"measure": "revenue"}, "width": 12},
    {"kind": "anomalies", "width": 12, "height": 1},
    {"kind": "by_dimension", "options": {"measure": "revenue", "by": "product"}},
    {"kind": "expected", "options": {"measure": "sales"}},
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
            services.replace_tiles(board=board, tiles=_TILES)
