"""`manage.py forecast_file SERIES.csv --horizon N --out FORECAST.csv`: the forecasts tried on a spreadsheet."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from kpi import filetable
from reconciliation.management.bar import Bar

if TYPE_CHECKING:
    from kpi.forecasting.records import Forecast


class Command(BaseCommand):
    """Reads series, forecasts each and writes its next periods; needs no company, no database and no server."""

    help = (
        "Forecast every series of a CSV file (columns series,period,value) and write its next periods with 80 and 95 % bounds as CSV."
        " Periods may be days, weeks (2026-W05), months, quarters (2026Q1), years or numbers; those ahead are written in the same way."
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
        try:
            found = files.read(path)
            # All series are read and put in order before the first is forecast: what is wrong with the file is said at once.
            ready = list(files.prepared(found, options["horizon"], options["season"]))
        except (OSError, filetable.FileError) as error:
            raise CommandError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        tally: Counter[str] = Counter()
        try:
            with Bar(self.stderr) as bar:
                made = _counted(
                    parallel.forecast_all(ready, processes=options["processes"]), len(ready), bar, tally
                )
                filetable.write(options["out"], files.OUT, files.rows(found, made))
        except BrokenProcessPool as error:
            raise CommandError(
                "A process ended before it was done: is there enough memory? Try --processes 1."
            ) from error
        except OSError as error:
            raise CommandError(f"{options['out']}: {error.strerror}") from error
        by_model = ", ".join(f"{count} {model}" for model, count in tally.most_common())
        self.stderr.write(f"{len(ready)} series in {time.monotonic() - begun:.1f} s: {by_model}")


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
