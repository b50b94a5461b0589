"""`manage.py reconcile`: let the matcher work in this process."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from reconciliation import runner
from tenants.management.companies import companies


class Command(BaseCommand):
    """Brings proposals up to the facts, company by company, and says what came of it."""

    help = "Propose matches for open bank lines now, in this process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--tenant", help="only the company with this slug")

    def handle(self, *, tenant: str | None, **options: Any) -> None:
        """Print a line for each company."""
        for company in companies(tenant):
            done = runner.run(company.pk, sweep=True)
            if done is None:
                self.stdout.write(f"{company.slug}: another worker is at it")
                continue
            found = done.proposed
            self.stdout.write(
                f"{company.slug}: {found.clear} clear, {found.ambiguous} ambiguous, {found.nothing} without a match;"
                f" {done.reopened} opened again, {done.confirmed} confirmed by themselves; matcher {done.matcher_ms} ms"
            )
