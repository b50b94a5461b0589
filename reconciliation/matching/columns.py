"""Columns of numbers, and the joins that the matcher does on them. All of them take and give positions, never more pairs than asked for."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Bools: TypeAlias = npt.NDArray[np.bool_]
StringArray: TypeAlias = npt.NDArray[np.str_]
Pairs: TypeAlias = tuple[Ints, Ints]  # positions of lines, positions of items

NO_PAIRS: Pairs = (np.empty(0, np.int64), np.empty(0, np.int64))


def spread(starts: Ints, counts: Ints) -> Pairs:
    """Return (which range, position) of every position in the ranges `starts[i] … starts[i] + counts[i] − 1`."""
    owner = np.repeat(np.arange(len(starts)), counts)
    offsets = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, starts[owner] + offsets


def nearest(left: tuple[Ints, Ints], right: tuple[Ints, Ints], before: int, after: int) -> Pairs:
    """Return pairs with equal group (first column) and, for each left row, at most `before` right rows whose value (second column) is
    smaller and `after` whose value is equal or greater, the nearest ones. Group 0 joins nothing.
    """
    rows = np.flatnonzero(left[0])
    shared = np.flatnonzero(np.isin(right[0], left[0][rows]))
    order = shared[np.lexsort((right[1][shared], right[0][shared]))]
    keys, values = right[0][order], right[1][order]
    groups = left[0][rows]
    low = np.searchsorted(keys, groups, "left")
    high = np.searchsorted(keys, groups, "right")
    middle = _within(keys, values, groups, left[1][rows])
    start = np.maximum(low, middle - before)
    count = np.maximum(np.minimum(high, middle + after) - start, 0)
    owner, position = spread(start, count)
    return rows[owner], order[position]


def _within(keys: Ints, values: Ints, groups: Ints, wanted: Ints) -> Ints:
    """Return where each (group, wanted) would stand among the sorted (keys, values)."""
    if not len(keys):
        return np.zeros(len(groups), np.int64)
    # Ranks, not values: an amount in cents may need all 60 bits by itself.
    _, group = np.unique(np.concatenate([keys, groups]), return_inverse=True)
    _, value = np.unique(np.concatenate([values, wanted]), return_inverse=True)
    codes = group * (int(value.max()) + 1) + value
    return np.searchsorted(codes[: len(keys)], codes[len(keys) :], "left")


def distinct(pairs: list[Pairs], items: int) -> Pairs:
    """Return the pairs once each, in order of line and item."""
    if not pairs:
        return NO_PAIRS
    codes = np.unique(np.concatenate([a * items + b for a, b in pairs]))
    return codes // max(items, 1), codes % max(items, 1)


def joint(left: list[Ints], right: list[Ints]) -> tuple[Ints, Ints]:
    """Return one number for each combination of columns, equal on both sides where all columns are equal; 0 where the first column is 0."""
    size = len(left[0])
    codes = np.zeros(size + len(right[0]), np.int64)
    for a, b in zip(left, right, strict=True):
        values, numbers = np.unique(np.concatenate([a, b]), return_inverse=True)
        codes = codes * len(values) + numbers
        if len(values) > 1 << 20:
            codes = np.unique(codes, return_inverse=True)[1]
    codes = np.unique(codes, return_inverse=True)[1] + 1
    first = np.concatenate([left[0], right[0]])
    codes[first == 0] = 0
    return codes[:size], codes[size:]


def first_of_each(groups: Ints, most: int) -> Bools:
    """Return which of these rows, sorted by group, are among the first `most` of their group."""
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else np.empty(0, np.int64)
    rank = np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))
    return rank < most


def count_within(left: tuple[Ints, Ints, Ints], right: tuple[Ints, Ints]) -> Ints:
    """Return, for each left (group, lowest, highest), how many right (group, value) lie in that range, both ends included."""
    groups, lowest, highest = left
    shared = np.flatnonzero(np.isin(right[0], groups))
    order = shared[np.lexsort((right[1][shared], right[0][shared]))]
    keys, values = right[0][order], right[1][order]
    return _within(keys, values, groups, highest + 1) - _within(keys, values, groups, lowest)
