"""Work of the live layer that a worker does."""

import contextlib

from celery import shared_task

from live import services
from live.backups import BackupError, due


@shared_task(name="live.prune", ignore_result=True)
def prune(**_: object) -> None:
    """Drop events older than a day."""
    while services.prune():
        continue


@shared_task(name="live.back_up_what_is_due", ignore_result=True)
def back_up_what_is_due(**_: object) -> None:
    """Make the backup and the rehearsal that are due. What failed is a row, a log line and an alert, so the task itself ends well."""
    with contextlib.suppress(BackupError):
        due.run_due()
