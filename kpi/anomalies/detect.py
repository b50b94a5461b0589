"""Expected values with their band, and the points outside of it.

Everything said of a point comes from points before it: the result is the same as if the series had ended there, so a file can be judged as it would
have been judged live. The expectation is a level (the running median of the last two weeks, or 28 points) plus the profile of a period where past
values say that one exists (day and week, week, year, or the period at which the series echoes). How far a value may lie from it is read off the
past deviations (`tails`). It is learned anew whenever the past has grown by a fiftieth, at the latest after 96 points.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from kpi.anomalies import seasons, tails
from kpi.anomalies.seasons import Floats, Ints, Season, Times

RARITY: Final = 250.0  # one point in so many lies outside by chance
LEAST: Final = 8  # points before the first one that can be judged
_MEMORY: Final = 6_000  # points
_YEARS_OF_DAYS: Final = 730
_LEVEL_DAYS: Final = 14
_LEVEL_POINTS: Final = 28
_KNOTS: Final = 48
_AT_LATEST: Final = 96
_WEEK, _SUNDAY = 7, 3
_GAIN: Final = 0.85  # a profile is believed when it brings the usual deviation down this far, one of weekdays also when the mean one


@dataclass(frozen=True, slots=True)
class Detection:
    """Columns as long as the series, in its order. NaN: unknown (the first points, and points without a value in `score`)."""

    expected: Floats
    lo: Floats
    hi: Floats
    score: Floats

    @property
    def anomaly(self) -> npt.NDArray[np.bool_]:
        """Return which values lie outside their band."""
        return np.asarray(self.score >= 1)


def detect(
    times: Times,
    values: Floats,
    *,
    rarity: float = RARITY,
    free_days: Collection[date] = (),
    settled: bool = False,
    start: int = 0,
) -> Detection:
    """Judge the points from position `start` on. `times` ascend; a NaN among the values is a missing one. On `free_days` (holidays, daily series
    only) a value may also be what a Sunday is; `settled`: by a bank, so on the first day worked after them it may hold what they would have. The score
    is the deviation in units of the band: from 1 on it is an anomaly.
    """
    known = np.flatnonzero(np.isfinite(values))
    judged = _Judge(times, values, known, math.log10(rarity), free_days, settled)
    found = np.full((4, len(values)), np.nan)
    at = int(np.searchsorted(known, start))
    position = max(start, int(known[LEAST - 1]) + 1) if len(known) >= LEAST else len(values)
    at = max(at, LEAST)
    while position < len(values):
        stop_at = min(at + max(1, min(_AT_LATEST, at // 50)), len(known))
        stop = int(known[stop_at]) if stop_at < len(known) else len(values)
        found[:, position:stop] = judged.block(at, position, stop)
        position, at = stop, stop_at
    return Detection(*found)


class _Judge:
    """A series whose past is looked at again and again. Positions in `known` count the points that have a value."""

    def __init__(
        self,
        times: Times,
        values: Floats,
        known: Ints,
        threshold: float,
        free_days: Collection[date],
        settled: bool,
    ) -> None:
        self._values, self._past = values, values[known]
        step = seasons.step_of(times)
        self._place = seasons.phases(times, step)
        self._place_of_past = self._place[known]
        self._threshold = threshold
        self._memory = _MEMORY if step < seasons.DAY else _YEARS_OF_DAYS
        self._level = max(_LEVEL_POINTS, _LEVEL_DAYS * seasons.DAY // step)
        self._calendar = seasons.by_calendar(step)
        self._echo: Season | None = None
        self._echo_until = 0
        self._free = _free(times, free_days) if step == seasons.DAY else np.zeros(len(times), bool)
        self._free_of_past = self._free[known]
        self._settled = settled

    def block(self, at: int, position: int, stop: int) -> Floats:
        """Return expected, lo, hi, score (rows) of positions `position` to `stop`, of which `at` points with a value are the past."""
        low = max(0, at - self._memory)
        profile, shift = self._best(low, at)
        deviations = np.abs(shift.past)
        tail = tails.fit(
            deviations[~self._free_of_past[low:at]] if self._usual(low, at) else deviations,
            self._size(low, at),
        )
        width = tail.width(self._threshold)
        expected = shift.level + _at(profile, self._place[position:stop])
        lo, hi = expected - width, expected + width
        sunday = self._sunday(shift.level, profile, self._place[position:stop], at)
        free = self._free[position:stop]
        lo, hi = (
            np.where(free, np.minimum(lo, sunday - width), lo),
            np.where(free, np.maximum(hi, sunday + width), hi),
        )
        late = expected + self._put_off(shift.level, profile, position, stop)
        lo, hi = np.minimum(lo, late - width), np.maximum(hi, late + width)
        values = self._values[position:stop]
        with np.errstate(invalid="ignore"):
            beyond = np.maximum(np.maximum(lo - values, values - hi), 0.0)
            inside = np.abs(values - expected) / np.maximum(np.maximum(expected - lo, hi - expected), 1e-300)
            score = np.where(beyond > 0, 1 + beyond / width, np.minimum(inside, np.nextafter(1.0, 0.0)))
        return np.array([expected, lo, hi, np.minimum(score, tails.MOST)])

    def _usual(self, low: int, at: int) -> bool:
        return at - low - int(self._free_of_past[low:at].sum()) >= LEAST

    def _size(self, low: int, at: int) -> float:
        return float(np.median(np.abs(self._past[low:at])))

    def _best(self, low: int, at: int) -> "tuple[Floats, _Shift]":
        """Return the profile that explains the past best (a single nought: none), and what is left of the past without it."""
        best: Floats = np.zeros(1)
        left = _shift(self._past[low:at], self._level)
        usual = _deviations(left.past)
        for season in self._seasons(at):
            if at < seasons.CYCLES * season.period:
                continue
            profile = self._profile(season, at)
            shift = _shift(self._past[low:at] - _at(profile, self._place_of_past[low:at]), self._level)
            # A profile made of k cycles lies nearer to these than to the next one: by this much, were it a mean.
            cycles = min(at, season.memory) / season.period
            shift = _Shift(shift.level, shift.past * math.sqrt((cycles + 1) / (cycles - 1)))
            found = _deviations(shift.past)
            # A shop's Sunday is one day of seven: the usual deviation does not know it.
            of_days = season.period == _WEEK and season in self._calendar
            if found[0] < _GAIN * usual[0] or (of_days and found[1] < _GAIN * usual[1]):
                best, left, usual = profile, shift, found
        return best, left

    def _profile(self, season: Season, at: int) -> Floats:
        """Return what each phase adds to the level; a free day says nothing of its weekday."""
        low = max(0, at - season.memory)
        usual = ~self._free_of_past[low:at]
        values, places = self._past[low:at][usual], self._place_of_past[low:at][usual]
        found = seasons.profile(values, places % season.period, season.period)
        return seasons.smoothed(found, season.reach)

    def _seasons(self, at: int) -> list[Season]:
        """Return the periods to try. The echo is listened for again when the past has grown by a quarter."""
        if at >= self._echo_until:
            self._echo = seasons.by_echo(self._past[max(0, at - self._memory) : at])
            self._echo_until = at + max(at // 4, 8)
        echo = self._echo
        if echo is None or any(abs(echo.period - one.period) <= one.period // 20 for one in self._calendar):
            return self._calendar
        return [*self._calendar, echo]

    def _put_off(self, level: float, profile: Floats, position: int, stop: int) -> Floats:
        """Return what free days put off until each place: a bank settles theirs on the first day worked after them."""
        start = max(0, position - 7)
        owed, carried = np.zeros(stop - start), 0.0
        if self._settled and self._free[start:stop].any():
            usual, least = level + _at(profile, self._place[start:stop]), abs(level + np.median(profile)) / 2
            for n, (free, value) in enumerate(zip(self._free[start:stop], usual, strict=True)):
                owed[n] = 0.0 if free else carried
                # Nothing is settled on the weekend after a free Friday.
                carried = carried + value if free else carried if abs(value) < least else 0.0
        return owed[position - start :]

    def _sunday(self, level: float, profile: Floats, places: Ints, at: int) -> Floats:
        """Return what a Sunday usually is, for each place; nothing where none was ever told of. 1970-01-01, place 0, was a Thursday."""
        if not (self._place_of_past[:at] % _WEEK == _SUNDAY).any():
            return np.zeros(len(places))
        if len(profile) != _WEEK:
            return level + _at(profile, places)
        return np.full(len(places), level + profile[_SUNDAY])


@dataclass(frozen=True, slots=True)
class _Shift:
    """The level at the end of a stretch of the past, and the stretch without its running level."""

    level: float
    past: Floats


def _shift(values: Floats, reach: int) -> _Shift:
    """Take the running median of the last `reach` points away, renewed at `_KNOTS` places; the first points share one."""
    level = float(np.median(values[-reach:]))
    if len(values) <= reach:
        return _Shift(level, values - level)
    knots = np.unique(np.linspace(reach, len(values), _KNOTS, endpoint=False).astype(np.int64))
    levels = np.array([np.median(values[knot - reach : knot]) for knot in knots])
    steps = np.diff(np.append(knots, len(values)))
    running = np.concatenate([np.full(reach, levels[0]), np.repeat(levels, steps)])
    return _Shift(level, values - running)


def _deviations(past: Floats) -> tuple[float, float]:
    """Return the median and the mean of what is left of the past."""
    return float(np.median(np.abs(past))), float(np.mean(np.abs(past)))


def _at(profile: Floats, places: Ints) -> Floats:
    return np.asarray(profile[places % len(profile)])


def _free(times: Times, free_days: Collection[date]) -> npt.NDArray[Any]:
    days = np.array(sorted(free_days), dtype="datetime64[D]")
    return np.isin(times.astype("datetime64[D]"), days)
