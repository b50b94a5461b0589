"""Measurements over time: every METRICS_COLLECTION_INTERVAL the figures of all processes become rows, kept for 30 days.

Every process tries (live.watchman), one does: the lock and the newest row decide. What is counted per minute is the growth of sums since
the last collection, divided by the time between the two by the database's clock; so a process that died in between is not missing.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction

from lib import pg
from live import figures, measure
from live.counters import Figures
from live.models import PerformanceMetric

log = structlog.get_logger(__name__)
KEPT: Final = timedelta(days=30)
_BATCH: Final = 10_000
# The row that carries the sums on to the next collection.
CARRIER: Final = "requests_per_minute"
_COUNTS: Final = ("cache_hits", "cache_misses", "events_delivered", "request_errors", "task_failures")
_TIMES: Final = ("request_ms", "query_ms", "event_delivery", "task_ms")


@transaction.atomic
def collect() -> dict[str, Decimal]:
    """Write a row for each measurement and return them; nothing when it is not time yet or another process is at it.

    Raises django.db.Error.
    """
    interval = timedelta(milliseconds=settings.METRICS_COLLECTION_INTERVAL)
    if not settings.ENABLE_PERFORMANCE_MONITORING or not pg.try_lock(pg.Lock.COLLECT):
        return {}
    last = PerformanceMetric.objects.filter(metric_type=CARRIER).order_by("-recorded_at").first()
    now = pg.now()
    # Every process tries at a moment of its own. One from the future is of before the clock was set back.
    if last is not None and now - 0.9 * interval < last.recorded_at <= now:
        return {}
    totals = measure.totals()
    sums = totals.figures.without_labels()
    found = _values(totals, sums, _since(last, sums, now))
    PerformanceMetric.objects.bulk_create(
        PerformanceMetric(
            metric_type=name,
            metric_value=value,
            recorded_at=now,
            metadata=_carried(sums) if name == CARRIER else {},
        )
        for name, value in found.items()
    )
    if settings.LOG_PERFORMANCE_METRICS:
        log.info("performance", **{name: float(value) for name, value in found.items()})
    return found


def prune() -> int:
    """Delete measurements older than 30 days, a bounded number a call, and return how many."""
    return pg.execute(
        """
        DELETE FROM live_performancemetric WHERE id IN (
            SELECT id FROM live_performancemetric WHERE recorded_at < now() - make_interval(secs => %s) LIMIT %s
        )
        """,
        [KEPT.total_seconds(), _BATCH],
    )


def _since(last: PerformanceMetric | None, sums: Figures, now: datetime) -> tuple[float, Figures] | None:
    """Return the minutes since the last collection and what was counted in them; None when there is nothing to compare with."""
    if last is None or "figures" not in last.metadata or last.recorded_at >= now:
        return None
    before = measure.from_json(last.metadata["figures"])
    grown = sums.copy().add(before, -1)
    if any(n < 0 for n in grown.counts.values()) or any(times.n < 0 for times in grown.times.values()):
        return None  # sums that went back: rows of processes were deleted by hand, or a backup was restored
    return (now - last.recorded_at).total_seconds() / 60, grown


def _carried(sums: Figures) -> dict[str, Any]:
    kept = Figures(
        {key: n for key, n in sums.counts.items() if key[0] in _COUNTS},
        {key: times for key, times in sums.times.items() if key[0] in _TIMES},
    )
    return {"figures": measure.as_json(kept)}


def _values(totals: measure.Totals, sums: Figures, since: tuple[float, Figures] | None) -> dict[str, Decimal]:
    now = figures.of(totals)
    found: dict[str, float | None] = {
        "connections": now.connections,
        "memory_mb": now.memory_bytes / 1024 / 1024,
        **{f"{kind}_processes": len(totals.of_kind(kind)) for kind in ("web", "worker", "beat")},
    }
    if since is None:
        found[CARRIER] = now.requests_per_minute
    else:
        found |= _rates(*since)
    return {name: Decimal(str(round(value, 2))) for name, value in found.items() if value is not None}


def _rates(minutes: float, grown: Figures) -> dict[str, float | None]:
    requests, rate = grown.time("request_ms"), figures.hit_rate(grown)[0]
    return {
        CARRIER: requests.n / minutes,
        "latency_ms": requests.mean,
        "latency_p95_ms": requests.quantile(0.95),
        "errors_per_minute": grown.count("request_errors") / minutes,
        "query_ms": grown.time("query_ms").mean,
        "cache_hit_rate_percent": None if rate is None else 100 * rate,
        "events_per_minute": grown.count("events_delivered") / minutes,
        "event_delivery_p95_ms": grown.time("event_delivery").quantile(0.95),
        "tasks_per_minute": grown.time("task_ms").n / minutes,
    }
