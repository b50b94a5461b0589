"""What sold often and fell silent. A day without a sale is nothing unusual where there are many; a row of them is, when it is longer than any before it
and than chance makes it.
"""

import math
from itertools import groupby
from typing import Final

import numpy as np

from kpi.anomalies.incidents import Incident
from kpi.anomalies.seasons import Floats

PAST: Final = 180  # points that say how often something is sold
LEAST: Final = 56
LONGEST: Final = 14  # points after which silence is the usual thing


def silences(values: Floats, *, rarity: float, start: int = 0) -> list[Incident]:
    """Return the silences (zeros) that end at position `start` or later, in order.

    With a share p of points above nothing, k zeros in a row have the chance (1 − p)^k: they are one incident where that is below 1 / rarity and k larger than
    any k in the past. The score is log (1 − p)^k / log (1 / rarity); the band holds 8 of 10 sums of k points in a row.
    """
    found = []
    for first, last in _zeros(values):
        past, length = values[max(0, first - PAST) : first], last - first + 1
        if last < start or len(past) < LEAST:
            continue
        often = min(float(np.mean(past > 0)), 1 - 1 / (len(past) + 1))
        longest = max((end - begin + 1 for begin, end in _zeros(past)), default=0)
        score = length * math.log(1 / (1 - often)) / math.log(rarity)
        if score >= 1 and length > longest:
            sums = np.convolve(past, np.ones(length), mode="valid")
            lo, hi = (float(bound) for bound in np.quantile(sums, (0.1, 0.9)))
            expected = float(past.mean()) * length
            found.append(Incident("low", first, last, expected, lo, hi, 0.0, score))
    return found


def _zeros(values: Floats) -> list[tuple[int, int]]:
    """Return the first and last position of each row of zeros, cut where it becomes the usual thing."""
    runs = []
    for is_zero, places in groupby(range(len(values)), key=lambda place: bool(values[place] <= 0)):
        if is_zero:
            row = list(places)
            runs.append((row[0], row[min(len(row), LONGEST) - 1]))
    return runs
