"""Who holds how many of a process's places, so that nobody takes those of all others. Only the event loop touches it; see docs/limits.md."""

from collections import Counter
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, Literal, TypeVar

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from live.streams.door import Scope
from live.streams.seat import Seat
from tenants.middleware import address_behind

Crowd = Literal["owner", "company"]
Who = TypeVar("Who", int, str)
# One person or key gets a twentieth of the places: 50 of 1,000, where a browser needs one, however many tabs it has. One company gets half.
OWNER_SHARE: Final = 20
COMPANY_SHARE: Final = 2
LEAST: Final = 10  # of a small process, so that its few places can be used


def for_owner() -> int:
    """Return how many streams one person or key may hold in this process; as many sockets of one address may keep silent."""
    return max(LEAST, settings.MAX_CONCURRENT_CONNECTIONS // OWNER_SHARE)


def for_company() -> int:
    """Return how many streams one company may hold in this process; as many sockets may keep silent in sum."""
    return max(LEAST, settings.MAX_CONCURRENT_CONNECTIONS // COMPANY_SHARE)


def sentence(crowd: Crowd) -> str:
    """Return in words whose share is used up and what to do."""
    if crowd == "company":
        return _("This company holds as many live connections as one company may. Try again later.")
    most = for_owner()
    return ngettext(
        "%(n)d live connection of yours is open, which is as many as you may have. Close it first.",
        "%(n)d live connections of yours are open, which is as many as you may have. Close one first.",
        most,
    ) % {"n": most}


class Places:
    """Streams by owner and company, and sockets by address that were not let in so far: strangers, who take no place of a stream."""

    def __init__(self) -> None:
        self._owners: Counter[str] = Counter()
        self._companies: Counter[int] = Counter()
        self._strangers: Counter[str] = Counter()

    def crowded(self, seat: Seat) -> Crowd | None:
        """Return whose share is used up, None when there is room for one more of theirs."""
        if self._owners[seat.owner] >= for_owner():
            return "owner"
        return "company" if self._companies[seat.tenant_id] >= for_company() else None

    def take(self, seat: Seat) -> None:
        """Count a stream."""
        self._owners[seat.owner] += 1
        self._companies[seat.tenant_id] += 1

    def leave(self, seat: Seat) -> None:
        """Count it no more."""
        _less(self._owners, seat.owner)
        _less(self._companies, seat.tenant_id)

    def besieged(self, address: str) -> bool:
        """Return whether another socket from there would be one too many of which nobody knows whose it is."""
        return self._strangers[address] >= for_owner() or self._strangers.total() >= for_company()

    def knocks(self, address: str) -> None:
        """Count a socket of which nobody knows whose it is."""
        self._strangers[address] += 1

    def known(self, address: str) -> None:
        """It was let in, or is gone."""
        _less(self._strangers, address)


def _less(counter: Counter[Who], key: Who) -> None:
    """Count one less, and keep nothing of who is gone."""
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


def address_of(scope: Scope) -> str:
    """Return whom a connection is counted for: the client's address as far as TRUSTED_PROXIES vouch for it, an IPv6 network of 64 bits as one."""
    peer = scope.get("client") or ("", 0)
    hops = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    found = ip_address(address_behind(str(peer[0]), ",".join(hops)))
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)
