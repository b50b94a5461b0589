"""PostgreSQL as it is: advisory locks with their keys in one place, and raw statements."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from typing import Any

from django.db import InterfaceError, OperationalError, connection


class Lock(IntEnum):
    """First half of an advisory key; the second is a tenant or connection id, or 0 for the whole installation."""

    LEDGER = 1  # one writer of facts a tenant
    SYNC = 2  # one runner a connection
    KPI_REFRESH = 3  # one refresh of the materialized view
    SETUP = 4  # one setup-db
    BACKUP = 7  # one backup, restore or rehearsal
    IMPORT = 5  # one worker a file
    RECONCILE = 8  # one matcher a tenant
    DECIDE = 9  # one writer of matches a tenant
    RULES = 10  # one writer of the order of rules a tenant
    DIMENSIONS = 11  # one process that sums a tenant by dimension
    FORECAST = 12  # one process that forecasts a tenant
    SEGMENTS = 13  # one process that scores a tenant's customers
    ANOMALIES = 14  # one process that judges a tenant's numbers
    RECURRING = 15  # one process that looks for a tenant's recurring lines
    ALERTS = 16  # one process that judges a tenant's alerts
    MEASURE = 21  # one process that adds up the figures of the departed
    COLLECT = 22  # one collector of measurements and alerts


def fetch(sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def execute(sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> int:
    """Run a statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def now() -> datetime:
    """Return the database's time, which may differ from this computer's: what is compared with columns that it wrote."""
    found: datetime = fetch("SELECT clock_timestamp()")[0][0]
    return found


def started() -> datetime:
    """Return when this transaction began: what now() says in all its statements, so what all rows that it writes carry."""
    found: datetime = fetch("SELECT now()")[0][0]
    return found


def lock(kind: Lock, key: int = 0) -> None:
    """Wait for the advisory lock and hold it until this transaction ends. Needs a transaction."""
    assert connection.in_atomic_block, "a transaction-level lock without a transaction is given back at once"
    execute("SELECT pg_advisory_xact_lock(%s, %s)", [int(kind), key])


def try_lock(kind: Lock, key: int = 0) -> bool:
    """Take the advisory lock until this transaction ends, or return False at once when another holds it."""
    assert connection.in_atomic_block, "a transaction-level lock without a transaction is given back at once"
    return bool(fetch("SELECT pg_try_advisory_xact_lock(%s, %s)", [int(kind), key])[0][0])


def hold(kind: Lock, key: int = 0) -> bool:
    """Try to take the lock on this database connection until it ends or `session_lock` around it gives the lock back."""
    return bool(fetch("SELECT pg_try_advisory_lock(%s, %s)", [int(kind), key])[0][0])


@contextmanager
def session_lock(kind: Lock, key: int = 0) -> Iterator[bool]:
    """Try the lock for longer than one transaction; yield whether it was taken. The server frees it when this process dies.

    Needs a database connection of its own: behind a pooler it must be in session mode.
    """
    taken = hold(kind, key)
    try:
        yield taken
    finally:
        if taken:
            _give_back(kind, key)


def _give_back(kind: Lock, key: int) -> None:
    """Free the lock. With a connection that broke, the server has freed it already."""
    try:
        fetch("SELECT pg_advisory_unlock(%s, %s)", [int(kind), key])
    except (OperationalError, InterfaceError):
        connection.close()
