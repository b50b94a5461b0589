"""What the overview says beside its numbers: what is new since the last visit, and what needs a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, Sum

from kpi.models import Daily
from kpi.queries import CREDIT, DEBIT, Board, Card
from ledger.models import Transaction
from lib import clock, pg
from lib.periods import Period
from sync.models import FileImport, RawRecord
from sync.queries import Health
from tenants.models import Tenant, User

# A visit ends with this much silence; a person who comes back sooner still sees what was new when it began.
_REMEMBER = """
INSERT INTO kpi_visit AS v (tenant_id, user_id, seen_at) VALUES (%(tenant)s, %(user)s, %(now)s)
ON CONFLICT (tenant_id, user_id) DO UPDATE SET seen_at = excluded.seen_at,
    before_at = CASE WHEN v.seen_at < excluded.seen_at - interval '30 minutes' THEN v.seen_at ELSE v.before_at END
RETURNING before_at
"""
# Rows arrive within two weeks of the day they bear. Older ones (a backfill, a statement of last year) are no news, and reading only the newest
# days keeps the cost away from the history.
_ARRIVES_WITHIN: Final = timedelta(days=14)
LOOK_BACK: Final = timedelta(days=31)
_NEWS = """
SELECT
    (SELECT count(*) FROM ledger_transaction
      WHERE tenant_id = %(tenant)s AND date >= %(from)s AND created_at > %(since)s AND void_at IS NULL),
    (SELECT count(*) FROM ledger_sale
      WHERE tenant_id = %(tenant)s AND date >= %(from)s AND created_at > %(since)s AND void_at IS NULL AND NOT is_cancelled),
    (SELECT count(*) FROM ledger_openitem
      WHERE tenant_id = %(tenant)s AND direction = 'receivable' AND status IN ('open', 'partial')
        AND due_date >= %(day)s AND due_date < %(today)s AND void_at IS NULL AND NOT ignored)
"""
HEROES: Final = ("cash_balance", "inflow", "revenue", "receivables_open")
# Who stands in for a hero that this company has no data for, in this order.
UNDERSTUDIES: Final = ("expenses", "net", "payables_open", "receivables_overdue")


@dataclass(frozen=True, slots=True)
class News:
    """What came since a person's last visit: bank lines, sales, and receivables that fell due unpaid."""

    since: datetime
    lines: int
    sales: int
    overdue: int

    @property
    def any(self) -> bool:
        """Return whether anything is new."""
        return bool(self.lines or self.sales or self.overdue)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What arrived and could not be understood: records of connections, and files of the last month that were not stored."""

    records: int
    files: int


@dataclass(frozen=True, slots=True)
class Counterparty:
    """One payer or payee of a period: the sum keeps the ledger's sign."""

    name: str
    total: Decimal
    lines: int


def visit(tenant: Tenant, user: User, *, now: datetime) -> datetime | None:
    """Remember that a person looks now. Return when their visit before this one ended; None on the first. One statement."""
    found: datetime | None = pg.fetch(_REMEMBER, {"tenant": tenant.pk, "user": user.pk, "now": now})[0][0]
    return found


def news(tenant: Tenant, *, since: datetime, now: datetime) -> News:
    """Return what came since then, at most LOOK_BACK ago. One query over the newest days."""
    start = max(since, now - LOOK_BACK)
    day, today = (clock.business_day(moment, tenant.zone) for moment in (start, now))
    found = pg.fetch(
        _NEWS,
        {"tenant": tenant.pk, "since": start, "from": day - _ARRIVES_WITHIN, "day": day, "today": today},
    )
    return News(start, *found[0])


def unreadable(tenant: Tenant, *, now: datetime) -> Unreadable:
    """Return what could not be understood. Two queries, each over an index that holds little else."""
    records = RawRecord.objects.filter(tenant=tenant, gone_at=None).exclude(error="").count()
    files = FileImport.objects.filter(
        tenant=tenant, status=FileImport.Status.FAILED, created_at__gt=now - LOOK_BACK
    )
    return Unreadable(records, files.count())


def heroes(board: Board) -> list[Card]:
    """Return the four numbers that come first: the usual ones that have a value, then their understudies; all four when nothing is known."""
    known = [card for code in (*HEROES, *UNDERSTUDIES) if (card := board.card(code)).value is not None]
    return known[: len(HEROES)] or [board.card(code) for code in HEROES]


def is_late(connections: Sequence[Health]) -> bool:
    """Return whether the numbers are older than they should be: a connection is late beyond its own interval, or waits for a person."""
    return any(one.is_late or one.needs_person for one in connections)


def counterparties(tenant: Tenant, *, period: Period, kind: str, limit: int = 5) -> list[Counterparty]:
    """Return with whom most money moved in the period: `kind` is CREDIT for payers, DEBIT for payees. One query over the period's lines."""
    rows = (
        Transaction.objects.filter(
            tenant=tenant, currency=tenant.currency, type=kind, date__gte=period.start, date__lt=period.end,
            status=Transaction.Status.POSTED, nature=Transaction.Nature.REGULAR, void_at=None, ignored=False,
        )
        .exclude(counterparty_name="")
        .values("counterparty_name")
        .annotate(total=Sum("amount"), n=Count("id"))
        .order_by("total" if kind == DEBIT else "-total", "counterparty_name")[:limit]
    )  # fmt: skip
    return [Counterparty(row["counterparty_name"], row["total"], row["n"]) for row in rows]


def received_by_day(tenant: Tenant, *, period: Period) -> list[tuple[date, Decimal]]:
    """Return (day, money in) for every day of the period, days without any included. One query over the day rollup."""
    rows = Daily.objects.filter(
        tenant=tenant, currency=tenant.currency, type=CREDIT, day__gte=period.start, day__lt=period.end
    )
    found = dict(rows.values_list("day", "flow_total"))
    days = (period.start + timedelta(days=n) for n in range(period.days))
    return [(day, found.get(day, Decimal(0))) for day in days]
