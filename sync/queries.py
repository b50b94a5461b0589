"""How connections are doing, and what their runs did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.models import Account, BankConnection, Transaction
from lib import keyset
from lib.crypto import SecretUnreadable
from lib.keyset import Page
from lib.text import fold
from sync import budgets
from sync.accounts import FILES
from sync.budgets import Left
from sync.models import Connection, RawRecord, SyncRun
from sync.providers.pluggy.banks import BankState, bank_state
from tenants.models import Tenant

LATE: Final = timedelta(minutes=10)  # beyond its own interval a connection is late
RUN_ORDER: Final = ("-created_at", "-id")


@dataclass(frozen=True, slots=True)
class Health:
    """How one connection is doing, in words. `sentence` says what is wrong and the way out; empty when all is well."""

    pk: int
    name: str
    kind: str
    kind_name: str
    state: str
    last_good_at: datetime | None
    next_due_at: datetime
    needs_person: bool
    is_late: bool
    sentence: str
    run: SyncRun | None
    banks: tuple[BankConnection, ...] = ()

    @property
    def is_running(self) -> bool:
        """Return whether an attempt is open now."""
        return self.run is not None and self.run.status in SyncRun.OPEN

    @property
    def tone(self) -> str:
        """Return the badge's tone: good, warn, bad or nothing for a paused one."""
        if self.state == Connection.State.PAUSED:
            return ""
        if self.needs_person or self.sentence:
            return "bad" if self.needs_person else "warn"
        return "warn" if self.is_late else "good"


def connection_health(tenant: Tenant) -> list[Health]:
    """Return every connection of the company with its newest run, by name. Three queries."""
    newest = SyncRun.objects.filter(connection=OuterRef("pk")).order_by("-created_at", "-id").values("pk")[:1]
    connections = list(
        Connection.objects.filter(tenant=tenant, removed_at=None)
        .annotate(run_id=Subquery(newest))
        .order_by("name", "id")
    )
    runs = SyncRun.objects.in_bulk([c.run_id for c in connections if c.run_id])
    banks: dict[int, list[BankConnection]] = {}
    for bank in BankConnection.objects.filter(tenant=tenant, void_at=None).order_by("institution", "id"):
        banks.setdefault(bank.source_id, []).append(bank)
    now = timezone.now()
    return [
        _health(c, runs.get(c.run_id) if c.run_id else None, tuple(banks.get(c.source_id, ())), now)
        for c in connections
    ]


def _health(
    connection: Connection, run: SyncRun | None, banks: tuple[BankConnection, ...], now: datetime
) -> Health:
    states = [_bank_state(bank, now) for bank in banks]
    stuck = any(state.needs_person for state in states)
    told = [
        state.sentence for state in sorted(states, key=lambda state: not state.needs_person) if state.sentence
    ]
    waiting = _(told[0].template) % told[0].values if told else ""
    active = connection.state == Connection.State.ACTIVE
    good_until = (
        connection.last_good_at
        and connection.last_good_at + timedelta(seconds=connection.interval_seconds) + LATE
    )
    return Health(
        pk=connection.pk,
        name=connection.name,
        kind=connection.kind,
        kind_name=connection.get_kind_display(),
        state=connection.state,
        last_good_at=connection.last_good_at,
        next_due_at=connection.next_due_at,
        needs_person=connection.state == Connection.State.NEEDS_PERSON or (active and stuck),
        is_late=active and (good_until is None or good_until < now),
        sentence=_sentence(connection) or waiting,
        run=run,
        banks=banks,
    )


def _sentence(connection: Connection) -> str:
    if connection.state == Connection.State.NEEDS_PERSON:
        return connection.state_reason
    if connection.failures:
        return _("The last %(n)d attempts failed: %(error)s It tries again by itself.") % {
            "n": connection.failures,
            "error": connection.last_error,
        }
    return ""


def _bank_state(bank: BankConnection, now: datetime) -> BankState:
    return bank_state(
        bank=bank.institution,
        status=bank.status,
        error_code=bank.error_code,
        consent_expires_at=bank.consent_expires_at,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class ShownAccount:
    """An account with the day of its newest line that counts (None: it is empty) and who brings its lines, in words."""

    row: Account
    newest: date | None
    origin: str
    is_of_files: bool
    may_remove: bool

    @property
    def number(self) -> str:
        """Return branch and number as people write them; "" when unknown."""
        return " / ".join(part for part in (self.row.branch, self.row.number) if part)


def accounts(tenant: Tenant) -> list[ShownAccount]:
    """Return the accounts of the company by name, cards last. Two queries, one look into the index of lines for each account."""
    newest = Transaction.objects.filter(tenant=tenant, account=OuterRef("pk"), void_at=None).order_by("-date")
    rows = Account.objects.filter(tenant=tenant, void_at=None).select_related("source")
    found = rows.annotate(newest=Subquery(newest.values("date")[:1])).order_by("name", "pk")
    read = Connection.objects.filter(tenant=tenant, removed_at=None)
    alive = dict(read.values_list("source_id", "name"))
    shown = [_shown_account(row, row.newest, alive) for row in found]
    return sorted(shown, key=lambda one: (one.row.kind == Account.Kind.CARD, fold(str(one.row))))


def _shown_account(row: Account, newest: date | None, alive: Mapping[int, str]) -> ShownAccount:
    of_files = row.source.kind == FILES
    origin = _("files") if of_files else alive.get(row.source_id) or _("a connection that was removed")
    gone = not of_files and row.source_id not in alive
    return ShownAccount(row, newest, origin, of_files, of_files or (gone and newest is None))


def mergeable(one: ShownAccount, others: Iterable[ShownAccount]) -> list[ShownAccount]:
    """Return the accounts that a file-only account could really be."""
    card = one.row.kind == Account.Kind.CARD
    return [
        other
        for other in others
        if other.row.pk != one.row.pk
        and other.row.currency == one.row.currency
        and (other.row.kind == Account.Kind.CARD) == card
    ]


def runs(tenant: Tenant, *, connection_id: int | None = None, status: str = "") -> QuerySet[SyncRun]:
    """Return the company's runs, narrowed to one connection or status."""
    found = SyncRun.objects.filter(tenant=tenant).select_related("connection")
    if connection_id is not None:
        found = found.filter(connection_id=connection_id)
    return found.filter(status=status) if status in SyncRun.Status.values else found


def run_page(
    tenant: Tenant, *, cursor: str | None, limit: int = 50, connection_id: int | None = None, status: str = ""
) -> Page[SyncRun]:
    """Return one page of runs, newest first. Raises keyset.CursorError."""
    found = runs(tenant, connection_id=connection_id, status=status)
    return keyset.paginate(found, order=RUN_ORDER, limit=limit, cursor=cursor)


def request_budget(connection: Connection) -> list[Left]:
    """Return what is left of every limit on requests of the connection's upstream, longest window first.

    Empty for a connection without credentials: equal credentials share one budget, so without them nobody knows which.
    """
    if not connection.secret:
        return []
    try:
        return budgets.budget_of(connection).tightest()
    except SecretUnreadable:
        return []


def budgets_json(connection: Connection) -> list[dict[str, Any]]:
    """Return the request budget as the API has it."""
    return [
        {
            "limit": left.limit,
            "amount": left.amount,
            "seconds": left.seconds,
            "endpoint": left.endpoint,
            "remaining": left.remaining,
            "resets_at": left.resets_at,
        }
        for left in request_budget(connection)
    ]


def removed(tenant: Tenant, kind: str) -> QuerySet[Connection]:
    """Return the connections of a kind that were removed and could be brought back, newest first."""
    return Connection.objects.filter(tenant=tenant, kind=kind, removed_at__isnull=False).order_by(
        "-removed_at"
    )


def is_removed(tenant: Tenant, pk: int) -> bool:
    """Return whether the company had this connection and removed it."""
    return Connection.objects.filter(tenant=tenant, pk=pk, removed_at__isnull=False).exists()


def unreadable(connection: Connection) -> QuerySet[RawRecord]:
    """Return the raw records of a connection that could not be mapped, each with its reason."""
    return (
        RawRecord.objects.filter(tenant_id=connection.tenant_id, connection=connection)
        .exclude(error="")
        .order_by("pk")
    )


def status(tenant: Tenant) -> Mapping[str, Any]:
    """Return the synchronisation status as the API has it: connections with state, times and newest run."""
    found = connection_health(tenant)
    rows = Connection.objects.in_bulk([one.pk for one in found])
    return {
        "running": sum(one.is_running for one in found),
        "connections": [
            {
                "id": one.pk,
                "name": one.name,
                "kind": one.kind,
                "state": one.state,
                "needs_person": one.needs_person,
                "late": one.is_late,
                "message": one.sentence,
                "last_good_at": one.last_good_at,
                "next_due_at": one.next_due_at,
                "run": run_json(one.run) if one.run else None,
                "budgets": budgets_json(rows[one.pk]),
            }
            for one in found
        ],
    }


def run_json(run: SyncRun) -> dict[str, Any]:
    """Return a run as the API has it."""
    names = (
        "id",
        "status",
        "reason",
        "resource",
        "created_at",
        "started_at",
        "finished_at",
        "fetched",
        "expected",
        "changed",
        "gone",
    )
    return {name: getattr(run, name) for name in (*names, "unreadable", "error", "decision", "retry_at")}
