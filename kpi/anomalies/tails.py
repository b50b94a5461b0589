"""How rare a deviation is, judged by the deviations of the past and nothing else.

A Gaussian with a threshold of three deviations cries wolf on series that jump now and then as a habit. So the far end of the past deviations
is described by what it is: the excess over their 98th percentile as a generalised Pareto distribution (the peaks-over-threshold method;
Coles, An Introduction to Statistical Modeling of Extreme Values, 2001, ch. 4), fitted by its moments. With fewer than `ENOUGH` deviations there
is no such end to look at; then a Laplace distribution with a robust scale stands in, which is slower to cry than a Gaussian.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

ENOUGH: Final = 50
SHARE: Final = 0.98
HEAVIEST: Final = 0.5  # shape of the tail: from here on it would have no variance
MOST: Final = 99.0  # scores end here: what never varied has no scale
_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Tail:
    """Deviations of at least `start` occur with probability `share`, beyond it they thin out with this scale and shape (0: exponential)."""

    start: float
    share: float
    scale: float
    shape: float = 0.0

    def score(self, deviations: Floats) -> Floats:
        """Return −log₁₀ of how probable a deviation of this size or more is: 2 is one in a hundred points, 3 one in a thousand."""
        beyond = np.maximum((deviations - self.start) / self.scale, 0.0)
        thin = np.log10(1 + self.shape * beyond) / self.shape if self.shape else beyond / math.log(10)
        return np.where(deviations > self.start, np.minimum(thin - math.log10(self.share), MOST), 0.0)

    def width(self, score: float) -> float:
        """Return the deviation that has this score: `score` read backwards."""
        thin = max(score + math.log10(self.share), 0.0) * math.log(10)
        beyond = math.expm1(self.shape * thin) / self.shape if self.shape else thin
        return self.start + self.scale * beyond


def fit(deviations: Floats, size: float) -> Tail:
    """Return the tail of these absolute deviations; `size` is how large the values are, below whose billionth nothing counts."""
    floor = _TINY * max(size, _TINY)
    if len(deviations) < ENOUGH:
        spread = max(float(np.median(deviations)) / math.log(2), float(deviations.mean()), floor)
        # Few points know their own scale badly.
        return Tail(0.0, 1.0, spread * (1 + 4 / len(deviations)))
    start = float(np.quantile(deviations, SHARE))
    excess = deviations[deviations > start] - start
    if len(excess) < 3:
        return Tail(start, 1 - SHARE, max(float(deviations.mean()) / 3, floor))
    mean, variance = float(excess.mean()), float(excess.var())
    shape = min(max(0.5 * (1 - mean * mean / variance), 0.0), HEAVIEST) if variance > 0 else 0.0
    shape = shape if shape > 1e-3 else 0.0
    return Tail(start, 1 - SHARE, max(mean * (1 - shape), floor), shape)
