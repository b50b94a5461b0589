"""Which tiers work, and how much they hold."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast

import structlog
from redis.exceptions import RedisError

from live.cache import tiers
from live.cache.file import TierAway
from live.cache.keys import taken_apart

log = structlog.get_logger(__name__)
SCANNED: Final = 1_000  # keys a step
SCANNED_AT_MOST: Final = 50_000
Sizes = dict[str, tuple[int, int]]  # by resource: values, bytes


def states() -> dict[str, str]:
    """Return each tier as "ok", "away" (it does not answer) or "off" (not configured)."""
    file = tiers.file()
    sqlite = "off" if file is None else "away" if file.breaker.is_open else "ok"
    return {"redis": _redis_state(), "sqlite": sqlite, "memory": "ok"}


def in_use(found: Mapping[str, str]) -> str:
    """Return the first tier that works, out of `states`."""
    return next(name for name, state in found.items() if state == "ok")


def sizes(tier: str, tenant_id: int | None) -> Sizes | None:
    """Return how many values the tier holds and their bytes, by resource, of one company or of all; None when it does not answer.

    Redis is walked for it, SCANNED_AT_MOST keys at most: with more of them the figures are those of a part.
    """
    try:
        return _SIZES[tier](tenant_id)
    except (RedisError, TierAway, OSError) as error:
        log.warning("cache_size_unknown", tier=tier, error=type(error).__name__)
        return None


def _redis_state() -> str:
    client = tiers.redis()
    if client is None:
        return "off"
    try:
        client.ping()
    except (RedisError, OSError):
        return "away"
    return "ok"


def _in_redis(tenant_id: int | None) -> Sizes | None:
    client = tiers.redis()
    if client is None:
        return None
    found: list[tuple[str, int]] = []
    cursor, pattern = 0, f"tenant:{'*' if tenant_id is None else tenant_id}:*"
    for _step in range(SCANNED_AT_MOST // SCANNED):
        cursor, names = client.scan(cursor, match=pattern, count=SCANNED)
        lengths = client.pipeline(transaction=False)
        for name in names:
            lengths.strlen(name)
        decoded = [name.decode() for name in cast("list[bytes]", names)]
        found += zip(decoded, lengths.execute(), strict=True)
        if cursor == 0:
            break
    return _sums(found)


def _in_file(tenant_id: int | None) -> Sizes | None:
    file = tiers.file()
    return file.tier.sizes(tenant_id) if file else None


def _in_memory(tenant_id: int | None) -> Sizes:
    items = tiers.memory.items()
    return _sums((name, size) for name, size in items if tenant_id in {None, taken_apart(name)[0]})


def _sums(items: Iterable[tuple[str, int]]) -> Sizes:
    found: Sizes = {}
    for name, size in items:
        resource = taken_apart(name)[1]
        n, total = found.get(resource, (0, 0))
        found[resource] = (n + 1, total + size)
    return found


_SIZES: Final[Mapping[str, Callable[[int | None], Sizes | None]]] = {
    "redis": _in_redis,
    "sqlite": _in_file,
    "memory": _in_memory,
}
