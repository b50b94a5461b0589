"""Traces through OpenTelemetry, when OTEL_EXPORTER_OTLP_ENDPOINT names a collector. Off, each call here is one comparison.

Spans: request (its route), SQL (verb and table, never values), outgoing HTTP (upstream and method), task. The W3C header `traceparent` is
read from requests and tasks, and sent to upstreams and with tasks, so one trace goes from the click to the upstream.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from typing import Any, Final, Protocol

import structlog
from django.conf import settings
from django.http import HttpRequest

log = structlog.get_logger(__name__)
_VERB = re.compile(r"\s*(?:--[^\n]*\n\s*)*(\w+)")
_TABLE = re.compile(r'\b(?:from|into|update|table|view|join)\s+"?([a-z_]\w*)"?', re.IGNORECASE)


class Span(Protocol):
    """What a traced block may say about itself."""

    def named(self, name: str, status: int) -> None:
        """Give the span its final name and the status of the answer."""


class _Silent:
    def named(self, name: str, status: int) -> None:
        """Say nothing."""


class _Spoken:
    def __init__(self, span: Any) -> None:
        self._span = span

    def named(self, name: str, status: int) -> None:
        """Name the span by the route; 5xx is an error."""
        self._span.update_name(name)
        self._span.set_attribute("http.route", name)
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            from opentelemetry.trace import StatusCode

            self._span.set_status(StatusCode.ERROR)


_SILENT: Final = _Silent()
_tracer: Any = None
_provider: Any = None


def start(kind: str) -> None:
    """Begin to trace this process, when a collector is named and the packages are there. Called once a process, after any fork."""
    global _tracer, _provider
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT or _tracer is not None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        log.warning("traces_need_packages", install="requirements-production.txt", missing=error.name)
        return
    about = {"service.name": f"{settings.OTEL_SERVICE_NAME}-{kind}", "service.version": settings.VERSION}
    _provider = TracerProvider(resource=Resource.create(about))
    endpoint = f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces"
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=5)))
    _tracer = _provider.get_tracer("painel")


def stop() -> None:
    """Send what waits and trace no more."""
    global _tracer, _provider
    if _provider is not None:
        _provider.shutdown()
    _tracer = _provider = None


def request(request: HttpRequest) -> AbstractContextManager[Span]:
    """Return the span of an incoming request, under the trace that the request names."""
    if _tracer is None:
        return nullcontext(_SILENT)
    return _span(str(request.method), "SERVER", {"http.request.method": str(request.method)}, request.headers)


def statement(sql: str) -> AbstractContextManager[Any]:
    """Return the span of an SQL statement, named by its verb and table."""
    if _tracer is None:
        return nullcontext()
    verb, table = named_statement(sql)
    about = {"db.system.name": "postgresql", "db.operation.name": verb, "db.collection.name": table}
    return _span(f"{verb} {table}".strip(), "CLIENT", about)


@contextmanager
def outgoing(name: str, method: str) -> Iterator[dict[str, str]]:
    """Open the span of an outgoing request, and yield the headers that carry the trace on."""
    if _tracer is None:
        yield {}
        return
    with _span(f"{method} {name}", "CLIENT", {"http.request.method": method, "peer.service": name}):
        yield headers()


def task(name: str, carried: Mapping[str, str]) -> AbstractContextManager[Span]:
    """Return the span of a task, under the trace of whoever sent it."""
    if _tracer is None:
        return nullcontext(_SILENT)
    return _span(name, "CONSUMER", {"messaging.destination.name": name}, carried)


def headers() -> dict[str, str]:
    """Return the headers that carry the current trace on; none when tracing is off."""
    if _tracer is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    found: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(found)
    return found


@contextmanager
def _span(
    name: str, kind: str, about: Mapping[str, str], carried: Mapping[str, str] | None = None
) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind, format_trace_id
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = None
    if carried is not None and carried.get("traceparent"):
        context = TraceContextTextMapPropagator().extract({"traceparent": carried["traceparent"]})
    # An exception's text may hold values of rows; its type is enough to find it in the log.
    with _tracer.start_as_current_span(
        name,
        context=context,
        kind=SpanKind[kind],
        attributes={key: value for key, value in about.items() if value},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        if carried is not None:
            structlog.contextvars.bind_contextvars(trace_id=format_trace_id(span.get_span_context().trace_id))
        try:
            yield _Spoken(span)
        except Exception as error:
            _failed(span, error)
            raise


def _failed(span: Any, error: Exception) -> None:
    from opentelemetry.trace import StatusCode

    span.set_attribute("error.type", type(error).__name__)
    span.set_status(StatusCode.ERROR)


@lru_cache(maxsize=1_000)
def named_statement(sql: str) -> tuple[str, str]:
    """Return the verb and the first table of a statement ("SELECT", "ledger_sale"); "" where it has none."""
    text = str(sql)
    verb, table = _VERB.match(text), _TABLE.search(text)
    return (verb.group(1).upper() if verb else "", table.group(1) if table else "")
