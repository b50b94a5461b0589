"""The Celery application. Schedules are rows that `setup-db` creates once (config.schedules); edits in the admin keep."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("painel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["config", "live", "ledger", "sync", "kpi"])
app.autodiscover_tasks(["config"], related_name="dispatch")
