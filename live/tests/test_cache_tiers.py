"""The tiers together on a real Valkey, SQLite and PostgreSQL: whatever goes away, nobody waits, nothing fails, nothing old is told."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from redis import Redis
from redis.connection import Connection

from config.testing import ValkeyServer
from lib.redis_guard import GuardedConnection
from live import events
from live.cache import later, sizes, stats, tiers
from live.cache.answer import Stored
from live.cache.memory import MemoryTier
from tests.api import body, with_key
from tests.cast import Cast
from tests.factories import make_sale, make_tenant

from .cache_tools import Clock, Counted, breaker_of, cache_file, clock, own_valkey, redis, remember

__all__ = ["cache_file", "clock", "own_valkey"]
SALES = "/api/sales?period=all"


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each attempt to connect to a Redis of the caches."""
    found: list[int] = []
    connect = GuardedConnection._connect

    def counted(self: Connection) -> Any:
        found.append(1)
        return connect(self)

    monkeypatch.setattr(GuardedConnection, "_connect", counted)
    return found


def tiers_of(name: str) -> list[str]:
    """Return the tiers that hold this key."""
    file = tiers.file()
    found = {
        "redis": tiers._from_redis(name),
        "sqlite": file.tier.get(name, now=0.0) if file else None,
        "memory": tiers.memory.get(name, now=0.0),
    }
    return [tier for tier, value in found.items() if value]


def test_a_miss_fills_every_tier_the_file_after_the_answer(db: None, cache_file: Path) -> None:
    tenant, gate = make_tenant(), threading.Event()
    later.do(lambda: gate.wait(30) and None)  # the thread that writes is busy
    assert remember(tenant.pk, Counted()).state == "MISS"
    name = f"tenant:{tenant.pk}:list:0"
    assert tiers_of(name) == ["redis", "memory"]
    gate.set()
    later.wait()
    assert tiers_of(name) == ["redis", "sqlite", "memory"]


def test_each_tier_answers_when_those_before_it_are_gone(
    db: None, cache_file: Path, own_valkey: ValkeyServer, settings: Any
) -> None:
    tenant, compute = make_tenant(), Counted()
    name = f"tenant:{tenant.pk}:list:0"
    remember(tenant.pk, compute)
    later.wait()
    before = hits_of()
    tiers.memory.clear()
    assert remember(tenant.pk, compute).state == "HIT"
    own_valkey.kill()
    tiers.memory.clear()
    assert remember(tenant.pk, compute).state == "HIT"
    settings.SQLITE_PATH = ""
    tiers.memory._held[name].seen -= 2  # longer ago than a second
    assert remember(tenant.pk, compute).state == "HIT"
    after = hits_of()
    assert {tier: after[tier] - before[tier] for tier in after} == {"redis": 1, "sqlite": 1, "memory": 1}
    tiers.memory.clear()
    assert (remember(tenant.pk, compute).state, compute.runs) == ("MISS", 2), "then the database"


def hits_of() -> dict[str, int]:
    """Return how many values each tier has answered in this process."""
    found: dict[str, int] = {"redis": 0, "sqlite": 0, "memory": 0}
    for _, labels, n in stats.tier_hits():
        found[labels["tier"]] += int(n)
    return found


def test_a_redis_that_lost_its_data_gets_it_back(db: None, cache_file: Path) -> None:
    tenant, compute = make_tenant(), Counted()
    name = f"tenant:{tenant.pk}:list:0"
    remember(tenant.pk, compute)
    later.wait()
    redis().flushdb()
    tiers.memory.clear()
    assert remember(tenant.pk, compute).state == "HIT"
    assert tiers_of(name) == ["redis", "sqlite", "memory"]
    assert 60 <= redis().ttl(name) <= 90
    redis().flushdb()
    cache_file.unlink()
    tiers.memory._held[name].seen -= 2
    assert remember(tenant.pk, compute).state == "HIT"
    assert tiers_of(name)[0] == "redis"
    assert compute.runs == 1


def test_hot_answers_ask_nobody_for_a_second(db: None, clock: Clock, settings: Any) -> None:
    tenant, compute = make_tenant(), Counted("first")
    remember(tenant.pk, compute)
    name = f"tenant:{tenant.pk}:list:0"
    redis().set(name, Stored.of(b'"renewed elsewhere"', at=clock.time()).pack(), ex=60)
    assert remember(tenant.pk, compute).body == b'"first"'
    clock.ahead = 1.001
    assert remember(tenant.pk, compute).body == b'"renewed elsewhere"'


@pytest.mark.parametrize(
    "written", [b"", b"\x80\x04\x95", b"{}\n1", b'{"at":1}\n1', b'{"at":"x","tag":"y"}\n1', b"no line"]
)
def test_what_we_did_not_write_is_not_read(db: None, written: bytes) -> None:
    tenant = make_tenant()
    redis().set(f"tenant:{tenant.pk}:list:0", written, ex=60)
    assert remember(tenant.pk, Counted()).state == "MISS"


def test_a_byte_that_the_disk_changed_is_not_told(db: None, cache_file: Path, settings: Any) -> None:
    settings.REDIS_URL = ""
    tenant, compute = make_tenant(), Counted("1000.00")
    remember(tenant.pk, compute)
    later.wait()
    tiers.memory.clear()
    with sqlite3.connect(cache_file) as plain:
        plain.execute("UPDATE answers_1 SET value = replace(value, '1000.00', '9000.00')")
    found = remember(tenant.pk, compute)
    assert (found.state, found.body) == ("MISS", b'"1000.00"')


# --- Redis goes and comes back ------------------------------------------------------------------------------------------------
def test_a_dead_redis_is_tried_once_and_then_left_alone(
    cast: Cast, own_valkey: ValkeyServer, tries: list[int], clock: Clock
) -> None:
    """Counted in attempts: whoever is not the one that tries neither connects nor waits."""
    now = [0.0]
    guard = breaker_of(own_valkey, clock=lambda: now[0])
    make_sale(cast.aurora, "10.00")
    client = with_key(cast.aurora)
    client.get(SALES)
    own_valkey.kill()
    tries.clear()
    for _ in range(50):
        clock.ahead += 2  # no answer out of this process's second
        assert client.get(SALES).status_code == 200
    assert len(tries) == 1
    assert guard.is_open
    now[0] += 1.0
    for _ in range(50):
        clock.ahead += 0.1
        assert client.get(SALES).status_code == 200
    assert len(tries) == 2, "one more after the pause"
    own_valkey.start()
    assert client.get(SALES).status_code == 200
    assert len(tries) == 2, "not before the next pause is over"
    now[0] += 1.0
    clock.ahead += 2
    assert client.get(SALES).status_code == 200
    assert not guard.is_open, "used again"
    assert len(tries) == 3


def test_a_redis_that_hangs_costs_one_timeout_not_one_a_request(
    db: None, own_valkey: ValkeyServer, clock: Clock
) -> None:
    now = [0.0]
    guard = breaker_of(own_valkey, clock=lambda: now[0])
    tenant, compute = make_tenant(), Counted()
    remember(tenant.pk, compute)
    outside = Redis.from_url(own_valkey.url)
    outside.execute_command("CLIENT", "PAUSE", 4_000, "ALL")
    sent: list[int] = []
    send = GuardedConnection.send_packed_command

    def counted(self: Connection, *args: Any, **kwargs: Any) -> Any:
        sent.append(1)
        return send(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GuardedConnection, "send_packed_command", counted)
        for _ in range(20):
            clock.ahead += 2
            assert remember(tenant.pk, compute).state == "HIT", "out of memory"
    assert guard.is_open
    assert len(sent) == 1
    outside.close()


@pytest.mark.django_db(transaction=True)
def test_redis_killed_and_started_during_reads(
    cast: Cast, own_valkey: ValkeyServer, cache_file: Path
) -> None:
    """Readers go on all the time; facts change while Redis is away; the Redis that is back holds the old answers and tells none."""
    make_sale(cast.aurora, "1.00")
    clients = [with_key(cast.aurora) for _ in range(4)]
    ended, seen = threading.Event(), list[tuple[int, int, int]]()
    version = [1]

    def read(client: Any) -> None:
        try:
            while not ended.is_set():
                least = version[0]
                response = client.get(SALES)
                rows = len(body(response)["data"]) if response.status_code == 200 else 0
                seen.append((response.status_code, least, rows))
        finally:
            connections.close_all()

    def change() -> None:
        make_sale(cast.aurora, "1.00")
        events.publish("facts_changed", tenant_id=cast.aurora.pk)
        version[0] += 1

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, client) for client in clients]
        try:
            for step in (
                change,
                own_valkey.kill,
                change,
                own_valkey.start,
                change,
                own_valkey.kill,
                own_valkey.start,
                change,
            ):
                step()
                wait_for_reads(seen, 12)
        finally:
            ended.set()
        for reader in readers:
            reader.result(60)
    assert {status for status, _, _ in seen} == {200}
    assert [row for row in seen if row[2] < row[1]] == [], "older than what had been told before the question"
    assert seen[-1][2] == version[0] == 5


def wait_for_reads(seen: list[tuple[int, int, int]], n: int) -> None:
    """Return when the readers have had n more answers."""
    wanted, tick = len(seen) + n, threading.Event()
    for _ in range(3_000):
        if len(seen) >= wanted:
            return
        tick.wait(0.01)
    raise AssertionError("the readers stand still")


def test_old_answers_in_the_redis_that_is_back_are_not_told(db: None, own_valkey: ValkeyServer) -> None:
    now = [0.0]
    breaker_of(own_valkey, clock=lambda: now[0])
    tenant = make_tenant()
    remember(tenant.pk, Counted("old"))
    redis().save()
    own_valkey.kill()
    events.publish("facts_changed", tenant_id=tenant.pk)
    assert remember(tenant.pk, Counted("new")).body == b'"new"'
    own_valkey.start()
    now[0] += 2
    assert redis().exists(f"tenant:{tenant.pk}:list:0") == 1, "it came back with it"
    tiers.memory.clear()
    found = remember(tenant.pk, Counted("new"))
    assert (found.state, found.body) == ("MISS", b'"new"')


@pytest.mark.parametrize("place", ["missing/cache.sqlite3", "."])
def test_a_file_that_cannot_be_used_costs_one_try(
    db: None, tmp_path: Path, settings: Any, place: str, clock: Clock
) -> None:
    settings.SQLITE_PATH, settings.REDIS_URL = str(tmp_path / place), ""
    tenant, compute = make_tenant(), Counted()
    file = tiers.file()
    assert file
    file.breaker._clock = lambda: 0.0
    asked: list[str] = []
    get = file.tier.get

    def counted(name: str, *, now: float) -> bytes | None:
        asked.append(name)
        return get(name, now=now)

    file.tier.get = counted  # type: ignore[method-assign]
    for _ in range(10):
        clock.ahead += 2
        remember(tenant.pk, compute)
    assert (compute.runs, len(asked)) == (1, 1)
    assert sizes.states() == {"redis": "off", "sqlite": "away", "memory": "ok"}


# --- memory ---------------------------------------------------------------------------------------------------------------------
def test_memory_is_bounded_and_forgets_what_was_used_longest_ago() -> None:
    tier = MemoryTier(1_000)
    for n in range(4):
        tier.put(f"k{n}", Stored(0, "", b"x" * 250), until=9)
    assert tier.get("k0", now=0), "used now"
    tier.put("k4", Stored(0, "", b"x" * 250), until=9)
    assert [name for name, _ in tier.items()] == ["k2", "k3", "k0", "k4"]
    tier.put("k3", Stored(0, "", b"y" * 10), until=9)
    tier.put("k5", Stored(0, "", b"x" * 240), until=9)
    assert sorted(name for name, _ in tier.items()) == ["k0", "k2", "k3", "k4", "k5"]
    tier.put("large", Stored(0, "", b"x" * 251), until=9)
    assert tier.get("large", now=0) is None
    assert tier.get("k5", now=9) is None, "over"
    assert sum(size for _, size in tier.items()) == tier._bytes == 760


# --- figures ----------------------------------------------------------------------------------------------------------------------
def test_figures_by_resource_and_tier(cast: Cast, cache_file: Path) -> None:
    make_sale(cast.aurora, "10.00")
    client, other = with_key(cast.aurora), with_key(cast.boreal)
    before = figures(client)
    for _ in range(3):
        client.get("/api/settings")
    client.get("/api/pluggy/accounts")
    other.get("/api/settings")
    later.wait()
    after = figures(client)
    grown = {
        name: (row["hits"] - before[name]["hits"], row["misses"] - before[name]["misses"])
        for name, row in after.items()
    }
    assert grown["settings"] == (2, 2)
    assert grown["accounts"] == (0, 1)
    assert after["settings"]["size"]["keys"] == 1, "sizes are the company's own"
    assert after["settings"]["size"]["bytes"] > 100
    assert after["settings"]["tier"] == "redis"
    assert after["settings"]["byTier"]["memory"] - before["settings"]["byTier"]["memory"] == 2
    for tier in ("redis", "sqlite", "memory"):
        mine, all_of_it = sizes.sizes(tier, cast.aurora.pk), sizes.sizes(tier, None)
        assert mine
        assert all_of_it
        assert (mine["settings"][0], all_of_it["settings"][0]) == (1, 2), tier


def figures(client: Any) -> dict[str, Any]:
    """Return the rows of the cache's figures by resource."""
    return {row["resource"]: row for row in body(client.get("/api/system/cache/stats"))["data"]["resources"]}
