"""`manage.py import_statement FILE…`: store bank statements of a company from the command line."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.models import Account
from sync import imports
from sync.models import FileImport
from sync.providers.statement import MAX_BYTES, StatementError
from sync.words import say
from tenants.models import Tenant


class Command(BaseCommand):
    """Looks at each file and stores it, unless --dry-run."""

    help = "Import bank statements (OFX, CSV) of a company."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--tenant", required=True, help="the company's name in URLs")
        parser.add_argument(
            "--account", type=int, help="the number of the account; otherwise the one that the file names"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be stored, and store nothing"
        )

    def handle(
        self, *args: Any, files: list[str], tenant: str, account: int | None, dry_run: bool, **options: Any
    ) -> None:
        """Print a line for each file. Ends with an error when one could not be stored; the others are stored all the same."""
        company = Tenant.objects.filter(slug=tenant).first()
        if company is None:
            raise CommandError(f"There is no company {tenant!r}.")
        chosen = Account.objects.filter(tenant=company, pk=account).first() if account else None
        if account and chosen is None:
            raise CommandError(f"{company} has no account {account}.")
        failed = 0
        for path in files:
            try:
                row = self._take(company, chosen, Path(path), dry_run=dry_run)
            except (StatementError, OSError) as error:
                self.stderr.write(f"{path}: {say(error)}")
                failed += 1
                continue
            self.stdout.write(
                f"{path}: {row.rows} rows, {row.new_rows} new, {row.known_rows} already known, {row.skipped_rows} left out"
                f" ({row.account or 'a new account'})"
            )
        if failed:
            raise CommandError(f"{failed} of {len(files)} files were not stored")

    def _take(self, company: Tenant, account: Account | None, path: Path, *, dry_run: bool) -> FileImport:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        row = imports.preview(tenant=company, user=None, name=path.name, data=data, account=account)
        if dry_run:
            row.delete()
            return row
        return imports.store_import(file_import=row, account=row.account)
