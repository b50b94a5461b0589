"""The pages of boards: the list, one board, and a screen on the wall."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kpi import comparing, queries
from kpi.analysis import sums
from kpi.analysis.pictures import DIMENSIONS
from kpi.boards import catalog, screen, services, starters
from kpi.boards import queries as boards
from kpi.boards.asking import Scope
from kpi.boards.kept import Asked, drawn, grids
from kpi.models import Board
from kpi.views import asked_period
from lib import periods
from lib.htmx import wants_fragment
from lib.periods import Period
from tenants.access import TenantRequest, member_required
from tenants.models import Capability, Tenant

LONGEST_KEY: Final = 120
TURNS: Final = (15, 600)  # seconds that a screen shows one thing, at least and at most


@require_GET
@member_required()
def board_list(request: TenantRequest) -> HttpResponse:
    """The boards that the person may read. A company that never had any is given its starters."""
    tenant = request.tenant
    services.ensure_starters(tenant=tenant)
    found = boards.listed(tenant, request.user)
    context: dict[str, Any] = {
        "company": [one for one in found if one.shared],
        "own": [one for one in found if not one.shared],
        "starters": starters.STARTERS,
        "may_make": request.access.may(Capability.DECIDE),
        "may_link": request.access.may(Capability.WRITE),
    }
    return render(request, "kpi/boards/list.html", context)


@require_GET
@member_required()
def board_page(request: TenantRequest, key: str) -> HttpResponse:
    """One board for a period and a scope; `?arrange=1` is where its tiles are moved, for who may."""
    tenant, board = request.tenant, boards.board_of(request.tenant, request.user, key)
    may_change = boards.may_change(board, request.access)
    arranging = may_change and bool(request.GET.get("arrange"))
    scope = asked_scope(request)
    period = asked_period(request, default=known_period(board))
    asked = Asked(period, asked_comparison(request, board), scope, _chooser(request, scope))
    context: dict[str, Any] = {
        "page": board,
        "period": period,
        "comparison": asked.comparison,
        "as_of": queries.facts_as_of(tenant),
        "scope": scope and {"dimension": DIMENSIONS[scope.dimension], "name": scope_name(tenant, scope)},
        "may_change": may_change,
        "may_make": request.access.may(Capability.DECIDE),
        "may_link": request.access.may(Capability.WRITE),
        "arranging": arranging,
        **(_arranged(board, asked) if arranging else {"grids": grids(request, board, asked)}),
    }
    template = "kpi/boards/page.html#board" if wants_fragment(request) else "kpi/boards/page.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _arranged(board: Board, asked: Asked) -> dict[str, Any]:
    """Return the tiles with what it takes to move them: drawn anew each time."""
    tiles = list(board.tiles.all())
    found = drawn(board, tiles, asked)
    locale = to_locale(get_language() or "pt-br")
    return {
        "tiles": screen.shown(board.tenant, tiles, found, locale, inside=True),
        "board": screen.numbers_of(found, board.tenant.currency),
        "kinds": _kinds(),
        "widths": catalog.WIDTHS,
    }


@require_GET
@member_required()
def board_screen(request: TenantRequest) -> HttpResponse:
    """Boards for a screen on the wall, in turn: `?boards=key,key&every=60`. Without any, all that the company shares."""
    keys = [one for one in request.GET.get("boards", "").split(",") if one]
    found = boards.boards_of(request.tenant, request.user, keys)
    if not keys:
        found = [one for one in boards.listed(request.tenant, request.user) if one.shared][
            : boards.MOST_ON_A_SCREEN
        ]
    context = wall(
        request,
        request.tenant,
        found,
        period_of=lambda board: asked_period(request, default=known_period(board)),
    )
    response = render(
        request, "kpi/boards/wall.html#wall" if wants_fragment(request) else "kpi/boards/wall.html", context
    )
    patch_vary_headers(response, ["HX-Request"])
    return response


def wall(
    request: HttpRequest, tenant: Tenant, found: list[Board], *, period_of: Callable[[Board], Period]
) -> dict[str, Any]:
    """Return what a screen on the wall shows: a list of screens, each with its board; `every` seconds each."""
    shown: list[dict[str, Any]] = []
    for board in found:
        asked = Asked(period_of(board), asked_comparison(request, board))
        pages = grids(request, board, asked, wall=True)
        shown += [{"page": board, "grid": page, "period": asked.period} for page in pages]
    every = request.GET.get("every", "")
    seconds = int(every) if every.isascii() and every.isdigit() and len(every) < 5 else 60
    return {
        "screens": shown, "waits": bool(found), "every": max(TURNS[0], min(seconds, TURNS[1])), "as_of": queries.facts_as_of(tenant), "company": tenant,
    }  # fmt: skip


def known_period(board: Board) -> str:
    """Return the period that a board opens with."""
    return board.period if board.period in periods.PRESETS else periods.DEFAULT


def asked_comparison(request: HttpRequest, board: Board) -> str:
    """Return what the address compares with, or the board's own comparison."""
    asked = request.GET.get("compare", "")
    return asked if asked in comparing.COMPARISONS else board.compare


def asked_scope(request: TenantRequest) -> Scope | None:
    """Return the one value that the address asks for (`?scope=store:Centro`); what is none is said and left out."""
    text = request.GET.get("scope", "")
    if not text:
        return None
    dimension, colon, key = text.partition(":")
    if not colon or dimension not in DIMENSIONS or len(key) > LONGEST_KEY or "\x00" in key:
        messages.warning(request, _("We did not understand this filter, so here is the whole board."))
        return None
    return Scope(dimension, key)


def scope_name(tenant: Tenant, scope: Scope) -> str:
    """Return what people call the value; of an id that names nothing the id itself."""
    return sums.names(tenant, scope.dimension, [scope.key]).get(scope.key, scope.key)


def _chooser(request: TenantRequest, now: Scope | None) -> Callable[[Scope], str]:
    """Return what makes the address of this page for one value; for the value that is chosen, the address without it."""
    kept: QueryDict = request.GET.copy()
    kept.pop("arrange", None)

    def choose(scope: Scope) -> str:
        query = kept.copy()
        if scope == now:
            query.pop("scope", None)
        else:
            query["scope"] = f"{scope.dimension}:{scope.key}"
        return f"?{query.urlencode()}" if query else request.path

    return choose


def _kinds() -> list[tuple[str, list[catalog.Kind]]]:
    """Return the catalog by group, in its order."""
    groups: dict[str, list[catalog.Kind]] = {}
    for kind in catalog.CATALOG:
        groups.setdefault(str(kind.group), []).append(kind)
    return list(groups.items())
