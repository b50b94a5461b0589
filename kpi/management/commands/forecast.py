"""`manage.py forecast`: forecast what is due, in this process, which then ends and gives its memory back."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from kpi.forecasts import services
from tenants.management.companies import company_of


class Command(BaseCommand):
    """Computes the forecasts of every company of which a day is over, or of one company now, and says what came of it."""

    help = "Forecast sales, receipts and expenses of every company whose last day is over, or of one company now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--tenant", help="the company with this slug, due or not")

    def handle(self, *, tenant: str | None, **options: Any) -> None:
        """Print a line for each company."""
        one = company_of(tenant)
        for company in [one] if one else services.due():
            begun = time.monotonic()
            made = services.compute(tenant=company)
            if made is None:
                self.stdout.write(f"{company.slug}: another process is at it")
            else:
                seconds = time.monotonic() - begun
                self.stdout.write(
                    f"{company.slug}: {made.kept} forecasts, {made.unsaid} not worth drawing, {seconds:.1f} s"
                )
