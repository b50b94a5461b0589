"""Work of reconciliation, by name. Tasks only wake what rows ask for: losing or repeating one does no harm."""

from celery import shared_task

from reconciliation import runner
from reconciliation.rules import running


@shared_task(name="reconciliation.run", ignore_result=True)
def run(tenant_id: int, sweep: bool = False, **_: object) -> None:
    """Bring the proposals of one company up to its facts, unless another worker is at it."""
    runner.run(tenant_id, sweep=sweep)


@shared_task(name="reconciliation.reconcile_due", ignore_result=True)
def reconcile_due(**_: object) -> None:
    """Wake a worker for every company in which something is left: by a lost worker, a new mapping, a changed item."""
    runner.wake_due(sweep=True)


@shared_task(name="reconciliation.prune", ignore_result=True)
def prune(**_: object) -> None:
    """Delete proposals that newer ones replaced long ago."""
    while runner.prune():
        continue


@shared_task(name="reconciliation.rule_run", ignore_result=True)
def rule_run(run_id: int, **_: object) -> None:
    """Go on with a run of a rule until its time is up."""
    running.work(run_id)


@shared_task(name="reconciliation.rule_runs", ignore_result=True)
def rule_runs(**_: object) -> None:
    """Wake a worker for every run of a rule that is not through."""
    running.wake_unfinished()
