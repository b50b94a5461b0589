"""Lines that settle one another: a pending line and its posted twin, money sent back, transfers between own accounts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from lib import documents
from reconciliation.matching import names, text
from reconciliation.matching.pairs import CONFLICT, EQUAL, MASKED, SAME_ROOT, relate
from reconciliation.matching.records import Own, Settlement, SettlementKind
from reconciliation.matching.state import Evidence, State, alike

POSTED_WITHIN: Final = 5  # days until a pending line stands in the statement
RETURNED_WITHIN: Final = 120
TRANSFERRED_WITHIN: Final = 3
SAME_NAME: Final = 0.85
MOST_PARTNERS: Final = 50  # lines of one amount that one line is compared with, the nearest in days

_BACK: Final = "DEVOL ESTORN CHARGEBACK REFUND REEMBOLS CONTESTA RESTITUI".split()
_OWN: Final = (
    "MESMA TIT",
    "ENTRE CONTAS",
    "CONTA PROPRIA",
    "CONTA PRÓPRIA",
    "CONTAS PROPRIAS",
    "CONTAS PRÓPRIAS",
)


def leave_pending_to_posted(state: State) -> None:
    """Tell pending lines apart from their posted twins: same account, amount and payer, a few days later under another id.

    The n-th of several equal ones goes with the n-th; which of two equal coffees is which changes nothing.
    """
    pending = [row for row, line in enumerate(state.lines.rows) if line.pending and state.free_line[row]]
    if not pending:
        return
    posted = _by_amount(state, (row for row, line in enumerate(state.lines.rows) if not line.pending), sign=1)
    taken: set[int] = set()
    for row in sorted(pending, key=lambda r: (state.lines.days[r], state.lines.ids[r])):
        for other in _near(state, row, posted, 1, -1, POSTED_WITHIN):
            if other not in taken and _same_account(state, row, other) and _same_payer(state, row, other):
                taken.add(other)
                state.posted(row, state.lines.ids[other])
                break


def settle_returns(state: State) -> None:
    """Settle money that came back (or went back) with the line that it undoes."""
    back = [row for row, said in enumerate(state.lines.said) if state.free_line[row] and _says(said, _BACK)]
    if not back:
        return
    wanted = np.flatnonzero(np.isin(state.lines.cents, -state.lines.cents[back])).tolist()
    candidates = _by_amount(state, sorted(set(wanted) - set(back)), sign=1)
    partners = {row: _undone(state, row, candidates) for row in back}
    _settle_unique(state, partners, "refund", "refund_of_same_payer")


def settle_transfers(state: State, own: Own) -> None:
    """Settle lines of two own accounts that move the same amount."""
    ours = {documents.normalize(document) for document in own.documents} - {""}
    called = {names.normal(name) for name in own.names} - {""}
    own_rows = [
        row for row in range(len(state.lines)) if state.free_line[row] and _is_own(state, row, ours, called)
    ]
    arriving = _by_amount(state, (row for row in own_rows if state.lines.cents[row] > 0), sign=1)
    partners = {
        row: [
            other
            for other in _near(state, row, arriving, -1, -TRANSFERRED_WITHIN, TRANSFERRED_WITHIN)
            if _other_account(state, row, other)
        ]
        for row in own_rows
        if state.lines.cents[row] < 0
    }
    _settle_unique(state, partners, "transfer", "own_account")


def _says(said: str, words: Iterable[str]) -> bool:
    return any(word in said for word in words)


def _is_own(state: State, row: int, ours: set[str], called: set[str]) -> bool:
    return (
        state.lines.documents[row] in ours
        or (
            len(state.lines.names[row]) >= names.SHORTEST_CUT
            and any(n.startswith(state.lines.names[row]) for n in called)
        )
        or _says(state.lines.said[row], _OWN)
    )


def _settle_unique(state: State, partners: dict[int, list[int]], kind: SettlementKind, reason: str) -> None:
    """Settle each row whose nearest partner is nobody else's and nearer than any other; show the rest."""
    wanted: dict[int, list[int]] = defaultdict(list)
    for row, others in partners.items():
        for other in others:
            wanted[other].append(row)
    chosen = {
        row: best for row, others in partners.items() if (best := _nearest(state, row, others)) is not None
    }
    for row, other in chosen.items():
        if _nearest(state, other, wanted[other]) == row and state.free_line[row] and state.free_line[other]:
            state.settle(_pair(state, row, other, kind, reason), (row, other))
    for row, others in partners.items():
        for other in sorted(others, key=lambda o: _apart(state, row, o))[:3]:
            if state.free_line[row] and state.free_line[other]:
                settlement = _pair(state, row, other, kind, reason)
                state.show(row, settlement)
                state.show(other, settlement)


def _pair(state: State, row: int, other: int, kind: SettlementKind, reason: str) -> Settlement:
    same = alike(state.lines.names[row], state.lines.names[other])
    late = int(state.lines.days[row] - state.lines.days[other])
    evidence = Evidence((reason, 1.0), same, ("amount_mirrored", 1.0), late)
    return state.settlement(kind, sorted((row, other)), (), (), evidence)


def _nearest(state: State, row: int, others: Sequence[int]) -> int | None:
    """Return the one that is nearer in days than all others, None where two are equally near."""
    ranked = sorted(others, key=lambda other: _apart(state, row, other))
    if not ranked or (len(ranked) > 1 and _apart(state, row, ranked[0]) == _apart(state, row, ranked[1])):
        return None
    return ranked[0]


def _apart(state: State, row: int, other: int) -> int:
    return abs(int(state.lines.days[row] - state.lines.days[other]))


def _by_amount(state: State, rows: Iterable[int], sign: int) -> dict[tuple[int, int], list[int]]:
    """Return free rows by (currency, cents), in order of day."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    days = state.lines.days
    for row in sorted((r for r in rows if state.free_line[r]), key=lambda r: (days[r], r)):
        found[int(state.lines.currency[row]), sign * int(state.lines.cents[row])].append(row)
    return found


def _near(
    state: State, row: int, rows: dict[tuple[int, int], list[int]], sign: int, earliest: int, latest: int
) -> list[int]:
    """Return rows of this amount (times sign) from `earliest` to `latest` days after the line, in order of day, a bounded number."""
    same = rows.get((int(state.lines.currency[row]), sign * int(state.lines.cents[row])))
    if not same:
        return []
    days = state.lines.days[same]
    day = int(state.lines.days[row])
    start, stop = np.searchsorted(days, day + earliest, "left"), np.searchsorted(days, day + latest, "right")
    if stop - start <= MOST_PARTNERS:
        return same[start:stop]
    nearest = np.argsort(np.abs(days[start:stop] - day), kind="stable")[:MOST_PARTNERS]
    return [same[start + at] for at in sorted(nearest)]


def _undone(state: State, row: int, candidates: dict[tuple[int, int], list[int]]) -> list[int]:
    """Return the earlier lines that this one may undo: those whose id it names, otherwise those of the same payer."""
    same = [
        o
        for o in _near(state, row, candidates, -1, -RETURNED_WITHIN, 1)
        if o != row and _same_account(state, row, o)
    ]
    named = [o for o in same if _names_the_same(state, row, o)]
    return named or [o for o in same if _same_payer(state, row, o)]


def _names_the_same(state: State, row: int, other: int) -> bool:
    ours, theirs = (
        text.references(f"{line.reference} {line.description}")
        for line in (state.lines.rows[row], state.lines.rows[other])
    )
    return any(bits >= 20 and key in theirs for key, bits in ours.items())


def _same_payer(state: State, row: int, other: int) -> bool:
    relation, _ = relate(state.lines.documents[row], state.lines.documents[other])
    if relation in (EQUAL, SAME_ROOT):
        return True
    if relation == CONFLICT:
        return False
    ours, theirs = sorted((state.lines.names[row], state.lines.names[other]), key=len)
    same = alike(ours, theirs)
    if same is None:
        return relation == MASKED or state.lines.rows[row].description == state.lines.rows[other].description
    return same >= SAME_NAME


def _same_account(state: State, row: int, other: int) -> bool:
    ours, theirs = state.lines.rows[row].account, state.lines.rows[other].account
    return not ours or not theirs or ours == theirs


def _other_account(state: State, row: int, other: int) -> bool:
    ours, theirs = state.lines.rows[row].account, state.lines.rows[other].account
    return not ours or not theirs or ours != theirs
