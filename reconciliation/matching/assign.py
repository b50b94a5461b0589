"""Who gets whom: the assignment with the greatest total score, component by component."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from reconciliation.matching.columns import Bools, Floats, Ints

SMALL = 64
MOST_CELLS = (
    250_000  # lines × items of a component that are assigned together; the cost grows with their third power
)


def assign(lines: Ints, items: Ints, scores: Floats) -> Bools:
    """Return which pairs belong to the best one-to-one assignment.

    A component too large for that is one where names and amounts repeat: there each pair that is best for both sides is taken, and who
    asks for a lead over the next one learns that there is none.
    """
    chosen = np.zeros(len(lines), np.bool_)
    if not len(lines):
        return chosen
    component = _components(lines, items)
    order = np.argsort(component, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(component[order]) != 0])
    for start, stop in zip(starts, np.r_[starts[1:], len(order)], strict=True):
        if stop - start == 1:
            chosen[order[start]] = True
            continue
        part = order[start:stop]
        chosen[part] = _best(lines[part], items[part], scores[part])
    return chosen


def _components(lines: Ints, items: Ints) -> Ints:
    _, left = np.unique(lines, return_inverse=True)
    _, right = np.unique(items, return_inverse=True)
    size = int(left.max()) + 1
    total = size + int(right.max()) + 1
    graph = coo_array((np.ones(len(lines), np.int8), (left, right + size)), shape=(total, total))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)[left]


def _best(lines: Ints, items: Ints, scores: Floats) -> Bools:
    rows, left = _numbered(lines)
    columns, right = _numbered(items)
    if len(rows) * len(columns) > MOST_CELLS:
        return best_of_group(left, scores) & best_of_group(right, scores)
    table = np.zeros((len(rows), len(columns)))
    table[left, right] = scores
    taken = np.full(len(rows), -1)
    row, column = linear_sum_assignment(table, maximize=True)
    taken[row] = column
    chosen: Bools = (taken[left] == right) & (scores > 0)
    return chosen


def _numbered(values: Ints) -> tuple[Ints, Ints]:
    """Return distinct values and each one's place among them. A dictionary is quicker than sorting where there are only a few."""
    if len(values) > SMALL:
        distinct, places = np.unique(values, return_inverse=True)
        return distinct, places
    known: dict[int, int] = {}
    places = np.asarray([known.setdefault(value, len(known)) for value in values.tolist()])
    return np.asarray(list(known)), places


def best_of_group(group: Ints, scores: Floats) -> Bools:
    """Return which rows are the first best of their group."""
    order = np.lexsort((np.arange(len(group)), -scores, group))
    first = np.r_[True, np.diff(group[order]) != 0] if len(group) else np.empty(0, np.bool_)
    best = np.zeros(len(group), np.bool_)
    best[order[first]] = True
    return best


def lead(group: Ints, scores: Floats) -> Floats:
    """Return by how much each row is better than the best other row of its group; 100 where there is no other."""
    order = np.lexsort((-scores, group))
    groups, ranked = group[order], scores[order]
    first = np.r_[True, np.diff(groups) != 0] if len(groups) else np.empty(0, np.bool_)
    start = np.flatnonzero(first)
    count = np.diff(np.r_[start, len(order)])
    best = np.repeat(ranked[start], count)
    second = np.repeat(np.where(count > 1, ranked[np.minimum(start + 1, len(order) - 1)], -np.inf), count)
    result = np.empty(len(group))
    result[order] = np.minimum(np.where(first, ranked - second, ranked - best), 100)
    return result
