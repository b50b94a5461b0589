"""Fields at fixed positions: a table says name, start, end and kind; a Row is one line read by it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from reconciliation.cnab.records import CnabError
from sync.providers.statement import Notes, Sentence

FILLER = "\u200b"  # stands at a position whose byte belongs to the character before it

# money and cost have two decimals and no separator; a cost that is no number is noted and left out, for nothing is reckoned with it
Kind = Literal["text", "money", "cost", "count", "day6", "day8"]
_YEARS = range(1980, 2100)  # outside of them the line is shifted

Value = str | Decimal | int | date | None


@dataclass(frozen=True, slots=True)
class Field:
    """One field: positions as in the manuals, from 1, both ends included."""

    name: str
    start: int
    end: int
    kind: Kind = "text"


Table = tuple[Field, ...]


def table(*rows: tuple[str, int, int] | tuple[str, int, int, Kind]) -> Table:
    """Return the fields of one record."""
    return tuple(Field(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class Line:
    """One record of the file: its number from 1 and its characters, as many as the layout has."""

    number: int
    text: str

    def at(self, start: int, end: int) -> str:
        """Return the characters from start to end, from 1, both included."""
        return self.text[start - 1 : end]


class Row:
    """One line read by a table. A field that the table does not have is "" as text and None otherwise."""

    __slots__ = ("line", "values")

    def __init__(self, line: Line, fields: Table, notes: Notes, *, strict: bool = True) -> None:
        """Read every field. A day that is none is noted and becomes None; an amount or count that is none raises CnabError.

        Without `strict` (headers and trailers, which settle nothing) such a number is noted and becomes None too.
        """
        self.line = line
        self.values: dict[str, Value] = {field.name: _value(line, field, notes, strict) for field in fields}

    def joined(self, other: "Row") -> "Row":
        """Return one row with the fields of both; the line stays this one's."""
        row = Row(self.line, (), Notes())
        row.values = self.values | other.values
        return row

    def text(self, name: str) -> str:
        """Return a text without the blanks around it."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def name(self, name: str) -> str:
        """Return a text that banks fill with zeros where they have none: those are ""."""
        text = self.text(name)
        return text if text.strip("0") else ""

    def money(self, name: str) -> Decimal | None:
        """Return an amount, None when the field is blank."""
        value = self.values.get(name)
        return value if isinstance(value, Decimal) else None

    def count(self, name: str) -> int | None:
        """Return a number, None when the field is blank."""
        value = self.values.get(name)
        return value if isinstance(value, int) else None

    def day(self, name: str) -> date | None:
        """Return a day, None when the field is blank or zeros."""
        value = self.values.get(name)
        return value if isinstance(value, date) else None


def _value(line: Line, field: Field, notes: Notes, strict: bool) -> Value:
    raw = line.at(field.start, field.end)
    match field.kind:
        case "text":
            return raw.replace(FILLER, "").strip()
        case "money" | "cost":
            digits = _digits(line, field, raw, notes, strict and field.kind == "money")
            return Decimal(digits).scaleb(-2) if digits else None
        case "count":
            digits = _digits(line, field, raw, notes, strict)
            return int(digits) if digits else None
        case "day6" | "day8":
            return _day(line, field, raw, notes)


def _digits(line: Line, field: Field, raw: str, notes: Notes, strict: bool) -> str:
    """Return the digits of a numeric field, "" when blank. Blanks after digits mean a cut or shifted line, never a smaller number."""
    digits = raw.lstrip(" ")
    if not digits or (digits.isascii() and digits.isdigit()):
        return digits
    sentence = Sentence(
        "Line %(line)d: positions %(start)d to %(end)d should be a number but hold “%(text)s”.",
        line=line.number,
        start=field.start,
        end=field.end,
        text=raw,
    )
    if strict:
        raise CnabError(sentence)
    notes.add(sentence)
    return ""


def _day(line: Line, field: Field, raw: str, notes: Notes) -> date | None:
    """Return DDMMYY or DDMMYYYY as a day. Two-digit years: 00 to 79 are of this century (the layouts are younger than 1980)."""
    word = raw.strip()
    if not word.strip("0"):
        return None
    length = 6 if field.kind == "day6" else 8
    if len(word) == length and word.isascii() and word.isdigit():
        year = int(word[4:])
        if length == 6:
            year += 2000 if year < 80 else 1900
        try:
            day = date(year, int(word[2:4]), int(word[:2]))
        except ValueError:
            day = date.min  # noted below, as any other word that is no day
        if day.year in _YEARS:
            return day
    notes.add(
        Sentence(
            "Line %(line)d: positions %(start)d to %(end)d hold “%(text)s”, which is no date; it is left out.",
            line=line.number,
            start=field.start,
            end=field.end,
            text=raw,
        )
    )
    return None
