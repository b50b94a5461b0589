"""What somebody without a login sees: the boards of one link, read only, leading nowhere."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from kpi import queries as numbers
from kpi.boards import queries, sharing
from kpi.boards.kept import Asked, grids
from kpi.boards.views import asked_comparison, known_period, wall
from kpi.models import Board, BoardLink
from lib import clock, periods
from lib.htmx import wants_fragment
from lib.periods import Period

LONGEST_TOKEN: Final = 64


@require_safe
def public(request: HttpRequest, token: str) -> HttpResponse:
    """The boards of a link; `?board=2` shows the second one."""
    link = _link(token)
    if not queries.is_open(link):
        return _closed(request)
    found = queries.linked_boards(link)
    if not found:
        return _closed(request)
    sharing.touch_link(link=link)
    asked = request.GET.get("board", "")
    place = int(asked) - 1 if asked in {str(n + 1) for n in range(len(found))} else 0
    context = _shown(request, link, found[place])
    context["boards"] = [
        {"label": board.name, "url": f"?board={n}", "active": n == place + 1}
        for n, board in enumerate(found, start=1)
    ]
    context["wall_url"] = "tv/"
    return _answer(request, "kpi/boards/public.html", "board", context)


@require_safe
def public_screen(request: HttpRequest, token: str) -> HttpResponse:
    """The boards of a link on a screen, in turn."""
    link = _link(token)
    found = queries.linked_boards(link) if queries.is_open(link) else []
    if not found:
        return _closed(request)
    sharing.touch_link(link=link)
    context = wall(request, link.tenant, found, period_of=lambda board: _period(request, link, board))
    return _answer(request, "kpi/boards/wall.html", "wall", context | {"is_public": True})


def _shown(request: HttpRequest, link: BoardLink, board: Board) -> dict[str, Any]:
    asked = Asked(_period(request, link, board), asked_comparison(request, board))
    return {
        "page": board,
        "company": link.tenant,
        "grids": grids(request, board, asked),
        "period": asked.period,
        "comparison": asked.comparison,
        "fixed": bool(link.period),
        "as_of": numbers.facts_as_of(link.tenant),
        "expires_at": link.expires_at,
    }


def _period(request: HttpRequest, link: BoardLink, board: Board) -> Period:
    """Return the period that the link is fixed to, else the reader's, else the board's."""
    today = clock.today(link.tenant.zone)
    fixed = sharing.fixed_period(link.period, today)
    if fixed:
        return fixed
    try:
        return periods.from_query(request.GET, today=today, default=known_period(board))
    except periods.PeriodError:
        return periods.preset(known_period(board), today)


def _link(token: str) -> BoardLink:
    """Return the link, open or not. Raises Http404 for a token of nothing."""
    found = queries.link_of(token) if len(token) <= LONGEST_TOKEN else None
    if found is None:
        raise Http404
    return found


def _closed(request: HttpRequest) -> HttpResponse:
    """Say that the link has ended, and nothing about whose it was."""
    return _private(render(request, "kpi/boards/ended.html", status=410))


def _answer(request: HttpRequest, template: str, part: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, f"{template}#{part}" if wants_fragment(request) else template, context)
    patch_vary_headers(response, ["HX-Request"])
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    """Return the response for nobody in between, no search engine, and no other site that a reader goes to."""
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
