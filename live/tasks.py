"""Work of the live layer that a worker does."""

from celery import shared_task

from live import services


@shared_task(name="live.prune", ignore_result=True)
def prune(**_: object) -> None:
    """Drop events older than a day."""
    while services.prune():
        continue
