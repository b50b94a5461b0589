"""What a week does not explain of a series by day: holidays, pay days, the days on which bills fall due.

A share of the usual level is attributed to each kind of day by ridge regression, and used only where it foretells a part of the past
that it has not seen. The models then see the series without it, and the days ahead get it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from kpi.forecasting.regular import Values

LEAST: Final = 180  # days; six months of due days tell more than chance
_LEVEL: Final = 61  # days whose mean is the level: two of every day of the month
_PENALTY: Final = 4.0  # as if each kind of day had been seen so often without any effect
_WORTH: Final = 0.97  # the error that is left, as a share of that of weekdays alone
_TESTED: Final = 0.25  # of the past
_WEEKDAYS: Final = 7
_FIRST: Final = 8  # business days of a month that are told apart, from its beginning; the fifth is pay day
_LAST: Final = 3

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effects:
    """What the calendar adds to each day, past and ahead, in the units of the series."""

    past: Values
    ahead: Values


def effects(
    values: Values, days: Sequence[date], ahead: Sequence[date], holidays: frozenset[date]
) -> Effects | None:
    """Return what the calendar adds to the days; None where the series is too short or the calendar foretells nothing in it."""
    if len(values) < LEAST or not values.any():
        return None
    level = _level(values)
    shares = values / np.maximum(level, 1e-9)
    weekday = np.array([day.weekday() for day in [*days, *ahead]])
    features = np.array([_features(day, holidays) for day in [*days, *ahead]])
    n = len(values)
    past = slice(0, n)
    # Closed days stay closed, whatever falls due on them.
    usual = np.array(
        [shares[weekday[past] == w].mean() if (weekday[past] == w).any() else 0.0 for w in range(_WEEKDAYS)]
    )
    features[usual[weekday] < 0.02] = 0.0
    cut = int(n * (1 - _TESTED))
    if not _foretells(shares, weekday[past], features[past], cut):
        return None
    gains = _gains(shares, weekday[past], features[past])
    added = features @ gains
    added -= _weekly_means(added[past], weekday[past])[weekday]
    return Effects(added[past] * level, added[n:] * level[-1])


def _level(values: Values) -> Values:
    """Return the moving mean around each day; at the ends that of the nearest whole window."""
    width = min(_LEVEL, len(values))
    inner = np.convolve(values, np.ones(width) / width, mode="valid")
    return np.pad(inner, ((width - 1) // 2, width - 1 - (width - 1) // 2), mode="edge")


def _foretells(shares: Values, weekday: npt.NDArray[np.int64], features: Matrix, cut: int) -> bool:
    """Return whether gains learned before `cut` make the error after it clearly smaller than weekdays alone do."""
    week = _weekly_means(shares[:cut], weekday[:cut])
    gains = _gains(shares[:cut], weekday[:cut], features[:cut])
    added = features @ gains
    added -= _weekly_means(added[:cut], weekday[:cut])[weekday]
    alone = shares[cut:] - week[weekday[cut:]]
    return float(np.sum((alone - added[cut:]) ** 2)) < _WORTH * float(np.sum(alone**2))


def _gains(shares: Values, weekday: npt.NDArray[np.int64], features: Matrix) -> Values:
    """Return what each kind of day adds, as a share of the level, beyond its weekday."""
    rest = shares - _weekly_means(shares, weekday)[weekday]
    centred: Matrix = features.copy()
    for w in range(_WEEKDAYS):
        own = weekday == w
        if own.any():
            centred[own] -= centred[own].mean(axis=0)
    square: Matrix = np.asarray(centred.T @ centred, dtype=np.float64) + _PENALTY * np.eye(features.shape[1])
    return np.asarray(np.linalg.solve(square, centred.T @ rest), dtype=np.float64)


def _weekly_means(values: Values, weekday: npt.NDArray[np.int64]) -> Values:
    return np.array([values[weekday == w].mean() if (weekday == w).any() else 0.0 for w in range(_WEEKDAYS)])


def _features(day: date, holidays: frozenset[date]) -> list[float]:
    """Return which kinds of day this is: what falls due on it, its place among the business days of the month, holidays around it."""
    row = np.zeros(31 + _FIRST + _LAST + 3)
    one = timedelta(days=1)
    if day in holidays:
        row[-3] = 1
    row[-2], row[-1] = day + one in holidays, day - one in holidays
    if _rests(day, holidays):
        return list(row)
    due = day
    while True:  # what fell due on the days of rest before is paid today
        row[due.day - 1] = 1
        due -= one
        if not _rests(due, holidays):
            break
    before = sum(not _rests(day.replace(day=n), holidays) for n in range(1, day.day))
    if before < _FIRST:
        row[31 + before] = 1
    last, after = day + one, 0
    while last.month == day.month:
        after += not _rests(last, holidays)
        last += one
    if after < _LAST:
        row[31 + _FIRST + after] = 1
    return list(row)


def _rests(day: date, holidays: frozenset[date]) -> bool:
    return day.weekday() >= 5 or day in holidays


def brazilian_holidays(years: Sequence[int]) -> frozenset[date]:
    """Return the days on which Brazil's banks are closed: national holidays, and those of Carnival and Corpus Christi."""
    import holidays as source

    open_ones = {"Ash Wednesday", "Public Servant's Day", "Christmas Eve", "New Year's Eve"}
    found = source.country_holidays("BR", years=years, categories=("public", "optional"), language="en_US")
    return frozenset(day for day, name in found.items() if not open_ones & set(name.split("; ")))
