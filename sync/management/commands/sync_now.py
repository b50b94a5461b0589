"""`manage.py sync_now`: bring connections up to date in this process and say what came of it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from sync import runner, services
from sync.models import Connection, SyncRun


class Command(BaseCommand):
    """Asks for a run of each connection and does it here."""

    help = "Synchronise connections now, in this process."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--tenant", help="the company's name in URLs")
        parser.add_argument("--connection", type=int, help="the number of one connection")
        parser.add_argument(
            "--full", action="store_true", help="a complete listing, which also finds deletions"
        )

    def handle(
        self, *args: Any, tenant: str | None, connection: int | None, full: bool, **options: Any
    ) -> None:
        """Print a line for each run. Ends with an error when one failed; one that is going on elsewhere is no failure."""
        with override("en"):
            self._sync_all(tenant, connection, full)

    def _sync_all(self, tenant: str | None, connection: int | None, full: bool) -> None:
        failed = [not self._sync(row, full) for row in connections(tenant, connection)]
        if any(failed):
            raise CommandError(f"{sum(failed)} of {len(failed)} could not be brought up to date")

    def _sync(self, connection: Connection, full: bool) -> bool:
        try:
            run = services.request_sync(connection=connection, reason=SyncRun.Reason.PERSON, full=full)
        except services.NotReady as error:
            self.stderr.write(f"{connection.tenant.slug} {connection}: {error}")
            return False
        mine = runner.run(run.pk)
        run.refresh_from_db()
        if not mine and run.is_open:
            self.stdout.write(
                f"{connection.tenant.slug} {connection}: run {run.pk} is going on already, {run.fetched} read so far."
                " When it ends, what you asked for is read as well."
            )
            return True
        self.stdout.write(
            f"{connection.tenant.slug} {connection}: {run.status}, {run.fetched} read, {run.changed} facts changed, {run.gone} gone,"
            f" {run.unreadable} unreadable. {run.error}".rstrip()
        )
        return run.status == SyncRun.Status.DONE


def connections(tenant: str | None, number: int | None) -> list[Connection]:
    """Return the connections that a command line means, all active ones by default. Raises CommandError when there are none."""
    found = Connection.objects.select_related("tenant").filter(tenant__is_active=True).order_by("pk")
    unpaused = found.exclude(state=Connection.State.PAUSED)
    found = unpaused if number is None else found.filter(pk=number)
    if tenant:
        found = found.filter(tenant__slug=tenant)
    if not found:
        raise CommandError("There is no such connection.")
    return list(found)
