"""The way in: judge bank lines against open items."""

from collections.abc import Iterable, Sequence

import numpy as np

from reconciliation.matching import build, explain, single
from reconciliation.matching.blocks import near_amount, same_amount
from reconciliation.matching.columns import Bools, Ints
from reconciliation.matching.columns import Pairs as PairColumns
from reconciliation.matching.keys import candidates
from reconciliation.matching.pairs import Pairs, weigh
from reconciliation.matching.records import (
    Item,
    Judgement,
    Line,
    Mapping,
    Progress,
    Settlement,
    Tolerance,
    Weights,
)
from reconciliation.matching.tables import ItemTable, LineTable

DEFAULT_WEIGHTS = Weights()
DEFAULT_TOLERANCE = Tolerance()
GOOD = 75.0  # points from which a line needs no look at amounts that are only near


def match(
    lines: Iterable[Line],
    items: Iterable[Item] | ItemTable,
    *,
    weights: Weights = DEFAULT_WEIGHTS,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    mappings: Sequence[Mapping] = (),
    rejected: frozenset[tuple[str, str]] = frozenset(),
    progress: Progress | None = None,
) -> list[Judgement]:
    """Return one judgement a line, in the order of `lines`."""
    given = list(lines)
    table = items if isinstance(items, ItemTable) else ItemTable(items)
    sides = LineTable(given, table), table
    tell = progress or _silent
    tell(0.1, "normalise")
    pairs = _pairs(*sides, weights, tolerance, mappings, rejected)
    tell(0.7, "score")
    one_to_one = pairs.only(pairs.code != explain.PARTIAL)
    clear, shown = single.settle(one_to_one, *sides, tolerance)
    tell(0.9, "settle")
    judgements = _judgements(sides[0], clear, shown, table)
    tell(1.0, "done")
    return [judgements[line.id] for line in given]


def _silent(share: float, stage: str) -> None:
    """Tell nobody."""


def _pairs(
    lines: LineTable,
    items: ItemTable,
    weights: Weights,
    tolerance: Tolerance,
    mappings: Sequence[Mapping],
    rejected: frozenset[tuple[str, str]],
) -> Pairs:
    others: list[PairColumns] = []
    rows = np.arange(len(lines))
    among = np.arange(len(items))
    for some, which in _who_may_pay_what(lines, items):
        others.append(same_amount(lines, items, some, which, tolerance.window))
    found = weigh(candidates(lines, items, mappings, others), lines, items, weights, tolerance)
    good = np.unique(found.lines[(found.score >= GOOD) & (found.code == explain.EXACT)])
    left = np.setdiff1d(rows, good)
    del among
    near = [
        pairs
        for some, which in _who_may_pay_what(lines, items, left)
        for pairs in near_amount(lines, items, some, which, float(tolerance.percent), tolerance.window)
    ]
    found = weigh(candidates(lines, items, mappings, [*others, *near]), lines, items, weights, tolerance)
    if rejected:
        found = found.only(~_rejected(found, lines, items, rejected))
    return found


def _who_may_pay_what(
    lines: LineTable, items: ItemTable, rows: Ints | None = None
) -> list[tuple[Ints, Ints]]:
    """Return which lines may be compared by name with which items: two full documents of one kind decide by themselves."""
    rows = np.arange(len(lines)) if rows is None else rows
    ours = _document_kind(lines.documents)[rows]
    theirs = _document_kind(items.documents)
    return [
        (rows[ours == kind], np.flatnonzero(theirs != kind) if kind else np.arange(len(items)))
        for kind in (0, 11, 14)
    ]


def _document_kind(documents: list[str]) -> Ints:
    return np.fromiter(
        (0 if "*" in d or len(d) not in (11, 14) else len(d) for d in documents), np.int64, len(documents)
    )


def _rejected(
    found: Pairs, lines: LineTable, items: ItemTable, rejected: frozenset[tuple[str, str]]
) -> Bools:
    codes = [
        lines.position[line] * len(items) + items.position[item]
        for line, item in rejected
        if line in lines.position and item in items.position
    ]
    return np.isin(found.lines * len(items) + found.items, np.asarray(codes, np.int64))


def _judgements(lines: LineTable, clear: Pairs, shown: Pairs, items: ItemTable) -> dict[str, Judgement]:
    found: dict[str, Judgement] = {}
    for settlement in build.settlements(clear, lines, items):
        line = settlement.lines[0].id
        found[line] = Judgement(line, "clear", (settlement,))
    several: dict[str, list[Settlement]] = {}
    for settlement in build.settlements(shown, lines, items):
        several.setdefault(settlement.lines[0].id, []).append(settlement)
    for line, proposals in several.items():
        found[line] = Judgement(line, "ambiguous", tuple(proposals))
    return {id_: found.get(id_) or Judgement(id_, "none") for id_ in lines.ids}
