"""Lines and items from spreadsheets, and matches to one. Excel's habits are read too: `;`, cp1252, decimal commas, days as dd/mm/yyyy."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NoReturn

from lib import money
from reconciliation.matching.records import Item, Judgement, Line, Settlement

LINE_COLUMNS: Final = ("id", "date", "amount", "name", "document", "description", "reference")
ITEM_COLUMNS: Final = ("id", "due_date", "amount", "name", "document", "reference", "phone", "email")
MATCH_COLUMNS: Final = ("transaction_id", "open_item_id", "amount", "score", "verdict", "reasons")
MOST_SHOWN: Final = 3  # rows of a line that a person must decide
MOST_ERRORS: Final = 10

_ISO_DAY = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ][\d:.,+Z-]*)?")
_LOCAL_DAY = re.compile(r"(\d\d?)[/.-](\d\d?)[/.-](\d{4}|\d\d)")


class FileError(ValueError):
    """A file cannot be used. The message says why, one problem a line, each with the line and the column of the file."""


def read_lines(data: bytes) -> list[Line]:
    """Return the bank lines of a CSV file with the columns `LINE_COLUMNS`. Raises FileError."""

    def line(cell: "_Row") -> Line:
        name, document, description, reference = map(cell.text, LINE_COLUMNS[3:])
        return Line(
            cell.needed("id"), cell.day("date"), cell.amount(), name, document, description, reference
        )

    return _read(data, LINE_COLUMNS, line)


def read_items(data: bytes) -> list[Item]:
    """Return the open items of a CSV file with the columns `ITEM_COLUMNS`. Raises FileError."""

    def item(cell: "_Row") -> Item:
        name, document, reference, phone, email = map(cell.text, ITEM_COLUMNS[3:])
        return Item(
            cell.needed("id"), cell.day("due_date"), cell.amount(), name, document, reference, phone, email
        )

    return _read(data, ITEM_COLUMNS, item)


class _Row:
    """One row of a file, by column name."""

    def __init__(self, number: int, cells: dict[str, str]) -> None:
        self._number = number
        self._cells = cells

    def text(self, column: str) -> str:
        return self._cells.get(column, "").strip()

    def needed(self, column: str) -> str:
        return self.text(column) or self._refuse(column, "is empty")

    def amount(self) -> Decimal:
        text = self.needed("amount")
        try:
            return money.parse(text.replace("\u2212", "-"))
        except money.MoneyError:
            self._refuse("amount", f"{text!r} is not an amount")

    def day(self, column: str) -> date:
        text = self.needed(column)
        if match := _ISO_DAY.fullmatch(text):
            year, month, day = map(int, match.groups())
        elif match := _LOCAL_DAY.fullmatch(text):
            day, month, year = map(int, match.groups())
        else:
            self._refuse(column, f"{text!r} is not a date (2026-07-31 or 31/07/2026)")
        try:
            return date(year + 2000 if year < 100 else year, month, day)
        except ValueError:
            self._refuse(column, f"{text!r} is no day of the calendar")

    def _refuse(self, column: str, problem: str) -> NoReturn:
        raise FileError(f"line {self._number}, column {column}: {problem}")


def _read(data: bytes, columns: Sequence[str], build: Callable[[_Row], Any]) -> list[Any]:
    found: list[Any] = []
    seen: dict[str, int] = {}
    problems: list[str] = []
    for number, cells in _rows(_text(data), columns):
        try:
            made = build(_Row(number, cells))
            if made.id in seen:
                raise FileError(f"line {number}, column id: {made.id!r} stands in line {seen[made.id]} too")
            seen[made.id] = number
            found.append(made)
        except FileError as problem:
            problems.append(str(problem))
        if len(problems) >= MOST_ERRORS:
            problems.append("… and perhaps more; these come first")
            break
    if problems:
        raise FileError("\n".join(problems))
    return found


def _text(data: bytes) -> str:
    """Return the text: UTF-8 (also UTF-16 with its mark) or Windows-1252."""
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            continue
        if "\x00" in text:
            raise FileError(f"line {text.count(chr(10), 0, text.index(chr(0))) + 1}: this is not a text file")
        return text
    raise FileError(f"line {line}: the text is neither UTF-8 nor Windows-1252")


def _rows(text: str, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (number of the line where the row begins, cells by column name)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    names: list[str] | None = None
    end = 0
    try:
        for cells in reader:
            start, end = end + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = _header(cells, columns, start)
                continue
            if any(cell.strip() for cell in cells[len(names) :]):
                raise FileError(
                    f"line {start}, column {len(names) + 1}: {len(cells)} values for {len(names)} columns"
                    " (is a value with a comma not in quotation marks?)"
                )
            yield start, dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise FileError(f"line {reader.line_num}: {error}") from error
    if names is None:
        raise FileError("line 1: the file is empty; its first line names the columns: " + ",".join(columns))


def _header(cells: Sequence[str], columns: Sequence[str], number: int) -> list[str]:
    names = [cell.strip().lower().replace(" ", "_") for cell in cells]
    missing = [column for column in columns[:3] if column not in names]
    if missing:
        raise FileError(
            f"line {number}: column {', '.join(missing)} is missing; there are {', '.join(filter(None, names))};"
            f" expected {', '.join(columns)}"
        )
    twice = next((name for name in names if name in columns and names.count(name) > 1), "")
    if twice:
        raise FileError(f"line {number}: column {twice} stands twice")
    return names


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t|", key=first.count)


def match_rows(lines: Sequence[Line], judgements: Iterable[Judgement]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of `MATCH_COLUMNS`: one for each settled pair, up to three ranked ones for a line that a person must decide, one
    without an item otherwise. A line that settles against another line (refund, own transfer) settles no item; its reasons say so.
    """
    amounts = {line.id: line.amount for line in lines}
    for judgement in judgements:
        pairs = [
            (item, amount, settlement)
            for settlement in judgement.settlements
            for item, amount in _pairs(judgement.line_id, settlement)
        ]
        if not pairs:
            settlement = judgement.settlements[0] if judgement.verdict == "clear" else None
            score, why = (str(settlement.score), _reasons(settlement)) if settlement else ("0", "")
            yield judgement.line_id, "", f"{amounts[judgement.line_id]:.2f}", score, "none", why
        for item, amount, settlement in pairs if judgement.verdict == "clear" else _ranked(pairs):
            yield (
                judgement.line_id, item, f"{amount:.2f}", str(settlement.score), judgement.verdict, _reasons(settlement),
            )  # fmt: skip


def _ranked(pairs: list[tuple[str, Decimal, Settlement]]) -> list[tuple[str, Decimal, Settlement]]:
    """Return the first pairs, each item once."""
    first: dict[str, tuple[str, Decimal, Settlement]] = {}
    for pair in pairs:
        first.setdefault(pair[0], pair)
    return list(first.values())[:MOST_SHOWN]


def _pairs(line: str, settlement: Settlement) -> list[tuple[str, Decimal]]:
    """Return (item, what this line settles of it)."""
    if len(settlement.lines) == 1:
        return [(share.id, share.amount) for share in settlement.items]
    own = next(share.amount for share in settlement.lines if share.id == line)
    return [(share.id, own) for share in settlement.items]


def _reasons(settlement: Settlement) -> str:
    said = [
        reason.name + (f" {' '.join(reason.detail.values())}" if reason.detail else "")
        for reason in settlement.reasons
    ]
    said += [f"{adjustment.kind} {adjustment.amount:.2f}" for adjustment in settlement.adjustments]
    said += [f"with {share.id}" for share in settlement.lines] if len(settlement.lines) > 1 else []
    return ";".join(said).replace("\n", " ")
