"""Making and arranging boards: small posts, each answered with what to read again and what to say."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kpi.boards import catalog, services
from kpi.boards import queries as boards
from kpi.boards.catalog import OptionsError
from kpi.boards.services import Gone, TooMany
from kpi.boards.starters import BY_CODE
from kpi.models import Board, Tile
from tenants.access import TenantRequest, member_required
from tenants.models import Capability

REFUSED: Final = (OptionsError, TooMany, Gone)


def _page(request: TenantRequest, board: Board, query: str = "") -> str:
    return reverse("kpi:board", kwargs={"slug": request.tenant.slug, "key": str(board.key)}) + query


def _changeable(request: TenantRequest, key: str) -> Board:
    """Return the board for somebody who may change it. Raises Http404, PermissionDenied."""
    board = boards.board_of(request.tenant, request.user, key)
    if not boards.may_change(board, request.access):
        raise PermissionDenied(_("This board belongs to somebody else. Make a copy to arrange your own."))
    return board


def _own_tile(request: TenantRequest, pk: int) -> Tile:
    tile = boards.tile_of(request.tenant, request.user, pk)
    if not boards.may_change(tile.board, request.access):
        raise PermissionDenied(_("This board belongs to somebody else. Make a copy to arrange your own."))
    return tile


def _done(request: TenantRequest, board: Board, toast: Mapping[str, Any] | None = None) -> HttpResponse:
    """Answer a post: htmx reads the board again (unless the page shows it already), a browser without it gets the page."""
    if not request.htmx:
        if toast:
            messages.success(request, toast["text"], extra_tags=(toast.get("undo") or {}).get("url", ""))
        return HttpResponseRedirect(_page(request, board, "?arrange=1"))
    bells: dict[str, Any] = {} if request.POST.get("quiet") else {"board-changed": {}}
    if toast:
        bells["toast"] = toast
    response = HttpResponse(status=204)
    if bells:
        response["HX-Trigger"] = json.dumps(bells)
    return response


def _refused(request: TenantRequest, board: Board, error: Exception) -> HttpResponse:
    if not request.htmx:
        messages.warning(request, str(error))
        return HttpResponseRedirect(_page(request, board, "?arrange=1"))
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"toast": {"text": str(error), "tone": "warn"}, "board-changed": {}})
    return response


# --- boards ------------------------------------------------------------------------------------------------------------
@require_POST
@member_required(Capability.DECIDE)
def create(request: TenantRequest) -> HttpResponse:
    """Make a board, empty or from a template, and open it where its tiles are moved."""
    template = request.POST.get("template", "")
    starter = BY_CODE.get(template)
    name = request.POST.get("name", "").strip() or (str(starter.name) if starter else _("New board"))
    try:
        board = services.create_board(
            tenant=request.tenant, name=name, actor=request.access, template=template
        )
    except REFUSED as error:
        messages.warning(request, str(error))
        return HttpResponseRedirect(reverse("kpi:boards", kwargs={"slug": request.tenant.slug}))
    return HttpResponseRedirect(_page(request, board, "" if starter else "?arrange=1"))


@require_POST
@member_required(Capability.DECIDE)
def edit(request: TenantRequest, key: str) -> HttpResponse:
    """Rename, share, or change what the board opens with."""
    board = _changeable(request, key)
    changes: dict[str, Any] = {
        name: request.POST[name] for name in ("name", "period", "compare") if name in request.POST
    }
    if "shared" in request.POST:
        changes["shared"] = request.POST["shared"] == "yes"
    try:
        services.save_board(board=board, changes=changes, actor=request.access)
    except REFUSED as error:
        messages.warning(request, str(error))
    return HttpResponseRedirect(_page(request, board))


@require_POST
@member_required(Capability.DECIDE)
def duplicate(request: TenantRequest, key: str) -> HttpResponse:
    """Make a private copy, of any board that the person may read."""
    board = boards.board_of(request.tenant, request.user, key)
    try:
        copy = services.copy_board(board=board, actor=request.access)
    except REFUSED as error:
        messages.warning(request, str(error))
        return HttpResponseRedirect(_page(request, board))
    return HttpResponseRedirect(_page(request, copy, "?arrange=1"))


@require_POST
@member_required(Capability.DECIDE)
def delete(request: TenantRequest, key: str) -> HttpResponse:
    """Delete a board."""
    board = _changeable(request, key)
    services.delete_board(board=board, actor=request.access)
    messages.success(request, _("“%(name)s” was deleted.") % {"name": board.name})
    return HttpResponseRedirect(reverse("kpi:boards", kwargs={"slug": request.tenant.slug}))


# --- tiles ---------------------------------------------------------------------------------------------------------------
@require_POST
@member_required(Capability.DECIDE)
def add(request: TenantRequest, key: str) -> HttpResponse:
    """Add a tile at the end."""
    board, kind = _changeable(request, key), request.POST.get("kind", "")
    try:
        tile = services.add_tile(board=board, kind=kind, options=_options(request, kind))
    except REFUSED as error:
        return _refused(request, board, error)
    return _done(
        request,
        board,
        {"text": _("Added: %(name)s") % {"name": catalog.name_of(kind, tile.options)}, "tone": "good"},
    )


@require_POST
@member_required(Capability.DECIDE)
def order(request: TenantRequest, key: str) -> HttpResponse:
    """Put the tiles in the order of `ids`."""
    board = _changeable(request, key)
    ids = [
        int(one)
        for one in request.POST.get("ids", "").split(",")[:200]
        if one.isascii() and one.isdigit() and len(one) < 19
    ]
    services.order_tiles(board=board, ids=ids)
    return _done(request, board)


@require_http_methods(["GET", "POST"])
@member_required(Capability.DECIDE)
def tile(request: TenantRequest, pk: int) -> HttpResponse:
    """The form of a tile's options; posted, `do` says what happens to the tile: options, size, copy, remove, earlier or later."""
    one = _own_tile(request, pk)
    if request.method == "GET":
        return render(
            request,
            "kpi/boards/_options.html",
            {"tile": one, "kind": catalog.KINDS.get(one.kind), "page": one.board},
        )
    try:
        return _act(request, one, request.POST.get("do", ""))
    except REFUSED as error:
        return _refused(request, one.board, error)


def _act(request: TenantRequest, one: Tile, do: str) -> HttpResponse:
    board = one.board
    if do == "options":
        services.save_tile(tile=one, options=_options(request, one.kind))
    elif do == "size":
        services.save_tile(tile=one, width=_whole(request, "width"), height=_whole(request, "height"))
    elif do == "copy":
        services.copy_tile(tile=one)
    elif do == "remove":
        kept = services.remove_tile(tile=one)
        undo = reverse(
            "kpi:board_restore", kwargs={"slug": request.tenant.slug, "key": str(board.key), "kept": kept}
        )
        text = _("Removed: %(name)s") % {"name": catalog.name_of(one.kind, one.options)}
        return _done(
            request, board, {"text": text, "tone": "good", "undo": {"url": undo, "label": _("Undo")}}
        )
    elif do in {"earlier", "later"}:
        services.order_tiles(board=board, ids=_moved(board, one.pk, -1 if do == "earlier" else 1))
    else:
        raise OptionsError("do", _("There is nothing to do."))
    return _done(request, board)


def _moved(board: Board, pk: int, by: int) -> list[int]:
    ids = [tile.pk for tile in board.tiles.all()]
    if pk not in ids:  # somebody removed it meanwhile
        return ids
    place = ids.index(pk)
    ids.insert(max(0, place + by), ids.pop(place))
    return ids


@require_POST
@member_required(Capability.DECIDE)
def restore(request: TenantRequest, key: str, kept: str) -> HttpResponse:
    """Bring a removed tile back."""
    board = _changeable(request, key)
    try:
        services.restore_tile(board=board, kept=kept)
    except REFUSED as error:
        return _refused(request, board, error)
    return _done(request, board)


def _options(request: TenantRequest, kind: str) -> dict[str, str]:
    """Return what the form says of this kind's options; a measure that cannot be split as chosen gets its first split."""
    known = catalog.KINDS.get(kind)
    names = ["title", *known.options, *known.longest] if known else []
    found = {name: request.POST[name] for name in names if request.POST.get(name)}
    splits = catalog.SPLITS.get(found.get("measure", ""), ())
    if splits and found.get("by", splits[0]) not in splits:
        found["by"] = splits[0]
    return {name: value.replace("\r\n", "\n") for name, value in found.items()}


def _whole(request: TenantRequest, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None
