"""Calendar days as banks write them. The bank's own clock is the local one, so times and offsets are not converted."""

import re
from datetime import date
from typing import Literal

DateOrder = Literal["dmy", "mdy"]

ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy")
EARLIEST, LATEST = date(1980, 1, 1), date(2100, 1, 1)

_OFX = re.compile(r"\s*([0-9]{4})[-/.]?([0-9]{2})[-/.]?([0-9]{2})", re.ASCII)
_TIME = r"(?:[T\s,].{0,40})?"
_YEAR_FIRST = re.compile(rf"([0-9]{{4}})([-/.]?)([0-9]{{2}})\2([0-9]{{2}}){_TIME}", re.ASCII)
_YEAR_LAST = re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2([0-9]{{4}}|[0-9]{{2}}){_TIME}", re.ASCII)
_PACKED = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4})", re.ASCII)


def ofx_day(text: str) -> date:
    """Return the day of an OFX date: its first eight digits, whatever time and offset follow. Raises ValueError."""
    match = _OFX.match(text)
    if not match:
        raise ValueError(f"not a date: {text[:40]!r}")
    return _day(int(match[1]), int(match[2]), int(match[3]))


def csv_day(text: str, order: DateOrder = "dmy") -> date:
    """Return the day of a cell: `31/12/2026`, `31-12-26`, `2026-12-31`, `20261231`, `31122026`, with or without a time. Raises ValueError.

    `order` decides only where the year stands last.
    """
    word = text.strip()
    if (match := _YEAR_FIRST.fullmatch(word)) and EARLIEST.year <= int(match[1]) < LATEST.year:
        return _day(int(match[1]), int(match[3]), int(match[4]))
    if match := _YEAR_LAST.fullmatch(word):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
    elif match := _PACKED.fullmatch(word):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
    else:
        raise ValueError(f"not a date: {text[:40]!r}")
    day, month = (first, second) if order == "dmy" else (second, first)
    return _day(year if year > 99 else 2000 + year, month, day)


def is_day(text: str) -> bool:
    """Return whether a cell can be read as a day in any order."""
    for order in ORDERS:
        try:
            csv_day(text, order)
        except ValueError:
            continue
        return True
    return False


def date_order(texts: list[str]) -> DateOrder:
    """Return how these cells order day and month: day first unless one of them proves the contrary and none proves it."""
    pairs = [
        (int(match[1]), int(match[3])) for text in texts if (match := _YEAR_LAST.fullmatch(text.strip()))
    ]
    return (
        "mdy" if any(second > 12 for _, second in pairs) and all(first <= 12 for first, _ in pairs) else "dmy"
    )


def _day(year: int, month: int, day: int) -> date:
    found = date(year, month, day)
    if not EARLIEST <= found < LATEST:
        raise ValueError(f"no date of a statement: {found}")
    return found
