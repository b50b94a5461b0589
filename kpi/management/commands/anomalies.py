"""`manage.py anomalies`: judge companies' daily numbers, in this process, which then ends and gives its memory back."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from kpi.incidents import services
from lib import apart
from tenants.management.companies import company_of


class Command(BaseCommand):
    """Judges the numbers of every company that is due, or of one company now, and says how many incidents are new."""

    help = "Look for unexpected days in the numbers of every company that is due, or of one company now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--tenant", help="the company with this slug, due or not")

    def handle(self, *, tenant: str | None, **options: Any) -> None:
        """Print a line for each company."""
        one = company_of(tenant)
        companies = [one] if one else services.due()
        for company, done in apart.each(companies, lambda each: services.judge(tenant=each)):
            said = f"{done.found} new incidents, {done.gone} gone" if done else "another process is at it"
            self.stdout.write(f"{company.slug}: {said}")
