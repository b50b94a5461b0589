"""Connections to Redis that leave a dead server alone: after one failure nobody waits for it, and once a second one caller tries again.

Give `connection_class(url)` to a redis-py pool. All pools of one server share its breaker, so one failed command is the last that any of
them waits for. What is raised meanwhile is a ConnectionError of redis-py, so callers need to know nothing of this.
"""

from functools import cache
from typing import Any, Final, cast
from urllib.parse import urlsplit

from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from lib.breaker import Breaker

PAUSE: Final = 1.0  # seconds between two tries while the server is away


class LeftAlone(RedisConnectionError):
    """The server was not asked, because it did not answer a moment ago."""


@cache
def breaker(address: str) -> Breaker:
    """Return the breaker of the server at this address ("host:port", or the path of its socket)."""
    return Breaker(PAUSE)


class _Guarded:
    """Asks the breaker before it connects or is lent out, and tells it what came of the command."""

    @property
    def _breaker(self) -> Breaker:
        mine = cast("Any", self)
        return breaker(getattr(mine, "path", None) or f"{mine.host}:{mine.port}")

    def connect(self) -> None:
        """Connect, or do nothing when connected. Raises LeftAlone at once while nobody is to wait for the server."""
        guard = self._breaker
        if guard.is_open:
            # A socket from before the failure tells nothing about the server of now.
            cast("Any", self).disconnect()
        if not guard.allows():
            raise LeftAlone("Redis did not answer a moment ago.")
        try:
            super().connect()  # type: ignore[misc]
        except (RedisConnectionError, RedisTimeoutError):
            guard.failed()
            raise

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """Return the answer to a command."""
        guard = self._breaker
        try:
            found = super().read_response(*args, **kwargs)  # type: ignore[misc]
        except (RedisConnectionError, RedisTimeoutError):
            guard.failed()
            raise
        if guard.is_open:
            guard.worked()
        return found


class GuardedConnection(_Guarded, Connection):
    """redis://"""


class GuardedTlsConnection(_Guarded, SSLConnection):
    """rediss://"""


class GuardedSocketConnection(_Guarded, UnixDomainSocketConnection):
    """unix://"""


def connection_class(url: str) -> type[Connection] | type[UnixDomainSocketConnection]:
    """Return the class of connections for this URL, which a pool would otherwise choose by itself."""
    scheme = urlsplit(url).scheme
    return {"rediss": GuardedTlsConnection, "unix": GuardedSocketConnection}.get(scheme, GuardedConnection)
