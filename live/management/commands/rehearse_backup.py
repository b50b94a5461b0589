"""`manage.py rehearse_backup`: prove that a backup can be brought back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from live.backups import BackupError, rehearsal


class Command(BaseCommand):
    """Translates options; the work is in live.backups.rehearsal."""

    help = "Restore a backup into a scratch database, compare it, migrate it, recompute its numbers, drop it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "name",
            nargs="?",
            default="latest",
            help="a name that restore --list shows; the newest unless given",
        )
        parser.add_argument(
            "--identity", default="", help="file of the private key, for a backup sealed with age"
        )

    def handle(self, *args: Any, name: str, identity: str, **options: Any) -> None:
        """Print how long each part took. Ends with an error when the backup could not have been brought back."""
        try:
            run = rehearsal.rehearse(name, identity=identity)
        except BackupError as error:
            raise CommandError(str(error)) from error
        for part, value in run.details.items():
            self.stdout.write(f"{part:<16} {value}")
        self.stdout.write(f"{run.name} can be brought back.")
