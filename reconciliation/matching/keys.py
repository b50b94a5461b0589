"""Candidates by exact keys: document (also its root and what a masked one shows), learned payer, ids and contacts in the text.

A key that thousands of items share gives each line its nearest few by amount and by day, so the number of pairs is bounded by the lines.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from reconciliation.matching import names, text
from reconciliation.matching.columns import Bools, Floats, Ints, Pairs, distinct, joint, nearest
from reconciliation.matching.normal import SHORTEST_CUT
from reconciliation.matching.records import Line, Mapping
from reconciliation.matching.tables import ItemTable, Keys, LineTable, roots

SMALLER, LARGER = 3, 8  # how many items of one key are looked at whose amount is smaller, equal or larger
SAME_AMOUNT = 3  # and, of those with the very amount, before and after the line's day
MOST_MASKS = 8  # ways of masking a document that are looked up
NAME_BITS = 18.0  # a name this rare tells its bearer
TRUSTED = 0.8  # share of right answers from which a learned payer counts

Weighed = tuple[Pairs, Floats]


@dataclass(slots=True)
class Candidates:
    """Pairs, and what exact keys say about each: bits of agreeing ids and contacts, and how far a learned payer can be trusted."""

    lines: Ints
    items: Ints
    reference: Floats
    contact: Floats
    mapped: Floats

    def __len__(self) -> int:
        return len(self.lines)

    def only(self, kept: Bools) -> "Candidates":
        """Return these rows."""
        return Candidates(
            self.lines[kept], self.items[kept], self.reference[kept], self.contact[kept], self.mapped[kept]
        )


def candidates(
    lines: LineTable, items: ItemTable, mappings: Iterable[Mapping], others: Sequence[Pairs] = ()
) -> Candidates:
    """Return every pair that an exact key links, together with `others`, once each, in order of line and item."""
    reference = _shared(lines, items, items.references, _references_of)
    contact = _shared(lines, items, items.contacts, _contacts_of)
    mapped = learned(lines, items, mappings)
    found = distinct([*by_document(lines, items), reference[0], contact[0], mapped[0], *others], len(items))
    return Candidates(*found, *(_put(found, weighed, len(items)) for weighed in (reference, contact, mapped)))


def unlinked(pairs: Pairs) -> Candidates:
    """Return pairs that no exact key links."""
    nothing = np.zeros(len(pairs[0]))
    return Candidates(*pairs, nothing, nothing, nothing)


def by_document(lines: LineTable, items: ItemTable) -> list[Pairs]:
    """Return pairs with the same document, the same root of a CNPJ, or a masked one that fits."""
    pairs = _near(lines, items, lines.document, items.document)
    pairs += _near(lines, items, names.ids(roots(lines.documents), dict(items.roots)), items.root)
    masks: dict[tuple[int, ...], list[int]] = {}
    for row, document in enumerate(lines.documents):
        if "*" in document:
            shape = (len(document), *(at for at, c in enumerate(document) if c != "*"))
            masks.setdefault(shape, []).append(row)
    for shape in sorted(masks, key=lambda s: (-len(masks[s]), s))[:MOST_MASKS]:
        pairs += _masked(lines, items, shape, np.asarray(masks[shape]))
    return pairs


def by_name(lines: LineTable, items: ItemTable, rows: Ints) -> list[Pairs]:
    """Return pairs of these lines and items whatever the amount, where a rare name is the item's, or is cut from that of one item only."""
    known = items.sorted_names_array
    shown = np.asarray([lines.names[row] for row in rows])
    if not len(known) or not len(rows):
        return []
    low = np.searchsorted(known, shown, "left")
    high = np.searchsorted(known, np.char.add(shown, "\uffff"), "left")
    one = (high - low == 1) & (np.char.str_len(shown) >= SHORTEST_CUT)
    one &= items.rarity.of(shown.tolist()) >= NAME_BITS
    left = np.zeros(len(rows), np.int64)
    left[one] = [items.name_numbers[name] for name in known[low[one]]]
    return _near(lines, items, left, items.name, rows)


def learned(lines: LineTable, items: ItemTable, mappings: Iterable[Mapping]) -> Weighed:
    """Return pairs of a line and the items of the customer whom its payer is known to pay for, with how often that was right."""
    by_document = {m.document: m for m in mappings if m.document}
    by_name = {m.name_key: m for m in mappings if m.name_key and not m.document}
    parties: dict[str, int] = {party: n for n, party in enumerate(items.parties, 1)}
    left = np.zeros(len(lines), np.int64)
    trust = np.zeros(len(lines))
    if not (by_document or by_name):
        return _near_weighed(lines, items, left, np.zeros(len(items), np.int64), trust)
    for row, (document, name) in enumerate(zip(lines.documents, lines.names, strict=True)):
        mapping = by_document.get(document) if document else None
        mapping = mapping or (by_name.get(name) if name else None)
        if mapping and mapping.party in parties and mapping.right:
            share = mapping.right / (mapping.right + mapping.wrong)
            if share >= TRUSTED:
                left[row], trust[row] = parties[mapping.party], share
    right = np.zeros(len(items), np.int64)
    for party, rows in items.parties.items():
        right[rows] = parties[party]
    return _near_weighed(lines, items, left, right, trust)


def _near_weighed(lines: LineTable, items: ItemTable, left: Ints, right: Ints, trust: Floats) -> Weighed:
    pairs = distinct(_near(lines, items, left, right), len(items))
    return pairs, trust[pairs[0]]


def _near(
    lines: LineTable, items: ItemTable, left: Ints, right: Ints, rows: Ints | None = None
) -> list[Pairs]:
    """Return pairs with the same number in `left` and `right` (0 is none): nearest in amount on the same side, and same amount nearest in
    days. `rows`: which lines `left` speaks of.
    """
    rows = np.arange(len(lines)) if rows is None else rows
    amounts = lines.cents[rows]
    shared = np.isin(left, right) & (left != 0)
    rows, left, amounts = rows[shared], left[shared], amounts[shared]
    among = np.flatnonzero(np.isin(right, left))
    right, due = right[among], items.cents[among]
    sides = joint(
        [left, np.sign(amounts), lines.currency[rows]], [right, np.sign(due), items.currency[among]]
    )
    by_amount = nearest((sides[0], np.abs(amounts)), (sides[1], np.abs(due)), SMALLER, LARGER)
    same = joint([sides[0], amounts], [sides[1], due])
    by_day = nearest((same[0], lines.days[rows]), (same[1], items.days[among]), SAME_AMOUNT, SAME_AMOUNT)
    return [(rows[pairs[0]], among[pairs[1]]) for pairs in (by_amount, by_day)]


def _masked(lines: LineTable, items: ItemTable, shape: tuple[int, ...], rows: Ints) -> list[Pairs]:
    length, *visible = shape
    if len(visible) < 4:
        return []
    right, known = items.visible(length, tuple(visible))
    left = names.ids(["".join([lines.documents[row][at] for at in visible]) for row in rows], dict(known))
    return _near(lines, items, left, right, rows)


def _shared(
    lines: LineTable, items: ItemTable, keys: Keys, shown: Callable[[Line], dict[str, float]]
) -> Weighed:
    """Return pairs that show the same id, with the most bits that one of their ids says."""
    codes: list[int] = []
    rows: list[int] = []
    bits: list[float] = []
    if keys.numbers:
        for row, line in enumerate(lines.rows):
            for key, weight in shown(line).items():
                if number := keys.numbers.get(key):
                    codes.append(number)
                    rows.append(row)
                    bits.append(weight)
    code, at, bit = np.asarray(codes, np.int64), np.asarray(rows, np.int64), np.asarray(bits)
    if len(code):
        bit -= np.log2(np.bincount(code)[code])  # what every line shows says little
    entry, held = nearest(
        (code, np.abs(lines.cents[at])), (keys.codes, np.abs(items.cents[keys.rows])), SMALLER, LARGER
    )
    pairs = (at[entry], keys.rows[held])
    fits = _one_side(lines, items, pairs)
    return (pairs[0][fits], pairs[1][fits]), bit[entry][fits]


def _one_side(lines: LineTable, items: ItemTable, pairs: Pairs) -> Bools:
    left, right = pairs
    same: Bools = (np.sign(lines.cents[left]) == np.sign(items.cents[right])) & (
        lines.currency[left] == items.currency[right]
    )
    return same


def _references_of(line: Line) -> dict[str, float]:
    found = text.references(f"{line.reference} {line.description}")
    for code in [key for key in found if len(key) == 44]:
        found |= dict.fromkeys(text.inside_barcode(code), text.MOST_BITS)
    return found


def _contacts_of(line: Line) -> dict[str, float]:
    return text.contacts(f"{line.reference} {line.description}")


def _put(pairs: Pairs, weighed: Weighed, items: int) -> Floats:
    """Return for each of `pairs` the greatest weight that was found for it, 0 where none."""
    values = np.zeros(len(pairs[0]))
    (left, right), weights = weighed
    at = np.searchsorted(pairs[0] * items + pairs[1], left * items + right)
    np.maximum.at(values, at, weights)
    return values
