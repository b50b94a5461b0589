"""Series in, forecasts out: what no model is asked for, and what the models must keep to."""

import math

import numpy as np
import pytest

from kpi.forecasting import periods
from kpi.forecasting.forecast import forecast
from kpi.forecasting.judging import judged
from kpi.forecasting.periods import Axis
from kpi.forecasting.records import Series, SeriesError
from kpi.forecasting.regular import regular


def months(values, name="a"):
    """Return a series by month from 2020-01 on."""
    return Series(name, [f"{2020 + n // 12}-{n % 12 + 1:02d}" for n in range(len(values))], values)


def days(values):
    """Return a series by day from Monday 2024-01-01 on."""
    return Series("a", [str(np.datetime64("2024-01-01") + n) for n in range(len(values))], values)


def is_sane(made, horizon):
    """Return whether every number is finite and the bounds enclose each other."""
    rows = list(zip(made.lo95, made.lo80, made.mean, made.hi80, made.hi95, strict=True))
    return len(rows) == len(made.periods) == horizon and all(
        list(row) == sorted(row) and all(map(math.isfinite, row)) for row in rows
    )


def test_a_single_value_goes_on():
    made = forecast(months([5.0]), 2)
    assert (made.model, made.mean, made.periods) == ("naive", (5.0, 5.0), ("2020-02", "2020-03"))
    assert is_sane(made, 2)
    assert made.lo80[0] < 5 < made.hi80[0]


def test_few_values_are_told_apart_by_how_they_jumped():
    made = forecast(months([5.0, 7.0, 5.0]), 4)
    assert (made.model, made.mean) == ("naive", (5.0,) * 4)
    assert made.hi80[0] == pytest.approx(5 + 1.2815515655446004 * 2)
    assert made.hi80[3] == pytest.approx(5 + 1.2815515655446004 * 4)
    assert made.lo95[0] == pytest.approx(5 - 1.959963984540054 * 2)


def test_a_flat_series_stays_flat():
    made = forecast(days([3.0] * 50), 3)
    assert (made.model, made.mean, made.lo95, made.hi95) == ("constant", (3.0,) * 3, (3.0,) * 3, (3.0,) * 3)


def test_demand_that_mostly_is_none_is_a_matter_of_how_often():
    values = [0.0, 0.0, 4.0, 0.0, 0.0] * 20
    made = forecast(days(values), 10, 1)
    assert made.model == "TSB"
    assert made.mean[0] == pytest.approx(0.8, abs=0.1)
    assert (made.lo95[0], made.hi95[0]) == (0.0, 4.0)
    assert is_sane(made, 10)


def test_a_gap_in_the_middle_is_a_line_and_missing_days_of_sales_are_zeros():
    labels = [f"2024-01-{n:02d}" for n in (1, 2, 3, 5, 6)]
    assert forecast(Series("a", labels, [2.0, 2, 2, 2, 2]), 1).mean == (2.0,)
    sold = Series("a", [str(np.datetime64("2024-01-01") + n) for n in range(0, 100, 5)], [9.0] * 20)
    whole = Series("a", [*sold.periods, "2024-04-07"], [9.0] * 21)
    assert forecast(whole, 1).model == "TSB"


def daily(*gone: tuple[int, int], count: int = 120, every: int = 1) -> tuple[list[int], list[float | None]]:
    """Return days and values of a week (1 to 7) without some spans of days."""
    days = [n for n in range(0, count, every) if not any(first <= n < end for first, end in gone)]
    return days, [float(n % 7 + 1) for n in days]


@pytest.mark.parametrize(
    "gone",
    [
        ((50, 110),),  # two months, and ten days since
        ((14, 116),),  # more hole than rows
        ((30, 60), (70, 112)),
        ((20, 50), (60, 62), (75, 118)),  # and a long weekend
    ],
)
def test_weeks_without_rows_in_a_daily_series_are_unknown(gone: tuple[tuple[int, int], ...]) -> None:
    """Nearly every day has a row, so whole weeks without one were not written down: they are no zeros."""
    days, values = daily(*gone)
    axis = periods.read([str(np.datetime64("2024-01-01") + n) for n in days])
    found = regular(axis, values, tuple(map(str, days))).values
    assert len(found) == 120
    assert found.min() >= 1.0
    assert found[:14].tolist() == [1, 2, 3, 4, 5, 6, 7] * 2


@pytest.mark.parametrize(
    ("days", "zeros"),
    [
        ([n for n in range(120) if n % 7 < 2 or n == 119], 85),  # open on two days of the week, and once more
        ([n for n in range(150) if n % 30 < 14], 64),  # two weeks of every month: that is its own way
        ([0, 3, 9, 20, 61, 70], 65),  # too few rows to say that there is one nearly every day
    ],
)
def test_days_that_come_back_without_rows_mean_nothing(days: list[int], zeros: int) -> None:
    axis = Axis("day", 7, tuple(days), str)
    found = regular(axis, [9.0] * len(days), tuple(map(str, days))).values
    assert (int((found == 0).sum()), len(found)) == (zeros, days[-1] + 1)


def test_of_a_long_series_the_latest_periods_count():
    made = forecast(Series("a", [str(n) for n in range(30_000)], [9.0] * 9_000 + [5.0] * 21_000), 2)
    assert (made.periods, made.mean, made.model) == (("30000", "30001"), (5.0, 5.0), "constant")


def test_the_forecast_begins_behind_empty_cells_at_the_end():
    assert forecast(months([4.0, 4.0, 4.0, None, None]), 1).periods == ("2020-06",)


@pytest.mark.parametrize(
    ("series", "index", "problem"),
    [
        (months([None, None]), None, "there is no value"),
        (Series("a", ["2024-01", "2024-02", "2024-01"], [1, 2, 3]), 2, "period 2024-01 stands twice"),
        (Series("a", ["0024-01-01", "2024-01-01", "2024-01-02"], [1, 2, 3]), 0, "lies 730,486 periods from"),
        (Series("a", ["1", "2"], [1.0, 1e31]), 1, "a value is beyond 1e+30"),
        (Series("a", ["9999-12-30", "9999-12-31"], [1, 2]), None, "the calendar ends"),
        (Series("a", ["x"], [1]), 0, "'x' is not a period"),
    ],
)
def test_what_cannot_be_forecast_is_said(series, index, problem):
    with pytest.raises(SeriesError, match=problem.replace("+", r"\+")) as caught:
        forecast(series, 1)
    assert caught.value.index == index


WEEK = np.array([1, 2, 3, 4, 5, 9, 0])
NOISE = np.random.default_rng(3).normal(size=140)


@pytest.mark.parametrize(
    ("values", "most"),
    [
        (np.tile(WEEK[:6], 24)[:140] * 100 + 20 * NOISE, 1200),
        (1e12 * (1 + 0.1 * NOISE), 2e12),
        (-50 + NOISE, -40),
        (1e-9 * (2 + NOISE / 9), 1e-8),
        (np.exp(np.arange(140) / 10), 1e8),
        (np.where(np.arange(140) == 139, 1e9, 10 + NOISE), 2e9),
    ],
)
def test_bounds_are_finite_and_in_order_whatever_the_values(values, most):
    made = forecast(days(list(values)), 14)
    assert is_sane(made, 14)
    assert max(made.mean) < most
    assert min(made.lo95) >= 0 or min(values) < 0


def test_a_week_is_learned_closed_days_included():
    values = np.tile(WEEK, 30)[:210] * (100 + NOISE[:1])
    judgement = judged(days(list(values * (1 + 0.05 * np.resize(NOISE, 210)))), 14)
    made = judgement.forecast
    assert made.model == "ETS+Theta+CES"
    assert (made.mean[6], made.lo95[6], made.hi95[6]) == (0.0, 0.0, 0.0)
    assert made.mean[5] == pytest.approx(900, rel=0.1)
    assert judgement.verdict == "ok"
    assert judgement.accuracy.origins == 4
    assert judgement.accuracy.mase < 1
    assert 0.6 <= judgement.accuracy.covered80 <= judgement.accuracy.covered95 <= 1


def test_a_series_says_when_it_is_too_short_or_too_wild_to_draw():
    assert judged(days([1.0, 2, 3, 4]), 7).verdict == "too_short"
    wild = np.random.default_rng(5).lognormal(0, 2, 120)
    assert judged(days(list(wild)), 7).verdict == "too_wild"
    assert judged(days([7.0] * 60), 7).verdict == "ok"
