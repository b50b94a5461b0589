"""What can be wrong with the installation itself, as far as this app can see it."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from lib import pg
from live import figures, measure
from live.alerts.catalog import AlertKind, Finding, Limits
from live.backups.due import last_ok
from live.models import BackupRun

ENOUGH_REQUESTS: Final = 10  # fewer in a minute say nothing about how fast answers are
MEGABYTE: Final = 1024 * 1024

KINDS: Final = (
    AlertKind(
        "HIGH_LATENCY",
        _("Slow answers"),
        _("Look at the slowest routes and statements; add web processes when the processor is busy."),
        limit=lambda: Decimal(settings.PERFORMANCE_ALERT_THRESHOLD_MS),
        unit="ms",
        concerns_everybody=True,
    ),
    AlertKind(
        "LOW_CACHE_HIT_RATE",
        _("Cache of little use"),
        _("Look whether Redis answers and is large enough."),
        limit=lambda: Decimal("0.6"),
    ),
    AlertKind(
        "HIGH_MEMORY",
        _("Much memory"),
        _("Restart the process; if it grows again, look at what it was asked."),
        limit=lambda: Decimal(512),
        unit="MB",
    ),
    AlertKind(
        "MANY_CONNECTIONS",
        _("Many open streams"),
        _("Add web processes: one turns streams away above MAX_CONCURRENT_CONNECTIONS."),
        limit=lambda: Decimal(800),
    ),
    AlertKind(
        "NO_WORKER",
        _("No worker"),
        _("Start a worker: until then nothing new is read and no e-mail goes out."),
        severity="critical",
        concerns_everybody=True,
    ),
    AlertKind(
        "LATE_BACKUP",
        _("Late backup"),
        _("Look at the last attempt under Backups; free space or correct the target."),
        severity="critical",
        # A day and six hours for the usual backup of every night.
        limit=lambda: Decimal(settings.BACKUP_EVERY_HOURS) * Decimal("1.25") or None,
        unit="h",
        open_after=1,
        close_after=1,
    ),
    AlertKind(
        "UNPROVEN_BACKUP",
        _("Backup that may not come back"),
        _(
            "Look at the last rehearsal under Backups, correct what it says, and run manage.py rehearse_backup."
        ),
        severity="critical",
        # A monthly rehearsal with some days of grace.
        limit=lambda: Decimal(35) if settings.BACKUP_EVERY_HOURS else None,
        unit="d",
        open_after=1,
        close_after=1,
    ),
)


def look(limits: Limits) -> Iterator[Finding]:
    """Yield what is wrong with the processes and the backups."""
    totals = measure.totals()
    yield from _answers(figures.of(totals), limits)
    yield from _processes(totals, limits)
    yield from _backups(limits)
    yield from _rehearsals(limits)


def _answers(now: figures.Now, limits: Limits) -> Iterator[Finding]:
    slow, low = limits.get("HIGH_LATENCY"), limits.get("LOW_CACHE_HIT_RATE")
    if slow is not None and now.latency_ms is not None and now.requests >= ENOUGH_REQUESTS:
        value = _decimal(now.latency_ms)
        if value > slow:
            yield Finding(
                "HIGH_LATENCY",
                gettext_noop("Slow answers: %(ms)s ms on average (limit %(limit)s ms)."),
                {"ms": round(value), "limit": round(slow)},
                value,
            )
    if low is not None and now.hit_rate is not None and now.cache_reads >= figures.ENOUGH_READS:
        value = _decimal(now.hit_rate)
        if value < low:
            yield Finding(
                "LOW_CACHE_HIT_RATE",
                gettext_noop("The cache answers only %(percent)s %% of what is asked (limit %(limit)s %%)."),
                {"percent": round(100 * value), "limit": round(100 * low)},
                value,
            )


def _processes(totals: measure.Totals, limits: Limits) -> Iterator[Finding]:
    for one in totals.processes:
        name = f"{one.kind} {one.host}/{one.pid}"
        memory = _decimal(one.gauges.get("memory_bytes", 0) / MEGABYTE)
        most = limits.get("HIGH_MEMORY")
        if most is not None and memory > most:
            text = gettext_noop("%(process)s uses %(mb)s MB of memory (limit %(limit)s MB).")
            values = {"process": name, "mb": round(memory), "limit": round(most)}
            yield Finding("HIGH_MEMORY", text, values, memory, subject=name[:80])
        streams, most = Decimal(int(one.gauges.get("connections", 0))), limits.get("MANY_CONNECTIONS")
        if most is not None and streams > most:
            text = gettext_noop("%(process)s holds %(n)s open streams (limit %(limit)s).")
            values = {"process": name, "n": int(streams), "limit": round(most)}
            yield Finding("MANY_CONNECTIONS", text, values, streams, subject=name[:80])
    # Without a broker nobody expects a worker: `manage.py run_due` does the work.
    if settings.CELERY_BROKER_URL and not totals.of_kind("worker"):
        yield Finding("NO_WORKER", gettext_noop("No worker is running: nothing new is being read."))


def _backups(limits: Limits) -> Iterator[Finding]:
    hours = limits.get("LATE_BACKUP")
    if not settings.BACKUP_EVERY_HOURS or hours is None:
        return
    last = last_ok(BackupRun.Kind.BACKUP)
    # Before the first one, the age of the installation is what counts.
    since = last.started_at if last else pg.fetch("SELECT min(applied) FROM django_migrations")[0][0]
    age = pg.now() - since
    if age > timedelta(hours=float(hours)):
        past = _decimal(age / timedelta(hours=1))
        text = gettext_noop("The last good backup is %(hours)s hours old (limit %(limit)s).")
        yield Finding("LATE_BACKUP", text, {"hours": round(past), "limit": round(hours)}, past)


def _rehearsals(limits: Limits) -> Iterator[Finding]:
    """Yield a finding when the last rehearsal failed, or none went well for longer than the limit while there are backups."""
    days = limits.get("UNPROVEN_BACKUP")
    if not settings.BACKUP_EVERY_HOURS or days is None or last_ok(BackupRun.Kind.BACKUP) is None:
        return
    ended = BackupRun.objects.filter(kind=BackupRun.Kind.REHEARSAL).exclude(status=BackupRun.Status.RUNNING)
    last = ended.order_by("-started_at").first()
    if last is not None and last.status == BackupRun.Status.FAILED:
        text = gettext_noop("The last rehearsal failed: %(name)s could not have been brought back.")
        yield Finding("UNPROVEN_BACKUP", text, {"name": last.name or "–"})
    elif last is not None and pg.now() - last.started_at > timedelta(days=float(days)):
        past = _decimal((pg.now() - last.started_at) / timedelta(days=1))
        text = gettext_noop("No backup was rehearsed for %(days)s days (limit %(limit)s).")
        yield Finding("UNPROVEN_BACKUP", text, {"days": round(past), "limit": round(days)}, past)


def _decimal(value: float) -> Decimal:
    return Decimal(str(round(value, 2)))
