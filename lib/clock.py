"""The only readers of the system clock besides entry points."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return this instant, aware, in UTC."""
    return datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """Return the business day that it is in `zone`."""
    return now().astimezone(zone).date()


def business_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the business day of an aware instant. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a business day, aware."""
    return datetime.combine(day, time.min, tzinfo=zone)


def add_months(day: date, months: int) -> date:
    """Return the same day `months` later (or earlier), or the last day of that month when it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    return (
        min(first.replace(day=28) + timedelta(days=day.day - 28), month_end(first))
        if day.day > 28
        else first.replace(day=day.day)
    )


def month_end(day: date) -> date:
    """Return the last day of the month of `day`."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
