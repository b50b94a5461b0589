"""Tables of a person's own files: CSV as programs and as Excel write it, row by row, so that memory does not follow the file.

Read are `,`, `;`, tab and `|` as separators (the header line decides), UTF-8 with or without its mark and Windows-1252, days as
2026-07-31, 20260731 or 31/07/2026 (day first, unless a file has 07/31/2026), with or without a time, and numbers with a decimal point or comma.
Where `;` separates and no number says otherwise, points before groups of three part thousands: so Excel writes whole numbers in Brazil.
"""

import codecs
import csv
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, NoReturn, TypeVar

SAMPLE: Final = 10_000  # rows that decide whether a comma is the decimal sign
_CHUNK: Final = 1 << 20
_ISO: Final = re.compile(r"(\d{4})[-/.]?(\d\d?)[-/.]?(\d\d?)")
_LOCAL: Final = re.compile(r"(\d\d?)[/.-](\d\d?)[/.-](\d{4})")
_MONTH: Final = re.compile(r"\d{4}-\d\d")
_CLOCK: Final = re.compile(r"(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_PLAIN: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_COMMA: Final = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)?,\d+")
_GROUPED: Final = re.compile(
    r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+"
)  # not 0.123, in which a point parts no thousands
_MILLIONS: Final = re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){2,}")
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d+|[+-]?\d{1,3}(?:,\d{3}){2,}")
_EITHER: Final = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")  # 1,234: over a thousand, or a little over one
_NOISE: Final = re.compile(r"[\s\u00a0\u202f]|R\$")
LIMIT: Final = Decimal("1e30")
T = TypeVar("T")
_SMALLEST: Final = 320  # decimal places; a float holds no smaller number


class FileError(ValueError):
    """A file cannot be used. The message is one sentence with the line of the file."""


class MonthFirst(FileError):
    """A day can only be read with the month first (07/31/2026), so the others of its file are to be read so, too."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose first line named the columns: where each wanted column stands, and how numbers are written.

    `decimal_comma`: its values say that a comma is the decimal sign; `grouping_comma`: that it parts thousands.
    """

    path: Path
    encoding: str
    delimiter: str
    places: tuple[int, ...]
    decimal_comma: bool
    grouping_comma: bool = False

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield (line of the file, the wanted cells in the wanted order, stripped). Empty lines are left out. Raises FileError."""
        width = max(self.places) + 1
        first, single = self.places[0], len(self.places) == 1
        for number, cells in _lines(self.path, self.encoding, self.delimiter):
            if len(cells) < width:
                if len(cells) == 1 and not cells[0].strip():
                    continue
                raise FileError(f"line {number}: {len(cells)} values where {width} are expected")
            if single:
                yield number, (cells[first].strip(),)
                continue
            found = tuple([cells[place].strip() for place in self.places])
            if any(found):
                yield number, found

    def number(self, text: str, line: int, column: str = "value") -> Decimal:
        """Return the number in a cell. Raises FileError; "" and words are refused."""
        plain = _PLAIN.fullmatch(text) is not None
        word = text if plain else _NOISE.sub("", text).replace("\u2212", "-")
        if plain and not self.decimal_comma:
            pass
        elif (self.decimal_comma and _GROUPED.fullmatch(word)) or _MILLIONS.fullmatch(word):
            word = word.replace(".", "")
        elif self.grouping_comma and _EITHER.fullmatch(word):
            word = word.replace(",", "")
        elif _COMMA.fullmatch(word):
            word = word.replace(".", "").replace(",", ".")
        elif _THOUSANDS.fullmatch(word):
            word = word.replace(",", "")  # also 1,234,567, which is nothing else
        if not _PLAIN.fullmatch(word):
            refuse(line, column, f"{text!r} is not a number" if text else "is empty")
        value = Decimal(word)
        if abs(value) >= LIMIT or (value and value.adjusted() < -_SMALLEST):
            refuse(line, column, f"{text!r} is out of range")
        return value


def refuse(line: int, column: str, problem: str) -> NoReturn:
    """Raise FileError for one cell."""
    raise FileError(f"line {line}, column {column}: {problem}")


def table(path: Path, columns: Sequence[str]) -> Table:
    """Open a file that must have these columns (in any order, others are ignored); the last one holds numbers. Raises FileError and OSError."""
    encoding = _encoding(path)
    delimiter = _delimiter(path, encoding)
    line, header = next(_lines(path, encoding, delimiter, header=True), (1, None))
    if header is None:
        raise FileError("line 1: the file is empty; its first line names the columns " + ",".join(columns))
    names = [cell.strip().lower() for cell in header]
    missing = [column for column in columns if column not in names]
    if missing:
        there = ", ".join(filter(None, names)) or "none"
        raise FileError(f"line {line}: column {', '.join(missing)} is missing; the columns are {there[:200]}")
    twice = next((column for column in columns if names.count(column) > 1), None)
    if twice:
        raise FileError(f"line {line}: column {twice} stands twice")
    places = tuple(names.index(column) for column in columns)
    comma, point = _decimal_signs(path, encoding, delimiter, places[-1])
    return Table(path, encoding, delimiter, places, comma, grouping_comma=point and not comma)


def _encoding(path: Path) -> str:
    """Return how the text is written. UTF-8 is what can be read as such from end to end; anything else is Windows-1252."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        start = file.read(2)
        if start in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16"
        file.seek(0)
        while chunk := file.read(_CHUNK):
            if b"\x00" in chunk:
                raise FileError("line 1: this is not a text file")
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return "cp1252"
    return "utf-8-sig"


def _delimiter(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        first = next((line for line in file if line.strip()), "")
    return max(",;\t|", key=first.count)


def _lines(
    path: Path, encoding: str, delimiter: str, *, header: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield (line where the row begins, cells): the header line only, or what comes after it."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        end, named = 0, False
        try:
            for cells in reader:
                start, end = end + 1, reader.line_num
                if named:
                    if cells:
                        yield start, cells
                elif any(cell.strip() for cell in cells):
                    named = True
                    if header:
                        yield start, cells
                        return
        except csv.Error as error:
            raise FileError(f"line {reader.line_num}: {error}") from error


def _decimal_signs(path: Path, encoding: str, delimiter: str, place: int) -> tuple[bool, bool]:
    """Return whether the first values show a decimal comma (1.234,56), and whether they show a decimal point (1,234.56 or 12.5).

    1,234 may be either. It is read as the other values are; where they say nothing, as 1.234, for this is written for Brazil.
    So may 1.234 below `;`: more than a thousand, unless any value of the file has a point that parts no thousands.
    """
    comma = either = point = grouped = False
    excel = delimiter == ";"
    for number, (_line, cells) in enumerate(_lines(path, encoding, delimiter)):
        if number >= SAMPLE and (comma or point or not excel):
            break
        word = _NOISE.sub("", cells[place]) if len(cells) > place else ""
        if _MILLIONS.fullmatch(word):
            comma = True  # 1.234.567: where a point parts thousands, a comma is the decimal sign
        elif _GROUPED.fullmatch(word):
            grouped = True
        elif "," not in word:
            point = point or "." in word
        elif _THOUSANDS.fullmatch(word):
            point = True
        elif _EITHER.fullmatch(word):
            either = True
        elif _COMMA.fullmatch(word):
            comma = True
    return comma or ((either or (excel and grouped)) and not point), point


class Days:
    """Reads days; a file repeats the same few thousand, so each text is read once."""

    def __init__(self, *, month_first: bool = False) -> None:
        self._month_first = month_first
        self._known: dict[str, date] = {}

    def read(self, text: str, line: int, column: str = "date") -> date:
        """Return the day, the time of day left away (and with it the zone: the day is the one that is written). Raises FileError, MonthFirst."""
        word = text[:10]
        found = self._known.get(word)
        if found is None or len(text) > 10:
            return self._read(text, line, column)
        return found

    def _read(self, text: str, line: int, column: str) -> date:
        head, _mark, clock = text.replace("T", " ", 1).partition(" ")
        if (found := self._known.get(head)) is None:
            found = _day(head, line, column, text, month_first=self._month_first)
            if len(self._known) < 100_000:
                self._known[head] = found
        if clock and not _CLOCK.fullmatch(clock.strip().replace(" ", "")):
            refuse(line, column, f"{text!r} is not a date (2026-07-31 or 31/07/2026)")
        return found


def by_day(read: Callable[[Days], T]) -> T:
    """Return what `read` makes of a file with days that have the day first; with the month first where one of them has no other meaning.

    Raises FileError, also for a file that has both.
    """
    try:
        return read(Days())
    except MonthFirst:
        return read(Days(month_first=True))


def _day(word: str, line: int, column: str, text: str, *, month_first: bool) -> date:
    if match := _ISO.fullmatch(word):
        year, month, day = map(int, match.groups())
    elif match := _LOCAL.fullmatch(word):
        day, month, year = map(int, match.groups())
        if month > 12 >= day and not month_first:
            raise MonthFirst(f"line {line}, column {column}: {text!r} has the month first")
        if month_first and day > 12 >= month:
            refuse(line, column, f"{text!r} has the day first, where other lines have the month first")
        day, month = (month, day) if month_first else (day, month)
    else:
        refuse(line, column, f"{text!r} is not a date (2026-07-31 or 31/07/2026)" if text else "is empty")
    try:
        return date(year, month, day)
    except ValueError:
        refuse(line, column, f"{text!r} is no day of the calendar")


def moment(text: str, days: Days, line: int, column: str = "timestamp") -> datetime:
    """Return the moment as it is written: naive, zones left away, so that a series keeps its own clock. A month is its first day;
    Unix seconds and milliseconds are taken as UTC. Raises FileError, MonthFirst.
    """
    if text.isdecimal() and len(text) in (10, 13):
        return datetime.fromtimestamp(int(text[:10]), UTC).replace(tzinfo=None)
    if _MONTH.fullmatch(text):
        text += "-01"
    day = days.read(text, line, column)
    match = _CLOCK.search(text, 8)
    if match is None:
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the file's own clock
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    try:
        return datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001 - the file's own clock
    except ValueError:
        refuse(line, column, f"{text!r} is no time of day")


def plain(value: float, digits: int = 6) -> str:
    """Return a number for a cell: at most `digits` significant digits, no exponent, "" for what is not finite."""
    if not math.isfinite(value):
        return ""
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(places, 12)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0") else text


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a CSV file (UTF-8, comma) and return its rows. It appears whole or not at all, but for a pipe or device, which is written to. Raises OSError."""
    if path.exists() and not path.is_file():
        return _write(path, columns, rows)  # to put a file in its place would take /dev/stdout from everybody
    path = Path(os.path.realpath(path))  # a link goes on leading to its file
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        count = _write(draft, columns, rows)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    with path.open("w", encoding="utf-8", newline="") as out:
        count, writer = 0, csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count
