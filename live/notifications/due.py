"""When an e-mail may go out: pure functions of the moment, the person's wishes and the company's clock."""

from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

DAILY_AT: Final = time(8)  # on the company's clock


class Quiet(NamedTuple):
    """Hours in which nobody wants to hear anything, on the company's clock; `start` later than `end` goes over midnight.

    Half-open: at `end` it is over. Equal ends are no quiet hours at all.
    """

    start: time
    end: time


def is_quiet(moment: datetime, *, quiet: Quiet | None, zone: ZoneInfo) -> bool:
    """Return whether the clock on the wall in `zone` shows a quiet hour at this instant."""
    if quiet is None or quiet.start == quiet.end:
        return False
    clock = moment.astimezone(zone).time()
    if quiet.start < quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end


def due_at(
    now: datetime, *, frequency: str, quiet: Quiet | None, zone: ZoneInfo, critical: bool = False
) -> datetime:
    """Return the instant, in UTC and never before `now`, at which an e-mail about something that happens now may go out.

    `immediate` is now, `hourly` the next full hour, `daily` the next 8:00; a moment in quiet hours moves to their end. What is critical
    goes now, whatever the frequency and the hour: it is about what stands still until somebody acts. Raises ValueError for another
    frequency or a naive `now`.
    """
    if now.tzinfo is None:
        raise ValueError(f"{now!r} has no time zone")
    if frequency not in {"immediate", "hourly", "daily"}:
        raise ValueError(frequency)
    now = now.astimezone(UTC)
    if critical or frequency == "immediate":
        planned = now
    elif frequency == "hourly":
        planned = _next_hour(now, zone)
    else:
        planned = _next_at(now, DAILY_AT, zone)
    return planned if critical else after_quiet(planned, quiet=quiet, zone=zone)


def after_quiet(moment: datetime, *, quiet: Quiet | None, zone: ZoneInfo) -> datetime:
    """Return the instant itself, or the end of the quiet hours that it lies in, in UTC."""
    while quiet is not None and is_quiet(moment, quiet=quiet, zone=zone):
        moment = _next_at(moment, quiet.end, zone)
    return moment.astimezone(UTC)


def _next_hour(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next instant at which the clock in `zone` shows a full hour."""
    clock = now.astimezone(zone)
    past = timedelta(minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
    return now - past + timedelta(hours=1)


def _next_at(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """Return the first instant after `now` at which the clock in `zone` shows `at`.

    A time that the clock shows twice is met both times; one that it leaves out is the instant as late after the jump as `at` is into it.
    """
    today = now.astimezone(zone).date()
    candidates: list[datetime] = []
    for day in (today + timedelta(days=days) for days in range(3)):
        first, second = (
            datetime.combine(day, at.replace(fold=fold), tzinfo=zone).astimezone(UTC) for fold in (0, 1)
        )
        # Of a time that is left out, the second would be one before the jump.
        candidates += [first, second] if second > first else [first]
    return min(candidate for candidate in candidates if candidate > now)
