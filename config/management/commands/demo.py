"""`manage.py demo`: the whole panel on this machine. See config.demo."""

import json
import os
import sys
from argparse import SUPPRESS
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from django.core.management import BaseCommand, CommandError
from django.core.management.base import CommandParser

from config.demo import run
from config.demo.console import say
from config.demo.run import Ended, Wishes, demo
from config.demo.servers import SettingsStale


class Command(BaseCommand):
    """Translates the options and what came of them; the work is in config.demo."""

    help = "Start the whole panel with three companies whose ERP and banks are simulated."
    requires_system_checks: list[str] = []  # the database of a check does not run yet

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--once",
            action="store_true",
            help="do the whole job once, without serving, and say what came of it",
        )
        parser.add_argument(
            "--json",
            action="store_true",
            help="with --once: one JSON object on standard output, all else on standard error",
        )
        parser.add_argument(
            "--scale", type=float, default=1.0, help=SUPPRESS
        )  # tests take less than the full story
        parser.add_argument(
            "--finish-filling", metavar="URL", help=SUPPRESS
        )  # what the demo starts as a child

    def handle(
        self, *_args: Any, once: bool, json: bool, scale: float, finish_filling: str | None, **_options: Any
    ) -> None:
        """Run the demo. Ends with status 1 when it failed or check_kpis found a difference, 128 + n after signal n."""
        if finish_filling:
            run.finish_filling(finish_filling)
            return
        if json and not once:
            raise CommandError("--json tells what --once did; give both.")
        try:
            self._run(Wishes(once=once, scale=scale), json)
        except SettingsStale:
            del os.environ["REDIS_URL"]
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves, in this process

    def _run(self, wishes: Wishes, as_json: bool) -> None:
        with _own_standard_output() as out:
            try:
                told = demo(wishes)
            except CommandError as error:
                _tell(out, {"error": str(error)}, as_json)
                raise
            except Ended as ended:
                _tell(out, {"error": f"ended by {ended}"}, as_json)
                sys.exit(128 + ended.number)
            if wishes.once:
                _tell(out, told, as_json)
        if wishes.once and told["check_kpis"] != "ok":
            raise CommandError("The numbers do not agree with the facts; see check_kpis.")


def _tell(out: TextIO, told: dict[str, object], as_json: bool) -> None:
    if as_json:
        out.write(json.dumps(told, ensure_ascii=False) + "\n")
        out.flush()
    elif "error" not in told:
        for name, value in told.items():
            if isinstance(value, dict):
                value = ", ".join(f"{n:,} {part}" for part, n in value.items())
            say(f"  {name:<14} {value}")


@contextmanager
def _own_standard_output() -> Iterator[TextIO]:
    """Yield the real standard output and send to standard error whatever else writes to it, libraries and children included."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)
        try:
            yield out
        finally:
            sys.stdout.flush()
            os.dup2(out.fileno(), 1)
