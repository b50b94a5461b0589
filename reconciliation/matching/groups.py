"""One payment for several items, several payments for one item, and parts of an item: among what one payer pays and owes."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np

from reconciliation.matching import sums
from reconciliation.matching.columns import Ints
from reconciliation.matching.keys import NAME_BITS, TRUSTED
from reconciliation.matching.normal import SHORTEST_CUT
from reconciliation.matching.pairs import CONFLICT, relate
from reconciliation.matching.records import Mapping, Settlement
from reconciliation.matching.state import Evidence, State
from reconciliation.matching.tables import ROOT

EARLY: Final = 15  # days before due that a payment for several items may come
LATE: Final = 120
BELIEVED: Final = 0.02  # accidental answers expected at most where one answer is believed
ALL_OF_IT: Final = 16  # paying all that is open is so much likelier than paying any other set
STEPS: Final = 4_000_000  # sums made in one run of the matcher, so that its time is bounded
SEARCH_STEPS: Final = 64  # what a search costs besides
MOST_OF_A_PARTY: Final = (
    48  # items of one payer, the nearest in days, that are looked at; of more, no sum is believed
)
MOST_NAMESAKES: Final = 8


@dataclass(frozen=True, slots=True)
class Party:
    """The items that one line's payer may owe, and why: (reason, share of the weight); `sure`: it can be nobody else, and these are all."""

    items: tuple[int, ...]
    identity: tuple[str, float]
    sure: bool


class Parties:
    """Looks up who a line's payer is among the customers and suppliers of the items."""

    def __init__(self, state: State, mappings: tuple[Mapping, ...]) -> None:
        self._state = state
        self._by_document, self._by_name = state.items.rows_by_document, state.items.rows_by_name
        self._ranked: dict[
            int, tuple[Ints, Ints]
        ] = {}  # in order of day, by the identity of lists that live on
        trusted = [m for m in mappings if m.right and m.right / (m.right + m.wrong) >= TRUSTED]
        self._learned = {m.document or m.name_key: m.party for m in trusted}

    def of(self, line: int) -> Party | None:
        """Return the payer's items on the line's side, in reach of its day; None when nobody fits, or more than one."""
        state = self._state
        document, name = state.lines.documents[line], state.lines.names[line]
        if (party := self._learned.get(document) or self._learned.get(name)) and party in state.items.parties:
            return self._party(line, state.items.parties[party], ("payer_mapped", 0.95), sure=True)
        if "*" not in document and document in self._by_document:
            return self._party(line, self._by_document[document], ("document_equal", 1.0), sure=True)
        if len(document) == 14 and document[:ROOT] in self._by_document:
            return self._party(
                line, self._by_document[document[:ROOT]], ("document_same_company", 0.9), sure=True
            )
        return self._by_names(line, document, name)

    def _by_names(self, line: int, document: str, name: str) -> Party | None:
        owners = {
            (other or known): (rows, relate(document, other))
            for known in self._starting_with(name)
            for other, rows in self._by_name[known].items()
        }
        if len(owners) > MOST_NAMESAKES:
            return None
        fitting = [(rows, bits) for rows, (relation, bits) in owners.values() if relation != CONFLICT]
        if len(fitting) != 1:
            return None
        rows, bits = fitting[0]
        identity = ("document_masked_fits", 0.75) if "*" in document else ("name_only", 0.0)
        return self._party(line, rows, identity, sure=bits + self._state.items.rarity.bits(name) >= NAME_BITS)

    def _starting_with(self, name: str) -> list[str]:
        """Return the names of items that are this one, or that this one was cut from."""
        if len(name) < SHORTEST_CUT:
            return [name] if name in self._by_name else []
        ranked = self._state.items.sorted_names
        at = bisect_left(ranked, name)
        found: list[str] = []
        while at < len(ranked) and ranked[at].startswith(name) and len(found) <= MOST_NAMESAKES:
            found.append(ranked[at])
            at += 1
        return found

    def _party(self, line: int, rows: list[int], identity: tuple[str, float], *, sure: bool) -> Party | None:
        state = self._state
        sign, day = np.sign(state.lines.cents[line]), state.lines.days[line]
        some, cut = self._around(rows, int(day))
        late = day - state.items.days[some]
        fit = (
            state.free_item[some]
            & (np.sign(state.items.cents[some]) == sign)
            & (state.items.currency[some] == state.lines.currency[line])
            & (late >= -EARLY)
            & (late <= LATE)
        )
        near, sure = some[fit], sure and not cut
        if len(near) > MOST_OF_A_PARTY:
            near = near[np.argsort(np.abs(late[fit]), kind="stable")[:MOST_OF_A_PARTY]]
            sure = False
        items = tuple(item for item in near.tolist() if not state.is_rejected([line], [item]))
        return Party(items, identity if identity[1] else ("", 0.0), sure) if items else None

    def _around(self, rows: list[int], day: int) -> tuple[Ints, bool]:
        """Return the rows due around a day, and whether these are not all."""
        if len(rows) <= 2 * MOST_OF_A_PARTY:
            return np.asarray(rows, np.int64), False
        if id(rows) not in self._ranked:
            ranked = np.asarray(rows, np.int64)
            ranked = ranked[np.argsort(self._state.items.days[ranked], kind="stable")]
            self._ranked[id(rows)] = ranked, self._state.items.days[ranked]
        ranked, days = self._ranked[id(rows)]
        at = int(np.searchsorted(days, day))
        return ranked[max(0, at - MOST_OF_A_PARTY) : at + MOST_OF_A_PARTY], True


class Groups:
    """Settles sums, a bounded number of searches in all."""

    def __init__(self, state: State, mappings: tuple[Mapping, ...]) -> None:
        self._state = state
        self._steps = STEPS
        parties = Parties(state, mappings)
        found = {int(row): parties.of(int(row)) for row in np.flatnonzero(state.free_line)}
        self._parties = {row: party for row, party in found.items() if party}

    def settle(self) -> None:
        """Settle one payment for several items, then several payments for one."""
        self._one_to_many()
        self._many_to_one()

    def _one_to_many(self) -> None:
        state = self._state
        answers: list[tuple[int, list[tuple[int, ...]], bool]] = []
        for line in sorted(self._parties, key=lambda row: (state.lines.days[row], row)):
            party = self._parties[line]
            smaller = [i for i in party.items if abs(state.items.cents[i]) < abs(state.lines.cents[line])]
            near = sorted(smaller, key=lambda i: (abs(state.lines.days[line] - state.items.days[i]), i))[
                : sums.MOST
            ]
            if len(near) > 1 and self._may_search(len(near)):
                amounts = state.items.cents[near]
                found = [
                    tuple(sorted(near[at] for at in chosen))
                    for chosen in sums.subsets(amounts, int(state.lines.cents[line]))
                ]
                if found:
                    accidents = sums.accidents(amounts) / (ALL_OF_IT if len(found[0]) == len(smaller) else 1)
                    complete = len(near) == len(smaller)
                    answers.append((line, found, party.sure and complete and accidents <= BELIEVED))
        wanted: dict[int, int] = defaultdict(int)
        for _, found, _ in answers:
            for item in {item for chosen in found for item in chosen}:
                wanted[item] += 1
        for line, found, believed in answers:
            settlements = [self._several_items(line, chosen) for chosen in found[:3]]
            if believed and len(found) == 1 and all(wanted[item] == 1 for item in found[0]):
                state.settle(settlements[0], [line], found[0])
            else:
                for settlement in settlements:
                    state.show(line, settlement)

    def _several_items(self, line: int, items: tuple[int, ...]) -> Settlement:
        state = self._state
        late = int(state.lines.days[line] - state.items.days[list(items)].max())
        evidence = self._evidence(line, items[0], ("amount_of_several_items", 0.95), late, len(items))
        return state.settlement("one_to_many", [line], items, (), evidence)

    def _many_to_one(self) -> None:
        state = self._state
        payers: dict[int, list[int]] = defaultdict(list)
        for line, party in self._parties.items():
            if state.free_line[line]:
                for item in party.items:
                    if state.free_item[item] and abs(state.lines.cents[line]) < abs(state.items.cents[item]):
                        payers[item].append(line)
        answers: list[tuple[int, list[tuple[int, ...]], bool]] = []
        for item in sorted(payers):
            lines = payers[item]
            near = sorted(lines, key=lambda r: (abs(state.lines.days[r] - state.items.days[item]), r))[
                : sums.MOST
            ]
            if len(near) > 1 and self._may_search(len(near)):
                amounts = state.lines.cents[near]
                found = [
                    tuple(sorted(near[at] for at in chosen))
                    for chosen in sums.subsets(amounts, int(state.items.cents[item]))
                ]
                if found:
                    accidents = sums.accidents(amounts) / (ALL_OF_IT if len(found[0]) == len(lines) else 1)
                    sure = all(self._parties[line].sure for line in found[0]) and len(near) == len(lines)
                    answers.append((item, found, sure and accidents <= BELIEVED))
        self._settle_many(answers)

    def _settle_many(self, answers: list[tuple[int, list[tuple[int, ...]], bool]]) -> None:
        state = self._state
        wanted: dict[int, int] = defaultdict(int)
        for _, found, _ in answers:
            for line in {line for chosen in found for line in chosen}:
                wanted[line] += 1
        for item, found, believed in answers:
            settlements = [self._several_lines(chosen, item) for chosen in found[:3]]
            if believed and len(found) == 1 and all(wanted[line] == 1 for line in found[0]):
                state.settle(settlements[0], found[0], [item])
                continue
            for chosen, settlement in zip(found, settlements, strict=False):
                for line in chosen:
                    state.show(line, settlement)

    def _several_lines(self, lines: tuple[int, ...], item: int) -> Settlement:
        state = self._state
        late = int(state.lines.days[list(lines)].max() - state.items.days[item])
        evidence = self._evidence(lines[0], item, ("amount_of_several_lines", 0.95), late, len(lines))
        return state.settlement("many_to_one", lines, [item], (), evidence)

    def _evidence(self, line: int, item: int, amount: tuple[str, float], late: int, count: int) -> Evidence:
        identity = self._parties[line].identity
        mapped = identity[0] == "payer_mapped"
        return Evidence(
            identity if identity[1] else None,
            None if mapped else self._state.alike(line, item),
            amount,
            late,
            {"count": str(count)},
        )

    def _may_search(self, amounts: int) -> bool:
        """Take a search among so many amounts from what may be spent in this run; False when it is spent."""
        self._steps -= SEARCH_STEPS + 2 * 2 ** (amounts // 2)
        return self._steps >= 0
