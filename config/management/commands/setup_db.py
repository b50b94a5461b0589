"""`manage.py setup-db`: the database as the product needs it. Safe to repeat, and for two at once."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from config import schedules
from kpi import services as kpi
from lib import pg


class Command(BaseCommand):
    """Migrate, build the view, install the schedules."""

    help = "Bring the database up to date: tables, triggers, views, schedules. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it all under one lock, so that two containers that start together do not migrate twice."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, 0)", [int(pg.Lock.SETUP)])
        try:
            self._setup()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [int(pg.Lock.SETUP)])

    def _setup(self) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        self.stderr.write("Tables, triggers and views are up to date.")
        made = schedules.install()
        self.stderr.write(f"Schedules made: {', '.join(made) if made else 'none, all were there'}.")
        refreshed = kpi.refresh_until_current()
        self.stderr.write(f"mv_tenant_kpis refreshed {refreshed} time(s).")
