"""Work of numbers, by name. Tasks only wake what rows ask for: losing or repeating one does no harm."""

import shutil
import subprocess
import sys
from typing import Final

import structlog
from celery import shared_task
from django.conf import settings

from kpi.forecasts import services
from kpi.incidents import services as incidents
from kpi.reports import delivering
from kpi.segmenting import services as segmenting

log = structlog.get_logger(__name__)
# Nobody waits for a forecast, and everybody for a page.
_POLITELY: Final = [nice, "-n", "10"] if (nice := shutil.which("nice")) else []
LONGEST: Final = 3_000  # seconds; less than the broker waits before it gives the task to another worker


@shared_task(name="kpi.forecast_due", ignore_result=True)
def forecast_due(**_: object) -> None:
    """Forecast every company of which a day is over, in a child that ends: the worker itself never holds the statistical library."""
    if services.due():
        _child("forecast")


@shared_task(name="kpi.forecast_one", ignore_result=True)
def forecast_one(slug: str, **_: object) -> None:
    """Forecast one company because somebody asked, in a child that ends."""
    _child("forecast", "--tenant", slug)


@shared_task(name="kpi.segments_due", ignore_result=True)
def segments_due(**_: object) -> None:
    """Bring the segments of every company up to date, in a child that ends."""
    if segmenting.due():
        _child("segments")


@shared_task(name="kpi.anomalies_due", ignore_result=True)
def anomalies_due(**_: object) -> None:
    """Judge the numbers of every company of which a day is over or facts changed, in a child that ends."""
    if incidents.due():
        _child("anomalies")


@shared_task(name="kpi.reports_due", ignore_result=True)
def reports_due(**_: object) -> None:
    """Plan the deliveries of every report whose hour has come, and deliver what is due."""
    delivering.plan_due()
    delivering.deliver_due()


@shared_task(name="kpi.prune_reports", ignore_result=True)
def prune_reports(**_: object) -> None:
    """Forget old deliveries."""
    delivering.prune()


def _child(command: str, *arguments: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            [*_POLITELY, sys.executable, "manage.py", command, *arguments],
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        log.warning("child_unfinished", command=command, seconds=LONGEST)  # what is left is still due
        return
    if done.returncode:
        log.error("child_failed", command=command, status=done.returncode, said=done.stderr[-2000:])
    else:
        log.info("child_done", command=command, said=done.stdout)
