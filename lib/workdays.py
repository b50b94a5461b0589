"""Business days in Brazil, and the span that another one is fairly compared with: as many business days of it as had passed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from lib.clock import add_months
from lib.periods import Period

ONE: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)
_TRIES: Final = 4  # weeks back in search of a day that is worked (or free) like today
# National holidays by law: month, day, and the first year.
_FIXED: Final = (
    (1, 1, 0), (4, 21, 0), (5, 1, 0), (9, 7, 0), (10, 12, 1980), (11, 2, 0), (11, 15, 0), (11, 20, 2024), (12, 25, 0),
)  # fmt: skip
# Days from Easter: Carnival (Monday and Tuesday), Good Friday, Corpus Christi. The law calls three of them optional; nearly everybody keeps them.
_MOVING: Final = (-48, -47, -2, 60)
_MONTHS: Final = {"month": 1, "last_month": 1, "year": 12, "12m": 12, "today": 0, "7d": 0, "30d": 0, "90d": 0}
_SHIFTS: Final = 7  # ends that are tried for a span that is read backwards
_LONG: Final = 100  # days; in a longer one a weekend more or less weighs little
_A_MONTH: Final = 31  # days; a moving holiday is no reason to move a longer span


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the algorithm of Meeus, Jones and Butcher)."""
    century, n = divmod(year, 100)
    golden = year % 19
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    to_sunday = (32 + 2 * (century % 4) + 2 * (n // 4) - moon - n % 4) % 7
    late = (golden + 11 * moon + 22 * to_sunday) // 451
    month, day = divmod(moon + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=256)
def national(year: int) -> frozenset[date]:
    """Return Brazil's national holidays of a year, with Carnival and Corpus Christi."""
    sunday = easter(year)
    fixed = {date(year, month, day) for month, day, since in _FIXED if year >= since}
    return frozenset(fixed | {sunday + timedelta(days=n) for n in _MOVING})


@dataclass(frozen=True, slots=True)
class Days:
    """How the days of a span divide: worked ones, and weekends and holidays together."""

    business: int
    free: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Business days of one company: Monday to Friday without national holidays and without its `own` free days."""

    own: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Return whether it is a business day."""
        return day.weekday() < 5 and day not in national(day.year) and day not in self.own

    def days(self, span: Period) -> Days:
        """Return how many days of a span are worked, and how many free."""
        business = sum(self.works(day) for day in _each(span.start, span.end))
        return Days(business, span.days - business)


def before(period: Period, calendar: Calendar) -> Period:
    """Return the span before `period` in which as many business days had passed.

    Months and years step back by the calendar and are read from their first day: whole ones whole, others up to the same business day.
    Other spans are read backwards from where `period` begins, or up to six days before where that brings the number of free days nearer;
    one shorter than a week is moved back by weeks.
    """
    months = _months(period)
    if months:
        return _from_the_first(period, months, calendar, "previous")
    if period.days < 7:
        return _weeks_before(period, calendar, "previous", 1)
    shifts = 1 if period.days > _LONG else _SHIFTS
    return _backwards(period, [period.start - n * ONE for n in range(shifts)], calendar, "previous")


def year_before(period: Period, calendar: Calendar) -> Period:
    """Return the same span a year earlier in which as many business days had passed, so that Carnival and Easter stand where they stood.

    Months and years as in `before`; other spans end on the same weekday 52 weeks before, or as far from Easter where they hold a moving
    holiday.
    """
    if _months(period):
        return _from_the_first(period, 12, calendar, "last_year")
    weeks = _weeks_of_a_year(period)
    if period.days < 7:
        return _weeks_before(period, calendar, "last_year", weeks)
    return _backwards(period, [period.end - weeks * WEEK], calendar, "last_year")


def _weeks_of_a_year(period: Period) -> int:
    """Return 52, or how many weeks lie between the Easters of both years when a moving holiday is in a span that is not long."""
    year = period.last.year
    moving = (easter(year) + timedelta(days=n) for n in _MOVING)
    if period.days <= _A_MONTH and any(period.start <= day < period.end for day in moving):
        return (easter(year) - easter(year - 1)).days // 7
    return 52


def partners(span: Period, then: Period) -> list[date | None]:
    """Return for each day of a span the day of `then` that is drawn beside it: the same weekday whole weeks before, as many of them as brings most days
    together. None where that is outside of `then`.
    """
    apart = (span.start - then.start) // WEEK
    shifts = [weeks * WEEK for weeks in range(apart - 1, apart + 3)]
    best = max(
        shifts, key=lambda shift: min(span.end - shift, then.end) - max(span.start - shift, then.start)
    )
    days = (day - best for day in _each(span.start, span.end))
    return [day if then.start <= day < then.end else None for day in days]


def _months(period: Period) -> int:
    """Return by how many months a span steps back; 0 where it is not counted in months."""
    if period.start.day != 1 or not _MONTHS.get(period.key, 1):
        return 0
    last = period.end - ONE
    spanned = 12 * (last.year - period.start.year) + last.month - period.start.month + 1
    whole_or_one = period.end.day == 1 or spanned == 1
    return _MONTHS.get(period.key, spanned if whole_or_one else 0)


def _from_the_first(period: Period, months: int, calendar: Calendar, key: str) -> Period:
    start = add_months(period.start, -months)
    if period.end.day == 1:
        return Period(key, start, add_months(period.end, -months))
    had = calendar.days(period)
    if not had.business:
        weeks = round((period.start - start) / WEEK)
        return Period(key, period.start - weeks * WEEK, period.end - weeks * WEEK)
    cap = add_months(period.last.replace(day=1), 1 - months)
    end = _walk(start, had.business, calendar.works, 1, cap)
    return _with_free_days(Period(key, start, end), had, calendar, latest=cap)


def _backwards(period: Period, ends: Sequence[date], calendar: Calendar, key: str) -> Period:
    """Return the span with as many business days that ends at one of `ends`: the one whose number of free days comes nearest."""
    had = calendar.days(period)
    found = []
    for end in ends:
        # Nobody is closed for twice the span and three weeks: the walk ends there.
        cap = end - 2 * period.days * ONE - 3 * WEEK
        start = _walk(end - ONE, had.business, calendar.works, -1, cap) + ONE
        found.append(_with_free_days(Period(key, min(start, end - ONE), end), had, calendar, latest=end))
    return min(found, key=lambda span: abs(calendar.days(span).free - had.free))


def _walk(day: date, count: int, works: Callable[[date], bool], step: int, cap: date) -> date:
    """Return the day after (step 1) or before (−1) the one that is the `count`-th business day from `day`, or `cap` when that comes first."""
    while count and day != cap:
        count -= works(day)
        day += step * ONE
    return day


def _with_free_days(span: Period, had: Days, calendar: Calendar, *, latest: date) -> Period:
    """Return the span with as many free days at its edges more or less as bring their number nearest to `had`. Business days stay."""
    start, end, has = span.start, span.end, calendar.days(span)
    if has.business < had.business:  # there are not as many: all that there are stay
        return span
    missing = had.free - has.free
    while missing > 0 and end < latest and not calendar.works(end):
        end, missing = end + ONE, missing - 1
    while missing > 0 and latest == span.end and not calendar.works(start - ONE):
        start, missing = start - ONE, missing - 1
    while missing < 0 and (end - start).days > 1 and not calendar.works(start):
        start, missing = start + ONE, missing + 1
    return Period(span.key, start, end)


def _weeks_before(period: Period, calendar: Calendar, key: str, weeks: int) -> Period:
    """Return the same weekdays so many weeks before, or up to three weeks earlier when those have not as many business days."""
    had = calendar.days(period)
    tried = [
        Period(key, period.start - n * WEEK, period.end - n * WEEK) for n in range(weeks, weeks + _TRIES)
    ]
    return next((span for span in tried if calendar.days(span) == had), tried[0])


def _each(start: date, end: date) -> Iterator[date]:
    return (start + timedelta(days=n) for n in range((end - start).days))
