"""Business days, and the spans that others are fairly compared with: months' ends, leap days, Carnival, Easter, closed days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.anomalies.freedays import brazilian
from lib.periods import Period, preset
from lib.workdays import Calendar, Days, before, easter, national, partners, year_before

PLAIN = Calendar()
SPANS = st.builds(
    lambda start, days: Period("range", start, start + timedelta(days=days)),
    st.dates(date(2003, 1, 1), date(2040, 1, 1)),
    st.integers(1, 400),
)
NAMED = st.builds(
    preset,
    st.sampled_from(["today", "7d", "30d", "90d", "month", "last_month", "year", "12m"]),
    st.dates(date(2003, 1, 1), date(2040, 1, 1)),
)


def span(found: Period) -> tuple[str, str]:
    """Return first and last day as text."""
    return str(found.start), str(found.last)


def test_easter_is_where_the_church_has_it() -> None:
    assert [easter(year) for year in (1818, 1943, 2000, 2024, 2026, 2038)] == [
        date(1818, 3, 22), date(1943, 4, 25), date(2000, 4, 23), date(2024, 3, 31), date(2026, 4, 5), date(2038, 4, 25),
    ]  # fmt: skip


def test_national_holidays_are_those_of_the_library_of_holidays() -> None:
    years = range(2003, 2051)
    assert frozenset().union(*(national(year) for year in years)) == brazilian(years)


def test_what_is_worked() -> None:
    assert PLAIN.works(date(2026, 2, 18))  # Ash Wednesday
    assert not PLAIN.works(date(2026, 2, 17))
    assert not PLAIN.works(date(2026, 6, 4))
    assert not PLAIN.works(date(2026, 3, 21))
    assert not Calendar(frozenset({date(2026, 3, 20)})).works(date(2026, 3, 20))
    assert PLAIN.days(preset("month", date(2026, 3, 21))) == Days(15, 6)


@pytest.mark.parametrize(
    ("key", "today", "expected", "expected_year"),
    [
        # 15 business days: Carnival took two of February's, and two of March 2025's first.
        ("month", "2026-03-21", ("2026-02-02", "2026-02-24"), ("2025-03-05", "2025-03-25")),
        # Whole months stay whole.
        ("month", "2026-03-31", ("2026-02-01", "2026-02-28"), ("2025-03-01", "2025-03-31")),
        ("last_month", "2026-03-21", ("2026-01-01", "2026-01-31"), ("2025-02-01", "2025-02-28")),
        # February has no 21 business days: all of it.
        ("month", "2026-03-30", ("2026-02-01", "2026-02-28"), ("2025-03-01", "2025-03-31")),
        ("month", "2024-02-29", ("2024-01-01", "2024-01-31"), ("2023-02-01", "2023-02-28")),
        ("month", "2024-03-28", ("2024-02-01", "2024-02-29"), ("2023-03-01", "2023-03-28")),
        ("year", "2024-02-28", ("2023-01-01", "2023-02-28"), ("2023-01-01", "2023-02-28")),
        # A first that is free stands beside a free day.
        ("month", "2026-03-01", ("2026-02-01", "2026-02-01"), ("2025-03-02", "2025-03-02")),
        # A Saturday beside a Saturday, a Monday beside a worked Monday.
        ("today", "2026-03-21", ("2026-03-14", "2026-03-14"), ("2025-03-22", "2025-03-22")),
        ("today", "2026-02-23", ("2026-02-09", "2026-02-09"), ("2025-02-24", "2025-02-24")),
        # The week of Carnival beside that of the year before, and Good Friday beside Good Friday.
        ("7d", "2026-02-20", ("2026-02-07", "2026-02-11"), ("2025-03-01", "2025-03-07")),
        ("7d", "2026-04-05", ("2026-03-24", "2026-03-29"), ("2025-04-14", "2025-04-20")),
        ("7d", "2026-03-21", ("2026-03-08", "2026-03-14"), ("2025-03-16", "2025-03-22")),
        ("30d", "2026-03-30", ("2026-01-28", "2026-02-27"), ("2025-02-27", "2025-03-31")),
    ],
)
def test_spans_have_as_many_business_days(
    key: str, today: str, expected: tuple[str, str], expected_year: tuple[str, str]
) -> None:
    period = preset(key, date.fromisoformat(today))
    assert (span(before(period, PLAIN)), span(year_before(period, PLAIN))) == (expected, expected_year)


def test_own_closed_days_move_the_end() -> None:
    closed = Calendar(frozenset(date(2026, 2, day) for day in (19, 20)))
    assert before(preset("month", date(2026, 3, 20)), closed).last == date(2026, 2, 26)
    assert before(preset("month", date(2026, 3, 20)), PLAIN).last == date(2026, 2, 24)


@given(SPANS | NAMED, st.sets(st.dates(date(2003, 1, 1), date(2040, 1, 1)), max_size=3))
def test_as_many_business_days_or_all_that_there_are(period: Period, own: set[date]) -> None:
    calendar = Calendar(frozenset(own))
    had = calendar.days(period)
    found = before(period, calendar)
    assert found.end <= period.start
    assert found.days >= 1
    whole = period.start.day == 1 and period.end.day == 1
    capped = found.start.day == 1 and found.end.day == 1
    free = had.business == 0 or period.days < 7  # nothing to count, or the best of four weeks
    assert calendar.days(found).business == had.business or whole or capped or free
    earlier = year_before(period, calendar)
    assert earlier.start < period.start
    assert 1 <= earlier.days <= 2 * period.days + 21


@given(NAMED)
def test_days_stand_beside_the_same_weekday_one_after_the_other(period: Period) -> None:
    found = before(period, PLAIN)
    beside = partners(period, found)
    known = [(n, day) for n, day in enumerate(beside) if day]
    assert len(beside) == period.days
    assert len(known) >= min(period.days, found.days) - 6
    assert len({n - day.toordinal() for n, day in known}) <= 1  # a single day may have no like
    assert all(day.weekday() == (period.start + timedelta(days=n)).weekday() for n, day in known)
