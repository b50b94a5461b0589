"""What a week does not explain: bills that fall due, holidays; learned only where the past shows it."""

from datetime import date, timedelta

import numpy as np
import pytest

from kpi.forecasting.business import Business
from kpi.forecasting.calendar import brazilian_holidays, effects
from kpi.forecasting.records import SeriesError

START = date(2024, 1, 1)
DAYS = [START + timedelta(days=n) for n in range(730)]
AHEAD = [START + timedelta(days=730 + n) for n in range(31)]  # 2025-12-31 to 2026-01-30
HOLIDAYS = brazilian_holidays(range(2023, 2028))
NOISE = np.random.default_rng(1).normal(size=730)


def paid_on(day: date) -> bool:
    """Return whether what falls due on the 10th is paid on this day: the 10th, or the first business day after it."""
    due = day.replace(day=10)
    while due.weekday() >= 5 or due in HOLIDAYS:
        due += timedelta(days=1)
    return day == due


def test_banks_rest_on_carnival_and_not_on_ash_wednesday():
    found = brazilian_holidays([2026])
    assert {
        date(2026, 2, 16),
        date(2026, 2, 17),
        date(2026, 4, 3),
        date(2026, 6, 4),
        date(2026, 12, 25),
    } <= found
    assert not {date(2026, 2, 18), date(2026, 10, 28), date(2026, 12, 24), date(2026, 12, 31)} & found


def test_a_bill_is_expected_on_the_business_day_on_which_it_is_paid():
    open_days = np.array([day.weekday() < 5 and day not in HOLIDAYS for day in DAYS])
    bills = np.array([3000.0 * paid_on(day) for day in DAYS])
    found = effects(open_days * (100 + 5 * NOISE) + bills, DAYS, AHEAD, HOLIDAYS)
    assert AHEAD[int(np.argmax(found.ahead))] == date(2026, 1, 12)  # the 10th is a Saturday
    assert found.ahead.max() > 1500
    assert np.sort(found.ahead)[-2] < 700
    weekend = [n for n, day in enumerate(AHEAD) if day.weekday() >= 5]
    assert np.allclose(found.ahead[weekend], found.ahead[weekend[0]])


def test_what_the_calendar_does_not_foretell_is_left_alone():
    assert effects(100 + 30 * NOISE, DAYS, AHEAD, HOLIDAYS) is None
    assert effects(np.zeros(730), DAYS, AHEAD, HOLIDAYS) is None
    assert effects(100 + 30 * NOISE[:100], DAYS[:100], AHEAD, HOLIDAYS) is None


def test_weeks_begin_on_monday_and_are_whole():
    flat = Business(date(2025, 1, 1), np.full(400, 2.0), frozenset())
    judged = flat.judged_weeks(2, tried=2)
    assert judged.forecast.periods == ("2026-02-02", "2026-02-09")
    assert judged.forecast.mean == (14.0, 14.0)
    assert (judged.verdict, judged.accuracy.covered80) == ("ok", 1.0)
    with pytest.raises(SeriesError, match="no whole week"):
        Business(date(2025, 1, 1), np.full(9, 2.0), frozenset()).judged_weeks(2, tried=2)
