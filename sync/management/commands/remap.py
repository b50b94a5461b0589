"""`manage.py remap`: make facts anew from what upstream once said, without asking it again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sync import services
from sync.management.commands.sync_now import connections
from sync.providers.base import UpstreamError


class Command(BaseCommand):
    """Maps every kept record again."""

    help = "Map the kept records of connections again, after a mapper was corrected."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--tenant", help="the company's name in URLs")
        parser.add_argument("--connection", type=int, help="the number of one connection")

    def handle(self, *args: Any, tenant: str | None, connection: int | None, **options: Any) -> None:
        """Print a line for each connection. Ends with an error when one could not be mapped."""
        failed = 0
        for row in connections(tenant, connection):
            try:
                done = services.remap(row)
            except (services.NotReady, UpstreamError) as error:
                self.stderr.write(f"{row.tenant.slug} {row}: {error}")
                failed += 1
                continue
            self.stdout.write(
                f"{row.tenant.slug} {row}: {done.records} records, {done.changed} facts changed, {done.unreadable} unreadable"
            )
        if failed:
            raise CommandError(f"{failed} could not be mapped")
