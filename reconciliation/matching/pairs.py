"""What speaks for each pair of a line and an item, as columns: points by kind of evidence, and how unlikely it is to be chance."""

from dataclasses import dataclass

import numpy as np

from reconciliation.matching import explain, names
from reconciliation.matching.columns import Bools, Floats, Ints
from reconciliation.matching.keys import Candidates
from reconciliation.matching.records import Tolerance, Weights
from reconciliation.matching.tables import ROOT, ItemTable, LineTable, cents

CONFLICT, UNKNOWN, MASKED, SAME_ROOT, EQUAL = -1, 0, 1, 2, 3  # what the two documents say about each other
TEXT_ALIKE = 0.95  # how alike a name is to the text of an item that holds all its words
DOCUMENT_SHARE = np.asarray([0.0, 0.75, 0.9, 1.0])  # of the weight, by relation
EQUAL_BITS, ROOT_BITS = 36.0, 27.0
MAPPED_BITS = 30.0
DIGIT_BITS = 3.3
PROVEN_BITS = 24.0  # an id that outweighs another payer's document
UNKNOWN_DOCUMENT = 0.35  # share of the weight that a missing document costs: unknown is worse than equal, better than different
UNKNOWN_NAME = 0.25
REFERENCE_SATURATES = 24.0


@dataclass(slots=True)
class Pairs:
    """Pairs with their evidence. Points add up to `score`; `strength` is in bits: 2^−strength is how often chance agrees as well."""

    lines: Ints
    items: Ints
    document: Ints
    reference: Floats
    contact: Floats
    mapped: Floats
    alike: Floats
    code: Ints  # of `explain`
    late: Ints
    evidence: Floats  # bits of everything but the name
    strength: Floats
    points: Floats  # five columns: identity, name, amount, date, contact
    score: Floats

    def __len__(self) -> int:
        return len(self.lines)

    def only(self, kept: Bools | Ints) -> "Pairs":
        """Return these pairs."""
        return Pairs(*(getattr(self, name)[kept] for name in self.__slots__))

    def joined(self, other: "Pairs") -> "Pairs":
        """Return these pairs and the others."""
        return Pairs(
            *(np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__slots__)
        )


def weigh(
    found: Candidates, lines: LineTable, items: ItemTable, weights: Weights, tolerance: Tolerance
) -> Pairs:
    """Return the candidates that nothing speaks against, with what speaks for them."""
    document, bits = _documents(found, lines, items)
    proven = (found.reference >= PROVEN_BITS) | (found.mapped > 0) | (found.contact > 0)
    kept = (document != CONFLICT) | proven
    found, document, bits = found.only(kept), np.maximum(document[kept], UNKNOWN), bits[kept]
    alike = _alike(found, lines, items)
    for at in np.flatnonzero(items.unnamed[found.items] & (alike < 1)):
        alike[at] = _said_in(lines.names[found.lines[at]], items.names[found.items[at]])
    late = lines.days[found.lines] - items.days[found.items]
    known = (document > UNKNOWN) | (found.reference > 8) | (found.mapped > 0) | (found.contact > 0)
    code, worth = _difference(found, lines, items, late, known | (alike > 0.9)).explained(
        cents(tolerance.amount), float(tolerance.percent)
    )
    rarity = np.minimum(_rarity(lines.names, found.lines, items), _rarity(items.names, found.items, items))
    evidence = bits + found.reference + found.contact + MAPPED_BITS * found.mapped
    strength = evidence + rarity * np.clip((alike - 0.6) / 0.4, 0, 1)
    points = _points(found, document, alike, worth, late, weights, tolerance, lines, items)
    return Pairs(
        found.lines, found.items, document, found.reference, found.contact, found.mapped, alike, code, late, evidence, strength,
        points, points.sum(axis=1),
    )  # fmt: skip


def _documents(found: Candidates, lines: LineTable, items: ItemTable) -> tuple[Ints, Floats]:
    """Return how the documents of each pair relate, and the bits that an agreement says."""
    ours, theirs = lines.document[found.lines], items.document[found.items]
    relation = np.zeros(len(found), np.int64)
    bits = np.zeros(len(found))
    for at in np.flatnonzero((ours != 0) & (theirs != 0) & (ours != theirs)):
        relation[at], bits[at] = relate(lines.documents[found.lines[at]], items.documents[found.items[at]])
    same = (ours == theirs) & (ours != 0)
    relation[same], bits[same] = EQUAL, EQUAL_BITS
    return relation, bits


def relate(ours: str, theirs: str) -> tuple[int, float]:
    """Return (relation, bits) of two documents, either of which may be masked. A CPF and a CNPJ may be one person's, so say nothing."""
    if not ours or not theirs or len(ours) != len(theirs):
        return UNKNOWN, 0.0
    if "*" in ours or "*" in theirs:
        both = [a == b for a, b in zip(ours, theirs, strict=True) if a != "*" and b != "*"]
        return (MASKED, DIGIT_BITS * len(both)) if all(both) else (CONFLICT, 0.0)
    if ours == theirs:
        return EQUAL, EQUAL_BITS
    if len(ours) == 14 and ours[:ROOT] == theirs[:ROOT]:
        return SAME_ROOT, ROOT_BITS
    return CONFLICT, 0.0


def _alike(found: Candidates, lines: LineTable, items: ItemTable) -> Floats:
    """Return how alike the names of each pair are; each distinct pair of names is compared once."""
    ours, theirs = lines.name[found.lines], items.name[found.items]
    alike = np.zeros(len(found))
    alike[(ours == theirs) & (ours != 0)] = 1
    differ = np.flatnonzero((ours != theirs) & (ours != 0) & (theirs != 0))
    codes, first, back = np.unique(
        ours[differ] * (int(theirs.max(initial=0)) + 1) + theirs[differ],
        return_index=True,
        return_inverse=True,
    )
    if len(codes):
        some = differ[first]
        alike[differ] = names.similarity(
            [lines.names[row] for row in found.lines[some]], [items.names[row] for row in found.items[some]]
        )[back]
    return alike


def _said_in(name: str, text: str) -> float:
    """Return how sure it is that a text names this payer: all words of the name stand in it, or it says nothing."""
    words = name.split()
    return TEXT_ALIKE if len(words) > 1 and set(words) <= set(text.split()) else 0.0


def _rarity(all_names: list[str], rows: Ints, items: ItemTable) -> Floats:
    used, back = np.unique(rows, return_inverse=True)
    return items.rarity.of([all_names[row] for row in used])[back]


def _difference(
    found: Candidates, lines: LineTable, items: ItemTable, late: Ints, known: Bools
) -> explain.Difference:
    company = items.document_kind[found.items] == 14
    base = np.fromiter(
        (cents(row.boleto.base) if row.boleto else 0 for row in lines.rows), np.int64, len(lines)
    )
    return explain.Difference(
        np.abs(lines.cents[found.lines]),
        np.abs(items.cents[found.items]),
        late,
        known,
        company,
        base[found.lines],
    )


def _points(
    found: Candidates,
    document: Ints,
    alike: Floats,
    worth: Floats,
    late: Ints,
    weights: Weights,
    tolerance: Tolerance,
    lines: LineTable,
    items: ItemTable,
) -> Floats:
    """Return points of 100 for identity, name, amount, date and contact. What is unknown costs a part of its weight."""
    identity = np.maximum.reduce(
        [DOCUMENT_SHARE[document], np.minimum(found.reference / REFERENCE_SATURATES, 1), 0.95 * found.mapped]
    )
    named = (lines.name[found.lines] != 0) & (items.name[found.items] != 0) & (found.mapped == 0)
    named &= ~items.unnamed[found.items] | (alike >= TEXT_ALIKE)
    name = np.where(named, np.clip((alike - 0.5) / 0.5, 0, 1), 0)
    shares = np.stack(
        [identity, name, worth, closeness(late, tolerance), (found.contact > 0).astype(float)], axis=1
    )
    most = np.stack(
        [
            np.where(identity > 0, 1, UNKNOWN_DOCUMENT),
            np.where(named, 1, UNKNOWN_NAME),
            np.ones(len(found)),
            np.ones(len(found)),
            shares[:, 4],
        ],
        axis=1,
    )
    factor = np.asarray(
        [weights.document, weights.name, weights.amount, weights.date, weights.contact], np.float64
    )
    points: Floats = 100 * shares * factor / np.maximum((most * factor).sum(axis=1), 1e-9)[:, None]
    return points


def closeness(late: Ints, tolerance: Tolerance) -> Floats:
    """Return 1 on the day, 0.8 at the tolerance, 0 at the window."""
    days, window = max(tolerance.days, 1), max(tolerance.window, tolerance.days + 2)
    away = np.abs(late).astype(np.float64)
    inside = 1 - 0.2 * away / days
    outside = 0.8 * (1 - (away - days) / (window - days))
    return np.clip(np.where(away <= days, inside, outside), 0, 1)
