"""One line, one item: who is settled clearly, and who is shown to a person."""

from typing import Final

import numpy as np

from reconciliation.matching import explain
from reconciliation.matching.assign import assign, lead
from reconciliation.matching.columns import Bools, Floats, Ints, count_within, first_of_each, joint
from reconciliation.matching.pairs import PROVEN_BITS, Pairs
from reconciliation.matching.records import Tolerance
from reconciliation.matching.tables import ItemTable, LineTable

WORTH_SHOWING: Final = 50.0  # points of 100
CLEAR_SCORE: Final = 62.0
CLEAR_LEAD: Final = 4.0  # points by which both the line's and the item's next best must be worse
CERTAIN_BITS: Final = 8.0  # how much rarer than one in the block an agreement must be
SPELLED_OUT_BITS: Final = 19.0  # an id as long as this names its item
EARLIEST: Final = 12  # days before due from which on a clear payment is believed
ROUNDS: Final = 6
SHOWN: Final = 3


def settle(pairs: Pairs, lines: LineTable, items: ItemTable, tolerance: Tolerance) -> Pairs:
    """Return the clear pairs. Repeated, because a settled pair may be what made its neighbours doubtful."""
    sure = certain(pairs, lines, items, tolerance)
    live = (pairs.code != explain.UNEXPLAINED) & (pairs.score >= WORTH_SHOWING)
    clear = np.zeros(len(pairs), np.bool_)
    for _ in range(ROUNDS):
        now = np.flatnonzero(live)
        found = now[_clear(pairs.only(now), sure[now])]
        if not len(found):
            break
        clear[found] = True
        live &= ~np.isin(pairs.lines, pairs.lines[found]) & ~np.isin(pairs.items, pairs.items[found])
    return pairs.only(clear)


def _clear(pairs: Pairs, sure: Bools) -> Bools:
    ahead = np.minimum(lead(pairs.lines, pairs.score), lead(pairs.items, pairs.score))
    chosen = assign(pairs.lines, pairs.items, pairs.score)
    return chosen & sure & (ahead >= CLEAR_LEAD)


def best(pairs: Pairs) -> Pairs:
    """Return the best pairs of each line, best first."""
    order = np.lexsort((pairs.items, -pairs.score, pairs.lines))
    return pairs.only(order[first_of_each(pairs.lines[order], SHOWN)])


def certain(pairs: Pairs, lines: LineTable, items: ItemTable, tolerance: Tolerance) -> Bools:
    """Return which pairs would be no accident if they stood alone."""
    bits = _strength(pairs, lines, items) - np.log2(np.maximum(_block(pairs, lines, items, tolerance), 1))
    spelled_out = pairs.reference >= SPELLED_OUT_BITS
    about = np.isin(pairs.code, (explain.LATE_ABOUT, explain.DISCOUNT_ABOUT, explain.PARTIAL))
    fee = pairs.code == explain.FEE
    on_time = (pairs.late >= -EARLIEST) & (pairs.late <= tolerance.window)
    near = np.abs(pairs.late) <= tolerance.days + 2
    alone: Bools = (
        (bits >= CERTAIN_BITS)
        & (pairs.score >= CLEAR_SCORE)
        & (~about | spelled_out)
        & (~fee | near | spelled_out)
        & (on_time | spelled_out)
    )
    return alone


def _strength(pairs: Pairs, lines: LineTable, items: ItemTable) -> Floats:
    """Return the strength, where it rests on names that are not equal counted anew from the words that they share."""
    strength = pairs.strength.copy()
    named = (
        (pairs.alike < 1) & (pairs.alike > 0) & (pairs.evidence < PROVEN_BITS) & (pairs.score >= CLEAR_SCORE)
    )
    for at in np.flatnonzero(named):
        ours, theirs = lines.names[pairs.lines[at]], items.names[pairs.items[at]]
        strength[at] = min(strength[at], pairs.evidence[at] + items.rarity.shared(ours, theirs))
    return strength


def _block(pairs: Pairs, lines: LineTable, items: ItemTable, tolerance: Tolerance) -> Floats:
    """Return among how many items each pair was found: those of its amount that are as near in days."""
    paid, due = lines.cents[pairs.lines], items.cents[pairs.items]
    currency = items.currency[pairs.items]
    days = lines.days[pairs.lines]
    reach = np.maximum(np.abs(pairs.late), tolerance.days)
    same = np.flatnonzero(np.isin(items.cents, due))
    groups = joint([due, currency], [items.cents[same], items.currency[same]])
    exact = count_within((groups[0], days - reach, days + reach), (groups[1], items.days[same])).astype(
        np.float64
    )
    apart = np.abs(paid - due) > 0
    if apart.any():
        exact[apart] = _nearly(paid[apart], due[apart], reach[apart], items)
    return exact


def _nearly(paid: Ints, due: Ints, reach: Ints, items: ItemTable) -> Floats:
    """Return about how many items are as near in amount and in days, as if both were spread evenly."""
    gap = np.maximum(np.abs(paid - due), 1)
    one = np.ones(len(paid), np.int64)
    many = count_within((one, paid - gap, paid + gap), (np.ones(len(items), np.int64), items.cents))
    days = items.days.max() - items.days.min() + 1
    return np.asarray(many * np.minimum(1, (2 * reach + 1) / days), np.float64)


def only_one(lines: Ints) -> Bools:
    """Return which rows are the only one of their line."""
    _, back, count = np.unique(lines, return_inverse=True, return_counts=True)
    return np.asarray(count[back] == 1)
