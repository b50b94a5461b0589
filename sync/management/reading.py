"""What the commands share that say what files hold without storing them."""

import json
from abc import abstractmethod
from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import BaseCommand

from sync.providers.statement import MAX_BYTES

Answer = dict[str, Any]


class ReadingCommand(BaseCommand):
    """Reads each file and prints what is in it; needs no database. Ends with 0 when every file got its answer, errors included.

    `columns` names what a person sees of it, and how wide.
    """

    requires_system_checks = []
    columns: ClassVar[tuple[tuple[str, int], ...]]

    @abstractmethod
    def summarize(self, name: str, data: bytes) -> Answer:
        """Return the answer for one file, with `error` when it cannot be read."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files, and how to print them."""
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--json", action="store_true", help="one JSON object a line for each file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one answer a file, as soon as it is known."""
        if not options["json"]:
            self.stdout.write("".join(f"{title:>{width}}" for title, width in self.columns) + "  file")
        for path in options["files"]:
            answer = self._read(path)
            self.stdout.write(json.dumps(answer) if options["json"] else self._shown(answer))
            self.stdout.flush()

    def details(self, answer: Answer) -> list[str]:
        """Return the lines that stand below a file's row."""
        return [f"! {warning}" for warning in answer["warnings"]]

    def _read(self, path: str) -> Answer:
        # No more is read than what is needed to refuse a file for its size.
        try:
            with open(path, "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            reason = getattr(error, "strerror", None) or str(error)
            return {"file": path, "error": f"The file cannot be opened: {reason}."}
        return self.summarize(path, data)

    def _shown(self, answer: Answer) -> str:
        name = str(answer["file"]).encode("utf-8", "replace").decode()
        if "error" in answer:
            return f"{'–':>{sum(width for _, width in self.columns)}}  {name}\n    {answer['error']}"
        row = "".join(f"{answer[title]:>{width}}" for title, width in self.columns) + f"  {name}"
        return "\n    ".join([row, *self.details(answer)])
