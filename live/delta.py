"""What changed in a list since a moment: rows by the time of their last change, and rows that are gone.

`updated_at` is the start of the transaction that wrote, and transactions do not become visible in the order in which they began. So an
answer names as its `timestamp` a moment before which nothing can appear any more: the start of the oldest transaction that is still open.
Who asks again from there may be told something twice, and misses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Model

from lib import pg
from live.models import Removed

KEPT: Final = timedelta(days=1)  # how long a client may stay away

# Every open transaction counts, also one that has not written yet: it may, and its rows then carry its start. When a prepared transaction
# began is written nowhere, so while there is one nobody may rely on less than a day. Two seconds, because a transaction reads the clock a
# moment before others can see that it began.
_NOW: Final = """
SELECT c.now,
       least(c.now - interval '2 seconds',
             (SELECT min(xact_start) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'),
             (SELECT min(prepared) - interval '1 day' FROM pg_prepared_xacts WHERE database = current_database()))
  FROM (SELECT clock_timestamp() AS now) AS c
"""

_SINCE: Final = """
SELECT at, id FROM (
    (SELECT updated_at AS at, id FROM {table}
      WHERE tenant_id = %(tenant)s AND updated_at >= %(at)s AND (updated_at, id) > (%(at)s, %(id)s)
      ORDER BY updated_at, id LIMIT %(limit)s)
    UNION ALL
    (SELECT at, row_id FROM live_removed
      WHERE tenant_id = %(tenant)s AND list = %(list)s AND at >= %(at)s AND (at, row_id) > (%(at)s, %(id)s) AND row_id <> 0
      ORDER BY at, row_id LIMIT %(limit)s)) AS changed
ORDER BY at, id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Feed:
    """A list of which clients keep a copy: its name among what was removed, and the table that has `id`, `tenant_id` and `updated_at`."""

    name: str
    model: type[Model]


@dataclass(frozen=True, slots=True)
class Clock:
    """The database's time, and the moment before which no change can appear any more (never later than the oldest open transaction)."""

    now: datetime
    settled: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A row that was written or removed, and when."""

    at: datetime
    id: int


def clock() -> Clock:
    """Return the database's clock. Must be asked before the rows are read."""
    if connection.in_atomic_block:
        pg.fetch(
            "SELECT pg_stat_clear_snapshot()"
        )  # else it says what it saw at the first look of this transaction
    now, settled = pg.fetch(_NOW)[0]
    return Clock(now.astimezone(UTC), settled.astimezone(UTC))


def reaches(feed: Feed, *, tenant_id: int, since: datetime, now: datetime) -> bool:
    """Return whether what changed since then can be told: it is not too long ago, not in the future, and the list was not turned over."""
    if not now - KEPT <= since <= now:
        return False
    turned = Removed.objects.filter(
        tenant_id=tenant_id,
        list__in=[feed.name, Removed.EVERY_LIST],
        row_id=Removed.WHOLE_LIST,
        at__gte=since,
    )
    return not turned.exists()


def changes(feed: Feed, *, tenant_id: int, after: Change, limit: int) -> Sequence[Change]:
    """Return what was written or removed after this place, oldest first, at most `limit`. Two index ranges, whatever the list's size."""
    table = connection.ops.quote_name(feed.model._meta.db_table)
    params = {"tenant": tenant_id, "list": feed.name, "at": after.at, "id": after.id, "limit": limit}
    return [Change(at.astimezone(UTC), pk) for at, pk in pg.fetch(_SINCE.format(table=table), params)]


def prune() -> int:
    """Delete, a bounded number a call, what no client can ask for any more, and return how many. An hour later than they may ask."""
    return pg.execute(
        """
        DELETE FROM live_removed WHERE id IN (
            SELECT id FROM live_removed WHERE at < now() - make_interval(secs => %s) ORDER BY id LIMIT 10000
        )
        """,
        [(KEPT + timedelta(hours=1)).total_seconds()],
    )
