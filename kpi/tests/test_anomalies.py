"""What is unexpected in a series: caught where it was put, quiet where nothing is, and told once."""

from datetime import date

import numpy as np
import pytest

from kpi.anomalies import freedays, seasons, tails
from kpi.anomalies.detect import detect
from kpi.anomalies.incidents import incidents

START = np.datetime64("2025-01-06T00:00:00")  # a Monday
WEEKLY = np.array([100, 90, 95, 110, 140, 60, 0])


def days(count):
    """Return daily moments."""
    return START + np.arange(count) * np.timedelta64(1, "D")


def shop(count, *, seed=1, noise=5.0, growth=0.0):
    """Return sales of a shop: a rhythm of weekdays, closed on Sundays, noise, and growth by day."""
    rng = np.random.default_rng(seed)
    base = WEEKLY[np.arange(count) % 7] + growth * np.arange(count)
    return np.where(WEEKLY[np.arange(count) % 7] > 0, base + rng.normal(0, noise, count), 0.0)


def found(values, times=None, **options):
    """Return the positions of anomalies."""
    result = detect(days(len(values)) if times is None else times, values, **options)
    return np.flatnonzero(result.anomaly).tolist()


def test_a_weekday_is_measured_by_its_like():
    values = shop(300)
    values[250] = 20.0  # a Saturday as low as no Saturday, and within what Sundays are
    result = detect(days(300), values)
    assert result.anomaly[250]
    assert result.expected[250] == pytest.approx(60, abs=6)
    assert result.lo[250] > 20
    assert np.count_nonzero(result.anomaly[100:]) <= 3


def test_nothing_after_a_point_changes_what_is_said_of_it():
    values = shop(200)
    whole, part = detect(days(200), values), detect(days(150), values[:150])
    for name in ("expected", "lo", "hi", "score"):
        assert np.array_equal(getattr(whole, name)[:150], getattr(part, name), equal_nan=True)


def test_from_a_start_on_the_last_days_are_judged_alone():
    values = shop(200)
    alone = detect(days(200), values, start=199)
    assert np.isnan(alone.expected[:199]).all()
    assert alone.expected[199] == pytest.approx(WEEKLY[199 % 7], abs=6)


def test_growth_is_no_anomaly_and_a_new_level_becomes_the_usual_one():
    assert len(found(shop(400, growth=0.5))) <= 4
    values = np.random.default_rng(2).normal(100, 3, 300)
    values[200:] += 60
    places = found(values)
    assert {200, 201, 202} <= set(places)
    assert not [place for place in places if place > 245]


@pytest.mark.parametrize(
    ("step", "period"), [("300s", 288), ("3600s", 24)], ids=["five minutes", "hours"]
)  # fmt: skip
def test_the_hour_of_the_day_is_expected(step, period):
    count = 10 * period
    times = START + np.arange(count) * np.timedelta64(int(step[:-1]), "s")
    values = (
        50 + 40 * np.sin(2 * np.pi * np.arange(count) / period) + np.random.default_rng(4).normal(0, 2, count)
    )
    at = 9 * period + period * 3 // 4  # the quiet hour
    values[at] = 60.0  # nothing at noon, much at night
    assert at in found(values, times)
    assert len([place for place in found(values, times) if place >= 3 * period]) <= max(4, count // 100)


def test_a_period_that_no_calendar_knows_is_heard():
    values = np.where(np.arange(600) % 50 < 25, 10.0, 30.0) + np.random.default_rng(5).normal(0, 1, 600)
    values[510] = 30.0  # half a period too early
    times = START + np.arange(600) * np.timedelta64(7, "m")
    assert seasons.by_echo(values).period == 50
    assert 510 in found(values, times)


def test_a_habit_of_jumping_is_no_anomaly_but_a_jump_beyond_the_habit_is():
    rng = np.random.default_rng(6)
    values = rng.normal(10, 1, 1_000) + np.where(rng.random(1_000) < 0.03, rng.exponential(30, 1_000), 0)
    values[900] = 600.0
    times = START + np.arange(1_000) * np.timedelta64(1, "h")
    assert 900 in found(values, times)
    assert len(found(values, times)) <= 8


def test_constant_short_and_empty_series_are_calm():
    assert found(np.full(300, 7.0)) == []
    assert found(np.arange(5.0)) == []
    assert found(np.array([])) == []
    assert found(np.full(50, np.nan)) == []
    changed = np.full(100, 7.0)
    changed[80] = 8.0
    assert found(changed) == [80]


def test_missing_values_are_neither_anomalies_nor_noughts():
    values = shop(200)
    values[150:154] = np.nan
    result = detect(days(200), values)
    assert np.isnan(result.score[150:154]).all()
    assert np.isfinite(result.expected[150:154]).all()
    missing = [one for one in incidents(values, result) if one.kind == "missing"]
    assert [(one.first, one.last, one.got) for one in missing] == [(150, 153, None)]


def test_neighbouring_anomalies_are_one_incident():
    values = shop(300)
    values[250:255] = [20, 15, 12, 110, 20]  # Saturday to Wednesday; the fourth is as usual
    [low] = [
        one for one in incidents(values, detect(days(300), values)) if one.kind == "low" and one.first > 240
    ]
    assert (low.first, low.last) == (250, 254)
    assert low.got < low.lo < low.expected < low.hi
    assert low.score > 1


def test_one_quiet_weekday_is_known_though_the_others_are_alike():
    rng = np.random.default_rng(4)
    values = np.where(np.arange(300) % 7 == 6, rng.normal(9, 2, 300), rng.normal(70, 8, 300)).round()
    result = detect(days(300), values)
    assert result.expected[293] == pytest.approx(9, abs=4)  # a Sunday
    assert not set(range(202, 300, 7)) & set(np.flatnonzero(result.anomaly).tolist())


def test_a_shop_that_never_opens_on_sundays_sells_nothing_on_a_holiday():
    open_days = np.flatnonzero(np.arange(400) % 7 < 6)
    times, values = days(400)[open_days], shop(400)[open_days]
    place = int(np.flatnonzero(open_days == 248)[0])
    values[place] = 0.0
    assert place in found(values, times)
    assert place not in found(values, times, free_days={date(2025, 9, 11)})


def test_a_holiday_may_be_like_a_sunday():
    values = shop(400)
    values[248] = 0.0  # a Thursday
    holiday = date(2025, 9, 11)
    assert 248 in found(values)
    assert 248 not in found(values, free_days={holiday})
    values[248] = 400.0
    assert 248 in found(values, free_days={holiday})


def test_the_first_day_worked_after_a_holiday_may_hold_both():
    bank = shop(400)
    bank[np.arange(400) % 7 >= 5] = 0.0
    bank[249], bank[252] = 0.0, 240.0  # a free Friday, settled on Monday with Monday's own
    friday = {date(2025, 9, 12)}
    assert 252 in found(bank, free_days=friday)
    assert not {249, 252} & set(found(bank, free_days=friday, settled=True))
    assert 252 in found(bank, free_days={date(2025, 9, 5)}, settled=True)
    bank[252] = 340.0
    assert 252 in found(bank, free_days=friday, settled=True)
    bank[252], bank[253] = 100.0, 230.0  # Tuesday is late
    assert 253 in found(bank, free_days=friday, settled=True)


def test_carnival_and_corpus_christi_are_kept_in_brazil():
    kept = freedays.brazilian([2026])
    assert {
        date(2026, 2, 16),
        date(2026, 2, 17),
        date(2026, 6, 4),
        date(2026, 9, 7),
        date(2026, 12, 25),
    } <= kept
    assert date(2026, 2, 18) not in kept
    assert date(2026, 12, 24) not in kept


def test_the_width_of_a_tail_is_its_score_read_backwards():
    rng = np.random.default_rng(7)
    for deviations in (rng.exponential(3, 2_000), rng.pareto(3, 2_000), rng.normal(0, 1, 30), np.zeros(100)):
        tail = tails.fit(np.abs(deviations), 1.0)
        for score in (1.8, 2.4, 4.0):
            assert tail.score(np.array([tail.width(score)]))[0] == pytest.approx(score)
    even = tails.fit(rng.exponential(3, 200_000), 1.0)
    assert even.width(3) == pytest.approx(3 * np.log(1_000), rel=0.02)


def test_a_profile_is_the_median_of_each_phase_and_lies_between_where_none_was_seen():
    values, places = np.array([5.0, 1.0, 9.0, 2.0, 4.0, 7.0]), np.array([0, 0, 0, 1, 1, 3])
    assert seasons.profile(values, places, 4).tolist() == [5.0, 3.0, 5.0, 7.0]
