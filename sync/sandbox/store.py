"""One SQLite file that holds everything the sandbox answers with: ready JSON text beside the columns that filters need.

`rows` serves GestãoClick and Advbox, `lines` the bank, `objects` the few things of Pluggy that change by themselves (items, accounts,
bills, webhooks), `truth` says for every bank line what it really paid.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import orjson

SCHEMA_VERSION: Final = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
    company TEXT NOT NULL, resource TEXT NOT NULL, id INTEGER NOT NULL, kind TEXT NOT NULL, day TEXT NOT NULL, paid TEXT NOT NULL,
    created TEXT NOT NULL, status TEXT NOT NULL, owner TEXT NOT NULL, store TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,
    hidden INTEGER NOT NULL, payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS lines (
    id TEXT NOT NULL, company TEXT NOT NULL, account TEXT NOT NULL, at TEXT NOT NULL, day TEXT NOT NULL, cents INTEGER NOT NULL,
    status TEXT NOT NULL, created TEXT NOT NULL, fitid TEXT NOT NULL, memo TEXT NOT NULL, sequence INTEGER NOT NULL,
    hidden INTEGER NOT NULL, payload BLOB
);
CREATE TABLE IF NOT EXISTS truth (line TEXT NOT NULL, company TEXT NOT NULL, kind TEXT NOT NULL, refs BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL, id TEXT NOT NULL, company TEXT NOT NULL, parent TEXT NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (kind, id)
) WITHOUT ROWID;
"""
_INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS rows_id ON rows (company, resource, id);
CREATE INDEX IF NOT EXISTS rows_shown ON rows (company, resource, hidden, id);
CREATE INDEX IF NOT EXISTS rows_kind ON rows (company, resource, hidden, kind, id);
CREATE INDEX IF NOT EXISTS rows_day ON rows (company, resource, day);
CREATE INDEX IF NOT EXISTS rows_created ON rows (company, resource, created);
CREATE UNIQUE INDEX IF NOT EXISTS lines_id ON lines (id);
CREATE INDEX IF NOT EXISTS lines_at ON lines (account, at, id);
CREATE INDEX IF NOT EXISTS lines_created ON lines (account, created);
CREATE INDEX IF NOT EXISTS lines_day ON lines (account, day, sequence);
CREATE INDEX IF NOT EXISTS lines_pending ON lines (company, day) WHERE status = 'PENDING';
CREATE UNIQUE INDEX IF NOT EXISTS truth_line ON truth (line);
CREATE INDEX IF NOT EXISTS objects_parent ON objects (kind, parent);
"""
_PUT_ROW = "INSERT OR REPLACE INTO rows VALUES (?,?,?,?,?,?,?,?,?,?,?,?,0,?)"
_PUT_LINE = "INSERT OR REPLACE INTO lines VALUES (?,?,?,?,?,?,?,?,?,?,?,0,?)"
_PUT_TRUTH = "INSERT OR REPLACE INTO truth VALUES (?,?,?,?)"
_BATCH: Final = 4_000

Row = tuple[str, str, int, str, str, str, str, str, str, str, str, str, bytes]
"""company, resource, id, kind, day, paid, created, status, owner, store, name, document, payload"""
Line = tuple[str, str, str, str, str, int, str, str, str, str, int, bytes | None]
"""id, company, account, at (UTC), day (local), cents, status, created, fitid, memo, sequence, payload"""


class Store:
    """The file, opened. Used by one thread at a time."""

    def __init__(self, path: Path, *, journal: Literal["WAL", "OFF"] = "WAL") -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.executescript(
            f"PRAGMA page_size=8192; PRAGMA journal_mode={journal}; PRAGMA synchronous=OFF; PRAGMA cache_size=-6000;"
        )
        self.db.executescript(_TABLES)
        self.version = 0

    def close(self) -> None:
        """Close the file; it can be opened again."""
        self.db.close()

    def add_indexes(self) -> None:
        """Create the indexes: after the bulk load, because building them once is cheaper than keeping them."""
        self.db.executescript(_INDEXES)

    def all(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.db.execute(sql, args).fetchall()

    def one(self, sql: str, args: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Return the first row of a query or None."""
        row: tuple[Any, ...] | None = self.db.execute(sql, args).fetchone()
        return row

    def page_of_rows(
        self, where: str, args: Sequence[Any], order: str, limit: int, offset: int
    ) -> list[bytes]:
        """Return the payloads of a page of ERP rows. `where` and `order` are made of constants; values are in `args`."""
        query = f"SELECT payload FROM rows WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
        return [row[0] for row in self.db.execute(query, (*args, limit, offset))]

    def run(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Execute a change and return how many rows it touched."""
        self.version += 1
        return self.db.execute(sql, args).rowcount

    def meta(self, key: str) -> Any:
        """Return a stored value, or None."""
        row = self.one("SELECT value FROM meta WHERE key = ?", (key,))
        return None if row is None else orjson.loads(row[0])

    def set_meta(self, key: str, value: Any) -> None:
        """Store a JSON value under a key."""
        self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, orjson.dumps(value)))

    def get(self, kind: str, object_id: str) -> dict[str, Any] | None:
        """Return an object's payload, or None."""
        row = self.one("SELECT payload FROM objects WHERE kind = ? AND id = ?", (kind, object_id))
        return None if row is None else orjson.loads(row[0])

    def put(self, kind: str, object_id: str, company: str, parent: str, payload: dict[str, Any]) -> None:
        """Store an object, replacing the one with the same id."""
        self.run(
            "INSERT OR REPLACE INTO objects VALUES (?,?,?,?,?)",
            (kind, object_id, company, parent, orjson.dumps(payload)),
        )

    def children(self, kind: str, parent: str) -> list[dict[str, Any]]:
        """Return the payloads of the objects of a kind under a parent, by id."""
        rows = self.all(
            "SELECT payload FROM objects WHERE kind = ? AND parent = ? ORDER BY id", (kind, parent)
        )
        return [orjson.loads(row[0]) for row in rows]

    def owner(self, kind: str, object_id: str) -> str | None:
        """Return the company of an object, or None."""
        row = self.one("SELECT company FROM objects WHERE kind = ? AND id = ?", (kind, object_id))
        return None if row is None else str(row[0])

    def put_rows(self, rows: Iterable[Row]) -> None:
        """Write ERP rows, replacing those with the same id."""
        self.version += 1
        self.db.executemany(_PUT_ROW, rows)

    def put_lines(self, lines: Iterable[Line]) -> None:
        """Write bank lines, replacing those with the same id."""
        self.version += 1
        self.db.executemany(_PUT_LINE, lines)

    def put_truth(self, truths: Iterable[tuple[str, str, str, bytes]]) -> None:
        """Write what bank lines really paid: (line id, company, kind, JSON of ids)."""
        self.db.executemany(_PUT_TRUTH, truths)


class Writer:
    """Collects rows and hands them to the store in bulk."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rows: list[Row] = []
        self.lines: list[Line] = []
        self.truths: list[tuple[str, str, str, bytes]] = []

    def flush(self, *, least: int = 0) -> None:
        """Write what was collected when there are at least so many rows."""
        if len(self.rows) + len(self.lines) < least:
            return
        self.store.put_rows(self.rows)
        self.store.put_lines(self.lines)
        self.store.put_truth(self.truths)
        self.rows, self.lines, self.truths = [], [], []

    def breathe(self) -> None:
        """Write when a batch is full."""
        self.flush(least=_BATCH)
