"""Which workers live: each leaves a mark in Redis with its heartbeat. Asking them through the broker would take a second an answer."""

import time
from typing import Any, Final

import structlog
from celery.signals import heartbeat_sent
from django.conf import settings
from django_redis import get_redis_connection
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
KEY: Final = "painel:workers"
MARK_EVERY: Final = 10.0  # seconds; Celery's heart beats every two
SILENT_AFTER: Final = 30.0
_last_mark = 0.0


def listen() -> None:
    """Leave a mark with every heartbeat of a worker in this process. Called from `AppConfig.ready()`; silent in web processes."""
    heartbeat_sent.connect(_on_heartbeat, weak=False, dispatch_uid="live.workers")


def _on_heartbeat(sender: Any = None, **_: object) -> None:
    global _last_mark
    if time.monotonic() - _last_mark < MARK_EVERY:
        return
    _last_mark = time.monotonic()
    mark(str(getattr(getattr(sender, "eventer", None), "hostname", "worker")))


def mark(name: str) -> None:
    """Say that the worker `name` lives."""
    try:
        client = get_redis_connection("answers")
        client.hset(KEY, name, time.time())
        client.expire(KEY, 3_600)
    except (RedisError, OSError) as error:
        log.warning("worker_not_marked", error=type(error).__name__)


def alive() -> int | None:
    """Return how many workers left a mark in the last half minute; None without a broker, where nobody can know.

    Raises RedisError when Redis does not answer.
    """
    if not settings.CELERY_BROKER_URL or not settings.REDIS_URL:
        return None
    marks = get_redis_connection("answers").hvals(KEY)
    return sum(1 for at in marks if time.time() - float(at) < SILENT_AFTER)
