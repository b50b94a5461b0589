"""What happens after facts change, in order. A newcomer reads it once.

The event row and the generation commit with the change; this task only wakes up. Whatever a lost wake-up leaves, Beat finds in the rows
(`kpi_touched`, `live_generation.facts` ahead of `kpi_viewstate.built_version` and of `reconciliation_progress.facts`), because Beat runs the same task.
"""

from celery import shared_task

from kpi import dimensions
from kpi import services as kpi
from kpi.alerts import judging as alerts
from kpi.recurrence import services as recurrence
from lib import apart
from reconciliation import runner as matcher
from reconciliation.rules import running as rules


@shared_task(name="config.dispatch.dispatch", ignore_result=True)
def dispatch(**_: object) -> None:
    """Bring what is derived from facts up to date, but no expensive step more often than it says itself. Cheap when there is nothing to do."""
    steps = (
        dimensions.bring_due,
        kpi.refresh_if_due,
        alerts.judge_due,
        matcher.wake_due,
        recurrence.find_due,
    )
    for _step, _done in apart.each(steps, lambda step: step()):
        pass


def run() -> dict[str, int]:
    """Bring everything up to date now, in this process. Returns what was done, by step."""
    return {
        "days_by_dimension": dimensions.bring_due(),
        "kpi_refreshes": kpi.refresh_until_current(),
        "alerts": alerts.judge_due(),
        "matcher_runs": matcher.run_due_now(sweep=True),
        "rule_runs": rules.work_unfinished(),
        "recurring_lines": recurrence.find_due(),
    }
