"""The Celery application. Schedules are rows that `setup-db` creates once (config.schedules); edits in the admin keep."""

import os

from celery import Celery, signals
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("painel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["config", "live", "ledger", "sync", "reconciliation", "kpi"])
app.autodiscover_tasks(["config"], related_name="dispatch")


@signals.worker_init.connect
def _without_pool(**_: object) -> None:
    """Take the connection pool from a worker.

    Its processes run one task at a time, and Celery's part for Django closes the pool around each of them: under the feet of the threads
    that measure beside it, which then wait ten seconds for a connection that nobody makes, the end of the process included.
    """
    for each in connections.all():
        each.close()
        if isinstance(each, DatabaseWrapper):
            each.close_pool()
        each.settings_dict["OPTIONS"].pop("pool", None)
