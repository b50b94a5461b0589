"""`manage.py detect_file SERIES.csv --out ANOMALIES.csv`: which values of any series are not what it led one to expect."""

import math
import re
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.core.management.base import BaseCommand

from kpi import filetable
from kpi.management.refusing import named

if TYPE_CHECKING:
    from kpi.anomalies.detect import Detection

IN: Final = ("timestamp", "value")
OUT: Final = ("timestamp", "value", "expected", "lo", "hi", "score", "anomaly")
# Periods without a day: weeks, quarters, years, months in six digits or before the year, mere numbers. How far apart they are taken to lie.
_COUNTED: Final = re.compile(
    r"\d{1,7}|\d{4}[- ]?W\d\d?(-[1-7])?|\d{4}[-/ ]?[QqTt][1-4]|[QqTt]?[1-4][QqTt]?[-/ ]?\d{4}|\d\d?[-/.]\d{4}"
)
_APART: Final = {
    "week": timedelta(days=7), "month": timedelta(days=30), "quarter": timedelta(days=91), "year": timedelta(days=365),
    "number": timedelta(hours=1),
}  # fmt: skip
_BASE: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - the file's own clock
UNKNOWN: Final = frozenset({"", "nan", "null", "none", "na", "n/a", "-", "–"})


@dataclass(slots=True)
class _Series:
    """Rows as they stand in the file: texts to be written again, moments and values to be judged (NaN: no value)."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class Command(BaseCommand):
    """Reads a series, judges every point and writes a row for each; needs no company, no database and no server."""

    help = (
        "Judge every point of a series from a CSV file and write it as CSV with the value that was expected, the band, the score and"
        " anomaly 0 or 1. What is said of a point comes only from points before it. The score is the deviation in units of the band:"
        " from 1 on it is an anomaly, which one point in 250 is by chance. Rows keep their order; without a value there is no score,"
        " and the first points have no expectation yet."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take both files and whether holidays are kept."""
        parser.add_argument("series", type=Path, help=",".join(IN))
        parser.add_argument("--out", type=Path, required=True, help=",".join(OUT))
        parser.add_argument(
            "--brazilian-holidays", action="store_true", help="on them a day of a daily series may also be like a Sunday"
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the points and say on standard error what was found."""
        begun = time.monotonic()
        path = options["series"]
        with named(path):
            series = _read(path)
        found, order = _judge(series, holidays=options["brazilian_holidays"])
        with named(options["out"]):
            rows = filetable.write(options["out"], OUT, _rows(series, found, order))
        self.stderr.write(
            f"{rows} points, {_said(series, found, order)}, in {time.monotonic() - begun:.1f} s"
        )


def _read(path: Path) -> _Series:
    table, series = filetable.table(path, IN), _Series()
    lines = []
    for line, (stamp, value) in table.rows():
        unknown = value.lower() in UNKNOWN
        lines.append(line)
        series.texts.append((stamp, value))
        series.values.append(math.nan if unknown else float(table.number(value, line)))
    series.moments = _moments([stamp for stamp, _value in series.texts], lines)
    return series


def _moments(stamps: list[str], lines: list[int]) -> list[datetime]:
    """Return when each row was; of periods without a day only how far apart they are. Raises FileError."""
    if not stamps or not _COUNTED.fullmatch(stamps[0]):
        rows = list(zip(stamps, lines, strict=True))
        return filetable.by_day(lambda days: [filetable.moment(stamp, days, line) for stamp, line in rows])
    from kpi.forecasting import periods

    try:
        axis = periods.read(stamps)
        return [_BASE + place * _APART[axis.frequency] for place in axis.places]
    except periods.PeriodError as error:
        filetable.refuse(lines[error.index], "timestamp", str(error))
    except OverflowError:
        filetable.refuse(lines[-1], "timestamp", "these lie too far apart")


def _judge(series: _Series, *, holidays: bool) -> "tuple[Detection, list[int]]":
    """Return the detection in the order of time, and where each row of the file stands in it."""
    import numpy as np

    from kpi.anomalies.detect import detect
    from kpi.anomalies.freedays import brazilian

    times = np.array(series.moments, dtype="datetime64[s]")
    order = np.argsort(times, kind="stable")
    free = brazilian({moment.year for moment in series.moments}) if holidays else frozenset()
    found = detect(times[order], np.array(series.values)[order], free_days=free)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return found, place.tolist()


def _rows(series: _Series, found: "Detection", order: list[int]) -> Iterator[tuple[str, ...]]:
    columns = [column.tolist() for column in (found.expected, found.lo, found.hi)]
    scores, anomaly = found.score.tolist(), found.anomaly.tolist()
    for (stamp, value), place in zip(series.texts, order, strict=True):
        band = (filetable.plain(column[place], 10) for column in columns)
        yield stamp, value, *band, filetable.plain(scores[place], 4), str(int(anomaly[place]))


def _said(series: _Series, found: "Detection", order: list[int]) -> str:
    import numpy as np

    from kpi.anomalies.incidents import incidents

    values = np.empty(len(order))
    values[order] = series.values
    kinds = [one.kind for one in incidents(values, found)]
    counts = [f"{kinds.count('high')} incidents too high, {kinds.count('low')} too low"]
    if missing := sum(map(math.isnan, series.values)):
        counts.append(f"{missing} without a value")
    if not np.isfinite(found.expected).any() and series.values:
        counts.append("too few points to expect anything")
    return ", ".join(counts)
