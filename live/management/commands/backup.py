"""`manage.py backup`: save the database now."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from live.backups import BackupError, due, services, shelf
from live.models import BackupRun


class Command(BaseCommand):
    """Translates options; the work is in live.backups."""

    help = "Save the database to the place that BACKUP_URL names."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--if-due",
            action="store_true",
            help="only when BACKUP_EVERY_HOURS says so; also rehearses when that is due. For cron where there is no beat",
        )
        parser.add_argument("--json", action="store_true", help="print the manifest of the backup")

    def handle(self, *args: Any, if_due: bool, json: bool, **options: Any) -> None:
        """Print what was saved. Ends with an error when it failed."""
        try:
            if if_due:
                self.stdout.write(f"done: {', '.join(due.run_due()) or 'nothing was due'}")
                return
            run = services.backup()
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_manifest(run) if json else _sentence(run))


def _sentence(run: BackupRun) -> str:
    assert run.finished_at is not None
    seconds = (run.finished_at - run.started_at).total_seconds()
    return (
        f"{run.name}: {run.details['rows']:,} rows, {run.size_bytes:,} bytes, {seconds:.1f} s, in {run.details['place']};"
        f" {len(run.details['removed'])} older ones removed"
    )


def _manifest(run: BackupRun) -> str:
    return json.dumps(asdict(shelf.one(run.name, str(connection.settings_dict["NAME"]))), ensure_ascii=False)
