"""The models: exponential smoothing, Theta and complex smoothing, averaged. The library is imported by whoever forecasts first."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from kpi.forecasting.regular import Values

Z80: Final = 1.2815515655446004
LONGEST: Final = 732  # periods a model looks back: two years of days, sixty of months
_NAMES: Final = ("ETS", "Theta", "CES")
_MOST_SEASON: Final = (
    24  # longer ones are taken out beforehand: a state for every week of the year fits noise
)


@dataclass(frozen=True, slots=True)
class Path:
    """Means and standard deviations of the periods ahead, and what made them."""

    mean: Values
    deviation: Values
    model: str


def combination(values: Values, horizon: int, season: int) -> Path | None:
    """Return the mean of the models that gave a sane answer, None when none did. `season` 1 means none.

    The models are a damped-trend automatic ETS (Hyndman and others 2002), the dynamic optimised Theta (Fiorucci and others 2016) and
    an automatic complex exponential smoothing (Svetunkov and others 2022).
    """
    values = values[-LONGEST:]
    scale = float(np.mean(np.abs(values))) or 1.0
    scaled = values / scale
    shape = _long_season(scaled, season) if season > _MOST_SEASON else None
    inner = scaled - shape[np.arange(len(scaled)) % season] if shape is not None else scaled
    paths = list(_sane(inner, horizon, 1 if season > _MOST_SEASON else season))
    if not paths:
        return None
    deviations = np.stack([path.deviation for path in paths])
    # One model that explodes must not widen the band of all.
    deviations = np.minimum(deviations, 3 * np.median(deviations, axis=0))
    mean = np.mean([path.mean for path in paths], axis=0)
    if shape is not None:
        mean = mean + shape[(len(scaled) + np.arange(horizon)) % season]
    return Path(mean * scale, deviations.mean(axis=0) * scale, "+".join(path.model for path in paths))


def _sane(values: Values, horizon: int, season: int) -> Iterator[Path]:
    spread = float(values.max() - values.min())
    low, high = values.min() - 3 * spread, values.max() + 3 * spread
    for name in _NAMES:
        path = _one(name, values, horizon, season)
        if path is not None and (path.mean >= low).all() and (path.mean <= high).all():
            yield path


def _one(name: str, values: Values, horizon: int, season: int) -> Path | None:
    """Return what one model says; None when the library cannot fit it to this series."""
    from statsforecast import models as library

    if name == "ETS":
        made: Any = library.AutoETS(season_length=season, damped=True)
    elif name == "Theta":
        made = library.DynamicOptimizedTheta(season_length=season)
    else:
        made = library.AutoCES(season_length=season)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = made.forecast(y=values, h=horizon, level=[80])
    except (
        Exception
    ):  # the library raises whatever its optimisers raise; the others stand in, and naive behind them
        return None
    mean = np.asarray(found["mean"], dtype=np.float64)
    deviation = (np.asarray(found["hi-80"]) - np.asarray(found["lo-80"])) / (2 * Z80)
    if not (np.isfinite(mean).all() and np.isfinite(deviation).all()):
        return None
    return Path(mean, np.maximum(deviation, 0.0), name)


def _long_season(values: Values, season: int) -> Values | None:
    """Return the shape of a long season (a deviation for each of its positions), smoothed; None where two cycles do not agree on one."""
    if len(values) < 2 * season:
        return None
    cycles = len(values) // season
    used = values[-cycles * season :]
    trend = np.convolve(np.pad(used, season // 2, mode="reflect"), np.ones(season) / season, mode="same")
    rest = (used - trend[season // 2 : season // 2 + len(used)]).reshape(cycles, season)
    each = [_smoothed(np.roll(row, len(values) - len(used))) for row in rest]
    agree = np.corrcoef(each[0], np.mean(each[1:], axis=0))[0, 1] if cycles > 1 else 0.0
    return np.mean(each, axis=0) - float(np.mean(each)) if agree > 0.3 else None


def _smoothed(shape: Values) -> Values:
    """Return the shape smoothed over five neighbours, its end joined to its beginning."""
    weights = np.array([1, 2, 3, 2, 1]) / 9
    return np.convolve(np.concatenate([shape[-2:], shape, shape[:2]]), weights, mode="valid")
