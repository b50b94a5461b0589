"""The way in: judge bank lines against open items."""

import gc
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Given
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

import numpy as np

from reconciliation.matching import build, explain, lumps, mirrors, payouts, single
from reconciliation.matching.blocks import near_amount, nobody_named, same_amount
from reconciliation.matching.columns import Bools, Ints, distinct
from reconciliation.matching.columns import Pairs as PairColumns
from reconciliation.matching.groups import Groups
from reconciliation.matching.keys import by_name, candidates, unlinked
from reconciliation.matching.pairs import EQUAL, Pairs, weigh
from reconciliation.matching.records import (
    Collection,
    Item,
    Judgement,
    Line,
    Mapping,
    Own,
    Progress,
    Tolerance,
    Weights,
)
from reconciliation.matching.state import State
from reconciliation.matching.tables import ItemTable, LineTable, document_kinds

RULES_VERSION: Final = 1  # raised by whoever changes what the same input is judged as
DEFAULT_WEIGHTS: Final = Weights()
DEFAULT_TOLERANCE: Final = Tolerance()
NOBODY: Final = Own()
Rates = Given[tuple[str, str, str], float]
NO_RATES: Final[Rates] = MappingProxyType({})
# What people write beside a payment that is not all of it: part, advance, down payment, the rest.
_PART: Final = re.compile(
    r"\b(?:PARTE|PARCIAL|ENTRADA|SINAL|ADIANTAMENTO|RESTANTE|RESTO|SALDO RESTANTE|COMPLEMENTO)\b"
)
GOOD: Final = 75.0  # points from which a line of the exact amount needs no look at amounts that are only near


def match(
    lines: Iterable[Line],
    items: Iterable[Item] | ItemTable,
    *,
    weights: Weights = DEFAULT_WEIGHTS,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    mappings: Sequence[Mapping] = (),
    rejected: frozenset[tuple[str, str]] = frozenset(),
    collections: Sequence[Collection] = (),
    own: Own = NOBODY,
    rates: Rates = NO_RATES,
    progress: Progress | None = None,
) -> list[Judgement]:
    """Return one judgement a line, in the order of `lines`; neither order nor repetition of the call changes a judgement.

    `rejected`: (line id, item id) that are never proposed. `collections`: what return files say is credited in one sum. `own`: who we
    are. `rates`: what share card acquirers are known to take, by (acquirer, brand, kind of sale). An `ItemTable` may be given again and again. Clear settlements never take a line twice, or more of an item than is open. Raises
    ValueError when an id stands twice or an amount has more than two places.
    """
    given = list(lines)
    with _collector_paused():
        state = _state(given, items, weights, tolerance, rejected, progress or _silent)
        _settle(state, mappings, collections, own, rates, progress or _silent)
        judgements = state.judgements()
    (progress or _silent)(1.0, "done")
    return [judgements[line.id] for line in given]


def _state(
    given: Sequence[Line],
    items: Iterable[Item] | ItemTable,
    weights: Weights,
    tolerance: Tolerance,
    rejected: frozenset[tuple[str, str]],
    tell: Progress,
) -> State:
    tell(0.0, "normalise")
    table = items if isinstance(items, ItemTable) else ItemTable(items)
    return State(LineTable(given, table), table, weights, tolerance, rejected)


def _settle(
    state: State,
    mappings: Sequence[Mapping],
    collections: Sequence[Collection],
    own: Own,
    rates: Rates,
    tell: Progress,
) -> None:
    """Settle what is clear, the strongest evidence first, and keep what may be shown for the rest."""
    tell(0.25, "mirrors")
    mirrors.leave_pending_to_posted(state)
    mirrors.settle_returns(state)
    mirrors.settle_transfers(state, own)
    lumps.settle_collections(state, collections)
    tell(0.3, "candidates")
    found = _pairs(state, mappings)
    tell(0.7, "assignment")
    _settle_single(state, found)
    tell(0.8, "groups")
    lumps.settle_batches(state)
    payouts.settle_payouts(state, rates)
    Groups(state, tuple(mappings)).settle()
    _settle_parts(state, found)
    tell(0.9, "judgements")
    _show_single(state, found)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking, again and again, over hundreds of thousands of new records that hold no cycles."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _silent(share: float, stage: str) -> None:
    """Tell nobody."""


def _pairs(state: State, mappings: Sequence[Mapping]) -> Pairs:
    """Return every pair worth a look, by exact keys, by equal amount, and for lines that found nothing good there by nearly equal amount."""
    lines, items, tolerance = state.lines, state.items, state.tolerance
    free = np.flatnonzero(state.free_line)
    same = [
        same_amount(lines, items, some, among, tolerance.window) for some, among in _comparable(state, free)
    ]
    linked = candidates(lines, items, mappings, same)
    linked = linked.only(state.free_line[linked.lines] & state.free_item[linked.items])
    found = weigh(linked, lines, items, state.weights, tolerance)
    good = np.unique(found.lines[(found.score >= GOOD) & (found.code == explain.EXACT)])
    left = np.setdiff1d(free, good)
    near: list[PairColumns] = [
        pairs
        for some, among in _comparable(state, left)
        for pairs in near_amount(lines, items, some, among, float(tolerance.percent), tolerance.window)
    ]
    anybody = nobody_named(lines, items, left, np.flatnonzero(state.free_item), tolerance.days)
    new = distinct([*near, anybody, *by_name(lines, items, left)], len(items))
    new = _without(new, (linked.lines, linked.items), len(items))
    found = found.joined(weigh(unlinked(new), lines, items, state.weights, tolerance))
    return found.only(~_rejected(found, state)) if state.rejected else found


def _comparable(state: State, rows: Ints) -> list[tuple[Ints, Ints]]:
    """Return which lines may be compared by name with which items: two full documents of one kind decide by themselves."""
    ours, theirs = document_kinds(state.lines.documents)[rows], state.items.document_kind
    return [
        (rows[ours == kind], np.flatnonzero(state.free_item & ((theirs != kind) | (kind == 0))))
        for kind in (0, 11, 14)
    ]


def _without(pairs: PairColumns, known: PairColumns, items: int) -> PairColumns:
    new = ~np.isin(pairs[0] * items + pairs[1], known[0] * items + known[1])
    return pairs[0][new], pairs[1][new]


def _rejected(found: Pairs, state: State) -> Bools:
    lines, items = state.lines.position, state.items.position
    codes = [
        lines[line] * len(items) + items[item]
        for line, item in state.rejected
        if line in lines and item in items
    ]
    return np.isin(found.lines * len(items) + found.items, np.asarray(codes, np.int64))


def _settle_single(state: State, found: Pairs) -> None:
    """Settle what is clear between one line and one item."""
    clear = single.settle(
        found.only(found.code != explain.PARTIAL), state.lines, state.items, state.tolerance
    )
    built = build.settlements(clear, state.lines, state.items)
    for line, item, settlement in zip(clear.lines.tolist(), clear.items.tolist(), built, strict=True):
        state.settle(settlement, (line,), (item,))


def _settle_parts(state: State, found: Pairs) -> None:
    """Settle lines that name an item and pay a part of it, or call themselves a part of the one item that their payer owes, as long as
    the parts do not exceed it.
    """
    parts = found.only((found.code == explain.PARTIAL) & _open(state, found))
    alone = single.only_one(parts.lines) & (parts.document == EQUAL)
    for at in np.flatnonzero(alone):
        alone[at] = _PART.search(_words(state, int(parts.lines[at]))) is not None
    named = parts.only((parts.reference >= single.SPELLED_OUT_BITS) | alone)
    named = named.only(single.only_one(named.lines))
    paid = np.zeros(len(state.items), np.int64)
    np.add.at(paid, named.items, np.abs(state.lines.cents[named.lines]))
    named = named.only(paid[named.items] <= np.abs(state.items.cents[named.items]))
    built = build.settlements(named, state.lines, state.items)
    for line, settlement in zip(named.lines.tolist(), built, strict=True):
        state.settle(settlement, (line,))
    state.free_item[named.items] = False


def _words(state: State, line: int) -> str:
    """Return everything that a line says, in capitals."""
    return f"{state.lines.said[line]} {state.lines.rows[line].reference}".upper()


def _show_single(state: State, found: Pairs) -> None:
    """Keep the best single items for the lines that a person must decide."""
    shown = single.best(found.only(_open(state, found)))
    built = build.settlements(shown, state.lines, state.items)
    for line, settlement in zip(shown.lines.tolist(), built, strict=True):
        state.show(line, settlement)


def _open(state: State, found: Pairs) -> Bools:
    live: Bools = (
        state.free_line[found.lines]
        & state.free_item[found.items]
        & (found.code != explain.UNEXPLAINED)
        & (found.score >= single.WORTH_SHOWING)
    )
    return live
