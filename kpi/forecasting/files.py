"""Series from a CSV file, and forecasts to one."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import isfinite, nan
from pathlib import Path
from typing import Final

import numpy as np

from kpi import filetable
from kpi.filetable import FileError
from kpi.forecasting import periods
from kpi.forecasting.forecast import Prepared, prepare
from kpi.forecasting.records import Forecast, Series, SeriesError

IN: Final = ("series", "period", "value")
OUT: Final = ("series", "period", "mean", "lo80", "hi80", "lo95", "hi95", "model")
_UNKNOWN: Final = {"", "na", "n/a", "nan", "null", "none", "-", "–"}
_DIGITS: Final = 10  # significant ones of a number that is written


class Rows:
    """The rows of one series while the file is read: texts that repeat are kept once, numbers as plain floats.

    `problem` is the sentence that says why the series cannot be used, with the line of the file; "" where nothing is known against it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.periods: list[str] = []
        self.values = array("d")
        self.lines = array("q")
        self.problem = ""
        self.month_first = False

    @property
    def is_known(self) -> bool:
        """Return whether any row has a value."""
        return any(map(isfinite, self.values))

    def series(self) -> Series:
        """Return the rows as a series; NaN is unknown."""
        values = [value if isfinite(value) else None for value in self.values]
        return Series(self.name, self.periods, values, self.month_first)


@dataclass(frozen=True, slots=True)
class Ready:
    """What a file holds: each series that can be forecast beside what it takes, and a sentence for each of the others, in the file's order."""

    series: list[tuple[Rows, Prepared]]
    refused: list[str]


def read(path: Path) -> list[Rows]:
    """Return the series of a file in the order in which they first appear. Raises OSError, and FileError for what is wrong with the file as a whole."""
    table = filetable.table(path, IN)
    found: dict[str, Rows] = {}
    texts: dict[str, str] = {}
    for line, (name, period, value) in table.rows():
        rows = found.get(name)
        if rows is None:
            if not name:  # nobody knows which series would lack it
                filetable.refuse(line, "series", "is empty")
            rows = found[name] = Rows(name)
        if rows.problem:
            continue
        try:
            number = nan if value.lower() in _UNKNOWN else float(table.number(value, line))
            if not period:
                filetable.refuse(line, "period", "is empty")
        except FileError as error:
            rows.problem = f"{error} (series {name!r})"
            continue
        rows.periods.append(texts.setdefault(period, period))
        rows.values.append(number)
        rows.lines.append(line)
    if not found:
        raise FileError("line 2: there is no row below the names of the columns")
    return list(found.values())


def prepared(found: Iterable[Rows], horizon: int, season: int | None) -> Ready:
    """Return each series ready to be forecast, one without any value with its periods and no numbers; and why others cannot be.

    Raises FileError with the first sentence where no series can be forecast, and for a file of which no series has a value.
    """
    found = list(found)
    usable = [rows for rows in found if not rows.problem]
    if usable and not any(rows.is_known for rows in usable) and len(usable) == len(found):
        raise FileError("there is no value in any row")
    month_first = periods.month_first({period for rows in usable for period in rows.periods})
    for rows in usable:
        rows.month_first = month_first
    example = max(usable, key=lambda rows: len(rows.periods)).series() if usable else None
    ready: list[tuple[Rows, Prepared]] = []
    for rows in usable:
        try:
            ready.append((rows, _prepared(rows, horizon, season, example)))
        except SeriesError as error:
            rows.problem = _said(rows, error)
    refused = [rows.problem for rows in found if rows.problem]
    if not ready:
        raise FileError(
            refused[0] + (f"; {len(refused) - 1} more series cannot be used" if len(refused) > 1 else "")
        )
    return Ready(ready, refused)


def _prepared(rows: Rows, horizon: int, season: int | None, example: Series | None) -> Prepared:
    like = example if len(rows.periods) == 1 else None
    if rows.is_known:
        return prepare(rows.series(), horizon, season, like)
    zeros = replace(rows.series(), values=[0.0] * len(rows.periods))
    return replace(prepare(zeros, horizon, season, like), values=np.empty(0))


def _said(rows: Rows, error: SeriesError) -> str:
    lines = [rows.lines[index] for index in (error.before, error.index) if index is not None]
    where = f"lines {lines[0]} and {lines[1]}" if len(lines) == 2 else f"line {(lines or rows.lines)[0]}"
    return f"{where}, series {rows.name!r}: {error}"


def rows(found: Iterable[Rows], forecasts: Iterable[Forecast]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of `OUT`, one for every period ahead of every series."""
    for series, made in zip(found, forecasts, strict=True):
        numbers = zip(made.mean, made.lo80, made.hi80, made.lo95, made.hi95, strict=True)
        for period, row in zip(made.periods, numbers, strict=True):
            yield series.name, period, *(filetable.plain(number, _DIGITS) for number in row), made.model
