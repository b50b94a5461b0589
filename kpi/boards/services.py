"""What is done to boards and their tiles. Who may do it was asked before (`queries.may_change`)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.core import signing
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from kpi.boards import catalog, starters
from kpi.boards.catalog import OptionsError
from kpi.comparing import COMPARISONS
from kpi.models import Board, BoardState, Report, Tile
from ledger.models import Sale, Transaction
from lib import periods
from live import events
from tenants import audit
from tenants.access import Access
from tenants.models import Tenant

MOST_TILES: Final = 40
MOST_BOARDS: Final = 200
LONGEST_NAME: Final = 80
UNDO_SECONDS: Final = 600
_SALT: Final = "kpi.boards.removed"


class TooMany(Exception):
    """There is no room for one more; the message says of what."""


class Gone(Exception):
    """What was to be undone cannot be: it was too long ago, or the board is gone."""


# --- boards ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def create_board(
    *, tenant: Tenant, name: str, actor: Access | None, template: str = "", shared: bool = False, changes: Mapping[str, Any] | None = None
) -> Board:  # fmt: skip
    """Return a new board, with the tiles of a starter when `template` names one. It belongs to the person; of a program it is the company's.

    `changes` are period and compare. Raises OptionsError, TooMany.
    """
    _lock(tenant)
    if Board.objects.filter(tenant=tenant).count() >= MOST_BOARDS:
        raise TooMany(
            _("A company has room for %(n)d boards. Delete one that nobody uses.") % {"n": MOST_BOARDS}
        )
    owner = actor.user if actor else None
    values = {"period": "month", "compare": COMPARISONS[0], **(changes or {})}
    board = Board(
        tenant=tenant, owner=owner, shared=shared or owner is None, name=_named(name), **_known(values)
    )
    board.save()
    if template:
        _add(board, starters.tiles_of(template))
    audit.record(tenant=tenant, action="create", row=board, actor=actor, after={"name": board.name})
    return board


def ensure_starters(*, tenant: Tenant) -> bool:
    """Give a company its starter boards, once in its life; return whether that was now. They are the company's own, in the active language.

    One that has bank lines and never sold gets those that need no sales; the others are among the templates of new boards.
    """
    if BoardState.objects.filter(tenant=tenant).exists():
        return False
    with transaction.atomic():
        _made, first = BoardState.objects.get_or_create(tenant=tenant)
        if first:
            for starter in starters.of(sells=_sells(tenant)):
                board = Board.objects.create(
                    tenant=tenant, name=str(starter.name), shared=True, period=starter.period
                )
                _add(board, starter.tiles)
    return first


def _sells(tenant: Tenant) -> bool:
    """Return whether the company has sales, or may yet have: nothing is known of it."""
    return (
        Sale.objects.filter(tenant=tenant).exists() or not Transaction.objects.filter(tenant=tenant).exists()
    )


@transaction.atomic
def save_board(*, board: Board, changes: Mapping[str, Any], actor: Access | None) -> Board:
    """Change name, period, compare or shared; return the board. Raises OptionsError. Unsharing makes a board without an owner the person's."""
    row = get_object_or_404(Board.objects.select_for_update(no_key=True), pk=board.pk)
    values = dict(changes)
    if "name" in values:
        values["name"] = _named(values["name"])
    if "shared" in values:
        if not isinstance(values["shared"], bool):
            raise OptionsError("shared", _("Use yes or no."))
        if not values["shared"] and row.owner_id is None:
            if actor is None or actor.user is None:
                raise OptionsError("shared", _("A board of the company is for everybody in it."))
            values["owner"] = actor.user
    values |= _known({name: values[name] for name in ("period", "compare") if name in values})
    before: dict[str, Any] = {name: getattr(row, name) for name in ("name", "shared") if name in values}
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    after: dict[str, Any] = {name: getattr(row, name) for name in before}
    if before != after:
        audit.record(tenant=row.tenant, action="update", row=row, actor=actor, before=before, after=after)
    _tell(row)
    return row


@transaction.atomic
def copy_board(*, board: Board, actor: Access) -> Board:
    """Return a private copy with every tile. Raises TooMany."""
    name = _("%(name)s (copy)") % {"name": board.name}
    made = create_board(
        tenant=board.tenant, name=name[:LONGEST_NAME], actor=actor, changes={"period": board.period, "compare": board.compare}
    )  # fmt: skip
    _add(made, [(one.kind, one.options, one.width, one.height) for one in board.tiles.all()], check=False)
    return made


@transaction.atomic
def delete_board(*, board: Board, actor: Access | None) -> None:
    """Delete a board with its tiles, its place in links and its reports."""
    _locked_tiles(board)
    list(Report.objects.select_for_update(no_key=True).filter(board=board).order_by("pk"))
    audit.record(tenant=board.tenant, action="delete", row=board, actor=actor, before={"name": board.name})
    board.delete()


# --- tiles ---------------------------------------------------------------------------------------------------------------
@transaction.atomic
def add_tile(
    *, board: Board, kind: str, options: Mapping[str, Any], width: Any = None, height: Any = None, position: int | None = None
) -> Tile:  # fmt: skip
    """Return a new tile, at the end or at a position. Raises OptionsError, TooMany."""
    checked = catalog.checked(kind, options)
    usual = catalog.KINDS[kind]
    size = catalog.sized(usual.width if width is None else width, usual.height if height is None else height)
    tiles = _locked_tiles(board)
    _check_room(len(tiles) + 1)
    place = len(tiles) if position is None else max(0, min(position, len(tiles)))
    tile = Tile(
        tenant=board.tenant,
        board=board,
        kind=kind,
        options=checked,
        position=place,
        width=size[0],
        height=size[1],
    )
    tile.save()
    _place([*tiles[:place], tile, *tiles[place:]])
    _tell(board)
    return tile


@transaction.atomic
def save_tile(
    *, tile: Tile, options: Mapping[str, Any] | None = None, width: Any = None, height: Any = None
) -> Tile:
    """Change options or size; return the tile. Raises OptionsError, Http404 where it was removed meanwhile."""
    _locked_tiles(tile.board)
    tile = get_object_or_404(Tile.objects.select_related("board"), pk=tile.pk)
    if options is not None:
        tile.options = catalog.checked(tile.kind, options)
    tile.width, tile.height = catalog.sized(
        tile.width if width is None else width, tile.height if height is None else height
    )
    tile.save()
    _tell(tile.board)
    return tile


def copy_tile(*, tile: Tile) -> Tile:
    """Return a copy that stands behind the tile. Raises TooMany, OptionsError for a tile of another version."""
    there = [one.pk for one in tile.board.tiles.all()]
    place = there.index(tile.pk) + 1 if tile.pk in there else None
    return add_tile(
        board=tile.board,
        kind=tile.kind,
        options=tile.options,
        width=tile.width,
        height=tile.height,
        position=place,
    )


@transaction.atomic
def remove_tile(*, tile: Tile) -> str:
    """Remove a tile; return a text that `restore_tile` makes it of again within ten minutes."""
    tiles = _locked_tiles(tile.board)
    place = next((n for n, one in enumerate(tiles) if one.pk == tile.pk), len(tiles))
    kept = {
        "board": tile.board_id, "kind": tile.kind, "options": tile.options, "width": tile.width, "height": tile.height, "position": place,
    }  # fmt: skip
    tile.delete()
    _tell(tile.board)
    return signing.dumps(kept, salt=_SALT, compress=True)


def restore_tile(*, board: Board, kept: str) -> Tile:
    """Return a removed tile of this board, at its place. Raises Gone, TooMany."""
    try:
        found = signing.loads(kept, salt=_SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature as error:
        raise Gone(_("This can no longer be undone.")) from error
    if found.pop("board") != board.pk:
        raise Gone(_("This can no longer be undone."))
    return add_tile(board=board, **found)


@transaction.atomic
def order_tiles(*, board: Board, ids: Sequence[int]) -> None:
    """Put the tiles in this order. What the board does not have is passed over; what is not named stays behind the others."""
    tiles = {tile.pk: tile for tile in _locked_tiles(board)}
    first = [tiles[pk] for pk in dict.fromkeys(ids) if pk in tiles]
    _place([*first, *(tile for pk, tile in tiles.items() if pk not in set(ids))])
    _tell(board)


@transaction.atomic
def replace_tiles(*, board: Board, tiles: Sequence[Mapping[str, Any]]) -> None:
    """Give the board exactly these tiles (kind, options, width, height). Raises OptionsError, TooMany; then nothing changed."""
    _check_room(len(tiles))
    wanted = []
    for one in tiles:
        kind = str(one.get("kind", ""))
        options = one.get("options") or {}
        if not isinstance(options, Mapping):
            raise OptionsError("options", _("Options are names with values."))
        checked = catalog.checked(kind, options)
        usual = catalog.KINDS[kind]
        wanted.append(
            (kind, checked, *catalog.sized(one.get("width", usual.width), one.get("height", usual.height)))
        )
    Tile.objects.filter(pk__in=[tile.pk for tile in _locked_tiles(board)]).delete()
    _add(board, wanted)
    _tell(board)


# --- shared ----------------------------------------------------------------------------------------------------------------
def _lock(tenant: Tenant) -> None:
    """Let one make boards of a company at a time, so that none is one too many."""
    Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=tenant.pk)


def _locked_tiles(board: Board) -> list[Tile]:
    """Return the tiles in order; nobody else arranges this board until the transaction ends. Raises Http404 for one that was deleted.

    Whoever changes a tile takes the board first: in any other order two people would wait for each other.
    """
    get_object_or_404(Board.objects.select_for_update(no_key=True).only("pk"), pk=board.pk)
    return list(Tile.objects.filter(board=board))


def _check_room(count: int) -> None:
    if count > MOST_TILES:
        raise TooMany(_("A board has room for %(n)d tiles. Make a second board.") % {"n": MOST_TILES})


def _place(tiles: Iterable[Tile]) -> None:
    moved = []
    for place, tile in enumerate(tiles):
        if tile.position != place:
            tile.position = place
            moved.append(tile)
    Tile.objects.bulk_update(moved, ["position"])


def _add(
    board: Board, tiles: Iterable[tuple[str, Mapping[str, Any], int, int]], *, check: bool = True
) -> None:
    """Store tiles of a board that has none. A copy keeps what another version stored."""
    Tile.objects.bulk_create(
        Tile(
            tenant=board.tenant, board=board, kind=kind, options=catalog.checked(kind, options) if check else options, position=place,
            width=width, height=height,
        )
        for place, (kind, options, width, height) in enumerate(tiles)
    )  # fmt: skip


def _tell(board: Board) -> None:
    """Let open screens read themselves again, and remember when the board changed last. No number of the company changed."""
    Board.objects.filter(pk=board.pk).update(updated_at=timezone.now())
    events.publish("settings_changed", tenant_id=board.tenant_id, changed=False)


def _named(name: Any) -> str:
    text = name.strip() if isinstance(name, str) else ""
    if not text or len(text) > LONGEST_NAME or not catalog.is_clean(text):
        raise OptionsError("name", _("Write a name of up to %(most)d characters.") % {"most": LONGEST_NAME})
    return text


def _known(values: Mapping[str, Any]) -> dict[str, str]:
    """Return period and comparison when both are known. Raises OptionsError."""
    for name, known in (("period", periods.PRESETS), ("compare", COMPARISONS)):
        if name in values and values[name] not in known:
            raise OptionsError(name, _("Use one of: %(names)s.") % {"names": ", ".join(known)})
    return dict(values)
