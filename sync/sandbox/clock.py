"""What time it is in the sandbox.

Without a start day the sandbox lives in real time. With one it stands at 18:00 of that day and moves only by ticks, so that the
same seed, scale and day always give the same bytes.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone

# Brazil has had no summer time since 2019 and the generated years begin later, so a fixed offset is exact and far cheaper than zoneinfo.
LOCAL = timezone(timedelta(hours=-3), "BRT")
UTC_OFFSET_SECONDS = 3 * 3600


class Clock:
    """The sandbox's now: real, or fixed to a day and stepped by hand."""

    def __init__(self, today: date | None = None) -> None:
        self._fixed = datetime.combine(today, time(18), LOCAL) if today else None

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        return (self._fixed or datetime.now(LOCAL)).astimezone(UTC)

    def today(self) -> date:
        """Return the business day in Brazil."""
        return self.now().astimezone(LOCAL).date()

    def second_of_day(self) -> int:
        """Return the seconds since local midnight."""
        local = self.now().astimezone(LOCAL)
        return local.hour * 3600 + local.minute * 60 + local.second

    def step(self) -> None:
        """Move a fixed clock on by 20 seconds, never past its own day; a real one moves by itself."""
        if self._fixed is not None:
            later = self._fixed + timedelta(seconds=20)
            self._fixed = (
                later if later.date() == self._fixed.date() else self._fixed + timedelta(milliseconds=1)
            )


def iso(instant: datetime) -> str:
    """Return an aware instant as the APIs write it: UTC with milliseconds and Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def local_instant(day: date, second: int, millisecond: int = 0) -> str:
    """Return the UTC text of a second of a Brazilian day."""
    second += UTC_OFFSET_SECONDS
    if second >= 86_400:
        day, second = day + timedelta(days=1), second - 86_400
    return (
        f"{day.isoformat()}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{millisecond:03d}Z"
    )


def local_text(day: date, second: int) -> str:
    """Return `YYYY-MM-DD HH:MM:SS` in local time without an offset, as GestãoClick writes its two stamps."""
    return f"{day.isoformat()} {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
