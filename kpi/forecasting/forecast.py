"""The way in: a series as somebody wrote it, and its forecast."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kpi.forecasting import periods
from kpi.forecasting.predict import Prediction, predict
from kpi.forecasting.records import Forecast, Series, SeriesError
from kpi.forecasting.regular import Regular, Values, regular

_CANDIDATES: Final = (12, 7, 4, 24, 52)  # seasons that numbered periods may have, the usual ones first


@dataclass(frozen=True, slots=True)
class Prepared:
    """A series ready to be forecast: what a worker process needs, and how its further periods are written."""

    values: Values
    season: int
    periods: tuple[str, ...]
    lost: int  # periods between the last known value and the first one of `periods`

    def predict(self) -> Prediction:
        """Return the prediction of `periods`."""
        made = predict(self.values, len(self.periods) + self.lost, self.season)
        cut = slice(self.lost, None)
        bands = {level: (low[cut], high[cut]) for level, (low, high) in made.bands.items()}
        return Prediction(made.mean[cut], bands, made.model)


def forecast(series: Series, horizon: int, season: int | None = None) -> Forecast:
    """Return the next `horizon` periods of a series. `season` None: the usual one of its frequency. Raises SeriesError."""
    ready = prepare(series, horizon, season)
    return written(ready.periods, ready.predict())


def prepare(series: Series, horizon: int, season: int | None = None, like: Series | None = None) -> Prepared:
    """Return the series in order and without gaps. A single row takes its frequency from the series `like`. Raises SeriesError."""
    if horizon < 1:
        raise SeriesError("the horizon must be at least 1")
    if not series.periods:
        raise SeriesError("there is no row")
    axis = _axis(series, like)
    found = regular(axis, list(series.values), tuple(series.periods))
    usual = _found_season(found) if axis.frequency == "number" else axis.season
    end = found.start + len(found.values)
    lost = max(axis.places) + 1 - end  # the forecast begins after the last row, also where that has no value
    try:
        labels = tuple(axis.label(end + lost + step) for step in range(horizon))
    except (ValueError, OverflowError) as error:
        raise SeriesError("the calendar ends before the horizon") from error
    return Prepared(found.values, season or usual, labels, lost)


def _axis(series: Series, like: Series | None) -> periods.Axis:
    try:
        if like is not None and len(series.periods) == 1:
            try:
                joined = periods.read([*like.periods, *series.periods], month_first=series.month_first)
                return periods.Axis(joined.frequency, joined.season, joined.places[-1:], joined.label)
            except periods.PeriodError:
                pass  # the other series is written in another way: this one speaks for itself
        return periods.read(series.periods, month_first=series.month_first)
    except periods.PeriodError as error:
        raise SeriesError(str(error), error.index) from error


def _found_season(found: Regular) -> int:
    """Return the season of numbered periods that shows most clearly in its correlations, 1 where none does."""
    values = np.diff(found.values)
    spread = float(values.std()) if values.size else 0.0
    best, strongest = 1, 0.3
    for season in _CANDIDATES:
        if not spread or len(values) < 3 * season:
            continue
        centred = (values - values.mean()) / spread
        strength = float(np.mean(centred[season:] * centred[:-season]))
        if strength > strongest + 0.05:
            best, strongest = season, strength
    return best


def written(labels: tuple[str, ...], made: Prediction) -> Forecast:
    """Return a prediction as it is handed out: plain numbers."""
    (lo80, hi80), (lo95, hi95) = made.bands[80], made.bands[95]
    mean, *bounds = (tuple(map(float, column)) for column in (made.mean, lo80, hi80, lo95, hi95))
    return Forecast(labels, mean, bounds[0], bounds[1], bounds[2], bounds[3], made.model)
