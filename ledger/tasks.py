"""Work of the ledger that a worker does."""

from celery import shared_task

from ledger import exports


@shared_task(name="ledger.export", ignore_result=True)
def export(*, export_id: int, **_: object) -> None:
    """Make one file."""
    exports.run(export_id)


@shared_task(name="ledger.exports_waiting", ignore_result=True)
def exports_waiting(**_: object) -> None:
    """Make the files whose wake-up was lost, and drop old ones."""
    exports.run_waiting()
    exports.prune()
