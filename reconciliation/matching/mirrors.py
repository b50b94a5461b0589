"""Lines that settle one another: a pending line and its posted twin, money sent back, transfers between own accounts."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from lib import documents
from reconciliation.matching import text
from reconciliation.matching.normal import SHORTEST_CUT, normal
from reconciliation.matching.pairs import CONFLICT, EQUAL, MASKED, SAME_ROOT, relate
from reconciliation.matching.records import Own, Settlement, SettlementKind
from reconciliation.matching.state import Evidence, State, alike

POSTED_WITHIN: Final = 5  # days until a pending line stands in the statement
RETURNED_WITHIN: Final = 120
TRANSFERRED_WITHIN: Final = 3
SAME_NAME: Final = 0.85
SPELLED_OUT: Final = 20.0  # bits of an id that names one payment
MOST_PARTNERS: Final = 500  # lines of one amount, before and after, that one line is compared with
FEWEST_PARTNERS: Final = 4
COMPARISONS: Final = 100_000  # in one run

_BACK = re.compile(r"DEVOL|ESTORN|CHARGEBACK|REFUND|REEMBOLS|CONTESTA|RESTITUI")
_OWN = re.compile(r"MESMA TIT|ENTRE CONTAS|CONTAS? PR[OÓ]PRIA")


def leave_pending_to_posted(state: State) -> None:
    """Tell pending lines apart from their posted twins: same account, amount and payer, a few days later under another id.

    The n-th of several equal ones goes with the n-th; which of two equal coffees is which changes nothing.
    """
    pending = [row for row, line in enumerate(state.lines.rows) if line.pending and state.free_line[row]]
    if not pending:
        return
    posted = _Buckets(state, (row for row, line in enumerate(state.lines.rows) if not line.pending))
    taken: set[int] = set()
    most = _most(pending)
    for row in sorted(pending, key=lambda r: (state.lines.days[r], state.lines.ids[r])):
        for other in posted.near(row, 1, -1, POSTED_WITHIN, most):
            if other not in taken and _same_account(state, row, other) and _same_payer(state, row, other):
                taken.add(other)
                state.posted(row, state.lines.ids[other])
                break


def settle_returns(state: State) -> None:
    """Settle money that came back (or went back) with the line that it undoes."""
    back = [row for row, said in enumerate(state.lines.said) if _BACK.search(said) and state.free_line[row]]
    if not back:
        return
    wanted = np.flatnonzero(np.isin(state.lines.cents, -state.lines.cents[back])).tolist()
    candidates = _Buckets(state, sorted(set(wanted) - set(back)))
    most = _most(back)
    partners = {row: _undone(state, row, candidates, most) for row in back}
    _settle_unique(state, partners, "refund", "refund_of_same_payer")


def settle_transfers(state: State, own: Own) -> None:
    """Settle lines of two own accounts that move the same amount."""
    ours = {documents.normalize(document) for document in own.documents} - {""}
    called = {normal(name) for name in own.names} - {""}
    own_rows = [
        row for row in range(len(state.lines)) if state.free_line[row] and _is_own(state, row, ours, called)
    ]
    arriving = _Buckets(state, (row for row in own_rows if state.lines.cents[row] > 0))
    most = _most(own_rows)
    partners = {
        row: [
            other
            for other in arriving.near(row, -1, -TRANSFERRED_WITHIN, TRANSFERRED_WITHIN, most)
            if _other_account(state, row, other)
        ]
        for row in own_rows
        if state.lines.cents[row] < 0
    }
    _settle_unique(state, partners, "transfer", "own_account")


def _is_own(state: State, row: int, ours: set[str], called: set[str]) -> bool:
    return (
        state.lines.documents[row] in ours
        or (
            bool(called)
            and len(state.lines.names[row]) >= SHORTEST_CUT
            and any(n.startswith(state.lines.names[row]) for n in called)
        )
        or bool(_OWN.search(state.lines.said[row]))
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
    mutual = {other: _nearest(state, other, wanted[other]) for other in set(chosen.values())}
    for row, other in chosen.items():
        if mutual[other] == row and state.free_line[row] and state.free_line[other]:
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


class _Buckets:
    """Free rows by (currency, cents), in order of day."""

    def __init__(self, state: State, rows: Iterable[int]) -> None:
        self._state = state
        self._rows: dict[tuple[int, int], list[int]] = defaultdict(list)
        days = state.lines.days
        for row in sorted((r for r in rows if state.free_line[r]), key=lambda r: (days[r], r)):
            self._rows[int(state.lines.currency[row]), int(state.lines.cents[row])].append(row)
        self._days = {key: days[same] for key, same in self._rows.items()}

    def near(self, row: int, sign: int, earliest: int, latest: int, most: int) -> list[int]:
        """Return rows of this line's amount times sign, from `earliest` to `latest` days after it: in order of day, `most` before and after."""
        key = (int(self._state.lines.currency[row]), sign * int(self._state.lines.cents[row]))
        if key not in self._days:
            return []
        same, days = self._rows[key], self._days[key]
        day = int(self._state.lines.days[row])
        start, stop = (
            np.searchsorted(days, day + earliest, "left"),
            np.searchsorted(days, day + latest, "right"),
        )
        middle = int(np.searchsorted(days, day, "left"))
        low, high = max(int(start), middle - most), min(int(stop), middle + most)
        return same[low:high]


def _most(rows: Sequence[int]) -> int:
    """Return with how many lines before and after each of these rows may be compared, so that the sum of all stays bounded."""
    return min(MOST_PARTNERS, max(FEWEST_PARTNERS, COMPARISONS // max(len(rows), 1)))


def _undone(state: State, row: int, candidates: _Buckets, most: int) -> list[int]:
    """Return the earlier lines that this one may undo: those whose id it names, otherwise those of the same payer."""
    same = [
        o
        for o in candidates.near(row, -1, -RETURNED_WITHIN, 1, most)
        if o != row and _same_account(state, row, o)
    ]
    named = [o for o in same if _names_the_same(state, row, o)]
    return named or [o for o in same if _same_payer(state, row, o)]


def _names_the_same(state: State, row: int, other: int) -> bool:
    ours, theirs = state.lines.rows[row], state.lines.rows[other]
    return _share_an_id(f"{ours.reference} {ours.description}", f"{theirs.reference} {theirs.description}")


@lru_cache(maxsize=1 << 12)
def _share_an_id(ours: str, theirs: str) -> bool:
    shown = text.references(theirs)
    return any(bits >= SPELLED_OUT and key in shown for key, bits in text.references(ours).items())


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
