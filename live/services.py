"""Housekeeping of what just happened."""

from datetime import timedelta
from typing import Final

from lib import pg

KEPT: Final = timedelta(days=1)
_BATCH: Final = 10_000


def prune() -> int:
    """Delete events older than a day, a bounded number a call, and return how many."""
    return pg.execute(
        """
        DELETE FROM live_event WHERE id IN (
            SELECT id FROM live_event WHERE created_at < now() - make_interval(secs => %s) ORDER BY id LIMIT %s
        )
        """,
        [KEPT.total_seconds(), _BATCH],
    )
