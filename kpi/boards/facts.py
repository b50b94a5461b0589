"""What was read for a board, as values again: amounts as Decimal, days as dates, and the sums that tiles are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from kpi.analysis.cohorts import Cohort, of_rows
from kpi.analysis.standing import Item
from kpi.calculations import Totals
from kpi.queries import CREDIT, DEBIT, SALE
from kpi.recurrence import queries as recurrence
from lib.periods import Period
from lib.workdays import Calendar

ZERO: Final = Decimal(0)
TYPES: Final[Mapping[str, str]] = {"revenue": SALE, "inflow": CREDIT, "expenses": DEBIT}


@dataclass(frozen=True, slots=True)
class Part:
    """One key of a split: its sums now and before, with the ledger's sign; `place` by size, `moved` by size of change, both from 1."""

    key: str
    name: str | None
    n: int
    total: Decimal
    earlier: Decimal
    place: int
    moved: int
    is_nobody: bool


@dataclass(frozen=True, slots=True)
class Split:
    """The largest parts, the sums and number of all, and how much all of them moved, up or down."""

    parts: tuple[Part, ...]
    whole: Decimal
    whole_earlier: Decimal
    keys: int
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Curve:
    """Who carries the sales: (n, share that the first n reach), and how many reach 80 % and 95 %."""

    points: tuple[tuple[int, Decimal], ...]
    whole: Decimal
    a: int
    b: int
    keys: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """A forecast by day: (day, mean, low, high) and how well it did on the past."""

    verdict: str
    error: Decimal | None
    held: Decimal | None
    points: tuple[tuple[date, Decimal, Decimal, Decimal], ...]


class Facts:
    """The reads of `kpi.boards.reading` for one company, period and scope."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        """Remember what was read."""
        self._found, self._figures = found, found["figures"]

    @property
    def cash(self) -> Decimal | None:
        """Return the money in bank accounts; None where no bank tells."""
        return _amount(self._figures["cash"])

    @property
    def to_split(self) -> int | None:
        """Return how many facts it takes to split the board's one value by another dimension; None where nobody asked."""
        found: int | None = self._figures["to_split"]
        return found

    @property
    def segments_as_of(self) -> date | None:
        """Return the reference day of the segments; None before they were made."""
        return _maybe_day(self._figures["segments_as_of"])

    def knows(self, kind: str, period: Period) -> bool:
        """Return whether data of this type begins before the end of the period; without any it is unknown, not nothing."""
        first = self._first(kind)
        return first is not None and first < period.end

    def knows_all(self, kind: str, period: Period) -> bool:
        """Return whether data of this type reaches back to the first day; half a period is nothing to compare with."""
        first = self._first(kind)
        return first is not None and first <= period.start

    def _first(self, kind: str) -> date | None:
        return _maybe_day(self._figures["first_sale" if kind == SALE else "first_line"])

    @cached_property
    def days(self) -> dict[str, dict[date, tuple[int, Decimal]]]:
        """Return count and total by type and day, of the days that were read."""
        found: dict[str, dict[date, tuple[int, Decimal]]] = {SALE: {}, CREDIT: {}, DEBIT: {}}
        for grain, kind, day, n, total, *_rest in self._found.get("series", ()):
            if grain == "day":
                found[kind][_day(day)] = (n, Decimal(total))
        return found

    def by_day(self, kind: str, period: Period) -> list[tuple[date, Decimal]]:
        """Return (day, total) for every day of the period; days on which nothing happened are zero."""
        return [(day, self.days[kind].get(day, (0, ZERO))[1]) for day in days_of(period)]

    def sums(self, kind: str, period: Period) -> tuple[int, Decimal]:
        """Return how many there were in the period, and their total."""
        rows = [self.days[kind].get(day, (0, ZERO)) for day in days_of(period)]
        return sum(n for n, _total in rows), sum((total for _n, total in rows), ZERO)

    @cached_property
    def months(self) -> dict[tuple[date, str], Decimal]:
        """Return the totals of bank lines by month and type."""
        rows = self._found.get("series", ())
        return {(_day(row[2]), row[1]): Decimal(row[4]) for row in rows if row[0] == "month"}

    def ahead(self, measure: str) -> Ahead | None:
        """Return the forecast of a measure; None where there is none."""
        rows = [row for row in self._found.get("series", ()) if row[0] == "ahead" and row[1] == measure]
        if not rows:
            return None
        points = sorted(
            (_day(day), Decimal(mean), Decimal(low), Decimal(high))
            for _g, _m, day, _n, mean, low, high, *_rest in rows
            if day
        )
        verdict, error, held = rows[0][7:10]
        return Ahead(verdict, _ratio(error), _ratio(held), tuple(points))

    def weeks_ahead(self, measure: str) -> dict[date, Decimal]:
        """Return the forecast by week of a measure: Monday → total."""
        rows = self._found.get("series", ())
        return {_day(row[2]): Decimal(row[4]) for row in rows if row[0] == "week" and row[1] == measure}

    @cached_property
    def _splits(self) -> dict[tuple[str, str], Split]:
        found: dict[tuple[str, str], list[Any]] = {}
        for row in self._found.get("splits", ()):
            if row[0] == "split":
                found.setdefault((row[1], row[2]), []).append(row)
        return {each: _split(rows) for each, rows in found.items()}

    def split(self, kind: str, dimension: str) -> Split:
        """Return the parts of what happened in the period, by one dimension."""
        return self._splits.get((kind, dimension), Split((), ZERO, ZERO, 0, ZERO))

    def curve(self, dimension: str) -> Curve | None:
        """Return who carries the sales; None where nothing was sold to anybody with a name."""
        rows = [row for row in self._found.get("splits", ()) if row[0] == "curve" and row[2] == dimension]
        if not rows:
            return None
        whole = Decimal(rows[0][9])
        points = sorted((row[7], Decimal(row[5]) / whole) for row in rows)
        return Curve(tuple(points), whole, rows[0][4], int(rows[0][6]), rows[0][11])

    @cached_property
    def items(self) -> list[tuple[str, date, int, Decimal]]:
        """Return (direction, due date, how many, what is left) of what is open; payables are negative."""
        rows = self._found.get("items", ())
        return [(direction, _day(due), n, Decimal(left)) for direction, due, n, left, _near in rows]

    def recurring(self, starts: Sequence[date], calendar: Calendar, before: int) -> recurrence.Ahead:
        """Return what comes again in these weeks, and what came in the `before` weeks before."""
        items = [
            Item(_day(due), Decimal(one["amount"]), one["document"], one["name"])
            for _direction, due, _n, _left, near in self._found.get("items", ()) for one in near or ()
        ]  # fmt: skip
        lines = recurrence.recurring_lines(self._figures["recurring"])
        return recurrence.laid_out(lines, items, starts=starts, calendar=calendar, before=before)

    @property
    def has_items(self) -> bool:
        """Return whether any source ever told of open items."""
        return bool(self._figures["has_items"])

    def cohorts(self, today: date) -> list[Cohort]:
        """Return the cohorts, the oldest first."""
        rows = self._found.get("people", ())
        return of_rows(
            ((_day(row[1]), _day(row[2]), row[3]) for row in rows if row[0] == "cohort"), today=today
        )

    @property
    def segment_moves(self) -> list[tuple[str, str, int, Decimal]]:
        """Return (segment now, segment a month before, customers, value) of every way that customers went."""
        rows = self._found.get("people", ())
        return [(now, before, n, Decimal(value)) for what, now, before, n, value in rows if what == "segment"]

    def totals(self, period: Period, *, before: str | None, state: Totals) -> Totals:
        """Return what happened in a period, None where it is unknown.

        `before` is None for the period itself, "chosen" for the one it is compared with, "other" for one of which only the days were read. What is
        compared with must be known as a whole.
        """
        lines, sales = (
            (self.knows if before is None else self.knows_all)(kind, period) for kind in (CREDIT, SALE)
        )
        (n_in, inward), (n_out, outward), (n_sales, revenue) = (
            self.sums(kind, period) for kind in (CREDIT, DEBIT, SALE)
        )
        settled, (active, new) = self._counted(before)
        return Totals(
            inflow=inward if lines else None,
            outflow=outward if lines else None,
            revenue=revenue if sales else None,
            sales=n_sales if sales else None,
            active_customers=active if sales else None,
            new_customers=new if sales else None,
            cash=state.cash,
            receivables_open=state.receivables_open,
            receivables_overdue=state.receivables_overdue,
            payables_open=state.payables_open,
            lines=n_in + n_out if lines else None,
            lines_settled=settled if lines else None,
        )

    def _counted(self, before: str | None) -> tuple[int | None, tuple[int | None, int | None]]:
        """Return settled lines, active and new customers of the period itself or of the one it is compared with."""
        settled, customers, place = (
            self._figures["settled"],
            self._figures["customers"],
            int(before is not None),
        )
        if before == "other":
            return None, (None, None)
        return settled[place] if settled else None, tuple(customers[place]) if customers else (None, None)

    def state(self, today: date) -> Totals:
        """Return what stands now: money in banks and open items, None where nothing tells of them."""
        if not self.has_items:
            return Totals(cash=self.cash)
        sums = {"receivable": ZERO, "payable": ZERO}
        overdue = ZERO
        for direction, due, _n, left in self.items:
            sums[direction] += left
            if direction == "receivable" and due < today:
                overdue += left
        return Totals(
            cash=self.cash, receivables_open=sums["receivable"], receivables_overdue=overdue, payables_open=sums["payable"]
        )  # fmt: skip


def days_of(period: Period) -> list[date]:
    """Return every day of a period."""
    return [period.start + timedelta(days=n) for n in range(period.days)]


def _split(rows: Sequence[Sequence[Any]]) -> Split:
    parts = [
        Part(key, name, n, Decimal(total), Decimal(earlier), place, moved, nobody)
        for _what, _kind, _by, key, n, total, earlier, place, moved, _w, _e, _k, name, nobody, _g in rows
    ]
    whole, earlier, keys = rows[0][9:12]
    ranked = tuple(sorted(parts, key=lambda part: part.place))
    return Split(ranked, Decimal(whole), Decimal(earlier), keys, Decimal(rows[0][14]))


def _amount(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _ratio(value: float | None) -> Decimal | None:
    return None if value is None else round(Decimal(str(value)), 3)


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _maybe_day(text: str | None) -> date | None:
    return None if text is None else _day(text)
