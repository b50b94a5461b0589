"""The sliding window on a real Valkey: exact at its edge, never more than the limit, and what holds while Valkey is away."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from config.testing import ValkeyServer
from lib.breaker import Breaker
from live import counters, limits
from live.limits import Budget, Verdict

SECOND = 1_000_000
START = 1_700_000_000 * SECOND  # µs


@pytest.fixture
def client() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as found:
        yield found


@pytest.fixture(autouse=True)
def _fresh_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "breaker", Breaker())


def ask(client: redis.Redis, at: float, *budgets: Budget, seconds: int = 60) -> Verdict:
    """Ask `at` seconds after the start."""
    named = list(budgets) or [Budget("api:user:1", 3)]
    return limits.decide(client, named, seconds=seconds, now=START + round(at * SECOND))


def test_the_window_slides(client: redis.Redis) -> None:
    assert [ask(client, at).allowed for at in (0, 10, 20, 30, 59.999999)] == [True, True, True, False, False]
    assert ask(client, 60).allowed, "the request of second 0 is forgotten"
    assert not ask(client, 69.999999).allowed
    assert ask(client, 70).allowed
    assert [ask(client, at).allowed for at in (80, 80, 80)] == [True, False, False]


def test_what_is_left_and_when_there_is_more(client: redis.Redis) -> None:
    start = START / SECOND
    found = [ask(client, at) for at in (0, 10, 20, 30)]
    assert [v.remaining for v in found] == [2, 1, 0, 0]
    assert [v.reset_at for v in found] == [start + 60] * 4
    assert [v.retry_after for v in found] == [0, 0, 0, 30]
    assert found[3].at == start + 30
    assert found[3].headers() == {
        "X-RateLimit-Limit": "3",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(1_700_000_060),
    }
    assert ask(client, 59.5).retry_after == 1, "never zero: a client would ask again at once"


def test_a_refused_request_takes_nothing_of_any_budget(client: redis.Redis) -> None:
    user, company = Budget("api:user:1", 3), Budget("api:company:1", 4)
    assert [ask(client, at, user, company).allowed for at in (0, 1, 2, 3, 4)] == [True] * 3 + [False] * 2
    other = Budget("api:user:2", 3)
    assert ask(client, 5, other, company).allowed
    refused = ask(client, 6, other, company)
    assert (refused.allowed, refused.limit, refused.remaining, refused.retry_after) == (False, 4, 0, 54)
    assert ask(client, 6, other).remaining == 1, "of the other's three only one was taken"


def test_both_used_up_the_later_one_is_named(client: redis.Redis) -> None:
    early, late = Budget("a:1", 1), Budget("b:1", 1)
    ask(client, 0, early)
    ask(client, 20, late)
    assert ask(client, 30, early, late).retry_after == 50


def test_a_lowered_limit_holds_at_once(client: redis.Redis) -> None:
    for at in (0, 10, 20):
        ask(client, at)
    lowered = ask(client, 30, Budget("api:user:1", 2))
    assert (lowered.allowed, lowered.remaining, lowered.retry_after) == (False, 0, 40)
    assert not ask(client, 60, Budget("api:user:1", 2)).allowed
    assert ask(client, 70, Budget("api:user:1", 2)).allowed


def test_a_clock_set_back_neither_locks_out_nor_lets_more_in(client: redis.Redis) -> None:
    for at in (3600, 3601, 3602):
        ask(client, at)
    refused = ask(client, 0)
    assert (refused.allowed, refused.retry_after) == (False, 60), (
        "an hour ahead would have been an hour of waiting"
    )
    assert not ask(client, 59).allowed
    assert ask(client, 60).allowed


def test_keys_end_with_their_window(client: redis.Redis) -> None:
    limits.hit("api", "user:1", limit=3)
    (key,) = client.keys("limit:*")
    assert key == b"limit:api:user:1:60"
    assert 59_000 < client.pttl(key) <= 60_000


@given(gaps=st.lists(st.integers(0, 40 * SECOND), max_size=40), limit=st.integers(1, 5))
def test_no_window_wherever_it_begins_holds_more(gaps: list[int], limit: int) -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()
        at, admitted = START, list[int]()
        for gap in gaps:
            at += gap
            verdict = limits.decide(client, [Budget("x:1", limit)], seconds=60, now=at)
            before = sum(1 for then in admitted if then > at - 60 * SECOND)
            assert verdict.allowed == (before < limit), "neither more nor fewer than the limit"
            assert verdict.remaining == max(0, limit - before - 1)
            if verdict.allowed:
                admitted.append(at)


def test_fifty_clients_at_once_never_get_more(client: redis.Redis) -> None:
    """Two thousand requests into windows of one second, by Redis's clock; every window is looked at."""
    limit, clients, each = 60, 50, 40
    together = threading.Barrier(clients)

    def work(_n: int) -> list[float]:
        together.wait()
        found = [limits.hit("api", "user:1", limit=limit, seconds=1) for _ in range(each)]
        return [verdict.at for verdict in found if verdict.allowed and verdict.at]

    with ThreadPoolExecutor(clients) as pool:
        moments = sorted(at for found in pool.map(work, range(clients)) for at in found)
    assert len(moments) >= limit
    # Each has its predecessor by `limit` at least a whole window behind it.
    gaps = [later - earlier for earlier, later in zip(moments, moments[limit:], strict=False)]
    assert all(gap >= 0.999_999 for gap in gaps)


# --- Redis away ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def own_valkey(valkey_factory: Callable[[], ValkeyServer], settings: Any) -> Iterator[ValkeyServer]:
    server = valkey_factory()
    settings.REDIS_URL = server.url
    yield server
    server.stop()


def unchecked(door: str) -> float:
    """Return how often nobody counted at such a door."""
    return counters.figures().count("limit_unchecked", bucket="door", door=door)


def test_open_or_closed_while_redis_is_away_and_counting_again_after(
    own_valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(limits, "breaker", Breaker(1.0, clock=lambda: now[0]))
    assert limits.hit("door", "x", limit=1).allowed
    assert not limits.hit("door", "x", limit=1).allowed
    own_valkey.kill()
    opened, shut = unchecked("open"), unchecked("closed")
    for _ in range(3):
        read = limits.hit("door", "x", limit=1)
        assert (read.allowed, read.remaining, read.retry_after) == (True, None, 0)
        assert read.headers() == {"X-RateLimit-Limit": "1"}, "what nobody counts is not told"
        login = limits.hit("door", "x", limit=1, closed_when_down=True)
        assert (login.allowed, login.retry_after) == (False, 5)
    assert (unchecked("open") - opened, unchecked("closed") - shut) == (3, 3)
    own_valkey.start()
    assert limits.hit("door", "y", limit=1).remaining is None, "inside the pause nobody asks"
    now[0] += 1
    assert limits.hit("door", "y", limit=1).remaining == 0
    assert not limits.hit("door", "y", limit=1).allowed


def test_a_dead_redis_is_asked_once_a_pause(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def client(url: str) -> Any:
        asked.append(url)
        return redis.Redis.from_url(url)

    monkeypatch.setattr(limits, "_client", client)
    monkeypatch.setattr(limits, "breaker", Breaker(1.0, clock=lambda: 0.0))
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for _ in range(20):
        assert limits.hit("door", "x", limit=1).allowed
    assert asked == ["redis://127.0.0.1:1/0"]


def test_a_forgotten_script_is_sent_again(own_valkey: ValkeyServer) -> None:
    assert limits.hit("door", "x", limit=2).allowed
    own_valkey.stop()
    own_valkey.start()
    assert limits.hit("door", "x", limit=2).allowed
    assert limits.hit("door", "x", limit=2).remaining is not None
