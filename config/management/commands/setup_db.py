"""`manage.py setup-db`: the database as the product needs it. Safe to repeat, and for two at once."""

import time
from typing import Any, Final

from django.core.management import call_command
from django.core.management.base import BaseCommand

from config import schedules
from kpi import services as kpi
from lib import pg
from live import situation

LOOK_EVERY: Final = 0.3  # seconds


class Command(BaseCommand):
    """Migrate, build the view, install the schedules."""

    help = "Bring the database up to date: tables, triggers, views, schedules. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it all under one lock, so that two containers that start together do not migrate twice."""
        while True:
            with pg.session_lock(pg.Lock.SETUP) as taken:
                if taken:
                    return self._setup()
            # Asked again and again, because a statement that waits for the lock holds a snapshot, which CREATE INDEX CONCURRENTLY of
            # the one that works would wait for.
            time.sleep(LOOK_EVERY)

    def _setup(self) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        self.stderr.write("Tables, triggers and views are up to date.")
        if situation.count_statements():
            self.stderr.write("Statements are counted (pg_stat_statements).")
        made = schedules.install()
        self.stderr.write(f"Schedules made: {', '.join(made) if made else 'none, all were there'}.")
        refreshed = kpi.refresh_until_current()
        self.stderr.write(f"mv_tenant_kpis refreshed {refreshed} time(s).")
