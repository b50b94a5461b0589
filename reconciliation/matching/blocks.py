"""Candidates by name inside blocks of equal amount (or nearly equal) and near day.

Inside a block each distinct name is compared once, so any number of lines of one name costs one comparison. A block that is still too large
is cut by day, then by first word, at last to equal names; nothing here holds more than `CHUNK` comparisons at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process

from reconciliation.matching.columns import (
    NO_PAIRS,
    Bools,
    Ints,
    Pairs,
    distinct,
    first_of_each,
    joint,
    nearest,
    spread,
)
from reconciliation.matching.tables import ItemTable, LineTable

NAMES = 1 << 32  # more than there are names: block and name of a row in one number
CHUNK = 2_000_000  # comparisons at a time
SMALL = 2_048  # blocks below are compared together, pair by pair
LARGE = 1_000_000  # blocks above are cut by day
HUGE = 30_000_000  # and, still above this, by first word, then to equal names
ALIKE = 60  # of 100: below, two names are not looked at again
ALIKE_NEARLY = 75  # the same where the amounts differ
NAMES_A_LINE = 10  # most different names that one line's name is followed up with
DAYS_A_NAME = 2  # items of one name and amount before and after the line's day
LESS, MORE = (
    24,
    96,
)  # items of one first word and second initial whose amount is a little below and above the line's


@dataclass(slots=True)
class _Side:
    """Rows of a table (a row may stand more than once), the name of each and the block it stands in (0: none)."""

    rows: Ints
    name: Ints
    block: Ints


def same_amount(lines: LineTable, items: ItemTable, rows: Ints, among: Ints, window: int) -> Pairs:
    """Return pairs of equal amount whose names are alike, for each name the items nearest in days, at most `window` apart."""
    rows, among = rows[lines.name[rows] != 0], among[items.name[among] != 0]
    among = among[np.isin(items.cents[among], lines.cents[rows])]
    if not len(rows) or not len(among):
        return NO_PAIRS
    blocks = joint([lines.cents[rows], lines.currency[rows]], [items.cents[among], items.currency[among]])
    left, right = _Side(rows, lines.name[rows], blocks[0]), _Side(among, items.name[among], blocks[1])
    _drop_unshared(left, right)
    _cut_by_day(left, right, lines.days, items.days, window)
    _cut(left, right, *_first_words(left, right, lines, items))
    _cut(left, right, *joint([left.name], [right.name]))
    pairs = distinct(
        [
            _nearest_of_name(left, right, _alike(left, right, lines.names, items.names), lines, items),
            _same_first_word(left, right, lines, items),
        ],
        len(items),
    )
    near = np.abs(lines.days[pairs[0]] - items.days[pairs[1]]) <= window
    return pairs[0][near], pairs[1][near]


def nobody_named(lines: LineTable, items: ItemTable, rows: Ints, among: Ints, days: int) -> Pairs:
    """Return pairs of equal amount, at most `days` apart, whose item names nobody (a sale at the counter, a tax): the nearest ones."""
    among = among[items.unnamed[among]]
    if not len(rows) or not len(among):
        return NO_PAIRS
    sides = joint([lines.cents[rows], lines.currency[rows]], [items.cents[among], items.currency[among]])
    a, b = nearest((sides[0], lines.days[rows]), (sides[1], items.days[among]), DAYS_A_NAME, DAYS_A_NAME)
    near = np.abs(lines.days[rows[a]] - items.days[among[b]]) <= days
    return rows[a[near]], among[b[near]]


def near_amount(
    lines: LineTable, items: ItemTable, rows: Ints, among: Ints, percent: float, window: int
) -> Iterator[Pairs]:
    """Yield pairs with equal first word and second initial, alike names and amounts at most `percent` apart, a chunk of lines at a time."""
    among = among[np.isin(items.head[among], lines.head[rows]) & (items.head[among] != 0)]
    left, right = lines.head[rows], items.head[among]
    step = CHUNK // (LESS + MORE)
    for start in range(0, len(rows), step):
        part, word = rows[start : start + step], left[start : start + step]
        sides = joint(
            [word, np.sign(lines.cents[part]), lines.currency[part]],
            [right, np.sign(items.cents[among]), items.currency[among]],
        )
        a, b = nearest(
            (sides[0], np.abs(lines.cents[part])), (sides[1], np.abs(items.cents[among])), LESS, MORE
        )
        a, b = part[a], among[b]
        paid, due = np.abs(lines.cents[a]), np.abs(items.cents[b])
        near = (np.abs(paid - due) * 100 <= percent * np.maximum(paid, due)) & (
            np.abs(lines.days[a] - items.days[b]) <= window
        )
        a, b = a[near], b[near]
        kept = (
            _scores([lines.names[i] for i in a.tolist()], [items.names[i] for i in b.tolist()])
            >= ALIKE_NEARLY
        )
        yield a[kept], b[kept]


def _same_first_word(left: _Side, right: _Side, lines: LineTable, items: ItemTable) -> Pairs:
    """Return pairs of one block whose names begin with the same word, the nearest in days: what cutting and abbreviating leave alike."""
    words = _first_words(left, right, lines, items)
    sides = joint([left.block, words[0]], [right.block, words[1]])
    a, b = nearest(
        (sides[0], lines.days[left.rows]), (sides[1], items.days[right.rows]), DAYS_A_NAME, DAYS_A_NAME
    )
    return left.rows[a], right.rows[b]


def _drop_unshared(left: _Side, right: _Side) -> None:
    """Take out of all blocks what has nobody on the other side."""
    left.block = np.where(np.isin(left.block, right.block), left.block, 0)
    right.block = np.where(np.isin(right.block, left.block), right.block, 0)
    for side in (left, right):
        _keep(side, side.block != 0)


def _keep(side: _Side, kept: Bools) -> None:
    side.rows, side.name, side.block = side.rows[kept], side.name[kept], side.block[kept]


def _comparisons(left: _Side, right: _Side) -> Ints:
    """Return how many pairs of distinct names each block has, by its number."""
    size = int(max(left.block.max(initial=0), right.block.max(initial=0))) + 1
    counts = []
    for side in (left, right):
        cells = np.unique(side.block * NAMES + side.name)
        counts.append(np.bincount(cells // NAMES, minlength=size))
    return counts[0] * counts[1]


def _cut_by_day(left: _Side, right: _Side, line_days: Ints, item_days: Ints, window: int) -> None:
    """Cut large blocks into spans of days; an item stands in its own span and in both beside it."""
    large = _comparisons(left, right) > LARGE
    if not large.any():
        return
    span = max(window, 1)
    cut = large[right.block]
    copies = [np.flatnonzero(cut)] * 3
    order = np.concatenate([np.flatnonzero(~cut), *copies])
    shift = np.concatenate(
        [
            np.zeros(int((~cut).sum()), np.int64),
            *(np.full(len(c), d) for c, d in zip(copies, (-1, 0, 1), strict=True)),
        ]
    )
    right.rows, right.name, right.block = right.rows[order], right.name[order], right.block[order]
    days = item_days[right.rows] // span + shift
    left_day = np.where(large[left.block], line_days[left.rows] // span, 0)
    right_day = np.where(large[right.block], days, 0)
    left.block, right.block = joint([left.block, left_day], [right.block, right_day])
    _drop_unshared(left, right)


def _cut(left: _Side, right: _Side, left_key: Ints, right_key: Ints) -> None:
    """Cut huge blocks by a key that the names on both sides must share."""
    huge = _comparisons(left, right) > HUGE
    if not huge.any():
        return
    left_part = np.where(huge[left.block], left_key, 0)
    right_part = np.where(huge[right.block], right_key, 0)
    left.block, right.block = joint([left.block, left_part], [right.block, right_part])
    _drop_unshared(left, right)


def _first_words(left: _Side, right: _Side, lines: LineTable, items: ItemTable) -> tuple[Ints, Ints]:
    return lines.first_word[left.rows], items.first_word[right.rows]


@dataclass(slots=True)
class _Cells:
    """The distinct (block, name) of one side, in order of block: their names, and the cell of each row."""

    block: Ints
    names: list[str]
    of_row: Ints

    @classmethod
    def of(cls, side: _Side, all_names: Sequence[str]) -> "_Cells":
        cells, first, of_row = np.unique(
            side.block * NAMES + side.name, return_index=True, return_inverse=True
        )
        return cls(cells // NAMES, [all_names[row] for row in side.rows[first].tolist()], of_row)


def _alike(
    left: _Side, right: _Side, line_names: Sequence[str], item_names: Sequence[str]
) -> tuple[_Cells, _Cells, Pairs]:
    """Return the cells of both sides and the pairs of cells whose names are alike."""
    ours, theirs = _Cells.of(left, line_names), _Cells.of(right, item_names)
    blocks, start, count = np.unique(ours.block, return_index=True, return_counts=True)
    other_start = np.searchsorted(theirs.block, blocks, "left")
    other_count = np.searchsorted(theirs.block, blocks, "right") - other_start
    found: list[Pairs] = []
    small = count * other_count <= SMALL
    owner, cell = spread(start[small], count[small])
    found += _pair_by_pair(
        ours.names, theirs.names, cell, other_start[small][owner], other_count[small][owner]
    )
    for at in np.flatnonzero(~small):
        mine = slice(start[at], start[at] + count[at])
        yours = slice(other_start[at], other_start[at] + other_count[at])
        found += [
            (a + mine.start, b + yours.start) for a, b in _matrix(ours.names[mine], theirs.names[yours])
        ]
    pairs = tuple(np.concatenate(side) for side in zip(NO_PAIRS, *found, strict=True))
    return ours, theirs, (pairs[0], pairs[1])


def _pair_by_pair(
    ours: list[str], theirs: list[str], cell: Ints, start: Ints, count: Ints
) -> Iterator[Pairs]:
    """Yield alike pairs of cells: each `cell` with the cells from `start` on."""
    done = np.cumsum(count)
    for at in range(0, int(done[-1]) if len(done) else 0, CHUNK // 8):
        part = slice(np.searchsorted(done, at, "right"), np.searchsorted(done, at + CHUNK // 8, "right"))
        owner, other = spread(start[part], count[part])
        mine = cell[part][owner]
        kept = _scores([ours[i] for i in mine.tolist()], [theirs[i] for i in other.tolist()]) >= ALIKE
        yield mine[kept], other[kept]


def _matrix(ours: list[str], theirs: list[str]) -> Iterator[Pairs]:
    """Yield alike pairs of one large block, for each of our names the most alike."""
    step = max(1, CHUNK // len(theirs))
    for start in range(0, len(ours), step):
        scores = process.cdist(
            ours[start : start + step], theirs, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.uint8
        )
        if np.count_nonzero(scores) > 4 * NAMES_A_LINE * len(scores) and len(theirs) > NAMES_A_LINE:
            best = np.argpartition(scores, len(theirs) - NAMES_A_LINE, axis=1)[:, -NAMES_A_LINE:]
            row, column = np.repeat(np.arange(len(scores)), NAMES_A_LINE), best.ravel()
            kept = scores[row, column] > 0
            yield row[kept] + start, column[kept]
            continue
        row, column = np.nonzero(scores)
        order = np.lexsort((-scores[row, column].astype(np.int64), row))
        row, column = row[order], column[order]
        kept = first_of_each(row, NAMES_A_LINE)
        yield row[kept] + start, column[kept]


def _scores(ours: list[str], theirs: list[str]) -> np.ndarray:
    return np.asarray(process.cpdist(ours, theirs, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.uint8))


def _nearest_of_name(
    left: _Side, right: _Side, alike: tuple[_Cells, _Cells, Pairs], lines: LineTable, items: ItemTable
) -> Pairs:
    """Return, for each row of a cell and each alike cell, that cell's items nearest in days."""
    ours, theirs, pairs = alike
    order = np.argsort(ours.of_row, kind="stable")
    start = np.searchsorted(ours.of_row[order], pairs[0], "left")
    count = np.searchsorted(ours.of_row[order], pairs[0], "right") - start
    owner, at = spread(start, count)
    rows = left.rows[order[at]]
    entry, other = nearest(
        (pairs[1][owner] + 1, lines.days[rows]),
        (theirs.of_row + 1, items.days[right.rows]),
        DAYS_A_NAME,
        DAYS_A_NAME,
    )
    return rows[entry], right.rows[other]
