"""Every request: a number of its own in all log lines, its time and its statements by route, one line when it ends, a span when traced."""

import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from live import measure, tracing

log = structlog.get_logger("live.requests")
Handler = Callable[[HttpRequest], HttpResponse]
# Asked every few seconds by machines: counted apart, because they would flatter the averages, and without a line each.
QUIET: Final = frozenset(
    {"live:health", "live:health_live", "live:health_ready", "live:health_realtime", "live:metrics", "static"}
)


class Statements:
    """Counts the SQL statements of one request and their milliseconds."""

    def __init__(self) -> None:
        self.n = 0
        self.ms = 0.0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """Run the statement (an execute_wrapper of Django)."""
        began = time.perf_counter()
        with tracing.statement(sql):
            try:
                return execute(sql, params, many, context)
            finally:
                ms = 1_000 * (time.perf_counter() - began)
                self.n += 1
                self.ms += ms
                measure.observe("query_ms", ms)

    def watch(self) -> AbstractContextManager[None]:
        """Return a block in which the statements of this thread are counted."""
        return connection.execute_wrapper(self)


class RequestMiddleware:
    """Names, times and logs the request. Stands outside everything that may fail, inside what knows the true client address."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A thread serves one request after another: what the last one bound must not stick to this one.
        structlog.contextvars.clear_contextvars()
        number = uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=number)
        statements, began = Statements(), time.perf_counter()
        with tracing.request(request) as span, statements.watch():
            response = self.get_response(request)
            span.named(route_of(request), response.status_code)
        _tell(request, response, statements, 1_000 * (time.perf_counter() - began))
        response["X-Request-ID"] = number
        structlog.contextvars.clear_contextvars()
        return response


def route_of(request: HttpRequest) -> str:
    """Return the name of the route, never the path: paths hold ids and are endless."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or match.route
    return "static" if request.path.startswith(settings.STATIC_URL) else "unmatched"


def _tell(request: HttpRequest, response: HttpResponse, statements: Statements, ms: float) -> None:
    route, status = route_of(request), response.status_code
    method = request.method if request.method in _METHODS else "other"
    name = "machine_request_ms" if route in QUIET else "request_ms"
    measure.observe(name, ms, route=route, method=method, status=f"{status // 100}xx")
    measure.observe("request_query_ms", statements.ms, route=route)
    measure.add("request_queries", statements.n, route=route)
    if status >= 500:
        measure.add("request_errors", route=route)
    line = {"route": route, "method": method, "status": status, "ms": round(ms, 1)}
    quiet = route in QUIET and status < 500
    (log.debug if quiet else log.error if status >= 500 else log.info)(
        "request", **line, **_who(request), queries=statements.n, query_ms=round(statements.ms, 1)
    )


def _who(request: HttpRequest) -> dict[str, int]:
    """Return the ids of company and person, as far as this request has found them out; nothing is asked for the log's sake."""
    access = getattr(request, "access", None)
    user = getattr(request, "_cached_user", None) or getattr(access, "user", None)
    found = {
        "tenant": getattr(getattr(access, "tenant", None), "pk", None),
        "user": getattr(user, "pk", None),
    }
    return {name: pk for name, pk in found.items() if pk is not None}


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
