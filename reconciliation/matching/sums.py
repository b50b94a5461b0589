"""Which of these amounts add up to that one: exact, and bounded whatever the amounts are."""

from math import gcd
from typing import Final

import numpy as np

from reconciliation.matching.columns import Ints

MOST: Final = 24  # amounts looked at: two halves of 4,096 sums each
MOST_ANSWERS: Final = 4  # more are not told apart: whoever asks needs one, or three to show


def subsets(amounts: Ints, target: int, least: int = 2) -> list[tuple[int, ...]]:
    """Return up to `MOST_ANSWERS` different sets of positions, of at least `least` amounts each, whose sum is the target.

    Fewer than that many means that these are all. Meets in the middle: 2 · 2^(n/2) sums instead of 2^n, at most `MOST` amounts.
    Raises ValueError for more.
    """
    if len(amounts) > MOST:
        raise ValueError(f"at most {MOST} amounts, not {len(amounts)}")
    half = len(amounts) // 2
    left, right = every(amounts[:half]), every(amounts[half:])
    order = np.argsort(right, kind="stable")
    ranked = right[order]
    low = np.searchsorted(ranked, target - left, "left")
    high = np.searchsorted(ranked, target - left, "right")
    found: list[tuple[int, ...]] = []
    for mask in np.flatnonzero(high > low):
        for at in range(int(low[mask]), int(high[mask])):
            chosen = _members(int(mask), 0) + _members(int(order[at]), half)
            if len(chosen) >= least:
                found.append(tuple(chosen))
            if len(found) == MOST_ANSWERS:
                return found
            if at - int(low[mask]) > MOST_ANSWERS:
                break
    return found


def accidents(amounts: Ints) -> float:
    """Return about how many sets of two and more amounts meet a given sum by accident, as if sums were spread evenly over their range.

    Round amounts share a large divisor, so that few different sums exist and many sets meet them.
    """
    count = 2.0 ** len(amounts) - len(amounts) - 1
    total = int(np.abs(amounts).sum())
    step = gcd(*(int(amount) for amount in amounts)) if len(amounts) else 1
    return count * step / max(total, 1)


def every(amounts: Ints) -> Ints:
    """Return the sum of every set of these amounts: at place n that of the amounts whose bits are set in n. 2^n of them."""
    sums = np.zeros(1, np.int64)
    for amount in amounts:
        sums = np.concatenate([sums, sums + amount])
    return sums


def _members(mask: int, offset: int) -> list[int]:
    return [offset + at for at in range(mask.bit_length()) if mask >> at & 1]
