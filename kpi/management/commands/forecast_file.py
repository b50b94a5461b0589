"""`manage.py forecast_file SERIES.csv --horizon N --out FORECAST.csv`: the forecasts tried on a spreadsheet."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.core.management.base import BaseCommand, CommandError

from kpi import filetable
from kpi.management.refusing import named
from reconciliation.management.bar import Bar

if TYPE_CHECKING:
    from kpi.forecasting.records import Forecast

SAID: Final = 50  # series that are named one by one when they cannot be used


class Command(BaseCommand):
    """Reads series, forecasts each and writes its next periods; needs no company, no database and no server."""

    help = (
        "Forecast every series of a CSV file (columns series,period,value) and write its next periods with 80 and 95 % bounds as CSV."
        " Periods may be days, weeks (2026-W05), months, quarters (2026Q1), years or numbers; those ahead are written in the same way."
        " A series that cannot be used (a period twice, a value that is no number, a period unlike its others) is left out and named with its lines"
        " on standard error; the others are written, and the exit status is 1."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take both files, how far to look, and the season."""
        parser.add_argument("series", type=Path, help="series,period,value")
        parser.add_argument("--horizon", type=_positive, required=True, help="periods ahead of every series")
        parser.add_argument(
            "--season",
            type=_positive,
            help="periods of a cycle, 1 for none (default: what the periods suggest)",
        )
        parser.add_argument("--processes", type=_positive, default=2, help="how many at once (default: 2)")
        parser.add_argument(
            "--out", type=Path, required=True, help="series,period,mean,lo80,hi80,lo95,hi95,model"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the forecasts and say on standard error how many series each model made."""
        from kpi.forecasting import (
            files,
            parallel,
        )  # numpy is heavy, and every command's module is read by `manage.py help`

        begun, path = time.monotonic(), options["series"]
        with named(path):
            # All series are read and put in order before the first is forecast: what is wrong with the file is said at once.
            ready = files.prepared(files.read(path), options["horizon"], options["season"])
        _say(self.stderr, path, ready.refused)
        tally: Counter[str] = Counter()
        found, waiting = [rows for rows, _one in ready.series], [one for _rows, one in ready.series]
        try:
            with named(options["out"]), Bar(self.stderr) as bar:
                made = _counted(
                    parallel.forecast_all(waiting, processes=options["processes"]), len(waiting), bar, tally
                )
                filetable.write(options["out"], files.OUT, files.rows(found, made))
        except BrokenProcessPool as error:
            raise CommandError(
                "A process ended before it was done: is there enough memory? Try --processes 1."
            ) from error
        by_model = ", ".join(f"{count} {model}" for model, count in tally.most_common())
        self.stderr.write(f"{len(waiting)} series in {time.monotonic() - begun:.1f} s: {by_model}")
        if ready.refused:
            raise CommandError(
                f"{path}: {len(ready.refused)} of {len(found) + len(ready.refused)} series left out"
            )


def _say(out: Any, path: Path, refused: Sequence[str]) -> None:
    """Name what is left out before the work begins: who watches can stop and mend the file."""
    for sentence in refused[:SAID]:
        out.write(f"{path}: left out: {sentence}")
    if len(refused) > SAID:
        out.write(f"{path}: left out: {len(refused) - SAID} more")


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 10_000:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to 10000")
    return int(text)


def _counted(
    forecasts: "Iterable[Forecast]", total: int, bar: Bar, tally: "Counter[str]"
) -> "Iterator[Forecast]":
    for done, made in enumerate(forecasts, start=1):
        tally[made.model] += 1
        bar.show(done / total, f"{done} series")
        yield made
