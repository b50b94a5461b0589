"""`manage.py match_files TRANSACTIONS.csv OPEN_ITEMS.csv --out MATCHES.csv`: the matcher tried on a spreadsheet."""

import csv
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reconciliation.management.bar import Bar
from reconciliation.matching import files
from reconciliation.matching.match import match


class Command(BaseCommand):
    """Reads both files, judges every bank line and writes the matches; needs no company, no database and no server."""

    help = "Match bank lines with open items, both from CSV files, and write the matches as CSV."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the three files."""
        parser.add_argument("transactions", type=Path, help=",".join(files.LINE_COLUMNS))
        parser.add_argument("open_items", type=Path, help=",".join(files.ITEM_COLUMNS))
        parser.add_argument("--out", type=Path, required=True, help=",".join(files.MATCH_COLUMNS))

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the matches and say on standard error how many of each verdict there are."""
        begun = time.monotonic()
        _refuse_input(options["out"], options["transactions"], options["open_items"])
        lines = _read(options["transactions"], files.read_lines)
        items = _read(options["open_items"], files.read_items)
        with Bar(self.stderr) as bar:
            judgements = match(lines, items, progress=bar.show)
        _write(options["out"], list(files.match_rows(lines, judgements)))
        counts = Counter(judgement.verdict for judgement in judgements)
        self.stderr.write(
            f"{len(lines)} lines, {len(items)} open items: {counts['clear']} clear, {counts['ambiguous']} ambiguous,"
            f" {counts['none']} none, in {time.monotonic() - begun:.1f} s"
        )


def _refuse_input(out: Path, *inputs: Path) -> None:
    """Raise CommandError when the answer would be written over a question."""
    if any(out.resolve() == path.resolve() for path in inputs):
        raise CommandError(f"{out}: this is one of the files to read; name another one for the matches")


def _read(path: Path, read: Callable[[bytes], list[Any]]) -> list[Any]:
    try:
        return read(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandError(f"{path}: {reason}") from error


def _write(path: Path, rows: list[tuple[str, ...]]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(files.MATCH_COLUMNS)
            writer.writerows(rows)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
