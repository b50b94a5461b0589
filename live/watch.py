"""Looking at what is no request: outgoing HTTP, tasks, and the beginning and end of processes."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import structlog
from celery import signals

from lib import http
from live import cache, measure, tracing, watchman

log = structlog.get_logger("live.tasks")
_CARRIED: Final = ("request_id", "traceparent")


def begin(kind: str) -> None:
    """Measure and trace this process (web, worker or beat)."""
    tracing.start(kind)
    measure.start(kind)
    watchman.start()


def listen() -> None:
    """Hear of outgoing requests, tasks and processes. Called from `AppConfig.ready()`."""
    http.watch(outgoing)
    measure.follow(_cache_counts)
    measure.follow(cache.stats.tier_hits)
    for signal, receiver in (
        (signals.worker_init, _on_worker),
        (signals.worker_process_init, _on_child),
        (signals.worker_process_shutdown, _on_end),
        (signals.worker_shutdown, _on_end),
        (signals.beat_init, _on_beat),
        (signals.before_task_publish, _on_publish),
        (signals.task_prerun, _on_start),
        (signals.task_postrun, _on_finish),
    ):
        signal.connect(receiver, weak=False, dispatch_uid=f"live.watch.{receiver.__name__}")


@contextmanager
def outgoing(name: str, method: str) -> Iterator[Mapping[str, str]]:
    """Time one attempt of an outgoing request and count how it ended; yield the headers that carry the trace on."""
    began, result = time.perf_counter(), "ok"
    try:
        with tracing.outgoing(name, method) as headers:
            yield headers
    except http.StatusError as error:
        result = f"{error.status // 100}xx"
        raise
    except http.HttpError as error:
        result = type(error).__name__
        raise
    finally:
        measure.observe("upstream_ms", 1_000 * (time.perf_counter() - began), upstream=name, result=result)


def _cache_counts() -> Iterator[tuple[str, Mapping[str, str], float]]:
    """Yield what the cache counted in this process, as counts by resource."""
    for resource, counts in cache.stats.rows().items():
        for result, n in counts.items():
            yield f"cache_{result}", {"resource": resource}, n


# --- Celery ------------------------------------------------------------------------------------------------------------
def _on_worker(sender: Any = None, **_: object) -> None:
    # With forked children the parent does no work; without, it is the worker.
    if "prefork" not in str(getattr(sender, "pool_cls", "")):
        begin("worker")


def _on_child(**_: object) -> None:
    begin("worker")


def _on_beat(**_: object) -> None:
    begin("beat")


def _on_end(**_: object) -> None:
    watchman.stop()
    measure.stop()
    tracing.stop()


def _on_publish(headers: dict[str, Any] | None = None, **_: object) -> None:
    """Send along which request this task belongs to."""
    if headers is not None:
        bound = structlog.contextvars.get_contextvars()
        headers |= {"request_id": bound["request_id"]} if "request_id" in bound else {}
        headers |= tracing.headers()


def _on_start(task: Any = None, task_id: str = "", **_: object) -> None:
    structlog.contextvars.clear_contextvars()
    carried = {name: value for name in _CARRIED if (value := _carried(task, name))}
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)
    if "request_id" in carried:
        structlog.contextvars.bind_contextvars(request_id=carried["request_id"])
    stack = ExitStack()
    stack.enter_context(tracing.task(task.name, carried))
    task.request.painel = (time.perf_counter(), stack)


def _carried(task: Any, name: str) -> str:
    """Return what was sent along with the task; Celery has put it among the request's attributes or its headers."""
    headers = getattr(task.request, "headers", None) or {}
    return str(getattr(task.request, name, None) or headers.get(name) or "")


def _on_finish(task: Any = None, state: str = "", **_: object) -> None:
    began, stack = task.request.painel
    stack.close()
    ms = 1_000 * (time.perf_counter() - began)
    measure.observe("task_ms", ms, task=task.name, state=state)
    if state == "FAILURE":
        measure.add("task_failures", task=task.name)
    log.debug("task", state=state, ms=round(ms, 1))
    structlog.contextvars.clear_contextvars()
