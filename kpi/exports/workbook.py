"""A board as one XLSX file: a sheet of numbers, then one sheet a picture or ranking. openpyxl is loaded where one is written."""

import io
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from babel.numbers import get_currency_precision, get_currency_symbol
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kpi.boards.records import Cell, Column, Content
from kpi.catalog import Unit
from kpi.exports.records import About
from kpi.exports.sheetnames import sheet_names
from ledger.exports import harmless
from lib import formats

if TYPE_CHECKING:
    from openpyxl import Workbook

HEAD_ROW: Final = 4  # of the sheets with figures: title and note stand above
WIDTH: Final = (11, 60)  # characters, at least and at most
SAMPLE: Final = 500  # rows that say how wide a column is
_PERCENT: Final = "0.0%"
_HEAD_FILL: Final = "F3F1ED"
_INK: Final = "575249"
_ACCENT: Final = "0F6B64"
# What a sheet cannot hold; XML has no way to write it.
_UNWRITABLE: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(55296, 57344), 65534, 65535))


def xlsx(contents: Sequence[Content], about: About) -> bytes:
    """Return the workbook in the active language. Numbers are numbers, days are days, unknown is an empty cell, text is never a formula."""
    from openpyxl import Workbook

    book = Workbook()
    cover = book.active
    assert cover is not None, "a new workbook has one sheet"
    cover.title = sheet_names([_("Numbers")])[0]
    sheets = [one for one in contents if one.card is None and one.sheet.columns]
    names = sheet_names([_sheet_title(one) for one in sheets], taken=[cover.title])
    _cover(cover, contents, dict(zip((id(one) for one in sheets), names, strict=True)), about)
    for content, name in zip(sheets, names, strict=True):
        _detail(book, name, content, about)
    for sheet in book:
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.page_setup.fitToHeight = 0  # as many pages as the rows need, one page wide
    book.properties.title = _safe(about.board)
    book.properties.creator = _safe(about.company)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _sheet_title(content: Content) -> str:
    return content.title or _("Chart")


# --- the sheet of numbers --------------------------------------------------------------------------------------------------
def _cover(sheet: Any, contents: Sequence[Content], names: dict[int, str], about: About) -> None:
    _write(sheet, 1, 1, about.board).font = _font(bold=True, size=16)
    _write(sheet, 2, 1, about.company).font = _font(bold=True, color=_ACCENT)
    told = [about.span, about.comparison, about.scope, about.truth]
    row = 3
    for line in (part for part in told if part):
        _write(sheet, row, 1, line).font = _font(color=_INK)
        row += 1
    row = _numbers(sheet, row + 1, [one for one in contents if one.card is not None], about)
    _index(sheet, row + 1, contents, names)
    for letter, width in zip("ABCD", (64, 20, 20, 14), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.sheet_view.showGridLines = False


def _numbers(sheet: Any, row: int, cards: Sequence[Content], about: About) -> int:
    """Write value, comparison and change of every number. Return the next free row."""
    if not cards:
        return row
    _head(sheet, row, [_("Number"), _("Value"), _("Compared"), pgettext("noun", "Change")], numbers={2, 3, 4})
    sheet.freeze_panes = sheet.cell(row + 1, 1)
    for content in cards:
        row += 1
        card = content.card
        assert card is not None, "chosen by it"
        _write(sheet, row, 1, content.title)
        if content.problem:
            _write(sheet, row, 2, content.problem)
            continue
        looks = _format(card.kpi.unit, about)
        _write(sheet, row, 2, card.value, looks)
        _write(sheet, row, 3, card.previous, looks)
        moved = card.difference
        _write(
            sheet,
            row,
            4,
            moved if moved is not None else card.change,
            looks if moved is not None else _PERCENT,
        )
    return row + 1


def _index(sheet: Any, row: int, contents: Sequence[Content], names: dict[int, str]) -> None:
    """Write what the other sheets hold, each entry leading to its sheet; words, and why something cannot be shown, stand here themselves."""
    from openpyxl.worksheet.hyperlink import Hyperlink

    for content in contents:
        name = names.get(id(content))
        if name is None:
            if content.card is None:
                told = [part for part in (content.title, content.problem or content.note) if part]
                _write(sheet, row, 1, ": ".join(told)).font = _font(color=_INK)
                row += 1
            continue
        cell = _write(sheet, row, 1, _sheet_title(content))
        quoted = name.replace("'", "''")
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{quoted}'!A1")
        cell.font = _font(color=_ACCENT, underline="single")
        _write(sheet, row, 2, content.problem or content.note)
        row += 1


# --- one sheet a picture or ranking ----------------------------------------------------------------------------------------
def _detail(book: "Workbook", name: str, content: Content, about: About) -> None:
    from openpyxl.utils import get_column_letter

    from kpi.exports import excelcharts

    sheet = book.create_sheet(name)
    _write(sheet, 1, 1, _sheet_title(content)).font = _font(bold=True, size=13)
    _write(sheet, 2, 1, content.problem or content.note).font = _font(color=_INK)
    columns, rows = content.sheet.columns, content.sheet.rows
    numbers = {n for n, column in enumerate(columns, start=1) if column.unit not in {"text", "day", "month"}}
    _head(sheet, HEAD_ROW, [column.name for column in columns], numbers=numbers)
    sheet.freeze_panes = sheet.cell(HEAD_ROW + 1, 1)
    for n, cells in enumerate(rows, start=HEAD_ROW + 1):
        for m, (value, column) in enumerate(zip(cells, columns, strict=True), start=1):
            _write(sheet, n, m, value, _format(column.unit, about))
    for m, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(m)].width = _width(m - 1, column, rows, about)
    if rows and columns:
        sheet.auto_filter.ref = f"A{HEAD_ROW}:{get_column_letter(len(columns))}{HEAD_ROW + len(rows)}"
    if content.chart is not None and rows and not content.chart.empty:
        excelcharts.add(sheet, content, head_row=HEAD_ROW)


def _font(**looks: Any) -> Any:
    """Return a font of the family that the other cells have; one without a name is drawn with serifs by some programs."""
    from openpyxl.styles import Font

    return Font(**{"name": "Calibri", "size": 11, **looks})


def _head(sheet: Any, row: int, names: Sequence[str], *, numbers: Collection[int]) -> None:
    from openpyxl.styles import Alignment, Border, PatternFill, Side

    for n, name in enumerate(names, start=1):
        cell = _write(sheet, row, n, name)
        cell.font = _font(bold=True, color=_INK)
        cell.fill = PatternFill("solid", fgColor=_HEAD_FILL)
        cell.border = Border(bottom=Side(style="thin", color="8F887D"))
        cell.alignment = Alignment(
            horizontal="right" if n in numbers else None, vertical="center", wrap_text=True
        )


def _write(sheet: Any, row: int, column: int, value: Cell, looks: str = "") -> Any:
    """Return the cell. Text is stored as text whatever it begins with, and as in our CSV, so that saving as CSV arms nothing."""
    cell = sheet.cell(row, column)
    if value is None or value == "":
        return cell
    if isinstance(value, str):
        cell.value = _safe(value)
        cell.data_type = "s"  # openpyxl would take "=…" for a formula
        return cell
    cell.value = value if not isinstance(value, Decimal) or value.is_finite() else None
    if looks:
        cell.number_format = looks
    return cell


def _safe(text: str) -> str:
    return harmless(text.translate(_UNWRITABLE))[:32_767]


def _format(unit: str, about: About) -> str:
    """Return Excel's number format: `R$ 1.234,56`, `12,3%`, `31/12/2026`, `nov 2026`, written for the reader's country."""
    if unit == Unit.MONEY:
        places = get_currency_precision(about.currency)
        figure = "#,##0" + ("." + "0" * places if places else "")
        sign = f"[${get_currency_symbol(about.currency, about.locale)}]"
        return f"{sign} {figure};[Red]-{sign} {figure}"
    portuguese = about.locale.startswith("pt")
    return {
        Unit.COUNT: "#,##0",
        "change": "+#,##0;-#,##0;0",
        Unit.PERCENT: _PERCENT,
        "day": "dd/mm/yyyy" if portuguese else "yyyy-mm-dd",
        "month": "[$-416]mmm yyyy" if portuguese else "[$-409]mmm yyyy",
    }.get(unit, "")


def _width(n: int, column: Column, rows: Sequence[Sequence[Cell]], about: About) -> int:
    """Return how wide a column is drawn: as its longest value among the first rows, with room for the filter's arrow in the head."""
    longest = max((_length(row[n], column, about) for row in rows[:SAMPLE]), default=0)
    return min(max(longest + 2, min(len(column.name), 30) + 4, WIDTH[0]), WIDTH[1])


def _length(value: Cell, column: Column, about: About) -> int:
    if value is None:
        return 0
    if isinstance(value, date):
        return 11
    if column.unit == "money" and not isinstance(value, str):
        return len(formats.money(Decimal(value), about.currency, about.locale))
    return len(value) if isinstance(value, str) else len(f"{value:,.0f}") + 2
