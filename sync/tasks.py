"""Work of sync, by name. Tasks only wake what rows ask for: losing or repeating one does no harm."""

from celery import shared_task

from sync import imports, inbox, runner, services
from sync.services.webhooks import check_webhooks as keep_webhooks


@shared_task(name="sync.run_due", ignore_result=True)
def run_due(**_: object) -> None:
    """Queue a run for every connection whose turn it is, and wake workers for runs and files that wait."""
    services.sweep_stale()
    services.queue_due()
    imports.wake_due()


@shared_task(name="sync.import_file", ignore_result=True)
def import_file(file_import_id: int, **_: object) -> None:
    """Read, store or undo one big file, unless another worker has it."""
    imports.do(file_import_id)


@shared_task(name="sync.run", ignore_result=True)
def run(run_id: int, **_: object) -> None:
    """Do one waiting run, unless another worker has it."""
    runner.run(run_id)


@shared_task(name="sync.sweep", ignore_result=True)
def sweep(**_: object) -> None:
    """Give up runs whose worker died."""
    services.sweep_stale()


@shared_task(name="sync.prune", ignore_result=True)
def prune(**_: object) -> None:
    """Delete old runs and deliveries."""
    while services.prune():
        continue


@shared_task(name="sync.process_inbox", ignore_result=True)
def process_inbox(**_: object) -> None:
    """Process the deliveries that wait."""
    inbox.process_pending()


@shared_task(name="sync.check_webhooks", ignore_result=True)
def check_webhooks(**_: object) -> None:
    """Look after our webhooks at Pluggy."""
    keep_webhooks()
