"""Series from a CSV file, and forecasts to one."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import isfinite, nan
from pathlib import Path
from typing import Final, NoReturn

import numpy as np

from kpi import filetable
from kpi.filetable import FileError
from kpi.forecasting.forecast import Prepared, prepare
from kpi.forecasting.records import Forecast, Series, SeriesError

IN: Final = ("series", "period", "value")
OUT: Final = ("series", "period", "mean", "lo80", "hi80", "lo95", "hi95", "model")
_UNKNOWN: Final = {"", "na", "n/a", "nan", "null", "none", "-", "–"}
_DIGITS: Final = 10  # significant ones of a number that is written


class Rows:
    """The rows of one series while the file is read: texts that repeat are kept once, numbers as plain floats."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.periods: list[str] = []
        self.values = array("d")
        self.lines = array("q")

    @property
    def is_known(self) -> bool:
        """Return whether any row has a value."""
        return any(map(isfinite, self.values))

    def series(self) -> Series:
        """Return the rows as a series; NaN is unknown."""
        return Series(self.name, self.periods, [value if isfinite(value) else None for value in self.values])


def read(path: Path) -> list[Rows]:
    """Return the series of a file in the order in which they first appear. Raises FileError and OSError."""
    table = filetable.table(path, IN)
    found: dict[str, Rows] = {}
    texts: dict[str, str] = {}
    for line, (name, period, value) in table.rows():
        if not period:
            filetable.refuse(line, "period", "is empty")
        rows = found.get(name)
        if rows is None:
            if not name:
                filetable.refuse(line, "series", "is empty")
            rows = found[name] = Rows(name)
        rows.periods.append(texts.setdefault(period, period))
        rows.values.append(nan if value.lower() in _UNKNOWN else float(table.number(value, line)))
        rows.lines.append(line)
    if not found:
        raise FileError("line 2: there is no row below the names of the columns")
    return list(found.values())


def prepared(found: Iterable[Rows], horizon: int, season: int | None) -> Iterator[Prepared]:
    """Yield each series ready to be forecast; one without any value gets its periods and no numbers.

    Raises FileError with the line of what cannot be used, and for a file of which no series has a value.
    """
    found = list(found)
    example = max(found, key=lambda rows: len(rows.periods)).series()
    if not any(rows.is_known for rows in found):
        raise FileError("there is no value in any row")
    for rows in found:
        try:
            like = example if len(rows.periods) == 1 else None
            if rows.is_known:
                yield prepare(rows.series(), horizon, season, like)
            else:
                zeros = Series(rows.name, rows.periods, [0.0] * len(rows.periods))
                yield replace(prepare(zeros, horizon, season, like), values=np.empty(0))
        except SeriesError as error:
            _refuse(rows, error)


def _refuse(rows: Rows, error: SeriesError) -> NoReturn:
    line = rows.lines[error.index or 0]
    raise FileError(f"line {line}, series {rows.name!r}: {error}") from error


def rows(found: Iterable[Rows], forecasts: Iterable[Forecast]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of `OUT`, one for every period ahead of every series."""
    for series, made in zip(found, forecasts, strict=True):
        numbers = zip(made.mean, made.lo80, made.hi80, made.lo95, made.hi95, strict=True)
        for period, row in zip(made.periods, numbers, strict=True):
            yield series.name, period, *(filetable.plain(number, _DIGITS) for number in row), made.model
