"""Reading boards: whose they are, who may change them, and the links by which strangers read them."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db.models import Case, Count, Prefetch, Q, QuerySet, When
from django.shortcuts import get_object_or_404

from kpi.models import Board, BoardLink, LinkedBoard, Tile
from lib import clock
from tenants.access import Access
from tenants.models import Capability, Tenant, User

MOST_ON_A_SCREEN: Final = 8  # boards that one link or screen shows in turn
MOST_LINKS: Final = 200  # that a list shows; no company has as many open ones


def visible(tenant: Tenant, user: User | None) -> QuerySet[Board]:
    """Return the boards of a company that a person may read: shared ones and their own. None (a program): shared ones."""
    own = Q(owner=user) if user else Q(pk__in=())
    return Board.objects.filter(Q(shared=True) | own, tenant=tenant).select_related("tenant", "owner")


def listed(tenant: Tenant, user: User | None) -> list[Board]:
    """Return those boards with `tiles_count` and `links_count` (open public links), by name. Two queries."""
    now = clock.now()
    open_links = Count("links", filter=Q(links__revoked_at=None, links__expires_at__gt=now), distinct=True)
    rows = visible(tenant, user).annotate(tiles_count=Count("tiles", distinct=True), links_count=open_links)
    return list(rows.order_by("name", "pk").prefetch_related("tiles"))


def board_of(tenant: Tenant, user: User | None, key: UUID | str) -> Board:
    """Return one of those boards by its public key. Raises Http404 for another company's, a private one of somebody else, and what is no key."""
    try:
        wanted = key if isinstance(key, UUID) else UUID(key)
    except ValueError:
        wanted = UUID(int=0)
    return get_object_or_404(visible(tenant, user), key=wanted)


def boards_of(tenant: Tenant, user: User | None, keys: Sequence[str]) -> list[Board]:
    """Return the boards of these keys that the person may read, in this order, each once; at most `MOST_ON_A_SCREEN`."""
    wanted = []
    for key in keys[:50]:
        try:
            wanted.append(UUID(key))
        except ValueError:
            continue
    found = {board.key: board for board in visible(tenant, user).filter(key__in=wanted)}
    return [found[key] for key in dict.fromkeys(wanted) if key in found][:MOST_ON_A_SCREEN]


def may_change(board: Board, access: Access) -> bool:
    """Return whether somebody may arrange, rename, share or delete a board: its owner who decides, of a shared one who may write, too."""
    if access.may(Capability.WRITE) and board.shared:
        return True
    return access.may(Capability.DECIDE) and access.user is not None and board.owner_id == access.user.pk


def tile_of(tenant: Tenant, user: User | None, pk: int) -> Tile:
    """Return a tile of a board that the person may read. Raises Http404."""
    rows = Tile.objects.select_related("board", "board__tenant")
    return get_object_or_404(rows, tenant=tenant, pk=pk, board__in=visible(tenant, user))


def links(tenant: Tenant) -> list[BoardLink]:
    """Return the company's public links, open ones first, then the newest, each with its boards in order. Two queries."""
    is_open = Case(When(revoked_at=None, expires_at__gt=clock.now(), then=True), default=False)
    return list(
        links_with_boards().filter(tenant=tenant).order_by(is_open.desc(), "-created_at", "-pk")[:MOST_LINKS]
    )


def links_with_boards() -> QuerySet[BoardLink]:
    """Return public links of every company with their boards in order and who made them: two queries."""
    places = Prefetch("places", LinkedBoard.objects.select_related("board").order_by("position", "pk"))
    return BoardLink.objects.select_related("created_by").prefetch_related(places)


def hash_of(token: str) -> str:
    """Return the SHA-256 of a token in hexadecimal. No slow hash: 256 random bits cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_of(token: str) -> BoardLink | None:
    """Return the link that a token opens, of an active company, whether it still counts or not; None for a token of nothing. One query."""
    rows = BoardLink.objects.select_related("tenant").filter(tenant__is_active=True)
    return rows.filter(token_hash=hash_of(token)).first()


def is_open(link: BoardLink) -> bool:
    """Return whether a link still opens its boards."""
    return link.revoked_at is None and link.expires_at > clock.now()


def linked_boards(link: BoardLink) -> list[Board]:
    """Return the boards of a link in order, those that are private by now included: the link says who may read them. One query."""
    places = LinkedBoard.objects.filter(tenant=link.tenant_id, link=link).select_related("board__tenant")
    return [place.board for place in places.order_by("position", "pk")]
