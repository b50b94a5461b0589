"""The rhythm of a series: its step, the periods it may have, and what each phase of a period usually holds."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]

DAY: Final = 86_400
WEEK: Final = 7 * DAY
CYCLES: Final = 3  # of a period that must have been seen before it is believed
_LEAST_ECHO: Final = 0.3


@dataclass(frozen=True, slots=True)
class Season:
    """A period in steps, of how many steps back its profile is made, and over how many neighbours on each side it is smoothed."""

    period: int
    memory: int
    reach: int = 0


def step_of(times: Times) -> int:
    """Return the usual seconds from one point to the next; a day where there are not two of them."""
    gaps = np.diff(times).astype("timedelta64[s]").astype(np.int64)
    gaps = gaps[gaps > 0]
    return int(np.median(gaps)) if len(gaps) else DAY


def phases(times: Times, step: int) -> Ints:
    """Return on which step of the calendar each point stands: equal phases of a period are equal modulo the period."""
    return np.asarray(times.astype("datetime64[s]").astype(np.int64) // step)


def by_calendar(step: int) -> list[Season]:
    """Return the periods that people and shops have at this step: day and week, week, or year."""
    if step < DAY // 3:
        day, week = round(DAY / step), round(WEEK / step)
        return [Season(day, 8 * day, max(1, day // 48)), Season(week, 6 * week, max(1, day // 48))]
    if step <= DAY:
        return [Season(round(WEEK / step), 12 * round(WEEK / step))]
    if 28 * DAY <= step <= 31 * DAY:
        return [Season(12, 60)]
    return [Season(52, 156)] if step == WEEK else []


def by_echo(values: Floats) -> Season | None:
    """Return the period at which a regular series resembles itself most, where it does; else None."""
    size = len(values)
    if size < 12:
        return None
    low, high = np.quantile(values, [0.05, 0.95])
    flat = np.clip(values, low, high)
    flat = flat - np.polyval(np.polyfit(np.arange(size), flat, 1), np.arange(size))
    power = np.abs(np.fft.rfft(flat, 2 * size)) ** 2
    echo = np.fft.irfft(power)[: size // CYCLES + 2]
    if echo[0] <= 0:
        return None
    echo = echo / echo[0] * size / (size - np.arange(len(echo)))
    peaks = np.flatnonzero((echo[1:-1] > echo[:-2]) & (echo[1:-1] >= echo[2:])) + 1
    peaks = peaks[(peaks >= 3) & (echo[peaks] > _LEAST_ECHO)]
    if not len(peaks):
        return None
    # The first peak that is nearly as high as the highest: multiples of a period echo as loudly.
    period = int(peaks[np.flatnonzero(echo[peaks] > 0.9 * echo[peaks].max())[0]])
    return Season(period, 8 * period, period // 48)


def profile(values: Floats, places: Ints, period: int) -> Floats:
    """Return the median of each phase, smoothed a little where a period has many; phases never seen lie between their neighbours."""
    # Sorted by phase and value, each median stands in the middle of its phase: a week of minutes has 10,080 of them.
    order = np.lexsort((values, places))
    values, edges = values[order], np.searchsorted(places[order], np.arange(period + 1))
    count, first = np.diff(edges), edges[:-1]
    seen = count > 0
    found = np.full(period, np.nan)
    found[seen] = (values[(first + (count - 1) // 2)[seen]] + values[(first + count // 2)[seen]]) / 2
    empty = ~seen
    if empty.any():
        found[empty] = np.interp(np.flatnonzero(empty), np.flatnonzero(~empty), found[~empty], period=period)
    return found


def smoothed(found: Floats, reach: int) -> Floats:
    """Return a profile as the mean over `reach` phases on both sides, round its end."""
    if not reach:
        return found
    ring = np.concatenate([found[-reach:], found, found[:reach]])
    return np.convolve(ring, np.full(2 * reach + 1, 1 / (2 * reach + 1)), "valid")
