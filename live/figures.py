"""What is asked about right now: how many streams, how fast the answers, how good the cache. From the figures of live.measure."""

from dataclasses import dataclass, replace
from typing import Any, Final

from django.conf import settings

from live import counters, health, measure
from live.counters import Figures

# Fewer reads say nothing about how well a cache works.
ENOUGH_READS: Final = 100
SLOW_MS: Final = 500
LOW_HIT_RATE: Final = 0.7


@dataclass(frozen=True, slots=True)
class Now:
    """The last minute of one process or of all. Rates are shares of 1, latencies milliseconds; None where nothing was counted."""

    connections: int
    requests: int
    requests_per_minute: float
    latency_ms: float | None
    latency_p95_ms: float | None
    hit_rate: float | None
    cache_reads: int
    memory_bytes: int


def own() -> Now:
    """Return the last minute of this process. Asks nobody else."""
    seconds, recent = counters.recent()
    return _now(recent, seconds, counters.gauges())


def everybody() -> Now:
    """Return the last minute of all web processes together; memory is that of the largest. Raises django.db.Error."""
    return of(measure.totals())


def of(totals: measure.Totals) -> Now:
    """Return the last minute of the web processes in these totals."""
    web = totals.of_kind("web")
    found = _now(totals.recent(kind="web"), 60, {"connections": totals.gauge("connections", kind="web")})
    memory = max((int(one.gauges.get("memory_bytes", 0)) for one in totals.processes), default=0)
    # A process that has been up for ten seconds has counted for ten seconds only.
    rate = sum(60 * one.recent.time("request_ms").n / max(one.recent_seconds, 1) for one in web)
    return Now(
        found.connections, found.requests, rate, found.latency_ms, found.latency_p95_ms, found.hit_rate, found.cache_reads, memory
    )  # fmt: skip


def hit_rate(figures: Figures) -> tuple[float | None, int]:
    """Return the share of cached answers among all that were asked for (None: nobody asked), and how many were asked for."""
    hits, misses = figures.count("cache_hits"), figures.count("cache_misses")
    reads = int(hits + misses)
    return (hits / reads if reads else None), reads


def _now(recent: Figures, seconds: float, gauges: dict[str, float]) -> Now:
    times = recent.time("request_ms")
    rate, reads = hit_rate(recent)
    return Now(
        connections=int(gauges.get("connections", 0)),
        requests=times.n,
        requests_per_minute=60 * times.n / max(seconds, 1),
        latency_ms=times.mean,
        latency_p95_ms=times.quantile(0.95),
        hit_rate=rate,
        cache_reads=reads,
        memory_bytes=int(gauges.get("memory_bytes", 0)),
    )


def is_well(now: Now) -> bool:
    """Return whether a process may get more work: streams to spare, quick answers, a cache that works once it was asked often enough."""
    return (
        now.connections < settings.MAX_CONCURRENT_CONNECTIONS
        and (now.latency_ms is None or now.latency_ms < SLOW_MS)
        and (now.cache_reads < ENOUGH_READS or now.hit_rate is None or now.hit_rate > LOW_HIT_RATE)
    )


def all_well(totals: measure.Totals) -> bool:
    """Return whether the installation may get more work: the same rule, with the streams of the web process that holds most of them."""
    held = (int(one.gauges.get("connections", 0)) for one in totals.of_kind("web"))
    return is_well(replace(of(totals), connections=max(held, default=0)))


def health_json(now: Now) -> dict[str, Any]:
    """Return the answer of /health/realtime: rates are shares of 1, latency is in milliseconds, uptime in seconds, memory in bytes."""
    return {
        "websocketConnections": now.connections,
        "cacheHitRate": _rounded(now.hit_rate, 4),
        "averageLatency": _rounded(now.latency_ms, 1),
        "uptime": health.uptime_seconds(),
        "memoryUsage": {"rss": now.memory_bytes},
    }


def metrics_json(now: Now) -> dict[str, Any]:
    """Return the data of /api/metrics/realtime."""
    return {
        "activeConnections": now.connections,
        "requestsPerMinute": round(now.requests_per_minute, 1),
        "cacheHitRate": _rounded(now.hit_rate, 4),
        "averageLatency": _rounded(now.latency_ms, 1),
    }


def _rounded(value: float | None, places: int) -> float | None:
    return None if value is None else round(value, places)
