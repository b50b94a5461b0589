"""A board as a PDF: A4 lying, numbers in a grid, pictures as curves, tables with real text."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpi.boards.records import Cell, Column, Content, Sheet
from kpi.catalog import Better, Unit
from kpi.exports.drawing import kind_of, standalone
from kpi.exports.palette import LIGHT
from kpi.exports.records import About
from kpi.exports.typesetting import typeset
from kpi.queries import Card
from lib import formats
from lib.charts import Chart

ROWS: Final = 200  # of a table, over as many pages as they need; the workbook has them all
_SAMPLE: Final = 20  # rows that say which column is widest
_HALF: Final = (580, 212)  # a picture beside another one
_FULL: Final = (1110, 260)
_NARROW: Final = 3  # columns that a table of half a page's width holds
_SPARK: Final = (224, 34)


def pdf(contents: Sequence[Content], about: About) -> bytes:
    """Return the board as a PDF in the active language, in the order of its tiles."""
    data = {
        "company": about.company,
        "board": about.board,
        "span": about.span,
        "comparison": about.comparison,
        "scope": about.scope,
        "truth": about.truth,
        "page": _("Page {n} of {total}"),
        "language": (get_language() or "pt-br").split("-")[0],
        "colours": LIGHT,
        "nothing": _("This board has no tiles yet."),
        "blocks": list(_blocks(contents, about)),
    }
    return typeset("board", data, to="pdf")


def _blocks(contents: Sequence[Content], about: About) -> Iterator[dict[str, Any]]:
    """Yield what stands below one another: a grid of numbers, two tiles side by side, or one over the whole width."""
    for kind, group in groupby(contents, key=_place):
        tiles = list(group)
        if kind == "numbers":
            yield {"kind": "numbers", "tiles": [number(one, about) for one in tiles]}
        elif kind == "wide":
            yield from ({"kind": "row", "tiles": [_tile(one, about, wide=True)]} for one in tiles)
        else:
            for n in range(0, len(tiles), 2):
                pair = tiles[n : n + 2]
                yield {"kind": "row", "tiles": [_tile(one, about, wide=len(pair) == 1) for one in pair]}


def _place(content: Content) -> str:
    if content.card is not None:
        return "numbers"
    if content.chart is None and len(content.sheet.columns) > _NARROW:
        return "wide"
    return "half"


# --- numbers ---------------------------------------------------------------------------------------------------------------
def number(content: Content, about: About) -> dict[str, Any]:
    """Return a tile with a number as words: value, change and its tone, what it was before."""
    card = content.card
    assert card is not None, "placed by its card"
    return {
        "title": content.title,
        "note": content.note,
        "problem": content.problem,
        "value": figure(card.value, card.kpi.unit, about),
        "change": _change(card, about),
        "tone": (tone := _tone(card)),
        "colour": LIGHT[tone],
        "before": figure(card.previous, card.kpi.unit, about) if card.previous is not None else "",
        "spark": _spark(content.chart),
    }


def _change(card: Card, about: About) -> str:
    if card.difference is not None:
        if card.kpi.unit == Unit.MONEY:
            return formats.money_delta(Decimal(card.difference), about.currency, about.locale)
        return figure(card.difference, card.kpi.unit, about)
    return formats.delta(card.change, about.locale) if card.change is not None else ""


def _tone(card: Card) -> str:
    moved = card.change or card.difference
    if not moved or card.kpi.better == Better.NEITHER:
        return "text-soft"
    return "good" if (moved > 0) == (card.kpi.better == Better.UP) else "bad"


def _spark(chart: Chart | None) -> str:
    return standalone(chart, width=_SPARK[0], height=_SPARK[1]) if chart and not chart.empty else ""


def figure(value: Decimal | int | None, unit: Unit, about: About) -> str:
    """Return a number of a card in full."""
    if value is None:
        return formats.UNKNOWN
    if unit == Unit.MONEY:
        return formats.money(Decimal(value), about.currency, about.locale)
    if unit == Unit.PERCENT:
        return formats.percent(Decimal(value), about.locale)
    return formats.number(value, about.locale)


# --- pictures and tables ---------------------------------------------------------------------------------------------------
def _tile(content: Content, about: About, *, wide: bool) -> dict[str, Any]:
    tile: dict[str, Any] = {"title": content.title, "note": content.note, "problem": content.problem}
    if content.problem:
        return tile
    if content.chart is None and not content.sheet.columns:
        return {"title": content.title, "note": "", "problem": "", "words": content.note}
    if content.chart is None:
        return tile | _table(content.sheet, about)
    if content.chart.empty:
        return tile | {"problem": _("There is nothing in this period.")}
    width, height = _FULL if wide else _HALF
    if kind_of(content.chart) == "heat":
        height = min(max(len(content.chart.table.rows) * 26 + 40, 120), 420)
    return tile | {"svg": standalone(content.chart, width=width, height=height)}


def _table(sheet: Sheet, about: About) -> dict[str, Any]:
    if not sheet.rows:
        return {"problem": _("There is nothing in this period.")}
    told = {
        "shown": formats.number(ROWS, about.locale),
        "total": formats.number(len(sheet.rows), about.locale),
    }
    widest = _widest(sheet)
    return {
        "head": [
            {"name": column.name, "right": _is_number(column), "wide": n == widest}
            for n, column in enumerate(sheet.columns)
        ],
        "rows": [
            [_cell(value, column, about) for value, column in zip(row, sheet.columns, strict=True)]
            for row in sheet.rows[:ROWS]
        ],
        "more": _("The first %(shown)s of %(total)s rows; the spreadsheet has all of them.") % told
        if len(sheet.rows) > ROWS
        else "",
    }  # fmt: skip


def _widest(sheet: Sheet) -> int:
    """Return the column that takes the room the others leave: of those with text the one with the longest, else the first."""
    texts = [n for n, column in enumerate(sheet.columns) if column.unit == "text"]
    return max(texts, key=lambda n: max(len(str(row[n] or "")) for row in sheet.rows[:_SAMPLE]), default=0)


def _is_number(column: Column) -> bool:
    return column.unit in {"money", "count", "change", "percent"}


def _cell(value: Cell, column: Column, about: About) -> str:
    """Return a cell as people read it; unknown is a dash."""
    if value is None:
        return formats.UNKNOWN
    if isinstance(value, date):
        writer = formats.month_short if column.unit == "month" else formats.day
        return writer(value, about.locale)
    if isinstance(value, str):
        return value
    if column.unit == "change":
        return formats.change(value, about.locale)
    return figure(value, Unit(column.unit), about) if _is_number(column) else str(value)
