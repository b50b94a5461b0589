"""A board as a file to take away, and one of its pictures."""

from collections.abc import Callable
from typing import Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kpi.boards import queries as boards
from kpi.boards.views import asked_comparison, asked_scope, known_period
from kpi.exports import document, pictures, workbook
from kpi.exports.filenames import TYPES, file_name
from kpi.exports.gathering import Gathered, gather
from kpi.models import Board, Tile
from kpi.views import asked_period
from lib import clock
from live import limits
from tenants.access import TenantRequest, member_required

A_MINUTE: Final = 20  # files for one person
_FILES: Final = {"pdf": document.pdf, "xlsx": workbook.xlsx}
_PICTURES: Final[dict[str, Callable[..., bytes]]] = {"png": pictures.png, "svg": pictures.svg}


@require_GET
@member_required()
def board_file(request: TenantRequest, key: str, ending: str) -> HttpResponse:
    """The board that the address shows, as PDF or spreadsheet. It is made at once: some tenths of a second."""
    board = boards.board_of(request.tenant, request.user, key)
    if ending not in _FILES:
        raise Http404
    refusal = _refused(request)
    if refusal:
        return refusal
    found = _gathered(request, board)
    content = _FILES[ending](found.contents, found.about)
    return _answer(request, content, ending, board.name)


@require_GET
@member_required()
def tile_picture(request: TenantRequest, pk: int, ending: str) -> HttpResponse:
    """One picture of a board that the person may read, as PNG (at twice its size) or SVG."""
    tile = boards.tile_of(request.tenant, request.user, pk)
    if ending not in _PICTURES:
        raise Http404
    refusal = _refused(request)
    if refusal:
        return refusal
    found = _gathered(request, tile.board, tiles=[tile])
    chart = found.contents[0].chart
    if chart is None or chart.empty:
        raise Http404  # a number, a list or words have no picture of their own
    return _answer(request, _PICTURES[ending](chart), ending, chart.title)


def _gathered(request: TenantRequest, board: Board, tiles: list[Tile] | None = None) -> Gathered:
    return gather(
        board,
        period=asked_period(request, default=known_period(board)),
        today=clock.today(request.tenant.zone),
        locale=to_locale(get_language() or "pt-br"),
        comparison=asked_comparison(request, board),
        scope=asked_scope(request),
        tiles=tiles,
    )


def _refused(request: TenantRequest) -> HttpResponse | None:
    verdict = limits.hit("files", str(request.user.pk), limit=A_MINUTE)
    if verdict.allowed:
        return None
    sentence = _("That were many files in a minute. Wait a moment, then ask again.")
    response = render(request, "429.html", {"sentence": sentence}, status=429)
    response["Retry-After"] = str(verdict.retry_after)
    return response


def _answer(request: TenantRequest, content: bytes, ending: str, name: str) -> HttpResponse:
    called = file_name(request.tenant.slug, name, day=clock.today(request.tenant.zone), ending=ending)
    headers: dict[str, Any] = {
        "Content-Disposition": f'attachment; filename="{called}"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(content, content_type=TYPES[ending], headers=headers)
