"""When a bank line happened: Pluggy gives UTC instants, many of which are only days.

| `date`                     | what it is                                              | business day  |
|----------------------------|---------------------------------------------------------|---------------|
| `2026-07-14T03:00:00.000Z` | a day: midnight in Brasília, where banks keep their books | 14 July     |
| `2026-07-14T00:00:00.000Z` | a day that the bank sent as UTC midnight                | 14 July, not 13 |
| `2026-07-15T01:30:00.000Z` | an instant: 22:30 of the 14th in Brasília               | 14 July       |

The second is a guess of ours: converted as the docs advise it would be 21:00 of the day before. An instant that falls on midnight UTC to
the millisecond is far rarer than a bank that sends days; matching allows for one day of difference anyway.
"""

from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

_DAYS_ONLY: Final = frozenset({time(0), time(3)})


def business_day(moment: datetime, zone: ZoneInfo) -> tuple[date, datetime | None]:
    """Return the business day of a UTC instant, and the instant itself when it is more than a day."""
    if moment.time() in _DAYS_ONLY:
        return moment.date(), None
    local = moment.astimezone(zone)
    return local.date(), None if local.time() == time(0) else moment
