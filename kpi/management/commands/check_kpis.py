"""Compare every stored number with the facts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kpi import checks, services
from tenants.management.companies import company_of
from tenants.models import Tenant


class Command(BaseCommand):
    """Recompute rollups and view from the facts and say what differs. One cent matters: the exit status is 1 then."""

    help = "Compare kpi_daily, kpi_monthly and mv_tenant_kpis with the facts they are built from."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--tenant", help="only the company with this slug")
        parser.add_argument("--refresh", action="store_true", help="refresh the view first")
        parser.add_argument(
            "--repair",
            action="store_true",
            help="recompute the rollups of companies that differ, and compare again",
        )

    def handle(self, *, tenant: str | None, refresh: bool, repair: bool, **options: Any) -> None:
        """Compare, print, and end with 1 when a number is wrong."""
        company = company_of(tenant)
        if refresh:
            services.refresh_now()
        found = checks.compare(company)
        self._tell(found)
        if found and repair:
            for slug in sorted({difference.tenant for difference in found}):
                services.rebuild(tenant_id=Tenant.objects.get(slug=slug).pk)
                self.stderr.write(f"{slug}: rollups recomputed")
            services.refresh_now()
            found = checks.compare(company)
            self._tell(found)
        late = checks.behind(company)
        for slug in late:
            self.stderr.write(
                f"{slug}: mv_tenant_kpis is behind and was not compared; --refresh brings it up to date"
            )
        if found:
            raise CommandError(f"{len(found)} number(s) differ from the facts.")
        self.stdout.write("ok for what was compared" if late else "ok")

    def _tell(self, found: list[checks.Difference]) -> None:
        for difference in found:
            self.stderr.write(str(difference))
