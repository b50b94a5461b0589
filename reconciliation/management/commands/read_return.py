"""`manage.py read_return FILE…`: what return files of the collection say, without storing them."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from reconciliation.cnab.summary import summarize
from sync.providers.statement import MAX_BYTES

COLUMNS = (("bank", 6), ("layout", 9), ("entries", 9), ("settled", 9), ("sum", 16))


class Command(BaseCommand):
    """Reads each file and prints what is in it; needs no database. Ends with 0 when every file got its answer, errors included."""

    help = "Read return files (CNAB 240, CNAB 400) without storing them."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files, and how to print them."""
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--json", action="store_true", help="one JSON object a line for each file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one answer a file, as soon as it is known."""
        if not options["json"]:
            self.stdout.write("".join(f"{title:>{width}}" for title, width in COLUMNS) + "  file")
        for path in options["files"]:
            answer = _read(path)
            self.stdout.write(json.dumps(answer) if options["json"] else _shown(answer))
            self.stdout.flush()


def _read(path: str) -> dict[str, Any]:
    """Return the answer for one path. No more is read than what is needed to refuse a file for its size."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        return {"file": path, "error": f"The file cannot be opened: {reason}."}
    return summarize(path, data)


def _shown(answer: dict[str, Any]) -> str:
    """Return the answer as lines for a person."""
    name = str(answer["file"]).encode("utf-8", "replace").decode()
    if "error" in answer:
        return f"{'–':>{sum(width for _, width in COLUMNS)}}  {name}\n    {answer['error']}"
    line = "".join(f"{answer[title]:>{width}}" for title, width in COLUMNS) + f"  {name}"
    return "\n".join([line, *(f"    ! {warning}" for warning in answer["warnings"])])
