"""A list as an XLSX file. Imported only where one is written: openpyxl brings numpy along."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any, Final

from django.utils import translation
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from ledger import lists
from ledger.exports import COLUMNS, Column, csv_cell, harmless
from ledger.models import Export
from lib import clock

XLSX_ROWS: Final = 1_000_000  # the format ends at 1,048,576
BATCH: Final = 2_000  # rows between two marks of progress
SAMPLE: Final = 200  # rows that say how wide a column is
WIDTH: Final = (10, 60)  # characters, at least and at most


def of_export(export: Export) -> bytes:
    """Return the file: bold frozen heading, real numbers and days, an automatic filter. Progress is written to the row.

    Raises ValueError with a sentence for the person when there are more rows than the format holds.
    """
    spec = lists.LISTS[export.resource]
    today = clock.business_day(export.created_at, export.tenant.zone)
    filters = lists.parse(spec, export.query, today=today)
    total = sum(part.rows for part in lists.totals(spec, export.tenant, filters))
    Export.objects.filter(pk=export.pk).update(rows_total=total)
    if total > XLSX_ROWS:
        raise ValueError(
            translation.gettext(
                "A spreadsheet holds one million rows at most. Narrow the filter, or take the CSV."
            )
        )
    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(spec.label)[:31])
    sheet.freeze_panes = "A2"
    columns = COLUMNS[spec.name]
    rows = lists.rows(spec, export.tenant, filters)
    first = list(islice(rows, SAMPLE))
    for number, column in enumerate(columns, start=1):
        # A write-only sheet takes widths before its first row and never after.
        sheet.column_dimensions[get_column_letter(number)].width = _width(column, first)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{total + 1}"
    sheet.append([_heading(sheet, str(column.label)) for column in columns])
    for n, row in enumerate(chain(first, rows), start=1):
        sheet.append([_cell(sheet, column.of(row)) for column in columns])
        if n % BATCH == 0:
            Export.objects.filter(pk=export.pk).update(rows_done=n)
    Export.objects.filter(pk=export.pk).update(rows_done=total)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _width(column: Column, rows: Sequence[dict[str, Any]]) -> int:
    """Return how wide a column is drawn: as its longest value among the first rows, with room for the filter's arrow in the head."""
    longest = max((len(csv_cell(column.of(row))) for row in rows), default=0)
    return min(max(longest + 2, len(str(column.label)) + 4, WIDTH[0]), WIDTH[1])


def _heading(sheet: Any, label: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=label)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, Decimal):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "#,##0.00"
        return cell
    if isinstance(value, date) and not isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "dd/mm/yyyy"
        return cell
    if isinstance(value, str):
        # XML has no control characters: one in a bank's text must not cost the whole file.
        text = ILLEGAL_CHARACTERS_RE.sub("", value)
        # The same text as in the CSV: openpyxl takes "=…" for a formula, and a sheet that is saved as CSV would run the others.
        return harmless(text)
    return value
