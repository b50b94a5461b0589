"""When a report is due: pure functions of its plan and the company's clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from lib.clock import month_end

_LOOK_AHEAD: Final = (
    63  # days; the longest wait, from a day after one month's to the next month's, is shorter
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How often: `daily`, `weekly` (on `weekday`, 0 is Monday) or `monthly` (on `month_day`, or the month's last), at the full `hour`."""

    frequency: str
    weekday: int
    month_day: int
    hour: int


def next_occasion(plan: Plan, *, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant of the plan later than `after`, in UTC; one a day at most, also on days on which the clock is changed.

    Raises ValueError for another frequency or a naive `after`.
    """
    if after.tzinfo is None:
        raise ValueError(f"{after!r} has no time zone")
    falls = _FALLS.get(plan.frequency)
    if falls is None:
        raise ValueError(plan.frequency)
    start = after.astimezone(zone).date()
    days = (start + timedelta(days=n) for n in range(_LOOK_AHEAD))
    return next(moment for day in days if falls(plan, day) and (moment := _at(day, plan.hour, zone)) > after)


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)


_FALLS: Final[dict[str, Callable[[Plan, date], bool]]] = {
    "daily": lambda _plan, _day: True,
    "weekly": lambda plan, day: day.weekday() == plan.weekday,
    "monthly": lambda plan, day: day.day == min(plan.month_day, month_end(day).day),
}
