"""`manage.py rfm_file ORDERS.csv --out RFM.csv`: who is a good customer, tried on a spreadsheet."""

import time
from argparse import ArgumentParser
from array import array
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from kpi import filetable
from kpi.management.refusing import named
from kpi.segments import rfm

IN: Final = ("customer", "date", "value")
OUT: Final = (
    "customer",
    "recency",
    "frequency",
    "monetary",
    "r",
    "f",
    "m",
    "segment",
    "expected_purchases_90d",
)
DECIMALS: Final = 30  # no currency has more, and sums are exact
SAID: Final = 5  # lines without a customer that are named


class Command(BaseCommand):
    """Reads orders, scores every customer and writes a row for each; needs no company, no database and no server."""

    help = (
        "Score customers by recency, frequency and value (5 is best) from a CSV file of orders, and write them as CSV."
        " Recency counts the days to the day after the last date of the file, or to --as-of. Frequency is the number of orders"
        " (values of zero or more), monetary their sum less refunds (negative values). Equal values have equal scores."
        " expected_purchases_90d comes from a BG/NBD model and is empty where the file is too small for one."
        " Rows without a customer (sales over the counter) are left out and told on standard error."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take both files and the reference day."""
        parser.add_argument("orders", type=Path, help=",".join(IN))
        parser.add_argument("--out", type=Path, required=True, help=",".join(OUT))
        parser.add_argument(
            "--as-of", type=date.fromisoformat, metavar="YYYY-MM-DD",
            help="the reference day: orders of this day and later are left out (default: the day after the last date of the file)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the customers and say on standard error how many of each segment there are."""
        begun = time.monotonic()
        path, as_of = options["orders"], options["as_of"]
        nobody = array("q")
        with named(path):
            found = filetable.by_day(lambda days: rfm.read(_orders(path, days, nobody), before=as_of))
        if nobody:
            self.stderr.write(f"{path}: left out: {_unnamed(nobody)}")
        if as_of is None and found.last == date.max:
            raise CommandError(f"{path}: {date.max} is the last day of the calendar; name a day with --as-of")
        tally: Counter[str | None] = Counter()
        with named(options["out"]):
            rows = filetable.write(options["out"], OUT, _rows(rfm.standings(found, as_of=as_of), tally))
        self.stderr.write(_said(rows, found, tally, time.monotonic() - begun))


def _orders(path: Path, days: filetable.Days, nobody: "array[int]") -> Iterator[tuple[str, date, Decimal]]:
    """Yield the orders of named customers; lines that name none (somebody at the counter, a line of totals) go into `nobody`."""
    del nobody[:]  # a file may be read a second time, with the month first
    table = filetable.table(path, IN)
    for line, (customer, day, value) in table.rows():
        if not customer:
            nobody.append(line)
            continue
        amount = table.number(value, line)
        if int(amount.as_tuple().exponent) < -DECIMALS:
            filetable.refuse(line, "value", f"{value[:40]!r} has more than {DECIMALS} decimal places")
        yield customer, days.read(day, line), amount


def _rows(standings: Iterator[rfm.Standing], tally: "Counter[str | None]") -> Iterator[tuple[str, ...]]:
    for one in standings:
        tally[one.segment] += 1
        tally["forecast"] += one.expected is not None
        exponent = int(one.monetary.as_tuple().exponent)
        yield (
            one.customer, _text(one.recency), str(one.frequency), f"{one.monetary:.2f}" if exponent > -2 else f"{one.monetary:f}",
            _text(one.r), _text(one.f), _text(one.m), one.segment or "", "" if one.expected is None else f"{one.expected:.4f}",
        )  # fmt: skip


def _unnamed(lines: "array[int]") -> str:
    shown = ", ".join(map(str, lines[:SAID])) + (" …" if len(lines) > SAID else "")
    rows, where = ("row", "line") if len(lines) == 1 else ("rows", "lines")
    return f"{len(lines)} {rows} without a customer ({where} {shown})"


def _text(value: int | None) -> str:
    return "" if value is None else str(value)


def _said(rows: int, found: rfm.Orders, tally: "Counter[str | None]", seconds: float) -> str:
    parts = [f"{rows} customers, {len(found.who)} orders in {seconds:.1f} s"]
    if found.left_out:
        parts.append(f"{found.left_out} rows of the reference day or later left out")
    if tally[None]:
        parts.append(f"{tally[None]} customers without an order have no scores")
    if rows and not tally["forecast"]:
        parts.append("no expected purchases: too few customers or repeat purchases to fit the model")
    from kpi.segments.edges import SEGMENTS

    parts.append(", ".join(f"{segment} {tally[segment]}" for segment in SEGMENTS if tally[segment]))
    return "; ".join(filter(None, parts))
