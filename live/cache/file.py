"""A SQLite file of this host as a tier: what was computed is still there after Redis lost it, and while Redis is away.

Several processes use one file (WAL). It grows to its cap and no further: what ends soonest goes first. A file that is broken is set aside
as `<name>.corrupt` and begun anew. Everything in it can be computed again, so nothing here waits for the disk.
"""

import contextlib
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)
PAGE: Final = 4_096  # bytes, SQLite's own
FULL: Final = 0.9  # share of the cap at which rows are thrown out
ROOMY: Final = 0.75  # share of the cap at which that ends
LOG_PAGES: Final = 256  # 1 MB of write-ahead log at most before it goes into the file
PATIENCE: Final = 0.1  # seconds to wait for another writer
EVICTED_FIRST: Final = 10  # rows; twice as many at each further step

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS answers_1 (
    key TEXT PRIMARY KEY, tenant INTEGER NOT NULL, resource TEXT NOT NULL, until REAL NOT NULL, size INTEGER NOT NULL, value TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_1_until ON answers_1 (until);
"""
_PUT: Final = (
    "INSERT OR REPLACE INTO answers_1 (key, tenant, resource, until, size, value) VALUES (?, ?, ?, ?, ?, ?)"
)
_EVICT: Final = "DELETE FROM answers_1 WHERE rowid IN (SELECT rowid FROM answers_1 ORDER BY until LIMIT ?)"
_SIZES: Final = "SELECT resource, count(*), sum(size) FROM answers_1 WHERE until > ? AND (? IS NULL OR tenant = ?) GROUP BY resource"


class TierAway(Exception):
    """The file cannot be used now; the message is SQLite's."""


class FileTier:
    """Values by key in the file `path`, at most `limit` bytes. Every thread has a connection of its own."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        # The write-ahead log stands beside the file and counts: a quarter is its.
        self.pages = limit // PAGE * 3 // 4
        self.log_pages = min(LOG_PAGES, self.pages // 8)
        self._mine = threading.local()

    def get(self, name: str, *, now: float) -> bytes | None:
        """Return the value, unless its time is over (Unix seconds). Raises TierAway."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT value FROM answers_1 WHERE key = ? AND until > ?", (name, now)
            ).fetchone()
        return row[0] if row else None

    def put(self, name: str, value: bytes, *, tenant_id: int, resource: str, until: float) -> None:
        """Keep the value and make room when it gets tight. One that would fill a quarter of the file is not kept. Raises TierAway."""
        if len(value) > self.pages * PAGE // 4:
            return
        row = (name, tenant_id, resource, until, len(value), value.decode())
        with self._connected() as connection:
            try:
                connection.execute(_PUT, row)
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_FULL:
                    raise
                self._make_room(connection)
                connection.execute(_PUT, row)
            if self._used(connection) > FULL * self.pages:
                self._make_room(connection)

    def sizes(self, tenant_id: int | None = None) -> dict[str, tuple[int, int]]:
        """Return how many values there are and their bytes, by resource, of one company or of all. Raises TierAway."""
        with self._connected() as connection:
            rows = connection.execute(_SIZES, (time.time(), tenant_id, tenant_id)).fetchall()
        return {resource.decode(): (n, size) for resource, n, size in rows}

    def close(self) -> None:
        """Close this thread's connection."""
        held: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        self._mine.connection = None
        if held is not None:
            held.close()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection to the file that stands there now; translate what SQLite raises."""
        try:
            yield self._connection()
        except sqlite3.DatabaseError as error:
            if _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                self._set_aside(error)
            elif _code(error) not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                self.close()
            raise TierAway(str(error)) from error
        except OSError as error:
            raise TierAway(str(error)) from error

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection, a new one after a fork or when somebody put another file there."""
        mine = self._mine
        held: sqlite3.Connection | None = getattr(mine, "connection", None)
        if held is not None and mine.pid == os.getpid() and mine.file == _identity(self.path):
            return held
        if held is not None and mine.pid != os.getpid():
            # Closing it here would end what the parent process has open.
            mine.of_parent, mine.connection = held, None
        self.close()
        with self._alone():
            mine.pid, mine.connection = os.getpid(), self._open()
        opened: sqlite3.Connection = mine.connection
        return opened

    def _open(self) -> sqlite3.Connection:
        # What companies own stands in it: readable by its owner only. SQLite gives its two side files the same mode.
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        self._mine.file = _identity(self.path)
        connection = sqlite3.connect(
            self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        connection.text_factory = bytes
        try:
            for pragma in (
                "journal_mode = WAL",
                "synchronous = NORMAL",
                "cache_size = -256",
                "secure_delete = OFF",  # on in some builds: then throwing out writes as much as keeping
                f"max_page_count = {self.pages}",
                f"wal_autocheckpoint = {self.log_pages}",
                f"journal_size_limit = {self.log_pages * PAGE}",
            ):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            connection.executescript(_TABLE)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _used(self, connection: sqlite3.Connection) -> int:
        """Return how many pages hold something."""
        (pages,), (free,) = (
            connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count")
        )
        return int(pages) - int(free)

    def _make_room(self, connection: sqlite3.Connection) -> None:
        """Throw out what is over, then what ends soonest, until a quarter of the file is free."""
        connection.execute("DELETE FROM answers_1 WHERE until < ?", (time.time(),))
        rows = EVICTED_FIRST
        while self._used(connection) > ROOMY * self.pages:
            if connection.execute(_EVICT, (rows,)).rowcount < 1:
                return
            rows *= 2

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        """Move the broken file away, once: who comes second finds another file in its place and only lets go of the old one."""
        self.close()
        with self._alone():
            if _identity(self.path) != self._mine.file:
                return
            log.warning("cache_file_broken", path=str(self.path), error=str(error))
            # The log first: beside a new file, SQLite would take it for that one's own.
            for side in ("-wal", "-shm"):
                self.path.with_name(self.path.name + side).unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                self.path.replace(self.path.with_name(self.path.name + ".corrupt"))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the other processes of this host from opening or moving the file."""
        with self.path.with_name(self.path.name + ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _identity(path: Path) -> tuple[int, int] | None:
    """Return which file stands at the path now; None when none does."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _code(error: sqlite3.DatabaseError) -> int:
    """Return SQLite's primary result code; 0 for what Python itself raises."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
