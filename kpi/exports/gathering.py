"""A board read for a file: its contents, and what the file says of itself."""

from dataclasses import dataclass
from datetime import date

from kpi.analysis.pictures import DIMENSIONS
from kpi.analysis.sums import names
from kpi.boards.asking import Scope
from kpi.boards.contents import look
from kpi.boards.records import Content
from kpi.exports.records import About
from kpi.models import Board, Tile
from kpi.queries import facts_as_of
from lib.periods import Period
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Gathered:
    """What goes into a file of a board."""

    contents: list[Content]
    about: About


def gather(
    board: Board,
    *,
    period: Period,
    today: date,
    locale: str,
    comparison: str = "",
    scope: Scope | None = None,
    tiles: list[Tile] | None = None,
) -> Gathered:
    """Return the board for a file in the active language: nothing in it leads anywhere. `comparison` is the board's own unless named, `tiles` are all of it."""
    tenant = board.tenant
    found = look(
        board, period=period, today=today, locale=locale, scope=scope, comparison=comparison, tiles=tiles
    )
    about = About(
        tenant.name, board.name, period, found.spans.compared, tenant.currency, locale, tenant.zone, facts_as_of(tenant),
        scope=scope_words(tenant, scope) if scope else "",
    )  # fmt: skip
    return Gathered(found.contents, about)


def scope_words(tenant: Tenant, scope: Scope) -> str:
    """Return what a board is limited to, in the active language: `Loja: Centro`."""
    name = names(tenant, scope.dimension, [scope.key]).get(scope.key, scope.key)
    return f"{DIMENSIONS[scope.dimension]}: {name}"
