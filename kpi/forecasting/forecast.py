"""The way in: a series as somebody wrote it, its forecast, and how well that has done before."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kpi.forecasting import periods
from kpi.forecasting.predict import SHORT, Prediction, predict
from kpi.forecasting.records import Accuracy, Forecast, Judged, Series, SeriesError
from kpi.forecasting.regular import Regular, Values, regular

ORIGINS: Final = 4
WILD: Final = 1.0  # half of the 80 % band as large as the level itself
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


def judged(series: Series, horizon: int, season: int | None = None, *, tried: int | None = None) -> Judged:
    """Return the forecast, its accuracy on the series' own past, and whether the two are worth drawing. Raises SeriesError.

    The accuracy is that over the next `tried` periods (the horizon unless said).
    """
    ready = prepare(series, horizon, season)
    made = ready.predict()
    accuracy = backtest(ready.values, tried or horizon, ready.season)
    return Judged(written(ready.periods, made), accuracy, _verdict(made, accuracy))


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
                joined = periods.read([*like.periods, *series.periods])
                return periods.Axis(joined.frequency, joined.season, joined.places[-1:], joined.label)
            except periods.PeriodError:
                pass  # the other series is written in another way: this one speaks for itself
        return periods.read(series.periods)
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


def backtest(values: Values, horizon: int, season: int, origins: int = ORIGINS) -> Accuracy | None:
    """Forecast the series' own past from several earlier moments, as then known, and compare. None where it is too short for one."""
    first = 2 * SHORT
    apart = max(1, horizon // 2)
    ends = [end for n in range(origins) if (end := len(values) - horizon - n * apart) >= first]
    if not ends:
        return None
    tests = [(predict(values[:end], horizon, season), values[end : end + horizon], end) for end in ends]
    actual = np.concatenate([after for _made, after, _end in tests])
    mean = np.concatenate([made.mean for made, _after, _end in tests])
    scales = [_unit(values[:end], season) for end in ends]
    errors = [float(np.mean(np.abs(after - made.mean))) for made, after, _end in tests]
    ratios = [error / unit for error, unit in zip(errors, scales, strict=True) if unit]
    halves = np.concatenate([(made.bands[80][1] - made.bands[80][0]) / 2 for made, _after, _end in tests])
    level = float(np.mean(np.abs(mean)))
    return Accuracy(
        mase=float(np.mean(ratios)) if ratios else None,
        smape=smape(actual, mean),
        covered80=_covered(tests, 80),
        covered95=_covered(tests, 95),
        width=float(np.mean(halves)) / level if level else None,
        origins=len(ends),
    )


def smape(actual: Values, mean: Values) -> float:
    """Return the symmetric mean absolute percentage error, 0 to 200; two zeros agree."""
    size = np.abs(actual) + np.abs(mean)
    return float(
        np.mean(np.where(size > 0, 200 * np.abs(actual - mean) / np.where(size > 0, size, 1.0), 0.0))
    )


def _unit(values: Values, season: int) -> float:
    lag = season if len(values) > season else 1
    return float(np.mean(np.abs(values[lag:] - values[:-lag])))


def _covered(tests: list[tuple[Prediction, Values, int]], level: int) -> float:
    inside = [
        (after >= made.bands[level][0]) & (after <= made.bands[level][1]) for made, after, _end in tests
    ]
    return float(np.mean(np.concatenate(inside)))


def _verdict(made: Prediction, accuracy: Accuracy | None) -> str:
    if accuracy is None or made.model.startswith("naive"):
        return "too_short"
    if made.model == "constant":
        return "ok"
    return "too_wild" if accuracy.width is None or accuracy.width > WILD else "ok"
