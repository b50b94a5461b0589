"""Text to a table: which character separates, which line is the header, which cells a line has."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from sync.providers.csv.roles import role_of
from sync.providers.days import is_day
from sync.providers.decoding import decode, tidy
from sync.providers.memo import plain
from sync.providers.statement import MAX_ROWS, MAX_TEXT, Sentence, StatementError, too_many_rows

DELIMITERS = ";\t|,"  # the comma last: with ties it is more often a decimal mark
HEADER_WITHIN = 30  # non-blank lines
MAX_LINE = 64 * 1024
MAX_COLUMNS = 100
_LONGEST_RECORD = 10  # lines over which one quoted cell may run

_MONEY = re.compile(
    r"\(?[-+]?\s*(?:R\$\s*)?[-+]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+),[0-9]{2}\)?\s*[-+DC]?"
    r"|\(?[-+]?\s*(?:R\$\s*)?[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)\.[0-9]{1,2}\)?\s*[-+DC]?",
    re.ASCII,
)
_LINE = re.compile(r"([^\r\n]*)(?:\r\n?|\n|\Z)")

Line = tuple[int, str]
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A table as found. `records` are (line number, cells), without blank lines; `headers` is empty when the file has none."""

    delimiter: str
    headers: Cells
    preamble: Cells
    records: tuple[tuple[int, Cells], ...]

    @property
    def width(self) -> int:
        """Return how many columns there are."""
        return len(self.headers) or max((len(cells) for _, cells in self.records[:200]), default=0)

    @property
    def sample(self) -> tuple[Cells, ...]:
        """Return the first 200 records: to guess by, and to show."""
        return tuple(cells for _, cells in self.records[:200])

    @property
    def fingerprint(self) -> str:
        """Return the hash under which the mapping of files with this header is remembered."""
        names = [plain(name) for name in self.headers] or ["", str(self.width)]
        return sha256(f"{self.delimiter}{'|'.join(names)}".encode()).hexdigest()


def read_table(data: bytes) -> CsvTable:
    """Return the table of a CSV file. Raises StatementError when its first lines show neither column names nor a date with an amount."""
    lines = _lines(decode(data))
    head = [line for _, line in lines[:HEADER_WITHIN]]
    found = _by_names(head) or _by_content(head)
    if not found:
        raise StatementError(
            Sentence(
                "No table of movements stands in the first %(count)d lines. A statement has a line with column names such as Data, "
                "Histórico and Valor. Export it again as CSV or, better, as OFX.",
                count=HEADER_WITHIN,
            )
        )
    delimiter, begin, has_header = found
    headers = _without_empty_tail(_cells(lines[begin][1], delimiter)) if has_header else ()
    return CsvTable(
        delimiter,
        headers,
        tuple(tidy(line, MAX_TEXT) for line in head[:begin]),
        tuple(_records(lines[begin + has_header :], delimiter, len(headers))),
    )


def is_money(cell: str) -> bool:
    """Return whether a cell looks like an amount with decimals; a document number does not."""
    return bool(_MONEY.fullmatch(cell))


def _lines(text: str) -> list[Line]:
    """Return the lines that are not blank, with their numbers from 1. Bradesco mixes the three kinds of line ends in one file."""
    lines: list[Line] = []
    for number, match in enumerate(_LINE.finditer(text), 1):
        line = match[1]
        if len(line) > MAX_LINE:
            raise StatementError(
                Sentence(
                    "Line %(number)d has %(length)d characters, more than a line of a statement can have. Export the file again as CSV or OFX.",
                    number=number,
                    length=len(line),
                )
            )
        if number > 2 * MAX_ROWS:
            raise too_many_rows()
        if line and not line.isspace():
            lines.append((number, line))
    return lines


def _by_names(head: list[str]) -> tuple[str, int, bool] | None:
    """Return separator and position of the line with the most column names that we know, a date and an amount among them."""
    best: tuple[int, str, int] | None = None
    for delimiter in DELIMITERS:
        for position, line in enumerate(head):
            roles = {role_of(cell) for cell in _cells(line, delimiter)} - {None}
            if (
                "date" in roles
                and roles & {"amount", "credit", "debit"}
                and (best is None or len(roles) > best[0])
            ):
                best = (len(roles), delimiter, position)
    return (best[1], best[2], True) if best else None


def _by_content(head: list[str]) -> tuple[str, int, bool] | None:
    """Return separator and first line of a table whose lines have a date and an amount; the line above may be its header."""
    best: tuple[int, str, int, bool] | None = None
    for delimiter in DELIMITERS:
        table = [_cells(line, delimiter) for line in head]
        hits = [position for position, cells in enumerate(table) if _is_movement(cells)]
        if hits and (best is None or len(hits) > best[0]):
            first = hits[0]
            has_header = first > 0 and _is_header(table[first - 1], len(table[first]))
            best = (len(hits), delimiter, first - has_header, has_header)
    return best[1:] if best else None


def _is_movement(cells: Cells) -> bool:
    return any(is_day(cell) for cell in cells) and any(is_money(cell) for cell in cells)


def _is_header(cells: Cells, width: int) -> bool:
    names = [cell for cell in cells if cell]
    return (
        len(cells) == width
        and len(names) > 1
        and not any(is_day(cell) or any(sign.isdigit() for sign in cell) for cell in names)
    )


def _records(lines: Sequence[Line], delimiter: str, width: int) -> Iterator[tuple[int, Cells]]:
    """Yield each record with the number of its first line."""
    position = count = 0
    while position < len(lines):
        number, line = lines[position]
        cells, used = (
            (_cells(line, delimiter), 1)
            if line.count('"') % 2 == 0
            else _open_quote(lines, position, delimiter, width)
        )
        position += used
        if not any(cells):
            continue
        count += 1
        if count > MAX_ROWS:
            raise too_many_rows()
        yield number, cells


def _open_quote(lines: Sequence[Line], position: int, delimiter: str, width: int) -> tuple[Cells, int]:
    """Return the cells of a line with an odd quotation mark, and how many lines they took.

    It is a stray mark when the line has all columns without it (then a reader of quotes would swallow the lines that follow); otherwise a
    cell runs over the next lines, if they close it soon.
    """
    line = lines[position][1]
    alone = _cells(line, delimiter, quoted=False)
    if width and len(_without_empty_tail(alone)) >= width:
        return alone, 1
    for used in range(2, _LONGEST_RECORD + 1):
        joined = " ".join(text for _, text in lines[position : position + used])
        if joined.count('"') % 2 == 0 and position + used <= len(lines):
            cells = _cells(joined, delimiter)
            return (cells, used) if not width or len(cells) <= width + 1 else (alone, 1)
    return alone, 1


def _cells(line: str, delimiter: str, *, quoted: bool = True) -> Cells:
    cells = [cell.strip().strip('"') for cell in line.split(delimiter)]
    if quoted and '"' in line:
        # A cell past csv's limit: then the plain split above stands.
        with suppress(csv.Error):
            cells = next(csv.reader([line], delimiter=delimiter), [])
    return tuple(tidy(cell, MAX_TEXT) for cell in cells[:MAX_COLUMNS])


def _without_empty_tail(cells: Cells) -> Cells:
    """Return the cells without empty ones at the end: many banks end each line with a separator."""
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]
