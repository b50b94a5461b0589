"""Boards as they were drawn last: kept as markup until facts, the board, goals or forecasts change, so that a look costs two short queries.

What differs between readers stands in the key: language, what they may, and the address with its query. Nothing in it is anybody's own: no token,
no name of who looks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, to_locale

from kpi.boards import reading, screen
from kpi.boards.asking import Scope
from kpi.boards.contents import Look, look
from kpi.boards.screen import Shown
from kpi.models import Board, Tile
from kpi.queries import Card
from kpi.views import alert_url
from lib import clock
from lib.periods import Period
from live import cache
from tenants.access import TenantRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """How a board is asked for. `choose` makes addresses for one value of a dimension (None: nothing leads anywhere)."""

    period: Period
    comparison: str
    scope: Scope | None = None
    choose: Callable[[Scope], str] | None = None


def grids(request: HttpRequest, board: Board, asked: Asked, *, wall: bool = False) -> list[SafeString]:
    """Return the markup of the board's tiles: one grid, or one a screen on a `wall`; none for a board without tiles."""
    settings = reading.settings_of(board.tenant)
    access = getattr(request, "access", None)
    params = {
        "board": board.pk, "changed": board.updated_at, "stamp": settings.stamp, "from": asked.period.start, "to": asked.period.end,
        "key": asked.period.key, "compare": asked.comparison, "day": clock.today(board.tenant.zone), "language": get_language(), "wall": wall,
        "scope": asked.scope and [asked.scope.dimension, asked.scope.key], "may": sorted(access.capabilities) if access else None,
        "address": request.get_full_path() if asked.choose else "",
    }  # fmt: skip

    def compute() -> list[str]:
        tiles = list(board.tiles.all())
        found = drawn(board, tiles, asked, settings=settings)
        inside = asked.choose is not None
        alerts = _alerts(request, asked) if inside else None
        shown = screen.shown(board.tenant, tiles, found, _locale(), inside=inside, alert_url=alerts)
        parts = screen.screens(shown) if wall else [screen.lowered(shown)] if shown else []
        return [_markup(request, board, asked, found, part) for part in parts]

    kept = cache.remember("board", tenant_id=board.tenant_id, compute=compute, params=params, part="drawn")
    # Written by our own template, which escaped what it was given.
    return [mark_safe(one) for one in orjson.loads(kept.body)]  # noqa: S308


def drawn(
    board: Board, tiles: Sequence[Tile], asked: Asked, *, settings: reading.Settings | None = None
) -> Look:
    """Return what the board shows now, for the company's day and the reader's language."""
    return look(
        board, period=asked.period, today=clock.today(board.tenant.zone), locale=_locale(), scope=asked.scope, comparison=asked.comparison,
        choose=asked.choose, tiles=tiles, settings=settings,
    )  # fmt: skip


def _alerts(request: HttpRequest, asked: Asked) -> Callable[[Card], str]:
    """Return what makes the address of a new alert on a number; of the board's one value where it shows one."""
    scope = asked.scope
    of = {"dimension": scope.dimension, "key": scope.key} if scope and scope.key else {}

    def address(card: Card) -> str:
        url = alert_url(cast("TenantRequest", request), card)
        return f"{url}&{urlencode(of)}" if url and of else url

    # Of those without a name there is no alert.
    return (lambda _card: "") if scope and not scope.key else address


def _markup(request: HttpRequest, board: Board, asked: Asked, found: Look, tiles: Sequence[Shown]) -> str:
    context: dict[str, Any] = {
        "tiles": tiles, "tenant": board.tenant, "board": screen.numbers_of(found, board.tenant.currency), "comparison": found.spans.comparison,
        "inside": asked.choose is not None,
    }  # fmt: skip
    return render_to_string("kpi/boards/_grid.html", context, request if asked.choose else None)


def _locale() -> str:
    return to_locale(get_language() or "pt-br")
