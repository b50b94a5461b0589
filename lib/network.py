"""Connecting to a host whose address was checked first: the way out must not become a way into our own network.

The name is resolved once, every address of it is judged, and the connection goes to a judged address, so a name that answers differently
the second time (DNS rebinding) gains nothing. TLS still verifies the name.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore2

Resolve = Callable[[str, int], list[str]]
_NAT64 = ip_network("64:ff9b::/96")
# No upstream of ours lives there: protocol assignments, relays, benchmarks, documentation, tunnels, local translation, segment routing.
# RFC 6890 with its updates, 7526 (192.88.99.0/24), 8215 (64:ff9b:1::/48), 9602 (5f00::/16), 9637 (3fff::/20).
_SPECIAL = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24", "198.18.0.0/15", "::/96",
            "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fec0::/10",
        ),
    )
)  # fmt: skip
# When the request that is under way must be over, on the monotonic clock. A slow drip of bytes passes every read timeout.
deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


class AddressRefused(Exception):
    """The host leads to an address that is not on the public internet."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host in the resolver's order. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in found))


def is_public(address: str) -> bool:
    """Return whether the address is on the public internet; of an IPv6 address that stands for an IPv4 one, whether that one is.

    Stricter than `ipaddress.is_global`, which follows IANA's registries where they call single addresses of special ranges reachable.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        carried = _carried(ip)
        if carried is not None:
            return is_public(str(carried))
    return (
        ip.is_global and not ip.is_multicast and not ip.is_reserved and not any(ip in net for net in _SPECIAL)
    )


def _carried(ip: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one leads to (mapped, 6to4, NAT64), or None."""
    if ip in _NAT64:
        return IPv4Address(ip.packed[12:])
    return ip.ipv4_mapped or ip.sixtofour


class CheckedBackend(httpcore2.NetworkBackend):
    """Opens TCP connections to checked addresses only, and keeps every read and write inside `deadline`."""

    def __init__(self, *, allow_private: bool, resolve: Resolve = resolve) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Return a stream to the first address that answers. Raises AddressRefused when any address of the host is private."""
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} is unknown") from error
        if not self._allow_private and not all(map(is_public, addresses)):
            raise AddressRefused(host)
        failure: Exception = httpcore2.ConnectError(f"the name {host} has no address")
        for address in addresses:
            try:
                return _Timed(
                    self._plain.connect_tcp(address, port, _left(timeout), local_address, socket_options)
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


class _Timed(httpcore2.NetworkStream):
    """A stream whose every step ends at the deadline of the request."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(timeout: float | None) -> float | None:
    """Return the timeout cut to what is left until the deadline."""
    end = deadline.get()
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time for the whole request is over")
    return left if timeout is None else min(timeout, left)
