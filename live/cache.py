"""The tenant cache: exact keys that carry a generation, JSON values, and the answer's cache headers.

Key: `tenant:{id}:{resource}:{generation}[:{hash}]`. Dropping `tenant:{id}:*` is raising a generation, never a scan. A cache that is down is
read through; a Redis that comes back with old data cannot serve it, because the generation in the key has moved on.
"""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
import structlog
from django.conf import settings
from django.core.cache import caches
from django.utils.connection import ConnectionProxy
from redis.exceptions import RedisError

from live.models import Generation

log = structlog.get_logger(__name__)
State = Literal["HIT", "MISS", "STALE"]
GENERATION_SECONDS: Final = 1.0  # how long a process may hold a generation without asking


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of cached answer: its name in keys, its time to live in seconds, and the groups whose change drops it."""

    name: str
    ttl: int
    groups: tuple[str, ...]


def resources() -> dict[str, Resource]:
    """Return every cached resource by name (the table of docs/architecture.md)."""
    lists, details, boards = settings.CACHE_TTL_LISTS, settings.CACHE_TTL_DETAILS, settings.CACHE_TTL_KPIS
    rows = [
        Resource("settings", 300, ("settings",)),
        Resource("accounts", 120, ("facts",)),
        Resource("txns", 60, ("facts",)),
        Resource("customers", 600, ("facts",)),
        Resource("recon", 30, ("recon", "facts")),
        Resource("kpis", 120, ("facts",)),
        Resource("board", boards, ("facts", "recon")),
        Resource("list", lists, ("facts",)),
        Resource("details", details, ("facts",)),
    ]
    return {row.name: row for row in rows}


@dataclass(frozen=True, slots=True)
class Answer:
    """A cached answer: its JSON bytes, where it came from, and how old it is in seconds."""

    body: bytes
    state: State
    age: int
    ttl: int

    @property
    def etag(self) -> str:
        """Return the strong validator of exactly these bytes."""
        return f'"{hashlib.blake2b(self.body, digest_size=12).hexdigest()}"'


def exact_key(key: str, prefix: str, version: int) -> str:
    """Return the key as it is: Django's KEY_FUNCTION without prefix and version."""
    return key


class _Stats:
    """Hits and misses of this process, by resource."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, resource: str, state: str) -> None:
        with self._lock:
            self._counts[resource, state] += 1

    def rows(self) -> dict[str, dict[str, int]]:
        with self._lock:
            found: dict[str, dict[str, int]] = {}
            for (resource, state), n in self._counts.items():
                found.setdefault(resource, {"hits": 0, "misses": 0, "errors": 0})[state] += n
            return found


stats = _Stats()
# The one alias that says when Redis is away instead of answering "nothing there".
cache = ConnectionProxy(caches, "answers")
_generations: dict[int, tuple[float, dict[str, int]]] = {}


def generations(tenant_id: int, *, fresh: bool = False) -> dict[str, int]:
    """Return the tenant's generation of each group, at most a second old (`fresh`: asked now)."""
    held = _generations.get(tenant_id)
    if held and not fresh and time.monotonic() - held[0] < GENERATION_SECONDS:
        return held[1]
    row = Generation.objects.filter(tenant_id=tenant_id).values("facts", "recon", "settings").first()
    found: dict[str, int] = {**row} if row else {"facts": 0, "recon": 0, "settings": 0}  # type: ignore[dict-item]
    _generations[tenant_id] = (time.monotonic(), found)
    return found


def forget_generations() -> None:
    """Drop what this process holds, so that the next read asks the database."""
    _generations.clear()


def digest(params: Mapping[str, Any]) -> str:
    """Return a short deterministic hash of validated parameters, whatever their order."""
    return hashlib.blake2b(
        orjson.dumps(dict(params), option=orjson.OPT_SORT_KEYS, default=str), digest_size=10
    ).hexdigest()


def key(resource: str, *, tenant_id: int, params: Mapping[str, Any] | None = None, part: str = "") -> str:
    """Return the exact key of an answer. `part` stands in the clear (a month); `params` are hashed."""
    row, current = resources()[resource], generations(tenant_id)
    pieces = ["tenant", str(tenant_id), resource, ".".join(str(current[group]) for group in row.groups)]
    pieces += [part] if part else []
    pieces += [digest(params)] if params else []
    return ":".join(pieces)


def remember(
    resource: str,
    *,
    tenant_id: int,
    compute: Callable[[], Any],
    params: Mapping[str, Any] | None = None,
    part: str = "",
) -> Answer:
    """Return the answer from the cache, or compute, keep and return it. `compute` returns what orjson can write (Decimal as text).

    The generation is read before `compute` runs, so a value computed from older facts can never stand under a newer generation.
    """
    ttl = resources()[resource].ttl
    name = key(resource, tenant_id=tenant_id, params=params, part=part)
    found = _get(name, resource)
    if found is not None:
        stored_at, body = found
        return Answer(body, "HIT", max(0, int(time.time() - stored_at)), ttl)
    body = orjson.dumps(compute(), default=_plain)
    _set(name, body, ttl)
    return Answer(body, "MISS", 0, ttl)


def _plain(value: Any) -> Any:
    """Return what JSON knows: Decimal and dates as text."""
    return str(value)


def _get(name: str, resource: str) -> tuple[float, bytes] | None:
    try:
        found = cache.get(name)
    except (RedisError, OSError) as error:
        stats.count(resource, "errors")
        log.warning("cache_unreadable", error=type(error).__name__)
        return None
    stats.count(resource, "hits" if found is not None else "misses")
    return (float(found["at"]), found["body"].encode()) if isinstance(found, dict) else None


def _set(name: str, body: bytes, ttl: int) -> None:
    try:
        cache.set(name, {"at": time.time(), "body": body.decode()}, timeout=ttl)
    except (RedisError, OSError) as error:
        log.warning("cache_not_written", error=type(error).__name__)


def headers(answer: Answer) -> dict[str, str]:
    """Return the cache headers of an API answer."""
    return {
        "X-Cache": answer.state,
        "Age": str(answer.age),
        "ETag": answer.etag,
        "Vary": "Authorization, Cookie, X-Tenant",
        "Cache-Control": f"private, max-age={answer.ttl}, stale-while-revalidate={answer.ttl // 2}",
    }
