"""How well a method has done on a series' own past, what that says about its bands, and whether it is worth drawing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from kpi.forecasting.forecast import prepare, written
from kpi.forecasting.predict import SHORT, Prediction, predict
from kpi.forecasting.records import LEVELS, Accuracy, Judged, Series
from kpi.forecasting.regular import Values

ORIGINS: Final = 4
WILD: Final = 1.0  # half of the 80 % band as large as the level itself
# How far the bands follow the series' own past: a few dozen errors, most of them neighbours, are not all of the truth.
_TRUST: Final = 0.7
_SCALES: Final = (0.4, 2.0)
_ENOUGH: Final = 20  # errors

# From how many values on → the prediction of those that come next, made from the values before alone.
Method = Callable[[int], Prediction]


@dataclass(frozen=True, slots=True)
class _Tested:
    """One earlier moment: what was said then, what came, and the mean change of the season until then."""

    said: Prediction
    came: Values
    unit: float


def judged(series: Series, horizon: int, season: int | None = None, *, tried: int | None = None) -> Judged:
    """Return the forecast, its accuracy on the series' own past, and whether the two are worth drawing. Raises SeriesError.

    The accuracy is that over the next `tried` periods (the horizon unless said).
    """
    ready = prepare(series, horizon, season)
    values, ahead = ready.values, tried or horizon
    made, accuracy = judge(
        ready.predict(), values, ahead, ready.season, lambda end: predict(values[:end], ahead, ready.season)
    )
    return Judged(written(ready.periods, made), accuracy, verdict(made, accuracy))


def judge(
    made: Prediction, values: Values, ahead: int, season: int, method: Method
) -> tuple[Prediction, Accuracy | None]:
    """Return the prediction with bands as wide as the past asks for, and the accuracy of such predictions; None where it is too short."""
    ends = [len(values) - ahead - n * max(1, ahead // 2) for n in range(ORIGINS)]
    tests = [
        _Tested(method(end), values[end : end + ahead], _unit(values[:end], season))
        for end in ends
        if end >= 2 * SHORT
    ]
    if not tests:
        return made, None
    # Each moment is judged with bands that only the others have widened or narrowed.
    others = [[test for test in tests if test is not one] for one in tests]
    floor = 0.0 if values.min() >= 0 else -np.inf
    scaled = [
        _Tested(_scaled(one.said, rest, floor), one.came, one.unit)
        for one, rest in zip(tests, others, strict=True)
    ]
    return _scaled(made, tests, floor), _accuracy(scaled)


def _scaled(made: Prediction, tests: list[_Tested], floor: float) -> Prediction:
    if made.model == "TSB":  # its bounds are amounts that occurred
        return made
    bands = {}
    for level in LEVELS:
        scale = _scale(tests, level)
        low, high = made.bands[level]
        # A bound that was cut off at zero reached as far down as the other one reaches up.
        down = np.where(low <= floor, np.maximum(high - made.mean, made.mean - low), made.mean - low)
        bands[level] = (np.maximum(made.mean - down * scale, floor), made.mean + (high - made.mean) * scale)
    wide = (np.minimum(bands[95][0], bands[80][0]), np.maximum(bands[95][1], bands[80][1]))
    return Prediction(made.mean, {80: bands[80], 95: wide}, made.model)


def _scale(tests: list[_Tested], level: int) -> float:
    """Return how much wider the bands of this level had to be to hold their share of what came; nearer to 1 than that."""
    # Above the mean only: below it the bands end at zero.
    halves = [test.said.bands[level][1] - test.said.mean for test in tests]
    errors = [np.abs(test.came - test.said.mean) for test in tests]
    half, error = np.concatenate([[0.0], *halves]), np.concatenate([[0.0], *errors])
    sure = half > 0
    if sure.sum() < _ENOUGH:
        return 1.0
    needed = float(np.quantile(error[sure] / half[sure], level / 100))
    return float(np.clip(needed**_TRUST, *_SCALES)) if needed else _SCALES[0]


def _accuracy(tests: list[_Tested]) -> Accuracy:
    came = np.concatenate([test.came for test in tests])
    mean = np.concatenate([test.said.mean for test in tests])
    half = np.concatenate([(test.said.bands[80][1] - test.said.bands[80][0]) / 2 for test in tests])
    ratios = [float(np.mean(np.abs(t.came - t.said.mean))) / t.unit for t in tests if t.unit]
    level = float(np.mean(np.abs(mean)))
    return Accuracy(
        mase=float(np.mean(ratios)) if ratios else None,
        smape=smape(came, mean),
        wape=float(np.sum(np.abs(came - mean)) / size) if (size := float(np.sum(np.abs(came)))) else None,
        covered80=_covered(tests, 80),
        covered95=_covered(tests, 95),
        width=float(np.mean(half)) / level if level else None,
        origins=len(tests),
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


def _covered(tests: list[_Tested], level: int) -> float:
    inside = [(t.came >= t.said.bands[level][0]) & (t.came <= t.said.bands[level][1]) for t in tests]
    return float(np.mean(np.concatenate(inside)))


def verdict(made: Prediction, accuracy: Accuracy | None) -> str:
    """Return "ok", "too_short" for what has no past to be tried on, "too_wild" for a band that says nothing."""
    if accuracy is None or made.model.startswith("naive"):
        return "too_short"
    if made.model == "constant":
        return "ok"
    return "too_wild" if accuracy.width is None or accuracy.width > WILD else "ok"
