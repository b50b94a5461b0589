"""What goes into a chart and what comes out of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Context, Decimal
from itertools import zip_longest
from typing import Literal

from lib import formats

MAX_COLORS = 6
# Six decimals is the finest unit the ledger keeps; from 10^24 on no position could be told from its neighbour.
_FINEST = Decimal("0.000001")
_TOO_LARGE = Decimal("1e24")
_EXACT = Context(prec=40)

Value = Decimal | None
Label = date | str


class Svg(str):
    """Markup that a template may print as it is; every text inside was escaped when it was drawn."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Unit:
    """How values are written: money of one currency, plain numbers, or ratios as percent."""

    kind: Literal["money", "number", "percent"] = "money"
    currency: str = formats.DEFAULT_CURRENCY
    locale: str = formats.DEFAULT_LOCALE

    def exact(self, value: Value) -> str:
        """Return the value in full, for tables and tooltips."""
        if self.kind == "money":
            return formats.money(value, self.currency, self.locale)
        return (
            formats.percent(value, self.locale)
            if self.kind == "percent"
            else formats.number(value, self.locale)
        )

    def short(self, value: Value) -> str:
        """Return the value for the middle of a donut or a bar's end."""
        if self.kind == "money":
            return formats.money_short(value, self.currency, self.locale)
        return self.exact(value) if self.kind == "percent" else formats.number_short(value, self.locale)

    def tick(self, value: Decimal) -> str:
        """Return the value for an axis."""
        if self.kind == "money":
            return formats.money_tick(value, self.currency, self.locale)
        if self.kind == "percent":
            return formats.percent(value, self.locale, places=2)
        return formats.number_short(value, self.locale)


BRL = Unit()


@dataclass(frozen=True)
class Series:
    """One line or one colour of bars. `role` previous is drawn dashed and grey, forecast dashed in its colour, goal dotted and dark.

    `filter` is what a link to the rows needs besides (`type=CREDIT`) to show only those of this series.
    """

    name: str
    values: Sequence[Value]
    role: Literal["actual", "previous", "forecast", "goal"] = "actual"
    color: int | None = None
    filter: str = ""


@dataclass(frozen=True)
class Band:
    """The range in which a forecast is expected; None where there is none."""

    name: str
    low: Sequence[Value]
    high: Sequence[Value]


@dataclass(frozen=True)
class Mark:
    """A remarkable point of the first series (an anomaly) with its sentence."""

    index: int
    sentence: str


@dataclass(frozen=True)
class Flag:
    """Something that happened at a position, told on the axis (a campaign, a holiday)."""

    index: int
    label: str


@dataclass(frozen=True)
class Row:
    """One row of the table twin: its label, one written value a column, where it leads, what is said about it."""

    label: str
    cells: tuple[str, ...]
    href: str = ""
    note: str = ""


@dataclass(frozen=True)
class Table:
    """The same figures as text. `head` names the label column and then each value column.

    `keys` gives the value columns the classes of their swatch, where columns are series.
    """

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    keys: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Return name and swatch classes of each value column."""
        return tuple(zip_longest(self.head[1:], self.keys, fillvalue=""))

    @property
    def has_notes(self) -> bool:
        """Return whether any row carries a sentence."""
        return any(row.note for row in self.rows)


@dataclass(frozen=True)
class LegendItem:
    """A name and the CSS classes of its swatch; `series` is the number that the drawn parts carry, `text` its value.

    `filter` is that of the series.
    """

    name: str
    css: str
    series: int
    text: str = ""
    filter: str = ""


@dataclass(frozen=True)
class Chart:
    """A drawn chart. `empty` says that there was no value to draw, so that a page can explain why.

    `named_ends` says that the lines carry their names where there is room, so that a legend would repeat them.
    """

    title: str
    svg: Svg
    table: Table
    legend: tuple[LegendItem, ...] = field(default=())
    empty: bool = False
    named_ends: bool = False

    def __html__(self) -> str:
        return str(self.svg)


_LINK = re.compile('<a href="[^"]*" tabindex="-1">')


def unlinked(chart: Chart) -> Chart:
    """Return the chart without its links, for readers who may not follow them. Text in a drawing is escaped, so it holds no such tag."""
    rows = tuple(replace(row, href="") for row in chart.table.rows)
    svg = Svg(_LINK.sub("", chart.svg).replace("</a>", ""))
    legend = tuple(replace(item, filter="") for item in chart.legend)
    return replace(chart, svg=svg, table=replace(chart.table, rows=rows), legend=legend)


def cleaned(values: Sequence[Value], length: int | None = None) -> list[Value]:
    """Return the values that can be drawn, padded or cut to `length`; what no ledger can hold becomes a gap."""
    wanted = len(values) if length is None else length
    padded = [*values[:wanted], *[None] * (wanted - len(values))]
    return [_drawable(value) for value in padded]


def _drawable(value: Value) -> Value:
    if value is None or not value.is_finite() or abs(value) >= _TOO_LARGE:
        return None
    # Adding zero turns -0 into 0, which would otherwise be written with a minus sign.
    return value.quantize(_FINEST, context=_EXACT) + 0


def colors(series: Sequence[Series]) -> list[int]:
    """Return the colour number 1 to 6 of each series; 0 for a previous period, which is grey, 8 for a goal, which is dark.

    A forecast has the colour of the actual series before it. The same order always gives the same colours.
    """
    found: list[int] = []
    used = 0
    for one in series:
        if one.role == "actual":
            used += 1
        own = one.color or max(used - 1, 0) % MAX_COLORS + 1
        found.append({"previous": 0, "goal": 8}.get(one.role, own))
    return found
