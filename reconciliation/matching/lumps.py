"""One credit for many sales: the bank's collection of boletos."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from reconciliation.matching import text
from reconciliation.matching.columns import Ints
from reconciliation.matching.records import (
    Adjustment,
    AdjustmentKind,
    Collection,
    CollectionEntry,
    Settlement,
    SettlementKind,
)
from reconciliation.matching.state import Evidence, State
from reconciliation.matching.tables import cents, money

CREDITED_WITHIN: Final = (-1, 4)  # days from the return file's credit date to the line
COLLECTION_NAMED: Final = 10.0  # bits from which an id shared by a line and several items names their batch
MOST_OF_A_BATCH: Final = 5_000
MOST_UNEXPLAINED: Final = (
    0.2  # of what is due: a file that leaves more without a reason says nothing about the credit
)

_COLLECTION = re.compile(r"COBRAN|LIQ[\w.]* ?TIT|BOLETO")


def settle_collections(state: State, collections: Iterable[Collection]) -> None:
    """Settle each return file's sum with the line that credits it and the items whose numbers it names."""
    credited: dict[int, list[int]] = defaultdict(list)
    for row in np.flatnonzero(state.free_line & (state.lines.cents > 0)):
        credited[int(state.lines.cents[row])].append(int(row))
    for collection in sorted(collections, key=lambda c: c.id):
        _settle_collection(state, collection, credited)


def _settle_collection(state: State, collection: Collection, credited: dict[int, list[int]]) -> None:
    total = sum(cents(entry.net) for entry in collection.entries)
    day = collection.credit_date.toordinal()
    lines = [
        row
        for row in credited.get(total, ())
        if state.free_line[row]
        and CREDITED_WITHIN[0] <= state.lines.days[row] - day <= CREDITED_WITHIN[1]
        and (not collection.account or state.lines.rows[row].account in ("", collection.account))
    ]
    items = _entries_items(state, collection.entries) if lines else None
    if items is None:
        return
    lines = [
        row
        for row in lines
        if (state.items.currency[items] == state.lines.currency[row]).all()
        and not state.is_rejected([row], items)
    ]
    if not lines:
        return
    rest = _unexplained(state, total, items, collection)
    if abs(rest) > MOST_UNEXPLAINED * int(state.items.cents[items].sum()):
        return
    found = [_collected(state, line, items, collection, rest) for line in lines]
    named = [line for line in lines if _COLLECTION.search(state.lines.said[line])] or lines
    if len(named) == 1 and abs(rest) <= len(items):
        state.settle(found[lines.index(named[0])], [named[0]], items)
        return
    for line, settlement in zip(lines, found, strict=True):
        state.show(line, settlement)


def _entries_items(state: State, entries: Sequence[CollectionEntry]) -> list[int] | None:
    """Return the item of each entry, None when one is not open here or stands twice."""
    keys = state.items.references
    held = _rows_by_key(keys.codes, keys.rows)
    chosen: list[int] = []
    for entry in entries:
        codes = [keys.numbers[key] for key in text.references(entry.reference) if key in keys.numbers]
        rows = {
            row
            for code in codes
            for row in held(code)
            if state.free_item[row] and state.items.cents[row] == cents(entry.face)
        }
        if len(rows) != 1:
            return None
        chosen.append(rows.pop())
    return chosen if len(set(chosen)) == len(chosen) else None


def _rows_by_key(codes: Ints, rows: Ints) -> Callable[[int], list[int]]:
    """Return a function that answers which rows bear a key."""
    order = np.argsort(codes, kind="stable")
    ranked = codes[order]

    def held(code: int) -> list[int]:
        low, high = np.searchsorted(ranked, code, "left"), np.searchsorted(ranked, code, "right")
        return [int(row) for row in rows[order[low : min(high, low + MOST_OF_A_BATCH)]]]

    return held


def _unexplained(state: State, total: int, items: list[int], collection: Collection) -> int:
    """Return the cents of the credit that neither the items nor what the file says of interest, fines, discounts and fees explain."""
    said = sum(
        cents(e.interest) + cents(e.fine) - cents(e.discount) - cents(e.fee) for e in collection.entries
    )
    return total - int(state.items.cents[items].sum()) - said


def _collected(state: State, line: int, items: list[int], collection: Collection, rest: int) -> Settlement:
    """Return the settlement. What the file does not explain is rounding up to a cent an entry, else what it most likely was."""
    parts: list[tuple[AdjustmentKind, int]] = [
        ("interest", sum(cents(e.interest) for e in collection.entries)),
        ("fine", sum(cents(e.fine) for e in collection.entries)),
        ("discount", -sum(cents(e.discount) for e in collection.entries)),
        ("fee", -sum(cents(e.fee) for e in collection.entries)),
    ]
    parts.append(("rounding" if abs(rest) <= len(items) else "interest" if rest > 0 else "discount", rest))
    adjustments = tuple(Adjustment(kind, money(amount)) for kind, amount in _summed(parts) if amount)
    late = int(state.lines.days[line]) - collection.credit_date.toordinal()
    evidence = Evidence(
        ("return_file", 1.0), None, ("amount_of_collection", 1.0), late, {"entries": str(len(items))}
    )
    kind: SettlementKind = "cnab" if len(items) > 1 else "boleto"
    return state.settlement(kind, [line], items, adjustments, evidence)


def _summed(parts: Iterable[tuple[AdjustmentKind, int]]) -> Iterable[tuple[AdjustmentKind, int]]:
    found: dict[AdjustmentKind, int] = {}
    for kind, amount in parts:
        found[kind] = found.get(kind, 0) + amount
    return found.items()


def settle_batches(state: State) -> None:
    """Settle a line with all free items that bear the one number that it shows, when they add up to it, less a fee at most."""
    keys = state.items.references
    held = _rows_by_key(keys.codes, keys.rows)
    many = np.bincount(keys.codes, minlength=len(keys.numbers) + 1)
    batches: dict[tuple[int, int, int], tuple[list[int], int]] = {}
    for row in map(int, np.flatnonzero(state.free_line)):
        line = state.lines.rows[row]
        for key, bits in text.references(f"{line.reference} {line.description}").items():
            code = keys.numbers.get(key, 0)
            if not code or bits < COLLECTION_NAMED or many[code] < 2:
                continue
            side = code, int(np.sign(state.lines.cents[row])), int(state.lines.currency[row])
            if side not in batches:
                items = [
                    item
                    for item in state.free_items(held(code))
                    if (np.sign(state.items.cents[item]), state.items.currency[item]) == side[1:]
                ]
                batches[side] = items, int(state.items.cents[items].sum()) if items else 0
            if _settle_batch(state, row, *batches[side]):
                batches.clear()
                break


def _settle_batch(state: State, row: int, items: list[int], total: int) -> bool:
    gap = int(state.lines.cents[row]) - total
    less = -gap if total > 0 else gap
    most = float(state.tolerance.percent) / 100 * abs(total)
    if len(items) < 2 or less < 0 or less > most or state.is_rejected([row], items):
        return False
    kind: SettlementKind = "cnab" if _COLLECTION.search(state.lines.said[row]) else "one_to_many"
    late = int(state.lines.days[row] - state.items.days[items].max())
    amount = ("amount_of_all", 1.0) if not gap else ("amount_less_fee", 0.7)
    evidence = Evidence(
        ("reference_equal", 1.0), state.alike(row, items[0]), amount, late, {"items": str(len(items))}
    )
    adjustments = (Adjustment("fee", money(gap)),) if gap else ()
    state.settle(state.settlement(kind, [row], items, adjustments, evidence), [row], items)
    return True
