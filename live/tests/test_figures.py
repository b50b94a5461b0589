"""What is asked about right now: per process, over all processes, and as Prometheus reads it."""

import uuid
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from live import counters, exposition, measure
from live.models import Process
from live.streams import notices
from tests.api import body, with_key
from tests.cast import Cast

TOKEN = "a token of the scraper"


@pytest.fixture(autouse=True)
def _nothing_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    counters.forget()
    monkeypatch.setattr(measure, "ID", uuid.uuid4())
    monkeypatch.setattr(counters, "_followed", [])
    monkeypatch.setattr(counters, "_gauges", {"connections": lambda: 3.0, "memory_bytes": lambda: 1_000.0})


def write_as(kind: str) -> None:
    """Write what was counted so far as a process of its own, and begin anew."""
    measure.Writer(kind).write()
    counters.forget()
    measure.ID = uuid.uuid4()


def scrape() -> dict[str, float]:
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_realtime_health_of_a_process_that_did_nothing_yet() -> None:
    response = Client().get("/health/realtime")
    assert response.status_code == 200
    found = body(response)
    assert found | {"timestamp": "", "uptime": 0} == {
        "websocketConnections": 3, "cacheHitRate": None, "averageLatency": None, "uptime": 0, "memoryUsage": {"rss": 1_000}, "timestamp": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("connections", "latency", "hits", "misses", "status"),
    [
        (999, 499, 71, 29, 200),
        (1_000, 1, 0, 0, 503),
        (0, 500, 0, 0, 503),
        (0, 1, 70, 30, 503),
        (0, 1, 0, 99, 200),  # too few to say anything
        (0, None, 0, 0, 200),
    ],
)
def test_realtime_health_follows_the_rule(
    connections: int, latency: float | None, hits: int, misses: int, status: int
) -> None:
    measure.gauge("connections", lambda: connections)
    if latency is not None:
        measure.observe("request_ms", latency, route="x")
    measure.add("cache_hits", hits, resource="board")
    measure.add("cache_misses", misses, resource="list")
    response = Client().get("/health/realtime")
    assert response.status_code == status
    assert body(response)["averageLatency"] == latency
    assert body(response)["cacheHitRate"] == (hits / (hits + misses) if hits + misses else None)


def test_realtime_metrics_are_sums_over_web_processes(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_000.0
    monkeypatch.setattr(counters.time, "monotonic", lambda: moment)
    for requests, milliseconds, hits in ((30, 10, 8), (10, 50, 0)):
        counters.forget()
        moment += 60
        for _ in range(requests):
            measure.observe("request_ms", milliseconds, route="x")
        measure.add("cache_hits", hits)
        measure.add("cache_misses", 1)
        write_as("web")
    measure.observe("request_ms", 9_999, route="x")
    write_as("worker")
    response = with_key(cast.aurora).get("/api/metrics/realtime")
    assert response.status_code == 200
    assert body(response)["data"] == {
        "activeConnections": 6, "requestsPerMinute": 40.0, "cacheHitRate": 0.8, "averageLatency": 20.0,
    }  # fmt: skip
    assert Client().get("/api/metrics/realtime").status_code == 401


@pytest.mark.parametrize(("most", "status"), [(600, "degraded"), (601, "ok")])
def test_places_are_counted_by_process_and_not_in_sum(
    db: None, settings: Any, most: int, status: str
) -> None:
    settings.MAX_CONCURRENT_CONNECTIONS = most
    for connections in (600, 400):
        counters.gauge("connections", lambda connections=connections: connections)
        write_as("web")
    told = notices.metrics()
    assert (told["performance"]["activeConnections"], told["status"]) == (1_000, status)


def test_status_counts_the_processes(cast: Cast) -> None:
    for kind in ("web", "worker", "worker"):
        write_as(kind)
    found = body(with_key(cast.aurora).get("/api/system/status"))["data"]
    assert found["processes"] == {"web": 1, "worker": 2, "beat": 0}


def test_metrics_are_sums_that_survive_their_process(db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    measure.observe("request_ms", 40, route="sales", method="GET", status="2xx")
    measure.observe("request_ms", 400_000, route="sales", method="GET", status="2xx")
    measure.add("request_errors", route="sales")
    write_as("web")
    measure.observe("request_ms", 40, route="sales", method="GET", status="2xx")
    measure.add("cache_errors", tier="redis")
    measure.add("cache_errors", resource="board")
    write_as("worker")
    first = scrape()
    of_sales = "[('method', 'GET'), ('route', 'sales'), ('status', '2xx')]"
    assert first[f"painel_request_seconds_count{of_sales}"] == 3
    assert first[f"painel_request_seconds_sum{of_sales}"] == 400.08
    bucket = "painel_request_seconds_bucket[('le', '{}'), ('method', 'GET'), ('route', 'sales'), ('status', '2xx')]"
    assert [first[bucket.format(bound)] for bound in ("0.025", "0.05", "300.0", "+Inf")] == [0, 2, 2, 3]
    assert first["painel_request_errors_total[('route', 'sales')]"] == 1
    assert first["painel_cache_errors_total[('resource', ''), ('tier', 'redis')]"] == 1
    assert first["painel_processes[('kind', 'web')]"] == first["painel_processes[('kind', 'worker')]"] == 1
    assert (first["painel_connections[]"], first["painel_memory_bytes[]"]) == (6, 2_000)
    Process.objects.filter(kind="web").update(seen_at="2026-01-01T00:00:00Z")
    measure.bury()
    second = scrape()
    assert second[f"painel_request_seconds_count{of_sales}"] == 3
    assert (second["painel_processes[('kind', 'web')]"], second["painel_connections[]"]) == (0, 3)


def test_metrics_of_upper_apps_are_read_when_asked(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setattr(exposition, "_readers", [])
    exposition.register(
        lambda: [("queue_age_seconds", {"queue": "runs"}, 12.5)], queue_age_seconds="Oldest row that waits."
    )
    assert scrape()["painel_queue_age_seconds[('queue', 'runs')]"] == 12.5


@pytest.mark.parametrize(
    ("configured", "sent", "status"),
    [
        ("", "Bearer ", 404),
        ("", "", 404),
        (TOKEN, "", 401),
        (TOKEN, "Bearer wrong", 401),
        (TOKEN, TOKEN, 401),
        (TOKEN, "Bearer \xe9", 401),
        (TOKEN, f"Bearer {TOKEN}", 200),
    ],
)
def test_metrics_have_a_door(db: None, settings: Any, configured: str, sent: str, status: int) -> None:
    settings.METRICS_TOKEN = configured
    assert Client().get("/metrics", headers={"Authorization": sent} if sent else {}).status_code == status


def test_metrics_without_a_database(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("gone")

    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setattr(measure, "totals", away)
    assert Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 503
    assert Client().get("/health/realtime").status_code == 200
