"""What one tile of a board shows, ready for the page, the workbook, the PDF and the picture alike."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from kpi.queries import Card
from lib.charts import Chart

Cell = str | int | Decimal | date | None
ColumnUnit = Literal["text", "day", "month", "money", "count", "change", "percent"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet. Values of "money" are Decimal in the company's currency, of "percent" ratios (0.12 is 12 %), of "change" counts with
    their sign; None is unknown.
    """

    name: str
    unit: ColumnUnit


@dataclass(frozen=True, slots=True)
class Sheet:
    """The figures of a tile as values, one row a point or a name; `links` leads from a row to what is behind it ("" where nowhere)."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choices:
    """Where each row of a ranking leads to show the whole board for it alone, and which row that is now (None: none of them)."""

    urls: tuple[str, ...]
    chosen: int | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """One tile: a number (`card`), a picture (`chart`) or a ranking (neither: its sheet). `problem` says why there is nothing to show.

    `title` says the finding where one is known, `note` the span it is about, `href` leads to the page or rows behind it. A tile of words has neither
    card, chart nor sheet: its `note` is the text. `soon`: the problem ends by itself, for what is missing is being made. `choices` are there for who may choose one value for the whole board.
    """

    tile: int
    title: str
    note: str
    sheet: Sheet
    card: Card | None = None
    chart: Chart | None = None
    href: str = ""
    problem: str = ""
    soon: bool = False
    choices: Choices | None = None


NO_SHEET = Sheet((), ())
