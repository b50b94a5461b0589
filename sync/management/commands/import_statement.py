"""`manage.py import_statement FILE…`: store bank statements of a company from the command line."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.models import Account
from sync import imports
from sync.imports import AlreadyStored
from sync.models import FileImport
from sync.providers.statement import MAX_BYTES, Sentence, StatementError
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
            "--new-account", action="store_true", help="the file is of an account that is not there yet"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be stored, and store nothing"
        )

    def handle(
        self,
        *args: Any,
        files: list[str],
        tenant: str,
        account: int | None,
        new_account: bool,
        dry_run: bool,
        **options: Any,
    ) -> None:
        """Print a line for each file. Ends with an error when one could not be stored; the others are stored all the same.

        A file that is stored already is no error: what was asked for is so.
        """
        company = Tenant.objects.filter(slug=tenant).first()
        if company is None:
            raise CommandError(f"There is no company {tenant!r}.")
        chosen = Account.objects.filter(tenant=company, pk=account).first() if account else None
        if account and chosen is None:
            raise CommandError(f"{company} has no account {account}.")
        failed = 0
        for path in files:
            try:
                row = self._take(company, chosen, Path(path), new=new_account, dry_run=dry_run)
            except AlreadyStored as known:
                self.stdout.write(f"{path}: {known}")
                continue
            except (StatementError, OSError) as error:
                self.stderr.write(f"{path}: {error}")
                failed += 1
                continue
            self.stdout.write(
                f"{path}: {row.rows} rows, {row.new_rows} new, {row.known_rows} already known, {row.skipped_rows} left out"
                f" ({row.account or 'a new account'})"
            )
        if failed:
            raise CommandError(f"{failed} of {len(files)} files were not stored")

    def _take(
        self, company: Tenant, account: Account | None, path: Path, *, new: bool, dry_run: bool
    ) -> FileImport:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        row = imports.preview(tenant=company, user=None, name=path.name, data=data, account=account)
        try:
            if dry_run:
                return row
            for question in [] if account or new else imports.questions(row):
                if question.chosen is None:
                    raise StatementError(_which(question))
            return imports.store_import(file_import=row, account=None if new else row.account)
        finally:
            FileImport.objects.filter(pk=row.pk, status=FileImport.Status.PREVIEW).delete()


def _which(question: imports.Question) -> Sentence:
    return Sentence(
        "The file could be of an account that is there already. Say which one with --account: %(accounts)s;"
        " or --new-account when it is none of them.",
        accounts=", ".join(f"{account.pk} ({account})" for account in question.candidates),
    )
