"""Traces, as a collector receives them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from django.test import Client
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lib import http
from live import tracing, watch
from tests.api import with_key
from tests.cast import Cast

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")


class Collector(HTTPServer):
    """Keeps the spans that arrive."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[tuple[str, ExportTraceServiceRequest]] = []

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for _, message in self.received
            for resource in message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        message = ExportTraceServiceRequest()
        message.ParseFromString(body)
        self.server.received.append((self.path, message))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def collector(settings: Any) -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = f"http://127.0.0.1:{server.server_port}/"
    tracing.start("web")
    yield server
    tracing.stop()
    server.shutdown()
    server.server_close()


def attributes(span: Any) -> dict[str, str]:
    return {one.key: one.value.string_value or str(one.value.int_value) for one in span.attributes}


def test_a_request_with_its_statements_under_the_callers_trace(cast: Cast, collector: Collector) -> None:
    assert with_key(cast.aurora).get("/api/sales?q=Maria", headers={"traceparent": PARENT}).status_code == 200
    tracing.stop()
    (path, message), *_ = collector.received
    assert path == "/v1/traces"
    resource = {one.key: one.value.string_value for one in message.resource_spans[0].resource.attributes}
    assert resource["service.name"] == "painel-web"
    assert {span.trace_id for span in collector.spans} == {TRACE}
    root = next(span for span in collector.spans if span.name == "sales")
    assert root.parent_span_id == bytes.fromhex("b7ad6b7169203331")
    assert attributes(root) == {
        "http.request.method": "GET",
        "http.route": "sales",
        "http.response.status_code": "200",
    }
    statements = [span for span in collector.spans if "db.system.name" in attributes(span)]
    assert {span.parent_span_id for span in statements} == {root.span_id}
    assert "SELECT tenants_apikey" in {span.name for span in statements}
    assert b"Maria" not in b"".join(message.SerializeToString() for _, message in collector.received)


def test_the_trace_goes_on_to_upstream_and_with_tasks(collector: Collector) -> None:
    seen: list[str] = []

    def upstream(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["traceparent"])
        return httpx2.Response(500)

    headers: dict[str, Any] = {}
    with tracing.task("sync.run", {"traceparent": PARENT}):
        watch._on_publish(headers=headers)
        with http.Client(
            "https://erp.example", name="advbox", patience=http.Patience(attempts=1), transport=httpx2.MockTransport(upstream)
        ) as api, pytest.raises(http.StatusError):  # fmt: skip
            api.get("/sales")
    tracing.stop()
    spans = {span.name: span for span in collector.spans}
    assert set(spans) == {"sync.run", "GET advbox"}
    assert seen == [f"00-{TRACE.hex()}-{spans['GET advbox'].span_id.hex()}-01"]
    assert headers["traceparent"] == f"00-{TRACE.hex()}-{spans['sync.run'].span_id.hex()}-01"
    assert spans["GET advbox"].parent_span_id == spans["sync.run"].span_id
    assert attributes(spans["GET advbox"])["error.type"] == "StatusError"
    assert (spans["GET advbox"].status.code, spans["sync.run"].status.code) == (2, 0)


def test_a_task_run_by_a_worker_carries_on(collector: Collector) -> None:
    task = SimpleNamespace(name="sync.run", request=SimpleNamespace(headers={"traceparent": PARENT}))
    watch._on_start(task=task, task_id="1")
    watch._on_finish(task=task, state="SUCCESS")
    tracing.stop()
    assert [(span.name, span.trace_id) for span in collector.spans] == [("sync.run", TRACE)]


def test_off_nothing_is_opened(db: None) -> None:
    assert tracing.headers() == {}
    assert tracing.statement("SELECT 1") is not None
    tracing.start("web")
    assert tracing._tracer is None
    assert Client().get("/health/live", headers={"traceparent": PARENT}).status_code == 200


def test_a_collector_that_is_away_breaks_no_request(db: None, settings: Any) -> None:
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:1"
    tracing.start("web")
    assert Client().get("/health/live").status_code == 200
    tracing.stop()


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ('SELECT "ledger_sale"."id" FROM "ledger_sale" WHERE name = \'Maria\'', ("SELECT", "ledger_sale")),
        ("\n-- why\nINSERT INTO live_event AS e (id) VALUES (%s)", ("INSERT", "live_event")),
        ('UPDATE "live_process" SET x = 1', ("UPDATE", "live_process")),
        ("WITH a AS (SELECT 1) DELETE FROM t", ("WITH", "t")),
        ("SAVEPOINT x", ("SAVEPOINT", "")),
        ("", ("", "")),
    ],
)
def test_statements_are_named_without_values(sql: str, name: tuple[str, str]) -> None:
    assert tracing.named_statement(sql) == name
