"""Measurements over time: exact rates whoever dies, one collector at a time, clocks that jump."""

import threading
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F

from lib import pg
from live import collecting, counters, measure, watchman
from live.models import PerformanceMetric, Process


@pytest.fixture(autouse=True)
def _nothing_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    counters.forget()
    monkeypatch.setattr(measure, "ID", uuid.uuid4())
    monkeypatch.setattr(counters, "_followed", [])
    monkeypatch.setattr(
        counters, "_gauges", {"connections": lambda: 3.0, "memory_bytes": lambda: 100 * 1024 * 1024}
    )


def age(by: timedelta) -> None:
    """Let what was collected so far be older by so much."""
    PerformanceMetric.objects.update(recorded_at=F("recorded_at") - by)


def values() -> dict[str, Decimal]:
    newest = PerformanceMetric.objects.latest("recorded_at").recorded_at
    return dict(
        PerformanceMetric.objects.filter(recorded_at=newest).values_list("metric_type", "metric_value")
    )


def first_collection() -> measure.Writer:
    writer = measure.Writer("web")
    writer.turn()
    assert collecting.collect()
    age(timedelta(minutes=2))
    return writer


def rounded(found: dict[str, Decimal]) -> dict[str, float]:
    """Leave out the moment between two clocks that a test cannot hold still."""
    return {name: round(float(value), 1) for name, value in found.items()}


def test_rates_are_what_was_counted_since_the_last_time(db: None) -> None:
    writer = first_collection()
    for milliseconds in (100, 100, 100, 900):
        measure.observe("request_ms", milliseconds, route="x")
    measure.observe("query_ms", 2)
    measure.add("request_errors", 2, route="x")
    measure.add("cache_hits", 3, resource="board")
    measure.add("cache_misses", 1, resource="board")
    measure.add("events_delivered", 10, kind="sse")
    writer.turn()
    assert collecting.collect()
    assert rounded(values()) == {
        "requests_per_minute": 2.0, "latency_ms": 300.0, "latency_p95_ms": 900.0, "errors_per_minute": 1.0, "query_ms": 2.0,
        "cache_hit_rate_percent": 75.0, "events_per_minute": 5.0, "tasks_per_minute": 0.0, "connections": 3.0, "memory_mb": 100.0,
        "web_processes": 1.0, "worker_processes": 0.0, "beat_processes": 0.0,
    }  # fmt: skip


def test_a_process_that_died_in_between_is_not_missing(db: None) -> None:
    writer = first_collection()
    measure.observe("request_ms", 100, route="x")
    writer.turn()
    Process.objects.update(seen_at=F("seen_at") - timedelta(minutes=5))
    measure.bury()
    assert rounded(collecting.collect())["requests_per_minute"] == 0.5
    assert "latency_ms" in values()
    assert values()["web_processes"] == 0


def test_unknown_is_no_row(db: None) -> None:
    first_collection()
    found = collecting.collect()
    assert found["requests_per_minute"] == 0
    assert {"latency_ms", "latency_p95_ms", "cache_hit_rate_percent", "event_delivery_p95_ms"}.isdisjoint(
        found
    )


def test_not_twice_in_one_interval(db: None, settings: Any) -> None:
    assert collecting.collect()
    assert collecting.collect() == {}
    age(timedelta(seconds=50))
    assert collecting.collect() == {}
    age(timedelta(seconds=9))
    assert collecting.collect()
    settings.ENABLE_PERFORMANCE_MONITORING = False
    age(timedelta(minutes=5))
    assert collecting.collect() == {}


def test_one_collector_at_a_time(transactional_db: None) -> None:
    found: list[dict[str, Decimal]] = []

    def other() -> None:
        found.append(collecting.collect())
        connection.close()

    with transaction.atomic():
        assert pg.try_lock(pg.Lock.COLLECT)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == [{}]
    assert collecting.collect()


def test_a_clock_that_was_set_back_stops_nothing_and_invents_nothing(db: None) -> None:
    writer = first_collection()
    age(timedelta(hours=-3))  # collected before the clock went back by three hours
    measure.observe("request_ms", 100, route="x")
    writer.turn()
    found = collecting.collect()
    assert "latency_ms" not in found
    assert found["web_processes"] == 1
    PerformanceMetric.objects.filter(recorded_at__gt=pg.now()).delete()
    age(timedelta(minutes=1))
    measure.observe("request_ms", 300, route="x")
    writer.turn()
    assert rounded(collecting.collect())["latency_ms"] == 300.0


def test_sums_that_went_back_are_not_compared(db: None) -> None:
    measure.observe("request_ms", 100, route="x")
    first_collection()
    Process.objects.all().delete()
    counters.forget()
    measure.Writer("web").turn()
    assert "latency_ms" not in collecting.collect()


def test_old_measurements_are_deleted(db: None) -> None:
    for days in (31, 29):
        PerformanceMetric.objects.create(
            metric_type="x", metric_value=days, recorded_at=pg.now() - timedelta(days=days)
        )
    assert collecting.prune() == 1
    assert PerformanceMetric.objects.get().metric_value == 29


def test_a_step_without_a_database_raises_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(collecting, "collect", away)
    assert watchman.step() is False
    monkeypatch.undo()
    assert watchman.step() is True


def test_it_is_logged_when_asked_for(db: None, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.LOG_PERFORMANCE_METRICS = True
    with caplog.at_level("INFO", logger="live.collecting"):
        collecting.collect()
    assert [
        record.msg["connections"] for record in caplog.records if record.msg["event"] == "performance"
    ] == [0.0]
