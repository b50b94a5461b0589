"""The tiers in the order in which they are asked: Redis, a SQLite file of this host, the memory of this process. One that fails is skipped.

What this process saw within the last second it answers without asking: hot answers cost no round trip.

A key names the generation of what it holds, so a value is as true in one tier as in another, and a tier that comes back with old values
holds them under keys that nobody asks for any more.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, Literal, cast

import structlog
from django.conf import settings
from django.core.cache import caches
from redis import Redis
from redis.exceptions import RedisError

from lib.breaker import Breaker
from lib.redis_guard import LeftAlone
from live.cache import later, stats
from live.cache.answer import Stored
from live.cache.file import FileTier, TierAway
from live.cache.keys import taken_apart
from live.cache.memory import MemoryTier

log = structlog.get_logger(__name__)
Name = Literal["redis", "sqlite", "memory"]
MEMORY_BYTES: Final = 16 * 2**20

memory: Final = MemoryTier(MEMORY_BYTES)


@dataclass(frozen=True, slots=True)
class File:
    """The file of this host, and whether it is left alone for now."""

    tier: FileTier
    breaker: Breaker


@cache
def _file(path: str, megabytes: int) -> File:
    return File(FileTier(Path(path), megabytes * 2**20), Breaker())


def file() -> File | None:
    """Return the file of this host; None when SQLITE_PATH names none."""
    return _file(settings.SQLITE_PATH, settings.CACHE_MAX_SIZE_MB) if settings.SQLITE_PATH else None


def redis() -> Redis | None:
    """Return the client of the `answers` cache; None without any Redis. Its connections carry a breaker of their own (lib.redis_guard)."""
    if not settings.REDIS_URL:
        return None
    return cast("Redis", cast("Any", caches["answers"]).client.get_client(write=True))


def look(name: str, *, seconds: int) -> tuple[Stored, Name] | None:
    """Return the value of this key, which lives for so many seconds, and the tier that had it; None when none has it."""
    held = memory.recent(name)
    if held is not None:
        return held, "memory"
    for tier, get in SHARED:
        packed = get(name)
        found = Stored.unpack(packed) if packed else None
        # SQLite does not notice a byte that a failing disk changed; a wrong number must not come out of that.
        if found is not None and (tier == "redis" or found.is_whole):
            return _seen(name, found, tier, seconds)
    held = memory.get(name, now=time.time())
    return _seen(name, held, "memory", seconds) if held else None


def _seen(name: str, found: Stored, tier: Name, seconds: int) -> tuple[Stored, Name]:
    """Hold the value, and give it back to a Redis that has lost it."""
    memory.put(name, found, until=found.at + seconds)
    if tier != "redis":
        to_redis(name, found.pack(), seconds=min(seconds, int(found.at + seconds - time.time())))
    return found, tier


def keep(name: str, value: Stored, *, seconds: int) -> None:
    """Give a new value to every tier for so many seconds: to memory and Redis now, to the file after the answer is sent."""
    packed, until = value.pack(), value.at + seconds
    memory.put(name, value, until=until)
    to_redis(name, packed, seconds=seconds)
    if settings.SQLITE_PATH:
        later.do(partial(_to_file, name, packed, until))


def to_redis(name: str, packed: bytes, *, seconds: int) -> None:
    """Keep the value in Redis, if it answers."""
    client = redis()
    if client is None or seconds < 1:
        return
    try:
        client.set(name, packed, ex=seconds)
    except (RedisError, OSError) as error:
        failed("redis", error, name)


def failed(tier: Name, error: Exception, name: str) -> None:
    """Count that a tier could not be used for this key, and log it when it was really asked."""
    stats.count(taken_apart(name)[1], "errors", tier)
    if not isinstance(error, LeftAlone):
        log.warning("cache_tier_away", tier=tier, error=type(error).__name__, said=str(error))


def _from_redis(name: str) -> bytes | None:
    client = redis()
    if client is None:
        return None
    try:
        return cast("bytes | None", client.get(name))
    except (RedisError, OSError) as error:
        failed("redis", error, name)
        return None


def _from_file(name: str) -> bytes | None:
    found = file()
    if found is None or not found.breaker.allows():
        return None
    try:
        packed = found.tier.get(name, now=time.time())
    except TierAway as error:
        found.breaker.failed()
        failed("sqlite", error, name)
        return None
    found.breaker.worked()
    return packed


def _to_file(name: str, packed: bytes, until: float) -> None:
    found = file()
    if found is None or not found.breaker.allows():
        return
    tenant_id, resource = taken_apart(name)
    try:
        found.tier.put(name, packed, tenant_id=tenant_id, resource=resource, until=until)
    except TierAway as error:
        found.breaker.failed()
        failed("sqlite", error, name)
    else:
        found.breaker.worked()


SHARED: Final[tuple[tuple[Name, Callable[[str], bytes | None]], ...]] = (
    ("redis", _from_redis),
    ("sqlite", _from_file),
)
