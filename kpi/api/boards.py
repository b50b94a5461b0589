"""Boards as JSON: which there are, their tiles, and what they show."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from kpi import comparing
from kpi.analysis.pictures import DIMENSIONS
from kpi.api.views import COMPARE
from kpi.boards import catalog, queries, reading, services
from kpi.boards.asking import Scope
from kpi.boards.catalog import OptionsError
from kpi.boards.contents import Look, look
from kpi.boards.records import Cell, Column, Content
from kpi.boards.services import TooMany
from kpi.boards.starters import STARTERS
from kpi.boards.views import LONGEST_KEY, known_period
from kpi.models import Board, Tile
from lib import clock, periods
from lib.periods import Period
from live import freshness
from live.api.cached import cached
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter
from tenants.api.schema import BOOLEAN, DAY, INTEGER, MOMENT, STRING, array, documented, query, record
from tenants.models import Capability

T = TypeVar("T")
UUID_TEXT = {"type": "string", "format": "uuid"}
KIND = {"enum": [kind.code for kind in catalog.CATALOG]}
WIDTH = {"enum": list(catalog.WIDTHS), "description": "Of twelve columns."}
HEIGHT = {"enum": list(catalog.HEIGHTS), "description": "One step holds a number, two a picture."}
OPTIONS = {
    "type": "object", "additionalProperties": STRING,
    "description": "By kind: " + "; ".join(f"{kind.code} ({', '.join([*kind.options, 'title', *kind.longest])})" for kind in catalog.CATALOG),
}  # fmt: skip
TILE = record(
    {"id": INTEGER, "kind": STRING, "name": STRING, "options": OPTIONS, "width": WIDTH, "height": HEIGHT}
)
PERIOD = {"enum": list(periods.PRESETS)}
COMPARISON = {"enum": list(comparing.COMPARISONS)}
ABOUT = {
    "key": UUID_TEXT, "name": STRING, "shared": {**BOOLEAN, "description": "Everybody in the company may read it."},
    "may_change": BOOLEAN, "period": PERIOD, "compare": COMPARISON, "updated_at": MOMENT,
}  # fmt: skip
ONE = record(ABOUT | {"tiles": array(TILE)})
NEW_TILE: dict[str, Any] = {
    "type": "object", "required": ["kind"], "additionalProperties": False,
    "properties": {"kind": KIND, "options": OPTIONS, "width": WIDTH, "height": HEIGHT},
}  # fmt: skip
CHANGES = {
    "name": {"type": "string", "minLength": 1, "maxLength": services.LONGEST_NAME}, "shared": BOOLEAN, "period": PERIOD, "compare": COMPARISON,
    "tiles": {"type": "array", "items": NEW_TILE, "maxItems": services.MOST_TILES, "description": "All tiles of the board, in order."},
}  # fmt: skip
CHANGE = {"type": "object", "additionalProperties": False, "properties": CHANGES}
NEW = {
    "type": "object", "required": ["name"], "additionalProperties": False,
    "properties": CHANGES | {"template": {"enum": [starter.code for starter in STARTERS]}},
}  # fmt: skip
CELL = {
    "type": ["string", "integer", "null"],
    "description": "Money and ratios as text, days as ISO; null is unknown.",
}
COLUMN = record(
    {"name": STRING, "unit": {"enum": ["text", "day", "month", "money", "count", "change", "percent"]}}
)
CONTENT = record(
    {
        "tile": INTEGER, "kind": STRING, "title": {**STRING, "description": "The finding, where one is known."},
        "note": STRING, "problem": {**STRING, "description": "Why there is nothing to show; empty where there is something."},
        "columns": array(COLUMN), "rows": array(array(CELL)),
    }
)  # fmt: skip
SPAN = record({"key": STRING, "from": DAY, "to": DAY})
KEY = OpenApiParameter("key", UUID_TEXT, OpenApiParameter.PATH, description="The board's key.")
ERRORS = (400, 401, 403, 404)


class BoardsView(ApiView):
    """`/api/kpis/boards`."""

    requires = {"GET": Capability.READ, "POST": Capability.DECIDE}

    @documented(
        summary="Boards",
        description="Those that the company shares, and a person's own, by name.",
        data=array(record(ABOUT | {"tiles": INTEGER})),
    )
    def get(self, request: ApiRequest) -> Response:
        """Return the boards."""
        access = request.access
        services.ensure_starters(tenant=access.tenant)
        found = queries.listed(access.tenant, access.user)
        return ok([_about(request, board) | {"tiles": len(board.tiles.all())} for board in found])

    @documented(
        summary="Make a board",
        description="Empty, from a template, or with these tiles. A person's is private until it is shared; a program's is the company's.",
        data=ONE,
        body=NEW,
        errors=ERRORS,
    )
    def post(self, request: ApiRequest) -> Response:
        """Make and return it."""
        asked, access = _fields(request, NEW), request.access
        if access.user is None:
            access.require(Capability.WRITE)
        changes: dict[str, Any] = {name: asked[name] for name in ("period", "compare") if name in asked}
        shared, template = asked.get("shared", False), asked.get("template", "")

        def make() -> Board:
            if shared not in (True, False):
                raise OptionsError("shared", _("Use yes or no."))
            if "template" in asked and template not in [starter.code for starter in STARTERS]:
                raise OptionsError("template", _("There is no such template."))
            board = services.create_board(
                tenant=access.tenant, name=asked.get("name", ""), actor=access, template=template, shared=shared, changes=changes
            )  # fmt: skip
            if "tiles" in asked:
                services.replace_tiles(board=board, tiles=_tiles(asked["tiles"]))
            return board

        return ok(_whole(request, done(make)))


class BoardView(ApiView):
    """`/api/kpis/boards/<key>`."""

    requires = {"GET": Capability.READ, "PATCH": Capability.DECIDE, "DELETE": Capability.DECIDE}

    @documented(summary="A board and its tiles", data=ONE, parameters=[KEY])
    def get(self, request: ApiRequest, key: UUID) -> Response:
        """Return it."""
        return ok(_whole(request, queries.board_of(request.access.tenant, request.access.user, key)))

    @documented(
        summary="Change a board", description="What is not named stays; `tiles` replaces all of them.", data=ONE, body=CHANGE, parameters=[KEY], errors=ERRORS
    )  # fmt: skip
    def patch(self, request: ApiRequest, key: UUID) -> Response:
        """Change and return it."""
        board, asked = _changeable(request, key), _fields(request, CHANGE)
        tiles = asked.pop("tiles", None)

        def change() -> Board:
            wanted = None if tiles is None else _tiles(tiles)
            saved = services.save_board(board=board, changes=asked, actor=request.access)
            if wanted is not None:
                services.replace_tiles(board=saved, tiles=wanted)
            return saved

        return ok(_whole(request, done(change)))

    @documented(summary="Delete a board", data=record({"key": UUID_TEXT, "name": STRING}), parameters=[KEY])
    def delete(self, request: ApiRequest, key: UUID) -> Response:
        """Delete it, and return what it was called."""
        board = _changeable(request, key)
        services.delete_board(board=board, actor=request.access)
        return ok({"key": str(board.key), "name": board.name})


class BoardContentsView(ApiView):
    """`/api/kpis/boards/<key>/contents`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="What a board shows",
        description="The figures of every tile, in the order of tiles. A tile that cannot be shown says why and holds no rows.",
        data=record({"period": SPAN, "compared": SPAN, "currency": STRING, "tiles": array(CONTENT)}),
        parameters=[
            KEY,
            query("period", "Named period; the board's own unless said.", PERIOD),
            query("from", "First day.", DAY),
            query("to", "Last day, included.", DAY),
            COMPARE,
            query(
                "scope", f"One value of a dimension, as `store:Centro`. Dimensions: {', '.join(DIMENSIONS)}."
            ),
        ],
        errors=ERRORS,
    )
    def get(self, request: ApiRequest, key: UUID) -> HttpResponse:
        """Return the figures."""
        access = request.access
        board = queries.board_of(access.tenant, access.user, key)
        tenant, today = access.tenant, clock.today(access.tenant.zone)
        settings = reading.settings_of(tenant)
        asked: dict[str, Any] = {
            "period": _period(request, board, today), "scope": _scope(request), "comparison": _comparison(request),
        }  # fmt: skip

        def told() -> tuple[Any, dict[str, Any]]:
            as_of, tiles = freshness.as_of(tenant), list(board.tiles.all())
            locale = to_locale(get_language() or "pt-br")
            return _figures(board, tiles, look(board, today=today, locale=locale, tiles=tiles, settings=settings, **asked)), {"as_of": as_of}  # fmt: skip

        params = {
            "board": board.pk, "changed": board.updated_at, "stamp": settings.stamp, "day": today, "language": get_language(),
            "from": asked["period"].start, "to": asked["period"].end, "key": asked["period"].key, "compare": asked["comparison"],
            "scope": asked["scope"] and [asked["scope"].dimension, asked["scope"].key],
        }  # fmt: skip
        return cached(request, "board", compute=told, params=params, part="contents")


def _figures(board: Board, tiles: Sequence[Tile], found: Look) -> dict[str, Any]:
    return {
        "period": _span(found.spans.period.key, found.spans.period),
        "compared": _span(found.spans.comparison, found.spans.compared),
        "currency": board.tenant.currency,
        "tiles": [_content(tile, content) for tile, content in zip(tiles, found.contents, strict=True)],
    }


def _changeable(request: ApiRequest, key: UUID) -> Board:
    """Return a board that the asker may change. Raises Http404, PermissionDenied."""
    board = queries.board_of(request.access.tenant, request.access.user, key)
    if not queries.may_change(board, request.access):
        raise PermissionDenied(_("This board belongs to somebody else. Make a copy to arrange your own."))
    return board


def _fields(request: ApiRequest, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the body, an object without strange names. Raises BadParameter."""
    if not isinstance(request.data, dict):
        raise BadParameter({"body": _("Send an object.")})
    strange = sorted(set(request.data) - set(schema["properties"]))
    if strange:
        raise BadParameter({str(name)[:40]: _("There is no such field.") for name in strange[:10]})
    return dict(request.data)


def _tiles(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(
        isinstance(one, dict) and set(one) <= set(NEW_TILE["properties"]) for one in value
    ):
        raise OptionsError("tiles", _("Send a list of tiles: kind, options, width, height."))
    return value


def done(work: Callable[[], T], *, many: str = "tiles") -> T:
    """Return what `work` does, all or nothing; what it refuses is a 400 by field, too many of them one of the field `many`."""
    try:
        with transaction.atomic():
            return work()
    except OptionsError as error:
        raise BadParameter({error.field: str(error)}) from error
    except TooMany as error:
        raise BadParameter({many: str(error)}) from error


def _period(request: ApiRequest, board: Board, today: date) -> Period:
    try:
        return periods.from_query(request.query_params, today=today, default=known_period(board))
    except periods.PeriodError as error:
        raise BadParameter({"period": _("We did not understand this period.")}) from error


def _comparison(request: ApiRequest) -> str:
    asked: str = request.query_params.get("compare", "")
    if asked and asked not in comparing.COMPARISONS:
        raise BadParameter(
            {"compare": _("Use one of: %(names)s.") % {"names": ", ".join(comparing.COMPARISONS)}}
        )
    return asked


def _scope(request: ApiRequest) -> Scope | None:
    text = request.query_params.get("scope", "")
    dimension, colon, key = text.partition(":")
    if text and (not colon or dimension not in DIMENSIONS or len(key) > LONGEST_KEY or "\x00" in key):
        raise BadParameter(
            {"scope": _("Use one of: %(names)s.") % {"names": ", ".join(f"{name}:…" for name in DIMENSIONS)}}
        )
    return Scope(dimension, key) if text else None


def _about(request: ApiRequest, board: Board) -> dict[str, Any]:
    names = ("name", "shared", "period", "compare", "updated_at")
    return {
        "key": str(board.key),
        "may_change": queries.may_change(board, request.access),
        **{name: getattr(board, name) for name in names},
    }


def _whole(request: ApiRequest, board: Board) -> dict[str, Any]:
    tiles = Tile.objects.filter(board=board)
    return _about(request, board) | {
        "tiles": [
            {"id": one.pk, "kind": one.kind, "name": catalog.name_of(one.kind, one.options), "options": one.options, "width": one.width, "height": one.height}
            for one in tiles
        ]
    }  # fmt: skip


def _content(tile: Tile, content: Content) -> dict[str, Any]:
    columns = content.sheet.columns
    return {
        "tile": tile.pk, "kind": tile.kind, "title": content.title, "note": content.note, "problem": content.problem,
        "columns": [{"name": column.name, "unit": column.unit} for column in columns],
        "rows": [[_cell(column, cell) for column, cell in zip(columns, row, strict=True)] for row in content.sheet.rows],
    }  # fmt: skip


def _cell(column: Column, cell: Cell) -> str | int | None:
    if isinstance(cell, Decimal):
        return f"{cell:.6f}" if column.unit == "percent" else f"{cell:.2f}"
    return cell.isoformat() if isinstance(cell, date) else cell


def _span(key: str, span: Period) -> dict[str, str]:
    return {"key": key, "from": span.start.isoformat(), "to": span.last.isoformat()}
