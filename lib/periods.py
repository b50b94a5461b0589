"""The period of a page: a half-open span of days made from the URL, and the spans it is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from lib.clock import add_months

PRESETS = ("today", "7d", "30d", "90d", "month", "last_month", "year", "12m")
DEFAULT = "month"
LONGEST = 366 * 20  # days; a wider range is a typing error
CALENDAR = (date(1900, 1, 1), date(2200, 1, 1))  # so is one outside; inside, every span before it exists too


class PeriodError(ValueError):
    """The dates in the URL are no period. The message says what was wrong."""


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open span of business days: start <= day < end. `key` is the preset's name or "range"."""

    key: str
    start: date
    end: date

    @property
    def days(self) -> int:
        """Return how many days the span has."""
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        """Return the last day inside the span, the one to show to people."""
        return self.end - timedelta(days=1)

    def until(self, day: date) -> "Period":
        """Return the part that has already happened on `day`, at least one day long."""
        end = max(min(self.end, day + timedelta(days=1)), self.start + timedelta(days=1))
        return Period(self.key, self.start, end)

    def previous(self) -> "Period":
        """Return the like-for-like span before this one.

        Whole months and years step back by the calendar and keep the same number of days that have passed ("this month to the 21st"
        is compared with "last month to the 21st", capped at that month's end); other spans step back by their own length.
        """
        if self.key in {"month", "last_month"}:
            start = add_months(self.start, -1)
            return Period("previous", start, min(start + timedelta(days=self.days), self.start))
        if self.key == "year":
            start = add_months(self.start, -12)
            return Period("previous", start, add_months(self.end, -12))
        if self.key == "12m":
            return Period("previous", add_months(self.start, -12), self.start)
        return Period("previous", self.start - timedelta(days=self.days), self.start)

    def last_year(self) -> "Period":
        """Return the same days one year earlier."""
        return Period("last_year", add_months(self.start, -12), add_months(self.end, -12))

    def same_weekdays(self) -> "Period":
        """Return the span moved back by whole weeks, so that it holds the same weekdays."""
        weeks = -(-self.days // 7)
        return Period("same_weekdays", self.start - timedelta(weeks=weeks), self.end - timedelta(weeks=weeks))


def preset(key: str, today: date) -> Period:
    """Return a named period as of `today`. Raises PeriodError for an unknown name."""
    tomorrow, first = today + timedelta(days=1), today.replace(day=1)
    spans = {
        "today": (today, tomorrow),
        "7d": (tomorrow - timedelta(days=7), tomorrow),
        "30d": (tomorrow - timedelta(days=30), tomorrow),
        "90d": (tomorrow - timedelta(days=90), tomorrow),
        "month": (first, tomorrow),
        "last_month": (add_months(first, -1), first),
        "year": (today.replace(month=1, day=1), tomorrow),
        "12m": (add_months(first, -11), tomorrow),
    }
    if key not in spans:
        raise PeriodError(f"unknown period: {key!r}")
    return Period(key, *spans[key])


def from_query(query: Mapping[str, str], *, today: date, default: str = DEFAULT) -> Period:
    """Return the period that `?period=` or `?from=&to=` (ISO days, both inclusive) name. Raises PeriodError."""
    first, last = query.get("from", ""), query.get("to", "")
    if not first and not last:
        return preset(query.get("period") or default, today)
    try:
        start = date.fromisoformat(first) if first else date.fromisoformat(last).replace(day=1)
        end = (date.fromisoformat(last) if last else max(today, start)) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise PeriodError(f"not a range of days: {first!r} to {last!r}") from error
    if not 1 <= (end - start).days <= LONGEST or start < CALENDAR[0] or end > CALENDAR[1]:
        raise PeriodError(f"not a range of days: {first!r} to {last!r}")
    return Period("range", start, end)
