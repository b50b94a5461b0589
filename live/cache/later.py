"""Work that no answer waits for: one thread a process does it in order. What does not fit into its queue is left out.

A forked child begins with an empty queue and a thread of its own.
"""

import os
import queue
import threading
from collections.abc import Callable
from typing import Final

import structlog
from django.db import connections

log = structlog.get_logger(__name__)
MOST_WAITING: Final = 1_000
_lock = threading.Lock()
_jobs: queue.Queue[Callable[[], None]] = queue.Queue(MOST_WAITING)
_thread: threading.Thread | None = None


def do(job: Callable[[], None]) -> bool:
    """Do the job soon; return whether there was room for it. What it raises is logged."""
    try:
        _jobs.put_nowait(job)
    except queue.Full:
        return False
    _start()
    return True


def wait() -> None:
    """Return when everything that was handed over so far is done."""
    _jobs.join()


def _start() -> None:
    global _thread
    if _thread is None or not _thread.is_alive():
        with _lock:
            if _thread is None or not _thread.is_alive():
                _thread = threading.Thread(target=_work, args=(_jobs,), name="cache-later", daemon=True)
                _thread.start()


def _work(jobs: "queue.Queue[Callable[[], None]]") -> None:
    while True:
        job = jobs.get()
        try:
            job()
        except Exception:  # the thread serves whoever comes next
            log.exception("cache_job_failed")
        finally:
            # The database connection goes back; jobs are too rare to hold one.
            connections.close_all()
            jobs.task_done()


def _after_fork() -> None:
    global _jobs, _thread, _lock
    _jobs, _thread, _lock = queue.Queue(MOST_WAITING), None, threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
