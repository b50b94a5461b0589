"""Tests that begin just before midnight wait for it: what is made before it and read after it would be of two days."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

# The days that tests see: the database's and the browser's, and the companies' (`Tenant.timezone`).
ZONES: Final = (ZoneInfo("UTC"), ZoneInfo("America/Sao_Paulo"))
USUAL: Final = timedelta(seconds=30)  # no test without a browser or another process takes that long
LONG: Final = timedelta(minutes=2)


def pause(moment: datetime, longest: timedelta) -> timedelta:
    """Return how long to wait so that something of this length lies within one day of every zone; nothing where it does already."""
    ends = (
        datetime.combine(moment.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone) for zone in ZONES
    )  # fmt: skip
    left = min(end - moment for end in ends)
    return left if left <= longest else timedelta(0)


def wait(item: Any) -> None:
    """Wait where a test of this kind could run into the next day."""
    is_long = any(item.get_closest_marker(name) for name in ("e2e", "drill"))
    time.sleep(pause(datetime.now(UTC), LONG if is_long else USUAL).total_seconds())
