"""Which recurring payments to come stand as open items already, so that nothing is counted twice. A library of its own, like `recurring`."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from kpi.analysis.recurring import Line, text_key
from kpi.analysis.rhythms import interval

NEAR: Final = timedelta(days=5)  # an item of the same amount that is due so near is the payment
ALIKE: Final = Decimal("0.02")  # around the latest amounts
_TIMES: Final = (
    2  # an item of the same party is the payment when it is neither more than twice nor less than half of it
)


@dataclass(frozen=True, slots=True)
class Item:
    """What is left of an open item: its due day, its signed amount (negative: to pay), and whose it is."""

    day: date
    amount: Decimal
    document: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """One payment of a line that is to come."""

    line: Line
    day: date


def keys(document: str, name: str) -> set[str]:
    """Return what a party is known by: one of them in common, and two are the same."""
    named = text_key(name)
    return {key for key in (f"d:{document}" if document else "", f"n:{named}" if named else "") if key}


def amounts_of(line: Line) -> tuple[Decimal, Decimal]:
    """Return between which amounts, without sign, an item is as large as the line's payments."""
    sizes = [abs(one) for one in line.range]
    return min(sizes) * (1 - ALIKE), max(sizes) * (1 + ALIKE)


def divided(coming: Iterable[Coming], items: Sequence[Item]) -> tuple[list[Coming], list[Item]]:
    """Return the payments that no open item stands for, and the items that stand for the others: of the same party near that day, or of the same amount
    nearer. Each item stands for one payment at most. Both in order of the payments' days.
    """
    desk, alone, standing = _Desk(items), [], []
    for one in sorted(coming, key=lambda one: (one.day, one.line.code)):
        item = desk.take(one)
        if item is None:
            alone.append(one)
        else:
            standing.append(item)
    return alone, standing


class _Desk:
    """The items, by party and by day; each is taken once."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = sorted(items, key=lambda item: item.day)
        self._days = [item.day for item in self._items]
        self._left = set(range(len(self._items)))
        self._by_party: dict[str, list[int]] = defaultdict(list)
        for n, item in enumerate(self._items):
            for key in keys(item.document, item.name):
                self._by_party[key].append(n)

    def take(self, one: Coming) -> Item | None:
        """Return the item that stands for this payment, which then stands for no other; None where there is none."""
        best = min(self._of_party(one) or self._of_amount(one), default=None)
        if best is None:
            return None
        self._left.discard(best[-1])
        return self._items[best[-1]]

    def _of_party(self, one: Coming) -> list[tuple[Decimal, int, int]]:
        usual, near = abs(one.line.amount), timedelta(days=interval(one.line.rhythm) // 2)
        same = {one.line.party, *keys("", one.line.name)}
        found = {n for key in same for n in self._by_party.get(key, ()) if self._fits(n, one, near)}
        return [
            self._rank(n, one) for n in found if usual <= _TIMES * abs(self._items[n].amount) and abs(self._items[n].amount) <= _TIMES * usual
        ]  # fmt: skip

    def _of_amount(self, one: Coming) -> list[tuple[Decimal, int, int]]:
        low, high = amounts_of(one.line)
        near = min(NEAR, timedelta(days=interval(one.line.rhythm) // 2))
        first = bisect_left(self._days, one.day - near)
        last = bisect_left(self._days, one.day + near + timedelta(days=1))
        return [
            self._rank(n, one)
            for n in range(first, last)
            if self._fits(n, one, near) and low <= abs(self._items[n].amount) <= high
        ]

    def _fits(self, n: int, one: Coming, near: timedelta) -> bool:
        item = self._items[n]
        return (
            n in self._left and (item.amount < 0) == (one.line.amount < 0) and abs(item.day - one.day) <= near
        )

    def _rank(self, n: int, one: Coming) -> tuple[Decimal, int, int]:
        item = self._items[n]
        return abs(item.amount - one.line.amount), abs((item.day - one.day).days), n
