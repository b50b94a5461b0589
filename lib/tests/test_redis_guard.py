"""Connections that leave a dead server alone, on a real Valkey."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from redis import ConnectionPool, Redis
from redis.connection import SSLConnection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from config.testing import ValkeyServer
from lib import redis_guard
from lib.redis_guard import GuardedConnection, LeftAlone


def client(url: str) -> Redis:
    """Return a client whose connections are guarded."""
    kind = redis_guard.connection_class(url)
    return Redis(
        connection_pool=ConnectionPool.from_url(
            url, connection_class=kind, socket_timeout=0.5, socket_connect_timeout=0.2
        )
    )


def test_all_pools_of_a_server_share_what_one_of_them_found_out(
    valkey_factory: Callable[[], ValkeyServer],
) -> None:
    server, now = valkey_factory(), [0.0]
    one, other = client(server.url), client(server.url)
    parts = urlsplit(server.url)
    guard = redis_guard.breaker(f"{parts.hostname}:{parts.port}")
    guard._clock = lambda: now[0]
    one.set("a", 1)
    other.set("b", 2)
    server.kill()
    with pytest.raises(RedisConnectionError) as failed:
        one.get("a")
    assert not isinstance(failed.value, LeftAlone)
    for each in (one, other):
        with pytest.raises(LeftAlone):
            each.get("a")
    server.start()
    with pytest.raises(LeftAlone):
        other.get("a")
    now[0] += redis_guard.PAUSE
    assert other.ping()
    assert not guard.is_open
    assert one.ping(), "with a new connection: the old one died with the server"


def test_an_error_in_the_answer_says_that_the_server_lives(
    valkey_factory: Callable[[], ValkeyServer],
) -> None:
    asker = client(valkey_factory().url)
    asker.set("a", "text")
    with pytest.raises(ResponseError):
        asker.incr("a")
    assert asker.get("a") == b"text"


def test_the_class_goes_by_the_scheme() -> None:
    assert redis_guard.connection_class("redis://h:1/0") is GuardedConnection
    assert issubclass(redis_guard.connection_class("rediss://h:1/0"), SSLConnection)
    assert issubclass(redis_guard.connection_class("unix:///run/redis.sock?db=1"), UnixDomainSocketConnection)
