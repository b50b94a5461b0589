"""How the panel is doing, for people: first what needs somebody, then the figures. Read by the status page.

Where facts come from is known above this app, so whoever knows registers it in `AppConfig.ready()`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import ProgrammingError, connection, transaction
from django.db.models import Avg, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from lib import pg, scrub
from live import figures, freshness, measure, seen
from live.alerts import catalog
from live.backups.due import last_ok
from live.cache import sizes
from live.models import Alert, BackupRun, PerformanceMetric, Presence
from tenants.models import Tenant

SHOWN_DAYS: Final = 7
MOST_ALERTS: Final = 50
SLOWEST: Final = 10
STATEMENT_LENGTH: Final = 240

# Where answers are kept, in the order in which they are asked.
TIERS: Final = {"redis": "Redis", "sqlite": gettext_noop("a file"), "memory": gettext_noop("memory")}


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of one limit on requests: `remaining` of `amount` in `seconds`."""

    seconds: int
    amount: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Source:
    """Somewhere facts come from. `sentence` says what is wrong and the way out; empty when all is well."""

    pk: int
    name: str
    kind: str
    url: str
    at: datetime | None
    next_at: datetime | None
    needs_person: bool = False
    is_late: bool = False
    is_paused: bool = False
    is_running: bool = False
    sentence: str = ""
    budgets: tuple[Budget, ...] = ()

    @property
    def tone(self) -> str:
        """Return the badge's tone."""
        if self.is_paused:
            return ""
        return "bad" if self.needs_person else "warn" if self.is_late else "good"


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that somebody should know, and what to do about it. Without `url` there is nothing to be done here."""

    tone: str
    icon: str
    title: str
    text: str = ""
    url: str = ""
    action: str = ""


Reader = Callable[[Tenant], Sequence[Source]]
_reader: Reader | None = None


def register_sources(reader: Reader) -> None:
    """Say who knows where a company's facts come from. Called from `AppConfig.ready()`."""
    global _reader
    _reader = reader


def sources(tenant: Tenant) -> list[Source]:
    """Return where the company's facts come from."""
    return list(_reader(tenant)) if _reader else []


def oldest(found: Sequence[Source]) -> Source | None:
    """Return the source that was read longest ago; paused ones and those that were never read are no answer."""
    read = [(one.at, one.pk, one) for one in found if one.at is not None and not one.is_paused]
    return min(read)[2] if read else None


# --- what needs somebody -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An alert in the reader's language. `may_mute`: this reader may."""

    row: Alert
    label: str
    message: str
    advice: str
    may_mute: bool

    @property
    def is_open(self) -> bool:
        """Return whether it is still there."""
        return self.row.closed_at is None

    @property
    def is_muted(self) -> bool:
        """Return whether nothing is said about it now."""
        return self.row.muted_until is not None and self.row.muted_until > timezone.now()


def alerts(tenant: Tenant | None, *, operator: bool, may_mute: bool) -> list[ShownAlert]:
    """Return the alerts of the last days, open ones first: the company's, and for an operator those of the installation.

    Without a company those of the installation only. One query.
    """
    own = Q(tenant=tenant) if tenant else Q(pk=None)
    mine = own | (Q(tenant=None) if operator else Q(tenant=None, code__in=_everybodys()))
    lately = Q(closed_at=None) | Q(closed_at__gt=pg.now() - timedelta(days=SHOWN_DAYS))
    rows = Alert.objects.filter(mine, lately, is_pending=False).order_by(
        F("closed_at").desc(nulls_first=True), "-opened_at"
    )
    return [_shown(row, operator=operator, may_mute=may_mute) for row in rows[:MOST_ALERTS]]


def _everybodys() -> list[str]:
    return [kind.code for kind in catalog.kinds().values() if kind.concerns_everybody]


def _shown(row: Alert, *, operator: bool, may_mute: bool) -> ShownAlert:
    kind = catalog.kinds().get(row.code)
    own = row.tenant_id is not None
    advice = str(kind.advice) if kind and (own or operator) else _("Whoever runs the panel has been told.")
    return ShownAlert(
        row=row,
        label=str(kind.label) if kind else row.code,
        message=catalog.message(row.params),
        advice=advice,
        may_mute=may_mute if own else operator,
    )


def issues(found: Sequence[Source], told: Sequence[ShownAlert]) -> list[Issue]:
    """Return what needs somebody, worst first."""
    listed = [*_of_sources(found), *_of_alerts(told, {f"connection:{one.pk}" for one in found})]
    return sorted(listed, key=lambda issue: issue.tone != "bad")


def _of_sources(found: Sequence[Source]) -> Iterator[Issue]:
    for one in found:
        if one.is_paused:
            continue
        if one.needs_person:
            title = _("%(name)s stopped and waits for you") % {"name": one.name}
            yield Issue("bad", "unplug", title, one.sentence, one.url, _("Fix it"))
        elif one.is_late or one.sentence:
            title = _("%(name)s is late") % {"name": one.name}
            text = one.sentence or _("Its numbers are older than they should be. It tries again by itself.")
            yield Issue("warn", "clock-alert", title, text, one.url, _("See why"))


def _of_alerts(told: Sequence[ShownAlert], listed: set[str]) -> Iterator[Issue]:
    for one in told:
        if one.is_open and one.row.subject not in listed:
            tone = "bad" if one.row.severity == "critical" else "warn"
            url = str(one.row.params.get("path", ""))
            yield Issue(tone, "triangle-alert", one.message, one.advice, url, _("See it"))


# --- figures -----------------------------------------------------------------------------------------------------------------
def company(tenant: Tenant) -> dict[str, Any]:
    """Return the figures of one company, and those of the installation that concern it."""
    totals = measure.totals()
    delays = seen.delays(tenant)
    since = pg.now() - timedelta(days=1)
    rate = PerformanceMetric.objects.filter(
        metric_type="cache_hit_rate_percent", recorded_at__gt=since
    ).aggregate(mean=Avg("metric_value"))
    open_screens = Presence.objects.filter(
        tenant=tenant, last_heartbeat_at__gt=pg.now() - timedelta(minutes=2)
    )
    return {
        "as_of": freshness.as_of(tenant),
        "event_to_screen": delays[seen.EVENT_TO_SCREEN],
        "upstream_to_screen": delays[seen.UPSTREAM_TO_SCREEN],
        "hit_rate": rate["mean"] / 100 if rate["mean"] is not None else None,
        "tier": _(TIERS[sizes.in_use(sizes.states())]),
        "streams": open_screens.count(),
        "workers": len(totals.of_kind("worker")),
        "now": figures.of(totals),
    }


def backups() -> dict[str, BackupRun | None]:
    """Return the newest backup and rehearsal that went well, and the newest attempt of all."""
    return {
        "backup": last_ok(BackupRun.Kind.BACKUP),
        "rehearsal": last_ok(BackupRun.Kind.REHEARSAL),
        "last": BackupRun.objects.order_by("-started_at").first(),
    }


@dataclass(frozen=True, slots=True)
class Statement:
    """One kind of SQL statement since the server's counters began: milliseconds each, and how often. `text` holds no values."""

    text: str
    calls: int
    mean_ms: float
    total_ms: float


# Only what PostgreSQL normalises; utility statements (a role with its password) keep what was written.
_SLOWEST: Final = r"""
SELECT query, calls, mean_exec_time, total_exec_time FROM pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query ~* '^\s*(select|insert|update|delete|merge|with)\y'
   AND query !~* 'pg_stat_statements' ORDER BY mean_exec_time DESC LIMIT %s
"""


def slowest_statements() -> list[Statement] | None:
    """Return the slowest statements by their mean; None where the server does not count them (pg_stat_statements)."""
    if not (_is_preloaded() and pg.fetch("SELECT 1 FROM pg_extension WHERE extname = 'pg_stat_statements'")):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_SLOWEST, [SLOWEST])
        rows = cursor.fetchall()
    return [
        Statement(scrub.text(" ".join(text.split()))[:STATEMENT_LENGTH], calls, mean, total)
        for text, calls, mean, total in rows
    ]


def count_statements() -> bool:
    """Let the database count its statements where its server can; return whether it does. Needs a role that may create extensions."""
    if not _is_preloaded():
        return False
    try:
        with transaction.atomic():
            pg.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    except ProgrammingError:  # not allowed: the page says that nothing is counted
        return False
    return True


def _is_preloaded() -> bool:
    loaded = str(pg.fetch("SELECT current_setting('shared_preload_libraries', true)")[0][0] or "")
    return "pg_stat_statements" in [name.strip() for name in loaded.split(",")]


def installation() -> dict[str, Any]:
    """Return what only an operator sees: every process, the slowest statements, freshness over all companies."""
    totals = measure.totals()
    routes = {
        dict(key[1:])["route"] for key in totals.figures.times if key[0] == "request_ms" and len(key) > 1
    }
    slow = [(route, totals.figures.time("request_ms", route=route)) for route in routes]
    return {
        "processes": totals.processes,
        "delays": seen.delays(None),
        "routes": sorted(slow, key=lambda pair: -(pair[1].mean or 0))[:SLOWEST],
        "statements": slowest_statements(),
    }
