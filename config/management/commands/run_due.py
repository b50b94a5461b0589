"""`manage.py run_due`: do what waits in the rows, in this process. For installations without Redis, and for the impatient."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config import dispatch
from kpi.reports import delivering
from ledger import exports
from live.hooks import sending
from live.notifications import mail
from sync import runner


class Command(BaseCommand):
    """Does what workers do when they are woken: lost runs, deliveries, due connections, exports, and what follows from new facts."""

    help = "Do everything that is due now, in this process. Put it into cron where there is no Redis."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--until-done", action="store_true", help="go on until no run is waiting any more"
        )

    def handle(self, *args: Any, until_done: bool, **options: Any) -> None:
        """Print what was done."""
        runs = found = runner.run_due_now()
        while until_done and found:
            found = runner.run_due_now()
            runs += found
        files = exports.run_waiting()
        done = dispatch.run()
        delivering.plan_due()
        letters = mail.send_due() + delivering.deliver_due()
        hooks = sending.send_due()
        self.stdout.write(
            f"runs: {runs}, files: {files}, refreshes of the numbers: {done['kpi_refreshes']}, "
            f"runs of the matcher: {done['matcher_runs']}, e-mails: {letters}, webhooks: {hooks}"
        )
