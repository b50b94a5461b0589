"""Work of the live layer that a worker does."""

import contextlib

from celery import shared_task

from live import collecting, services
from live.backups import BackupError, due
from live.hooks import sending as hooks
from live.notifications import mail
from live.notifications import services as notifications


@shared_task(name="live.prune", ignore_result=True)
def prune(**_: object) -> None:
    """Drop events older than a day, and measurements older than 30."""
    while services.prune() or collecting.prune():
        continue


@shared_task(name="live.back_up_what_is_due", ignore_result=True)
def back_up_what_is_due(**_: object) -> None:
    """Make the backup and the rehearsal that are due. What failed is a row, a log line and an alert, so the task itself ends well."""
    with contextlib.suppress(BackupError):
        due.run_due()


@shared_task(name="live.send_notifications", ignore_result=True)
def send_notifications(**_: object) -> None:
    """Send the e-mail that is due."""
    mail.send_due()


@shared_task(name="live.prune_notifications", ignore_result=True)
def prune_notifications(**_: object) -> None:
    """Delete notifications that were read 90 days ago, and all that are older than a year."""
    while notifications.prune():
        continue


@shared_task(name="live.send_hooks", ignore_result=True)
def send_hooks(**_: object) -> None:
    """Send the messages of webhooks that are due."""
    hooks.send_due()


@shared_task(name="live.prune_hooks", ignore_result=True)
def prune_hooks(**_: object) -> None:
    """Delete messages of webhooks that are done and older than 30 days."""
    while hooks.prune():
        continue
