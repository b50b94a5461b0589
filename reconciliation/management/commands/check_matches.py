"""Prove that matches add up."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reconciliation import checks, statements
from tenants.management.companies import companies, company_of
from tenants.models import Tenant


class Command(BaseCommand):
    """Says everything about matches that does not hold; the exit status is 1 then."""

    help = "Check that items sum to the line, that no line is settled twice, and that every decision is in the log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--tenant", help="only the company with this slug")
        parser.add_argument(
            "--statements",
            action="store_true",
            help="also compare opening balance + lines with the closing balance of each imported statement",
        )

    def handle(self, *, tenant: str | None, statements: bool, **options: Any) -> None:
        """Print a sentence for each problem, and end with 1 when there is one."""
        found = list(checks.problems(company_of(tenant)))
        if statements:
            found += [told for each in companies(tenant) for told in unbalanced(each)]
        for problem in found:
            self.stderr.write(problem)
        if found:
            raise CommandError(f"{len(found)} problem(s).")
        self.stdout.write("ok")


def unbalanced(tenant: Tenant) -> list[str]:
    """Return a sentence for each statement whose lines do not lead from its opening to its closing balance."""
    return [
        f"{tenant.slug}: {check.account}, {check.file}: {check.opening} + {check.total} in {check.lines} lines after {check.after}"
        f" is not {check.closing} on {check.through} (difference {check.difference})."
        for check in statements.wrong(tenant)
    ]
