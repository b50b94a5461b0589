"""How the installation is doing: a registry of parts that apps fill in `AppConfig.ready()`. Reports states and counts, never secrets."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import psycopg
import structlog
from django.core.cache import caches
from django.db import Error as DatabaseFailure
from django.db import connection
from redis.exceptions import RedisError

from live import workers
from tenants.models import Tenant

log = structlog.get_logger(__name__)
Status = Literal["ok", "degraded", "down", "unknown"]
STARTED: Final = time.monotonic()
HELD_SECONDS: Final = 1.0  # an open door must not become a way to load the servers
_RANK: Final[dict[Status, int]] = {"ok": 0, "unknown": 0, "degraded": 1, "down": 2}


@dataclass(frozen=True, slots=True)
class Part:
    """One part: how it is, and figures that explain it."""

    status: Status
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the part as answers show it."""
        return {"status": self.status, **self.details}


# Asks one part; for one company, or (None) for the whole installation.
Check = Callable[[Tenant | None], Part]


@dataclass(frozen=True, slots=True)
class _Entry:
    check: Check
    needs_database: bool


_registry: dict[str, _Entry] = {}
_held: tuple[float, dict[str, Part]] | None = None
_lock = threading.Lock()


def register(name: str, check: Check, *, needs_database: bool = True) -> None:
    """Add a part. Called from `AppConfig.ready()`; the same name again replaces it."""
    _registry[name] = _Entry(check, needs_database)


def report(tenant: Tenant | None = None) -> dict[str, Part]:
    """Return every part by name. A check that fails is a part that is down; without a database what needs it is unknown."""
    found = {"database": database(tenant)}
    for name, entry in _registry.items():
        if entry.needs_database and found["database"].status == "down":
            found[name] = Part("unknown")
        else:
            found[name] = _ask(name, entry.check, tenant)
    return found


def held_report() -> dict[str, Part]:
    """Return the report of the whole installation, at most a second old."""
    global _held
    with _lock:
        if _held is None or time.monotonic() - _held[0] > HELD_SECONDS:
            _held = (time.monotonic(), report())
        return _held[1]


def forget() -> None:
    """Drop what this process holds, so that the next report asks."""
    global _held
    _held = None


def overall(parts: Mapping[str, Part]) -> Status:
    """Return "down" without a database, "degraded" when any other part ails, else "ok"."""
    if parts["database"].status == "down":
        return "down"
    return "degraded" if any(_RANK[part.status] for part in parts.values()) else "ok"


def uptime_seconds() -> int:
    """Return for how long this process has been running."""
    return int(time.monotonic() - STARTED)


def _ask(name: str, check: Check, tenant: Tenant | None) -> Part:
    try:
        return check(tenant)
    except (DatabaseFailure, RedisError, OSError) as error:
        log.warning("health_part_down", part=name, error=type(error).__name__)
        return Part("down", {"error": type(error).__name__})


def database(tenant: Tenant | None = None) -> Part:
    """Return whether PostgreSQL answers, on a connection of its own: the pool would wait ten seconds to say no."""
    started = time.perf_counter()
    wanted = connection.get_connection_params()
    address = {key: wanted[key] for key in ("dbname", "user", "password", "host", "port") if wanted.get(key)}
    try:
        with psycopg.connect(**address, connect_timeout=2, autocommit=True) as fresh:
            fresh.execute("SELECT 1")
    except psycopg.Error as error:
        log.warning("database_down", error=type(error).__name__)
        return Part("down", {"error": type(error).__name__})
    return Part("ok", {"latency_ms": _milliseconds(started)})


def cache(tenant: Tenant | None = None) -> Part:
    """Return whether Redis answers. Without it the panel reads through: slower, not wrong."""
    started = time.perf_counter()
    try:
        caches["answers"].client.get_client(write=False).ping()  # type: ignore[attr-defined]
    except (RedisError, OSError) as error:
        return Part("degraded", {"error": type(error).__name__})
    return Part("ok", {"latency_ms": _milliseconds(started)})


def worker_part(tenant: Tenant | None = None) -> Part:
    """Return how many workers were heard of lately."""
    alive = workers.alive()
    if alive is None:
        return Part("unknown", {"alive": None})
    return Part("ok" if alive else "degraded", {"alive": alive})


def _milliseconds(started: float) -> float:
    return round(1_000 * (time.perf_counter() - started), 1)
