"""`manage.py segments`: bring customers' segments up to date, in this process, which then ends and gives its memory back."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from kpi.segmenting import services
from lib import apart
from tenants.management.companies import company_of
from tenants.models import Tenant


class Command(BaseCommand):
    """Scores the customers of every company that is behind, or of one company now, and says how many there are."""

    help = "Bring the segments of every company's customers up to date, or those of one company now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--tenant", help="the company with this slug, due or not")

    def handle(self, *, tenant: str | None, **options: Any) -> None:
        """Print a line for each company."""
        one = company_of(tenant)
        for company, (made, seconds) in apart.each([one] if one else services.due(), _timed):
            if made is None:
                self.stdout.write(f"{company.slug}: another process is at it")
                continue
            said = "" if made.fitted else ", too few purchases to expect any"
            self.stdout.write(f"{company.slug}: {made.customers} customers{said}, {seconds:.1f} s")


def _timed(company: Tenant) -> tuple[services.Made | None, float]:
    begun = time.monotonic()
    return services.compute(tenant=company), time.monotonic() - begun
