"""Asking upstream for one record now. Who talks to upstreams stands above, so it says how in `AppConfig.ready()`."""

from collections.abc import Callable
from datetime import datetime, timedelta

from ledger.models import Fact
from tenants.models import Tenant

# Brings the record up to date when what is stored is older than `max_age` and the upstream's budget allows.
# Returns the time at which the record is now known to be true, None when nobody knows. Never raises: what is stored still answers.
Refresher = Callable[[Tenant, Fact, timedelta], datetime | None]
_refresher: Refresher | None = None


def register(refresher: Refresher) -> None:
    """Say who can ask upstream."""
    global _refresher
    _refresher = refresher


def at_most(row: Fact, *, tenant: Tenant, max_age: timedelta) -> datetime | None:
    """Try to make the record at most `max_age` old. Return the time at which it was true; the row itself must be read again."""
    return _refresher(tenant, row, max_age) if _refresher else None
