"""`manage.py restore`: bring a backup back."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from live.backups import BackupError, restoring, shelf
from live.backups.places import place


class Command(BaseCommand):
    """Says what it will do, then does it. It needs nothing in the database, so it works on the day when there is none."""

    help = "Bring a backup back into an empty database, or in the place of the present one."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("name", nargs="?", help='a name that --list shows, or "latest"')
        parser.add_argument("--list", action="store_true", help="show what is there")
        parser.add_argument(
            "--database", default="", help="whose backups, when the database had another name then"
        )
        parser.add_argument(
            "--identity", default="", help="file of the private key, for a backup sealed with age"
        )
        parser.add_argument(
            "--replace", default="", metavar="DATABASE", help="the exact name of a database that holds tables"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be done and check the file"
        )

    def handle(self, *args: Any, name: str | None, database: str, **options: Any) -> None:
        """Print each step. Ends with an error when nothing was restored or what came back differs."""
        database = database or str(connection.settings_dict["NAME"])
        try:
            if options["list"] or name is None:
                self._list(database)
            else:
                self._restore(shelf.one(name, database), options)
        except BackupError as error:
            raise CommandError(str(error)) from error

    def _list(self, database: str) -> None:
        found = shelf.kept(database)
        for one in found:
            sealed = f"  {one.seal}" if one.seal else ""
            self.stdout.write(f"{one.name}  {one.at:%Y-%m-%d %H:%M} UTC  {one.size_bytes:,} bytes{sealed}")
        self.stdout.write(f"{len(found)} backups of {database} in {place()}")

    def _restore(self, manifest: shelf.Manifest, options: dict[str, Any]) -> None:
        for line in restoring.plan(manifest):
            self.stdout.write(line)
        if options["dry_run"]:
            restoring.check(manifest)
            self.stdout.write("The file is what was written. Nothing was done.")
            return
        times = restoring.restore(
            manifest,
            identity=options["identity"] or settings.BACKUP_IDENTITY,
            replace=options["replace"],
            say=self.stdout.write,
        )
        self.stdout.write(
            f"Checked in {times.check:.1f} s, loaded in {times.load:.1f} s, compared in {times.compare:.1f} s."
            " Now run `manage.py setup-db`, then start web, worker and beat."
        )
