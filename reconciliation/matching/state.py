"""What is settled so far, what is still free, and what a person will be shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz import fuzz

from reconciliation.matching.columns import Bools, Ints
from reconciliation.matching.normal import SHORTEST_CUT
from reconciliation.matching.records import (
    Adjustment,
    Judgement,
    Reason,
    Settlement,
    SettlementKind,
    Share,
    Tolerance,
    Weights,
)
from reconciliation.matching.tables import ItemTable, LineTable

SHOWN = 3
KEPT = 12  # of what may be shown, until it is known what is still open
UNKNOWN_IDENTITY = 0.35
UNKNOWN_NAME = 0.25


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a settlement of several rows: `identity` as (reason, share of its weight), how alike the names are (None: no
    names), how well the amount is explained and by what, how many days late it is.
    """

    identity: tuple[str, float] | None
    alike: float | None
    amount: tuple[str, float]
    late: int
    detail: dict[str, str] = field(default_factory=dict)


class State:
    """The matcher's memory of one run. Rows are positions in the tables."""

    def __init__(
        self,
        lines: LineTable,
        items: ItemTable,
        weights: Weights,
        tolerance: Tolerance,
        rejected: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self.lines = lines
        self.items = items
        self.weights = weights
        self.tolerance = tolerance
        self.free_line: Bools = np.ones(len(lines), np.bool_)
        self.free_item: Bools = np.ones(len(items), np.bool_)
        self.rejected = rejected
        self._clear: dict[int, Settlement] = {}
        self._shown: dict[int, list[Settlement]] = {}
        self._posted: dict[int, str] = {}

    def settle(self, settlement: Settlement, lines: Iterable[int], items: Iterable[int] = ()) -> None:
        """Keep a clear settlement; its lines and items are free no more."""
        for row in lines:
            assert self.free_line[row], "a line is settled once"
            self._clear[row] = settlement
            self.free_line[row] = False
        for row in items:
            assert self.free_item[row], "an item is settled once"
            self.free_item[row] = False

    def show(self, row: int, settlement: Settlement) -> None:
        """Keep what may be shown for a line, if it does not get settled."""
        known = self._shown.setdefault(row, [])
        if settlement in known:
            return
        known.append(settlement)
        if len(known) > KEPT:
            known.remove(min(known, key=lambda other: other.score))

    def posted(self, row: int, as_id: str) -> None:
        """Leave a pending line to the one under which it was posted."""
        self._posted[row] = as_id
        self.free_line[row] = False

    def judgements(self) -> dict[str, Judgement]:
        """Return what came out, by line id. What was shown and has since been settled with another line is not shown any more."""
        return {id_: self._judgement(row, id_) for row, id_ in enumerate(self.lines.ids)}

    def _judgement(self, row: int, id_: str) -> Judgement:
        if (clear := self._clear.get(row)) is not None:
            return Judgement(id_, "clear", (clear,))
        shown = [s for s in self._shown.get(row, ()) if self._is_open(s)] if self.free_line[row] else []
        if shown:
            shown.sort(key=lambda s: (-s.score, len(s.items), [share.id for share in (*s.items, *s.lines)]))
            return Judgement(id_, "ambiguous", tuple(shown[:SHOWN]))
        return Judgement(id_, "none", (), self._posted.get(row, ""))

    def _is_open(self, settlement: Settlement) -> bool:
        return all(self.free_item[self.items.position[share.id]] for share in settlement.items) and all(
            self.free_line[self.lines.position[share.id]] for share in settlement.lines
        )

    def is_rejected(self, lines: Iterable[int], items: Sequence[int]) -> bool:
        """Return whether a person has said that one of these lines does not pay one of these items."""
        return bool(self.rejected) and any(
            (self.lines.ids[line], self.items.ids[item]) in self.rejected for line in lines for item in items
        )

    def settlement(
        self,
        kind: SettlementKind,
        lines: Sequence[int],
        items: Sequence[int],
        adjustments: tuple[Adjustment, ...],
        evidence: Evidence,
    ) -> Settlement:
        """Return the settlement of whole lines and whole items."""
        reasons = self.reasons(evidence)
        return Settlement(
            kind,
            tuple(Share(self.lines.ids[row], self.lines.rows[row].amount) for row in lines),
            tuple(Share(self.items.ids[row], self.items.rows[row].amount) for row in items),
            adjustments,
            sum(reason.points for reason in reasons),
            reasons,
        )

    def reasons(self, evidence: Evidence) -> tuple[Reason, ...]:
        """Return the reasons with their points of 100, weighed like those of a single pair."""
        w = self.weights
        parts: list[
            tuple[str, float, float, float]
        ] = []  # name, share, weight, most of the weight that could be given
        if evidence.identity:
            parts.append((evidence.identity[0], evidence.identity[1], w.document, 1))
        else:
            parts.append(("", 0, w.document, UNKNOWN_IDENTITY))
        if evidence.alike is None:
            parts.append(("", 0, w.name, UNKNOWN_NAME))
        else:
            share = min(max((evidence.alike - 0.5) / 0.5, 0), 1)
            parts.append(("name_equal" if evidence.alike == 1 else "name_alike", share, w.name, 1))
        parts.append((evidence.amount[0], evidence.amount[1], w.amount, 1))
        parts.append((_day(evidence.late), _near(evidence.late, self.tolerance), w.date, 1))
        most = sum(weight * part for _, _, weight, part in parts)
        details = {
            "name_alike": {"percent": str(round(100 * (evidence.alike or 0)))},
            _day(evidence.late): {"days": str(abs(evidence.late))},
        }
        details[evidence.amount[0]] = evidence.detail
        return tuple(
            Reason(name, int(100 * share * weight / most) if most else 0, details.get(name, {}))
            for name, share, weight, _ in parts
            if name
        )

    def alike(self, line: int, item: int) -> float | None:
        """Return how alike the names of a line and an item are; None where one has none."""
        return alike(self.lines.names[line], self.items.names[item])

    def free_items(self, rows: Sequence[int] | Ints) -> list[int]:
        """Return those rows that are still free."""
        return [int(row) for row in rows if self.free_item[row]]


def alike(ours: str, theirs: str) -> float | None:
    """Return how alike two normal names are, the second cut where the first may have been."""
    if not ours or not theirs:
        return None
    if ours == theirs:
        return 1.0
    cut = theirs[: len(ours)] if len(ours) >= SHORTEST_CUT else theirs
    return max(fuzz.ratio(ours, theirs), 0.99 * fuzz.ratio(ours, cut)) / 100


def _day(late: int) -> str:
    return "days_late" if late > 0 else "days_early" if late < 0 else "same_day"


def _near(late: int, tolerance: Tolerance) -> float:
    days, window = max(tolerance.days, 1), max(tolerance.window, tolerance.days + 2)
    away = abs(late)
    return 1 - 0.2 * away / days if away <= days else max(0.0, 0.8 * (1 - (away - days) / (window - days)))
