"""Collecting figures and looking for what is wrong, every METRICS_COLLECTION_INTERVAL, in a thread of every process.

In all of them, because one that ran in a worker could not see that there is no worker; locks in the database let one do it at a time.
"""

import atexit
import threading

import structlog
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import connection

from live import collecting
from live.alerts import looking, telling

log = structlog.get_logger(__name__)
_ended = threading.Event()
_thread: threading.Thread | None = None


def start() -> None:
    """Begin to look; once a process. Returns at once."""
    global _thread
    if _thread is None and settings.ENABLE_PERFORMANCE_MONITORING:
        _ended.clear()
        _thread = threading.Thread(target=_run, name="watchman", daemon=True)
        _thread.start()
        atexit.register(stop)


def stop() -> None:
    """Look no more."""
    global _thread
    _ended.set()
    _thread = None


def step() -> bool:
    """Collect, and when that was this process's turn, look and tell; return whether it was. Never raises."""
    try:
        if not collecting.collect():
            return False
        looking.look()
        telling.tell()
    except DatabaseFailure as error:
        log.warning("not_collected", error=type(error).__name__)
        return False
    except Exception:  # the thread must outlive one bad look
        log.exception("not_collected")
        return False
    return True


def _run() -> None:
    while not _ended.wait(settings.METRICS_COLLECTION_INTERVAL / 1_000):
        step()
        connection.close()
