"""What a board asks for: every read that some tile of it needs, once, so that twenty tiles cost no more reads than one of each kind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from kpi import comparing
from kpi.analysis import sums
from kpi.analysis.drivers import MEASURES as TYPES
from kpi.models import Tile
from lib.periods import Period

_CUSTOMERS: Final = frozenset({"active_customers", "new_customers"})


# No sums know two dimensions at once: one value is split by another dimension from the facts, up to so many days, or so many facts in longer spans.
SHORT: Final = 200
FEW: Final = 100_000


@dataclass(frozen=True, slots=True)
class Scope:
    """One value of one dimension (a store, a seller …): a filter of the whole board. `key` is that of the sums by dimension; "" is unknown."""

    dimension: str
    key: str

    @property
    def sells(self) -> bool:
        """Return whether it is a part of sales; else of bank lines."""
        return self.dimension in sums.OF_SALES

    @property
    def types(self) -> tuple[str, ...]:
        """Return the types of the facts that it is a part of."""
        return ("SALE",) if self.sells else ("CREDIT", "DEBIT")


@dataclass(frozen=True, slots=True)
class Spans:
    """The period that is shown, all that it is compared with (the chosen span first), and the company's day."""

    period: Period
    comparison: str
    beside: comparing.Spans
    today: date

    @property
    def compared(self) -> Period:
        """Return the span of the chosen comparison."""
        return self.beside.others[self.comparison]

    @property
    def drawn(self) -> Period:
        """Return the days from the first to the last one of which a goal may be shown: of the period, and of the running month until now."""
        first, last = self.today.replace(day=1), self.today
        return Period("drawn", min(self.period.start, first), max(self.period.last, last) + timedelta(days=1))

    def may_split(self, facts: int | None) -> bool:
        """Return whether the facts of both spans may be read one by one; `facts`: how many there are."""
        return self.period.days + self.compared.days <= SHORT or (facts is not None and facts <= FEW)

    def ranges(self, *more: tuple[date, date]) -> list[tuple[date, date]]:
        """Return the days of all spans, and `more`, as ranges that do not overlap (first day, day after the last)."""
        each = [(span.start, span.end) for span in (self.period, *self.beside.others.values())]
        found: list[tuple[date, date]] = []
        for start, end in sorted([*each, *more]):
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((start, end))
        return found


@dataclass(frozen=True, slots=True)
class Needs:
    """What to read. `splits` are (type, dimension) to sum by key, `curves` dimensions of sales, `forecasts` measures."""

    pieces: frozenset[str]
    splits: frozenset[tuple[str, str]]
    curves: frozenset[str]
    forecasts: frozenset[str]

    def as_params(self) -> dict[str, Any]:
        """Return them in one order, for the key of what is kept."""
        return {
            "pieces": sorted(self.pieces), "splits": sorted(self.splits), "curves": sorted(self.curves), "forecasts": sorted(self.forecasts),
        }  # fmt: skip


def needs_of(tiles: Iterable[Tile]) -> Needs:
    """Return what these tiles need together."""
    pieces, splits, curves, forecasts = {"figures"}, set(), set(), set()
    for tile in tiles:
        pieces |= _pieces(tile.kind, tile.options)
        if tile.kind in {"by_dimension", "drivers"}:
            splits.add((TYPES[tile.options["measure"]], tile.options["by"]))
        elif tile.kind == "concentration":
            splits.add(("SALE", tile.options["by"]))
            curves.add(tile.options["by"])
        elif tile.kind == "expected":
            forecasts.add(tile.options["measure"])
        elif tile.kind == "projection":
            forecasts |= {"receipts", "expenses"}
    return Needs(frozenset(pieces), frozenset(splits), frozenset(curves), frozenset(forecasts))


_OF_KIND: Final[Mapping[str, frozenset[str]]] = {
    "by_day": frozenset({"series", "anomalies"}),
    "cash_flow": frozenset({"series"}),
    "expected": frozenset({"series"}),
    "target": frozenset({"series", "targets"}),
    "by_dimension": frozenset({"splits"}),
    "drivers": frozenset({"splits"}),
    "concentration": frozenset({"splits"}),
    "ageing": frozenset({"items"}),
    "projection": frozenset({"items", "series", "recurring"}),
    "cohorts": frozenset({"cohorts"}),
    "segments": frozenset({"segments"}),
    "anomalies": frozenset({"anomalies"}),
}


def _pieces(kind: str, options: Mapping[str, str]) -> frozenset[str]:
    if kind != "number":
        return _OF_KIND.get(kind, frozenset())
    kpi = options["kpi"]
    if kpi in _CUSTOMERS:  # the days: new ones have a goal that spreads like sales
        return frozenset({"customers", "series"})
    if kpi == "reconciled_share":
        return frozenset({"settled", "series"})
    if kpi == "cash_balance":
        return frozenset()
    return frozenset({"items"}) if kpi.startswith(("receivables", "payables")) else frozenset({"series"})
