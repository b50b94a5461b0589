"""From regular values to means and bounds: which method fits a series, and how wide its band must be to hold what it says."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from kpi.forecasting import models
from kpi.forecasting.regular import Values

Mask = npt.NDArray[np.bool_]

SHORT: Final = 6  # fewer values than this, and a model would fit noise
_SPARSE: Final = 1 / 3  # share of zeros from which a series is a matter of whether, not only of how much
_CLOSED: Final = 6  # cycles in which a position of the season must have been zero to stay so
_Z: Final = {80: 1.2815515655446004, 95: 1.959963984540054}
# Models believe that they are right, so their bands are too narrow, the more so the further ahead and the less they have seen. Fitted to
# what they had not seen of M1 and Tourism, both alike (docs/forecasts.md): the errors of the combination are as large as if its own
# standard deviation were a·step^b times what it says. By season, for level: (a, b).
_Widening = dict[int, tuple[float, float]]
_MONTHS: Final[_Widening] = {80: (0.93, 0.10), 95: (1.0, 0.14)}
_QUARTERS: Final[_Widening] = {80: (1.15, 0.14), 95: (1.3, 0.23)}
_YEARS: Final[_Widening] = {80: (1.2, 0.45), 95: (1.25, 0.54)}
# The competitions have no series so long. Generated ones hold what the models say of them, real ones break; this stands between.
_LONG: Final[_Widening] = {80: (0.97, 0.04), 95: (1.03, 0.06)}
_MANY: Final = 300
_MUCH: Final = 100  # values from which even a series without a season is known as well as one by month
_WIDEN_UNTIL: Final = 18


@dataclass(frozen=True, slots=True)
class Prediction:
    """Means and bounds by step ahead; `bands` holds (lower, upper) by level."""

    mean: Values
    bands: dict[int, tuple[Values, Values]]
    model: str


def predict(values: Values, horizon: int, season: int) -> Prediction:
    """Return the forecast of the next `horizon` values. `season` 1 means none; one that the series is too short for is left out.

    Of no value at all nothing is known: NaN.
    """
    if not values.size:
        unknown = np.full(horizon, np.nan)
        return Prediction(unknown, {80: (unknown, unknown), 95: (unknown, unknown)}, "naive (no value)")
    scale = float(np.max(np.abs(values))) or 1.0
    found = _chosen(values / scale, horizon, season)
    floor = 0.0 if values.min() >= 0 else -np.inf
    mean = np.maximum(found.mean * scale, floor)
    bands = {
        level: (np.minimum(np.maximum(low * scale, floor), mean), np.maximum(high * scale, mean))
        for level, (low, high) in found.bands.items()
    }
    wide = (np.minimum(bands[95][0], bands[80][0]), np.maximum(bands[95][1], bands[80][1]))
    return Prediction(mean, {80: bands[80], 95: wide}, found.model)


def _chosen(values: Values, horizon: int, season: int) -> Prediction:
    if len(values) < SHORT:
        return _naive(values, horizon)
    if values.min() == values.max():
        return _flat(values[-1], horizon)
    season = season if len(values) >= 2 * season else 1
    closed = _closed(values, season)
    if closed.any():
        return _without(values, horizon, season, closed)
    if values.min() >= 0 and (values == 0).mean() > _SPARSE:
        return _intermittent(values, horizon, season)
    path = models.combination(values, horizon, season)
    return (
        _normal(path, _widening(season, len(values))) if path is not None else _naive(values, horizon, season)
    )


def _widening(season: int, count: int) -> _Widening:
    if count >= _MANY:
        return _LONG
    if season >= 12 or count >= _MUCH:
        return _MONTHS
    return _QUARTERS if season > 1 else _YEARS


def _normal(path: models.Path, widening: _Widening) -> Prediction:
    step = np.minimum(np.arange(1, len(path.mean) + 1), _WIDEN_UNTIL)
    bands = {}
    for level, (factor, power) in widening.items():
        half = _Z[level] * factor * step**power * path.deviation
        bands[level] = (path.mean - half, path.mean + half)
    return Prediction(path.mean, bands, path.model)


def _flat(value: float, horizon: int) -> Prediction:
    mean = np.full(horizon, value)
    return Prediction(mean, {80: (mean, mean), 95: (mean, mean)}, "constant")


def _naive(values: Values, horizon: int, season: int = 1) -> Prediction:
    """Return the last value (of the season) again. Its error grows with the square root of the steps; a single value may be half wrong."""
    last = values[-season:]
    mean = np.resize(last, horizon)
    changes = values[season:] - values[:-season]
    deviation = float(np.sqrt(np.mean(changes**2))) if changes.size else abs(float(values[-1])) / 2
    steps = np.sqrt(np.arange(horizon) // season + 1)
    bands = {level: (mean - z * deviation * steps, mean + z * deviation * steps) for level, z in _Z.items()}
    return Prediction(mean, bands, "naive" if season == 1 else "naive seasonal")


def _closed(values: Values, season: int) -> Mask:
    """Return which positions of the season (counted from the end: the last is the newest value) have long been zero: closed on Sundays."""
    none = np.zeros(season, dtype=bool)
    if season == 1 or len(values) < _CLOSED * season:
        return none
    recent = values[-_CLOSED * season :].reshape(_CLOSED, season)
    closed: Mask = (recent == 0).all(axis=0)
    if closed.all() or (recent[:, ~closed] != 0).mean() <= 1 - _SPARSE:
        return none
    return closed


def _without(values: Values, horizon: int, season: int, closed: Mask) -> Prediction:
    """Forecast the open positions as a series of their own; the closed ones stay zero."""
    position = (np.arange(len(values)) - len(values)) % season
    ahead = ~closed[np.arange(horizon) % season]
    inner = (
        _chosen(values[~closed[position]], int(ahead.sum()), season - int(closed.sum()))
        if ahead.any()
        else None
    )

    def spread(part: Values | None) -> Values:
        whole = np.zeros(horizon)
        if part is not None:
            whole[ahead] = part
        return whole

    if inner is None:
        return _flat(0.0, horizon)
    bands = {level: (spread(low), spread(high)) for level, (low, high) in inner.bands.items()}
    return Prediction(spread(inner.mean), bands, inner.model)


def _intermittent(values: Values, horizon: int, season: int) -> Prediction:
    """Return demand that mostly is none: how often by how much (Teunter, Syntetos and Babai 2011), with the shape of the season.

    The bounds are quantiles of the same mixture: nothing, or one of the amounts that occurred.
    """
    often, much = _often_and_much(values)
    shape = _shape(values, season)[np.arange(horizon) % season]
    sizes = values[values > 0]
    chance = np.clip(often * shape, 0.0, 1.0)
    bands = {}
    for level in _Z:
        tail = (1 - level / 100) / 2
        bands[level] = (_mixture(tail, chance, sizes), _mixture(1 - tail, chance, sizes))
    return Prediction(chance * much, bands, "TSB")


def _often_and_much(values: Values) -> tuple[float, float]:
    """Return the smoothed chance of any demand in a period, and its smoothed size."""
    rate = 0.1
    sold = values > 0
    often, much = float(sold.mean()), float(values[sold].mean())
    for value in values:
        often += rate * ((value > 0) - often)
        if value > 0:
            much += rate * (value - much)
    # Half the long run: smoothing alone forgets a product that sells every other month.
    return (often + float(sold.mean())) / 2, much


def _shape(values: Values, season: int) -> Values:
    """Return how much more or less often there is demand by position (the first is the next period), drawn towards 1."""
    sold = (values > 0).astype(float)
    position = (np.arange(len(values)) - len(values)) % season
    overall, drawn = sold.mean(), 6.0
    return np.array(
        [
            (sold[position == p].sum() + drawn * overall) / ((position == p).sum() + drawn) / overall
            for p in range(season)
        ]
    )


def _mixture(share: float, chance: Values, sizes: Values) -> Values:
    inside = np.clip((share - (1 - chance)) / np.maximum(chance, 1e-12), 0.0, 1.0)
    return np.where(share <= 1 - chance, 0.0, np.quantile(sizes, inside))
