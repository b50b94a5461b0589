"""What a request leaves behind: figures by route, one log line with ids and without persons, a number that tasks carry on."""

import io
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse

from lib import http
from live import counters, middleware, watch
from live.tasks import prune
from tests.api import with_key
from tests.cast import Cast


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    counters.forget()


@pytest.fixture
def lines() -> Iterator[Any]:
    """Return a function that gives the log lines so far, as the process writes them."""
    handler = next(
        one
        for one in logging.getLogger().handlers
        if isinstance(one.formatter, structlog.stdlib.ProcessorFormatter)
    )
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    handler.setStream(before)


def test_a_request_is_counted_by_route_and_never_by_path(cast: Cast) -> None:
    key = with_key(cast.aurora)
    assert key.get("/api/sales", {"q": "ana@example.com"}).status_code == 200
    assert key.get("/api/sales").status_code == 200
    assert Client().get("/api/nowhere/123").status_code == 404
    found = counters.figures()
    assert found.time("request_ms", method="GET", status="2xx").n == 2
    assert found.time("request_ms", route="unmatched", status="4xx").n == 1
    routes = {dict(series[1:])["route"] for series in found.times if series[0] == "request_ms"}
    assert routes == {"sales", "unmatched"}
    assert found.count("request_queries", route="sales") == found.time("query_ms").n > 0
    assert found.time("request_query_ms", route="sales").n == 2


def test_the_line_of_a_request_has_ids_and_no_persons(cast: Cast, lines: Any) -> None:
    client = Client()
    client.force_login(cast.ana)
    response = client.get(reverse("ledger:sales", kwargs={"slug": "aurora"}), {"q": "529.982.247-25"})
    assert response.status_code == 200
    line = next(line for line in lines() if line["event"] == "request")
    assert line | {"ms": 0, "queries": 0, "query_ms": 0, "timestamp": ""} == {
        "event": "request", "level": "info", "logger": "live.requests", "route": "ledger:sales", "method": "GET", "status": 200,
        "tenant": cast.aurora.pk, "user": cast.ana.pk, "request_id": response["X-Request-ID"], "ms": 0, "queries": 0, "query_ms": 0,
        "timestamp": "",
    }  # fmt: skip
    assert "529.982" not in json.dumps(lines())
    assert structlog.contextvars.get_contextvars() == {}, "the next request of this thread begins without it"


def test_lines_inside_a_request_say_whose_it_is(
    cast: Cast, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*args: Any, **kwargs: Any) -> Any:
        structlog.get_logger("inside").info("looked", password="hunter2", note="asked by ana@example.com")
        raise RuntimeError("Ana <ana@example.com> CPF 52998224725")

    monkeypatch.setattr("live.api.company.SettingsView.get", told)
    client = with_key(cast.boreal)
    client.raise_request_exception = False
    response = client.get("/api/settings")
    assert response.status_code == 500
    inside = next(line for line in lines() if line["event"] == "looked")
    assert (inside["tenant"], inside["request_id"], inside["password"]) == (
        cast.boreal.pk,
        response["X-Request-ID"],
        "•••",
    )
    whole = json.dumps(lines(), ensure_ascii=False)
    assert "hunter2" not in whole
    assert "ana@example.com" not in whole
    assert "52998224725" not in whole
    failed = next(line for line in lines() if line["logger"] == "django.request")
    assert failed["event"] == "Internal Server Error: api/settings"
    assert "RuntimeError" in failed["exception"]
    assert counters.figures().count("request_errors", route="settings") == 1


def test_a_webhooks_token_is_in_no_line(db: None, lines: Any) -> None:
    Client().post("/api/webhooks/pluggy/abcdefgh12345678", {}, content_type="application/json")
    assert "abcdefgh12345678" not in json.dumps(lines())


def test_health_is_counted_without_a_line(db: None, lines: Any) -> None:
    assert Client().get("/health/live").status_code == 200
    assert counters.figures().time("machine_request_ms", route="live:health_live").n == 1
    assert [line for line in lines() if line["event"] == "request"] == []


def test_a_strange_method_makes_no_series_of_its_own() -> None:
    request = HttpRequest()
    request.method = "BREW"
    middleware.RequestMiddleware(lambda request: HttpResponse(status=405))(request)
    assert counters.figures().time("request_ms", method="other", status="4xx").n == 1


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (httpx2.Response(200, json={"ok": True}), "ok"),
        (httpx2.Response(503), "5xx"),
        (httpx2.Response(404), "4xx"),
        (httpx2.ConnectError("no route"), "Unreachable"),
        (httpx2.Response(200, content=b"{"), "BadAnswer"),
    ],
)
def test_outgoing_requests_are_timed_by_upstream_and_result(answer: Any, result: str) -> None:
    def upstream(request: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    patience = http.Patience(attempts=1)
    with http.Client(
        "https://erp.example", name="gestaoclick", patience=patience, transport=httpx2.MockTransport(upstream)
    ) as api:
        try:
            api.get("/sales")
        except http.HttpError:
            assert result != "ok"
    assert counters.figures().time("upstream_ms", upstream="gestaoclick", result=result).n == 1


def test_a_task_knows_the_request_that_sent_it() -> None:
    headers: dict[str, Any] = {}
    with structlog.contextvars.bound_contextvars(request_id="f00"):
        watch._on_publish(headers=headers)
    assert headers["request_id"] == "f00"
    task = SimpleNamespace(name="sync.run_due", request=SimpleNamespace(headers=headers))
    watch._on_start(task=task, task_id="t1")
    assert structlog.contextvars.get_contextvars() == {
        "task": "sync.run_due",
        "task_id": "t1",
        "request_id": "f00",
    }
    watch._on_finish(task=task, state="FAILURE")
    assert structlog.contextvars.get_contextvars() == {}
    found = counters.figures()
    assert (found.time("task_ms", task="sync.run_due", state="FAILURE").n, found.count("task_failures")) == (
        1,
        1,
    )


def test_a_task_that_a_worker_runs_is_counted(db: None) -> None:
    prune.apply(headers={"request_id": "f00"})
    assert counters.figures().time("task_ms", task="live.prune", state="SUCCESS").n == 1


def test_begin_is_heard_for_workers_without_children_only(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(watch, "begin", begun.append)
    watch._on_worker(sender=SimpleNamespace(pool_cls="celery.concurrency.prefork:TaskPool"))
    watch._on_worker(sender=SimpleNamespace(pool_cls="celery.concurrency.solo:TaskPool"))
    watch._on_child()
    watch._on_beat()
    assert begun == ["worker", "worker", "beat"]
