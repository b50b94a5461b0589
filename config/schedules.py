"""What Beat starts, and how often. Rows are made once; what an operator changes in the admin stays.

SYNC_INTERVAL is the exception: it belongs to the environment and sets its own schedule at every `setup-db`.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django_celery_beat.models import IntervalSchedule, PeriodicTask


@dataclass(frozen=True, slots=True)
class Schedule:
    """One periodic task: the name people see, the task, and its interval. `from_environment`: the interval is set each time."""

    name: str
    task: str
    every: timedelta
    from_environment: bool = False


def schedules() -> tuple[Schedule, ...]:
    """Return every schedule of the product."""
    return (
        Schedule(
            "sync: what is due",
            "sync.run_due",
            timedelta(milliseconds=settings.SYNC_INTERVAL),
            from_environment=True,
        ),
        Schedule("sync: lost runs", "sync.sweep", timedelta(seconds=30)),
        Schedule("sync: webhook inbox", "sync.process_inbox", timedelta(seconds=15)),
        Schedule("sync: webhooks upstream", "sync.check_webhooks", timedelta(hours=1)),
        Schedule("sync: old runs and deliveries", "sync.prune", timedelta(hours=6)),
        Schedule("numbers: what changed", "config.dispatch.dispatch", timedelta(seconds=15)),
        Schedule("numbers: forecasts that are due", "kpi.forecast_due", timedelta(minutes=30)),
        Schedule("numbers: segments that are due", "kpi.segments_due", timedelta(minutes=15)),
        Schedule("numbers: unexpected days", "kpi.anomalies_due", timedelta(minutes=30)),
        Schedule("reports: what is due", "kpi.reports_due", timedelta(seconds=60)),
        Schedule("reports: old deliveries", "kpi.prune_reports", timedelta(hours=6)),
        Schedule("reconciliation: what is left", "reconciliation.reconcile_due", timedelta(minutes=15)),
        Schedule("reconciliation: runs of rules", "reconciliation.rule_runs", timedelta(seconds=30)),
        Schedule("reconciliation: old suggestions", "reconciliation.prune", timedelta(hours=6)),
        Schedule("files: waiting exports", "ledger.exports_waiting", timedelta(seconds=30)),
        Schedule("backups: what is due", "live.back_up_what_is_due", timedelta(minutes=10)),
        Schedule("notifications: e-mail that is due", "live.send_notifications", timedelta(seconds=30)),
        Schedule("notifications: old ones", "live.prune_notifications", timedelta(hours=6)),
        Schedule("webhooks: messages that are due", "live.send_hooks", timedelta(seconds=15)),
        Schedule("webhooks: old messages", "live.prune_hooks", timedelta(hours=6)),
        Schedule("events: older than a day", "live.prune", timedelta(hours=1)),
    )


def install() -> list[str]:
    """Make the schedules that are not there and set the one that follows the environment. Returns the names of those made."""
    made = []
    for one in schedules():
        interval = _interval(one.every)
        task, created = PeriodicTask.objects.get_or_create(
            name=one.name, defaults={"task": one.task, "interval": interval, "expire_seconds": 60}
        )
        if created:
            made.append(one.name)
        elif one.from_environment and task.interval_id != interval.pk:
            task.interval = interval
            task.save()
    return made


def _interval(every: timedelta) -> IntervalSchedule:
    seconds = max(1, round(every.total_seconds()))
    return IntervalSchedule.objects.get_or_create(every=seconds, period=IntervalSchedule.SECONDS)[0]
