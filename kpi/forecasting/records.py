"""What goes in and what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LEVELS: Final = (80, 95)
ROWS: Final = 20_000  # latest periods that a forecast looks at


class SeriesError(ValueError):
    """A series cannot be used. The message is one sentence; `index` is the place of the row in it, None when it is about the whole.

    `before`: the place of the row that said the same period first.
    """

    def __init__(self, problem: str, index: int | None = None, before: int | None = None) -> None:
        super().__init__(problem)
        self.index = index
        self.before = before


@dataclass(frozen=True, slots=True)
class Series:
    """Rows of one series in any order: how each period is written, and its value (None: unknown).

    `month_first`: 07/04/2026 is in July, as other series of its file say.
    """

    name: str
    periods: Sequence[str]
    values: Sequence[float | None]
    month_first: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """One value a period ahead, with bounds that hold 80 % and 95 % of what comes: lo95 ≤ lo80 ≤ mean ≤ hi80 ≤ hi95, all finite (NaN: of a series
    without any value).

    `model` says what made it; it begins with "naive" where the series was too short for a model.
    """

    periods: tuple[str, ...]
    mean: tuple[float, ...]
    lo80: tuple[float, ...]
    hi80: tuple[float, ...]
    lo95: tuple[float, ...]
    hi95: tuple[float, ...]
    model: str


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How well the same method did on the series' own past, forecast from several earlier moments.

    `mase`: mean absolute error in units of the seasonal naive's error one season ahead (below 1 is better than that); `smape` in percent, 0 to 200; `wape`: sum of absolute errors as a share of the sum of
    absolute values;
    `covered80` and `covered95`: share of values inside the bounds, 0 to 1; `width`: half the 80 % band as a share of the mean level;
    `origins`: from how many moments. None where the past says nothing (a flat series, a level of zero).
    """

    mase: float | None
    smape: float
    wape: float | None
    covered80: float
    covered95: float
    width: float | None
    origins: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A forecast with its accuracy and the verdict on both: "ok", "too_short" or "too_wild". The last two are not to be drawn."""

    forecast: Forecast
    accuracy: Accuracy | None
    verdict: str
