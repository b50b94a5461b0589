"""When a backup and a rehearsal are due, read from the rows: a beat that is started anew every few hours forgets its own intervals."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings

from lib import pg
from live.backups import Busy, rehearsal, services
from live.models import BackupRun

log = structlog.get_logger(__name__)
# Times of the day at which a period begins, counted from here: six in the morning UTC is the middle of the night in Brazil.
_BEGIN: Final = timedelta(hours=6)
REHEARSE_EVERY: Final = timedelta(days=30)


def run_due() -> list[str]:
    """Do what is due and return the kinds that were done. Raises BackupError when one failed; its row says why."""
    done = []
    try:
        if backup_is_due():
            services.backup()
            done.append("backup")
        if rehearsal_is_due():
            rehearsal.rehearse()
            done.append("rehearsal")
    except Busy:
        log.info("backup_busy")
    return done


def backup_is_due() -> bool:
    """Return whether no backup was made since the present period of BACKUP_EVERY_HOURS began (0: never), nor just now tried in vain."""
    hours = settings.BACKUP_EVERY_HOURS
    if not hours:
        return False
    now = pg.now()
    last = last_ok(BackupRun.Kind.BACKUP)
    late = last is None or last.started_at < period_start(now, timedelta(hours=hours))
    return late and not _just_failed(BackupRun.Kind.BACKUP, now - timedelta(hours=1))


def rehearsal_is_due() -> bool:
    """Return whether a backup exists and none was rehearsed for 30 days, nor just now tried in vain."""
    if not settings.BACKUP_EVERY_HOURS or last_ok(BackupRun.Kind.BACKUP) is None:
        return False
    now = pg.now()
    last = last_ok(BackupRun.Kind.REHEARSAL)
    late = last is None or now - last.started_at > REHEARSE_EVERY
    return late and not _just_failed(BackupRun.Kind.REHEARSAL, now - timedelta(days=1))


def period_start(now: datetime, every: timedelta) -> datetime:
    """Return when the period that `now` is in began, on a grid that does not drift with the time that backups take."""
    anchor = datetime(2026, 1, 1, tzinfo=now.tzinfo) + _BEGIN
    return anchor + every * ((now - anchor) // every)


def last_ok(kind: str) -> BackupRun | None:
    """Return the newest attempt of the kind that went well."""
    return BackupRun.objects.filter(kind=kind, status=BackupRun.Status.OK).order_by("-started_at").first()


def _just_failed(kind: str, since: datetime) -> bool:
    failed = BackupRun.objects.filter(kind=kind, status=BackupRun.Status.FAILED)
    return failed.filter(started_at__gt=since).exists()
