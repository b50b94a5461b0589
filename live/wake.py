"""Waking a worker: rows are the queue, the broker only says "look". What is not heard now, Beat finds in the rows."""

from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def on_commit(task: str, **kwargs: Any) -> None:
    """Send the task by its name when the current transaction commits. Best effort: a dead broker costs 200 ms at most and no error."""
    transaction.on_commit(lambda: now(task, **kwargs))


def now(task: str, **kwargs: Any) -> bool:
    """Send the task at once; return whether the broker took it."""
    if not settings.CELERY_BROKER_URL:
        return False
    try:
        current_app.send_task(task, kwargs=kwargs, ignore_result=True, expires=300, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("worker_not_woken", task=task, error=str(error))
        return False
    return True
