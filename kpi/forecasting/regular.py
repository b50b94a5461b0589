"""From rows in any order to one value a period."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from kpi.forecasting.periods import Axis
from kpi.forecasting.records import ROWS, SeriesError

Values = npt.NDArray[np.float64]
LIMIT: Final = 1e30  # squares of sums of more do not fit a float
# Lists of sales leave out days on which nothing was sold. So much missing, in a series that never says zero, is no accident.
_MEANS_NOTHING: Final = 1 / 3
_HOLE: Final = 4  # seasons without a row
_ENOUGH: Final = 4  # seasons behind a hole that can stand for themselves
_LONG: Final = 2  # seasons without a row that are a hole where nearly every period has one: weeks of days, years of months
_LONGEST_SEASON: Final = 24
_UNLIKE: Final = 3  # times as long as every gap that is no hole
_WHOLE: Final = 3  # periods for each row; what is longer and thinner has a typing error in a period
_FEW: Final = 3  # holes; what comes back more often is the series' own way


@dataclass(frozen=True, slots=True)
class Regular:
    """One value for every period from `start` on, no gap left."""

    start: int
    values: Values


def regular(axis: Axis, values: list[float | None], labels: tuple[str, ...]) -> Regular:
    """Return the series with its gaps filled. Raises SeriesError for a period that stands twice and for a series without any value.

    An empty value is unknown: it becomes a straight line between its neighbours in the season (the days of the same weekday, the same
    months), or between its neighbours where there are none. A period without a row is unknown too, unless it means zero: in a series
    of amounts that never says zero and leaves out more than a third of its periods, those of a hole not counted: two seasons and more
    without a row, in a series that otherwise has one nearly always, were not written down. Unknown periods at either end are cut off, and
    so is what lies before a hole of more than four seasons where four seasons came after it, or more than ROWS periods back.
    """
    places = np.asarray(axis.places)
    _refuse_twice(places, labels)
    start, end = int(places.min()), int(places.max())
    given = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    if np.isfinite(given).any() and np.nanmax(np.abs(given)) > LIMIT:
        raise SeriesError(f"a value is beyond {LIMIT:g}", int(np.nanargmax(np.abs(given))))
    if end - start >= ROWS:
        if end - start > _WHOLE * len(places):
            far = int(np.argmax(np.abs(places - int(np.median(places)))))
            raise SeriesError(f"period {labels[far]!r} lies {end - start:,} periods from the other end", far)
        start = end - ROWS + 1
        places, given = places[places >= start], given[places >= start]
    start, places, given = _after_the_hole(start, places, given, axis.season)
    found = np.full(end - start + 1, np.nan)
    found[places - start] = given
    known = np.flatnonzero(np.isfinite(found))
    if not known.size:
        raise SeriesError("there is no value")
    unknown = holes(places, axis.season)
    if _absent_means_zero(given, len(found) - sum(after - before - 1 for before, after in unknown)):
        absent = np.ones(len(found), dtype=bool)
        absent[places - start] = False
        for before, after in unknown:
            absent[before + 1 - start : after - start] = False
        found[absent] = 0.0
    first, last = int(known[0]), int(known[-1])
    return Regular(start + first, _filled(found[first : last + 1], axis.season))


def mended(values: Values, holes: list[tuple[int, int]], season: int) -> Values:
    """Return the values with these holes (the places around each) filled like any unknown ones."""
    found = values.copy()
    for before, after in holes:
        found[before + 1 : after] = np.nan
    return _filled(found, season)


def _refuse_twice(places: npt.NDArray[Any], labels: tuple[str, ...]) -> None:
    order = np.argsort(places, kind="stable")
    twice = np.flatnonzero(np.diff(places[order]) == 0)
    if twice.size:
        index = int(order[twice[0] + 1])
        raise SeriesError(f"period {labels[index]} stands twice", index, int(order[twice[0]]))


def _after_the_hole(
    start: int, places: npt.NDArray[Any], given: Values, season: int
) -> tuple[int, npt.NDArray[Any], Values]:
    """Leave away what lies before a long hole, if what lies behind is enough: nobody knows what happened in a year without rows."""
    ordered = np.sort(places)
    holes = np.flatnonzero(np.diff(ordered) > _HOLE * max(season, 4))
    if not holes.size or len(ordered) - holes[-1] - 1 < _ENOUGH * max(season, 4):
        return start, places, given
    behind = places >= ordered[holes[-1] + 1]
    return int(ordered[holes[-1] + 1]), places[behind], given[behind]


def holes(places: npt.NDArray[Any], season: int) -> list[tuple[int, int]]:
    """Return the few long gaps of a series that is otherwise whole, each as the places of the rows around it."""
    ordered = np.sort(places)
    gaps = np.diff(ordered) - 1
    long = _LONG * min(max(season, 4), _LONGEST_SEASON)
    if len(ordered) < long or np.median(gaps) > 0:
        return []
    falling = np.argsort(-gaps, kind="stable")
    for count in range(min(_FEW, len(gaps) - 1), 0, -1):
        shortest, rest = int(gaps[falling[count - 1]]), int(gaps[falling[count]])
        if shortest >= long and shortest > _UNLIKE * max(rest, 1):
            return [(int(ordered[at]), int(ordered[at + 1])) for at in sorted(falling[:count])]
    return []


def _absent_means_zero(given: Values, span: int) -> bool:
    known = given[np.isfinite(given)]
    return bool(1 - len(given) / span > _MEANS_NOTHING and (known > 0).all() and len(known) >= 3)


def _filled(values: Values, season: int) -> Values:
    """Fill unknown values by lines along each position of the season, where that has at least two known ones; else along the series."""
    unknown = np.isnan(values)
    if not unknown.any():
        return values
    filled = values.copy()
    at = np.arange(len(values))
    known = ~unknown
    whole = np.interp(at, at[known], values[known])
    for position in range(season if len(values) >= 2 * season else 1):
        own = at[position::season] if len(values) >= 2 * season else at
        sure = own[known[own]]
        gaps = own[unknown[own]]
        filled[gaps] = np.interp(gaps, sure, values[sure]) if sure.size >= 2 else whole[gaps]
    return filled
