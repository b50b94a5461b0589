"""Figures of all processes: each writes its own into its `Process` row every few seconds, and sums over processes are sums of rows.

    measure.add("events_delivered", kind="sse")
    measure.observe("task_ms", 12.5, task="sync.run_due")
    measure.gauge("streams", lambda: len(hub.clients))

Nothing here waits for PostgreSQL: a request only counts in memory, a thread of its own writes, and while the database is away it tries
again at the next turn with everything counted until then.

Sums never go back. A process that has been silent for a minute is "buried": what it last wrote is added to one row of the departed
(id 0, kind "gone") in the transaction that deletes its row. If it was only cut off and writes again, it writes what is new since then.
So the growth of a sum between two looks is what happened between them, whoever died meanwhile.
"""

import atexit
import os
import socket
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psutil
import structlog
from django.db import Error as DatabaseFailure
from django.db import connection, models, transaction
from django.db.models.functions import Now

from lib import pg
from live import counters
from live.counters import BUCKETS, Figures, Key, Times, add, follow, gauge, observe
from live.models import Process

__all__ = [
    "ID",
    "Alive",
    "Figures",
    "Times",
    "Totals",
    "add",
    "follow",
    "gauge",
    "observe",
    "start",
    "stop",
    "totals",
]

log = structlog.get_logger(__name__)
WRITE_EVERY: Final = 5.0  # seconds
SILENT_AFTER: Final = 60.0
DEPARTED: Final = uuid.UUID(int=0)
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)

ID = uuid.uuid4()
_writer: "Writer | None" = None


@dataclass(slots=True)
class Totals:
    """Everything that was counted since the installation began, and the processes that are alive."""

    figures: Figures
    processes: list["Alive"] = field(default_factory=list)

    def gauge(self, name: str, *, kind: str = "") -> float:
        """Return the sum of this gauge over the living processes (of this kind)."""
        return sum(one.gauges.get(name, 0) for one in self.of_kind(kind))

    def recent(self, *, kind: str = "") -> Figures:
        """Return what the living processes counted in about the last minute, by name without labels."""
        found = Figures()
        for one in self.of_kind(kind):
            found.add(one.recent)
        return found

    def of_kind(self, kind: str) -> list["Alive"]:
        """Return the living processes of this kind; of all kinds without one."""
        return [one for one in self.processes if kind in {"", one.kind}]


@dataclass(frozen=True, slots=True)
class Alive:
    """A process that was heard of within the last minute, as it last wrote itself."""

    id: uuid.UUID
    kind: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    gauges: Mapping[str, float]
    recent: Figures
    recent_seconds: float

    @property
    def memory_bytes(self) -> float | None:
        """Return its resident memory; None when it did not say."""
        return self.gauges.get("memory_bytes")

    @property
    def streams(self) -> float | None:
        """Return how many streams it holds open; None when it holds none by its kind."""
        return self.gauges.get("connections")


def start(kind: str) -> None:
    """Begin to write this process's figures; once a process. `kind`: web, worker or beat. Returns at once."""
    global _writer
    if _writer is None:
        _writer = Writer(kind)
        threading.Thread(target=_writer.run, name="measure", daemon=True).start()
        atexit.register(stop)


def stop() -> None:
    """Write a last time and say goodbye, so that nobody waits a minute to see that this process is gone."""
    global _writer
    if _writer is not None:
        writer, _writer = _writer, None
        writer.ended.set()
        writer.turn(goodbye=True)
        connection.close()


class Writer:
    """Writes this process's row. `turn` is one step; `run` repeats it in a thread."""

    def __init__(self, kind: str) -> None:
        self.kind = Process.Kind(kind)
        self.ended = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._written: Figures | None = None  # all that was counted by the last time that succeeded
        self._buried = Figures()  # what the departed hold of it already: the row carries only what came after
        self._failing = False

    def run(self) -> None:
        """Take a step every few seconds until `ended` is set."""
        while True:
            self.turn()
            connection.close()
            if self.ended.wait(WRITE_EVERY):
                break

    def turn(self, *, goodbye: bool = False) -> bool:
        """Write the row and bury who is silent; return whether the database took it. Never raises: what is not written now is next time."""
        try:
            with self._one_at_a_time:
                if goodbye or not self.ended.is_set():
                    self.write(goodbye=goodbye)
                    bury()
        except DatabaseFailure as error:
            if not self._failing:
                log.warning("figures_not_written", error=type(error).__name__)
            self._failing = True
            return False
        except Exception:  # a broken gauge must not end the thread that tells that this process is alive
            log.exception("figures_not_written")
            return False
        self._failing = False
        return True

    def write(self, *, goodbye: bool = False) -> None:
        """Write the row. Raises django.db.Error."""
        counters.tick()
        now = counters.figures()
        seconds, recent = counters.recent()
        body = {
            "gauges": {} if goodbye else counters.gauges(),
            "recent_seconds": round(seconds, 3),
            "recent": as_json(recent.without_labels()),
        }
        seen = _LONG_AGO if goodbye else Now()
        if self._written is not None:
            left = now.copy().add(self._buried, -1)
            row = Process.objects.filter(pk=ID)
            if row.update(seen_at=seen, counters={**body, **as_json(left)}):
                self._written = now
                return
            self._buried = self._written
        left = now.copy().add(self._buried, -1)
        Process.objects.update_or_create(
            pk=ID,
            defaults={"seen_at": seen, "counters": {**body, **as_json(left)}},
            create_defaults={
                "kind": self.kind, "host": socket.gethostname()[:120], "pid": os.getpid(), "seen_at": seen,
                "counters": {**body, **as_json(left)},
            },
        )  # fmt: skip
        self._written = now


@transaction.atomic
def bury() -> int:
    """Add what silent processes wrote last to the row of the departed and delete theirs; return how many. Raises django.db.Error.

    A row from the future is as silent as an old one: the clock was set back, and whoever lives writes again within seconds.
    """
    gone = list(
        Process.objects.select_for_update(no_key=True, skip_locked=True)
        .exclude(_alive())
        .exclude(pk=DEPARTED)
    )
    if not gone or not pg.try_lock(pg.Lock.MEASURE):
        return 0
    kept = Process.objects.filter(pk=DEPARTED).first()
    sums = from_json(kept.counters) if kept else Figures()
    for row in gone:
        sums.add(from_json(row.counters))
    Process.objects.update_or_create(
        pk=DEPARTED,
        defaults={"counters": as_json(sums)},
        create_defaults={
            "kind": Process.Kind.GONE, "host": "", "pid": 0, "seen_at": _LONG_AGO, "counters": as_json(sums)
        },
    )  # fmt: skip
    Process.objects.filter(pk__in=[row.pk for row in gone]).delete()
    return len(gone)


def totals() -> Totals:
    """Return the sums over all processes, those that ended among them, as they were last written (at most 5 s ago).

    Raises django.db.Error.
    """
    found = Totals(Figures())
    for row in Process.objects.annotate(
        lives=models.ExpressionWrapper(_alive(), models.BooleanField())
    ).order_by("started_at"):
        found.figures.add(from_json(row.counters))
        if row.lives:
            found.processes.append(_alive_from(row))
    return found


def _alive() -> models.Q:
    """Return the condition of a living row, by the database's clock, which all processes share."""
    silence = timedelta(seconds=SILENT_AFTER)
    return models.Q(seen_at__gt=Now() - silence, seen_at__lt=Now() + silence)


def _alive_from(row: Process) -> Alive:
    return Alive(
        id=row.pk,
        kind=row.kind,
        host=row.host,
        pid=row.pid,
        started_at=row.started_at,
        seen_at=row.seen_at,
        gauges=row.counters.get("gauges", {}),
        recent=from_json(row.counters.get("recent", {})),
        recent_seconds=float(row.counters.get("recent_seconds", 0)),
    )


def as_json(figures: Figures) -> dict[str, Any]:
    """Return figures as rows keep them; `from_json` reads it."""
    return {
        "counts": [[key[0], dict(key[1:]), n] for key, n in figures.counts.items() if n],
        "times": [
            [key[0], dict(key[1:]), times.buckets, round(times.sum_ms, 3)]
            for key, times in figures.times.items()
            if times.n
        ],
    }


def from_json(body: Mapping[str, Any]) -> Figures:
    """Return the figures of a row. Times in buckets of another version of the program are left out: they cannot be added."""
    found = Figures()
    for name, labels, n in body.get("counts", ()):
        found.counts[_key(name, labels)] = n
    for name, labels, buckets, sum_ms in body.get("times", ()):
        if len(buckets) == len(BUCKETS) + 1:
            found.times[_key(name, labels)] = Times(buckets, sum_ms)
    return found


def _key(name: str, labels: Mapping[str, str]) -> Key:
    return (name, *sorted(labels.items()))


def _memory_bytes() -> float:
    return float(psutil.Process().memory_info().rss)


def _after_fork() -> None:
    """A child is a process of its own: new id, nothing counted, no thread."""
    global ID, _writer
    ID, _writer = uuid.uuid4(), None
    counters.forget()


os.register_at_fork(after_in_child=_after_fork)
gauge("memory_bytes", _memory_bytes)
