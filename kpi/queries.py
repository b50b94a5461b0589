"""Reading numbers: from rollups, so that the cost of a board follows the days it shows and not the history."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django.db.models import Count, DecimalField, Min, Q, Sum, Value
from django.db.models.functions import Coalesce

from kpi import comparing
from kpi.calculations import Number, Totals
from kpi.catalog import CATALOG, Kpi
from kpi.comparing import Compared, Spans
from kpi.models import Daily, Monthly
from kpi.targets.goals import Courses, Goals
from ledger.models import Account, OpenItem, Transaction
from lib import pg
from lib.clock import add_months
from lib.periods import Period
from lib.workdays import Calendar, Days
from reconciliation.queries import with_left
from sync.models import Connection, FileImport
from tenants.models import Tenant

CREDIT, DEBIT, SALE = "CREDIT", "DEBIT", "SALE"
NOW: Final = "now"  # the board's own period among the spans that are read at once
SHAPE: Final = "shape"  # and the days whose weekdays say how goals spread
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Card:
    """One number of a board: its value, what it is compared with, and the change as a ratio. None is unknown.

    `comparisons` holds everything that it can be compared with, the chosen span first and a goal last; what has no value there is not in it.
    """

    kpi: Kpi
    value: Number
    previous: Number
    change: Decimal | None
    spark: tuple[Decimal, ...] = ()
    comparisons: tuple[Compared, ...] = ()

    @property
    def difference(self) -> Number:
        """Return value − previous where the sign turned, of which no ratio says anything; else None."""
        return comparing.difference(self.value, self.previous)


@dataclass(frozen=True, slots=True)
class Board:
    """The numbers of a period beside those of the period it is compared with, in the company's currency.

    `foreign` lists what happened in other currencies: (currency, inflow, outflow). It is never added to anything. `days` are those of the period that
    have passed, `compared_days` those of `compared`. `payables_overdue` is what should have been paid before today (negative; None: unknown).
    """

    period: Period
    compared: Period
    comparison: str
    currency: str
    cards: tuple[Card, ...]
    foreign: tuple[tuple[str, Decimal, Decimal], ...] = ()
    days: Days = field(default_factory=partial(Days, 0, 0))
    compared_days: Days = field(default_factory=partial(Days, 0, 0))
    payables_overdue: Decimal | None = None

    def card(self, code: str) -> Card:
        """Return the card of a KPI."""
        return next(card for card in self.cards if card.kpi.code == code)


@dataclass(frozen=True, slots=True)
class _Days:
    """The daily rollup of one span: sums by type, and of the board's own period and of `SHAPE` the series by type and day."""

    sums: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    series: dict[str, dict[date, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    counts: dict[date, int] = field(default_factory=dict)

    @property
    def courses(self) -> Courses:
        """Return count and total by type and day; lines are not counted."""
        return {
            kind: {day: (self.counts.get(day, 0) if kind == SALE else 0, total) for day, total in course.items()}
            for kind, course in self.series.items()
        }  # fmt: skip


def board(tenant: Tenant, *, period: Period, today: date, comparison: str = "previous") -> Board:
    """Return the board of a period. Nine queries, whatever the history; the heaviest reads the period's own sales.

    Compared like for like: of a period that reaches beyond today only the days that have happened, and with nothing at all where the
    company's data does not reach back as far as what it would be compared with. All comparisons come from one read of the day rollup;
    what that does not hold (customers, settled lines) is known of the chosen one only.
    """
    known = _known(tenant)
    until = period.until(today)
    spans = comparing.spans_of(until, comparison, known.calendar)
    compared = spans.others[comparison]
    shape = known.goals.reads(until, today)
    days, foreign = _days(tenant, {NOW: period, **spans.others} | ({SHAPE: shape} if shape else {}))
    goals = known.goals.shaped(days[SHAPE].courses, until, today) if shape else known.goals
    totals = _totals(tenant, period, days[NOW], known.reached_by(period), state(tenant, today))
    before = {
        key: _totals(tenant, span, days[key], known.before(span), Totals(), whole=key == comparison)
        for key, span in spans.others.items()
    }
    beside = partial(comparing.with_goal, goals=goals, until=until, calendar=known.calendar, today=today)
    cards = tuple(
        _card(kpi, totals, before, days[NOW], period, spans, beside(kpi, kpi.measure(totals)))
        for kpi in CATALOG
    )
    return Board(
        period, compared, comparison, tenant.currency, cards, foreign, spans.now, spans.days[comparison], totals.payables_overdue,
    )  # fmt: skip


def _card(
    kpi: Kpi, now: Totals, before: Mapping[str, Totals], days: _Days, period: Period, spans: Spans, goal: Compared | None
) -> Card:  # fmt: skip
    value = kpi.measure(now)
    found = [] if kpi.now else [
        comparing.beside(kpi, key, value, previous, spans)
        for key, totals in before.items()
        if value is not None and (previous := kpi.measure(totals)) is not None
    ]  # fmt: skip
    chosen = next(iter(before))
    previous = None if kpi.now else kpi.measure(before[chosen])
    return Card(
        kpi,
        value,
        previous,
        comparing.moved_by(kpi, value, previous),
        _spark(kpi.series, days, period) if value is not None else (),
        (*found, *([goal] if goal else [])),
    )


def _spark(series: str, days: _Days, period: Period) -> tuple[Decimal, ...]:
    span = [period.start + timedelta(days=n) for n in range(period.days)]
    if not series or len(span) < 2:
        return ()
    if series == "sales":
        return tuple(Decimal(days.counts.get(day, 0)) for day in span)
    types = {"inflow": (CREDIT,), "outflow": (DEBIT,), "net": (CREDIT, DEBIT), "revenue": (SALE,)}[series]
    return tuple(sum((days.series.get(kind, {}).get(day, ZERO) for kind in types), ZERO) for day in span)


@dataclass(frozen=True, slots=True)
class _Reach:
    """What is known of a period: its bank lines, its sales. Without an ERP sales are unknown, which is not the same as none."""

    lines: bool
    sales: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """The first day with a bank line and with a sale (None: there never was one), the company's business days and its goals."""

    lines: date | None
    sales: date | None
    calendar: Calendar
    goals: Goals

    def reached_by(self, period: Period) -> _Reach:
        """Return what is known of a period that data begins before or in."""
        return _Reach(*(first is not None and first < period.end for first in (self.lines, self.sales)))

    def before(self, period: Period) -> _Reach:
        """Return what is known of the whole of a period; half of one is nothing to compare with."""
        return _Reach(*(first is not None and first <= period.start for first in (self.lines, self.sales)))


_KNOWN = """
SELECT (SELECT day FROM kpi_daily WHERE tenant_id = %(tenant)s AND n > 0 AND type IN ('CREDIT', 'DEBIT') ORDER BY day LIMIT 1),
       (SELECT day FROM kpi_daily WHERE tenant_id = %(tenant)s AND n > 0 AND type = 'SALE' ORDER BY day LIMIT 1),
       ARRAY(SELECT ARRAY[first_day, last_day] FROM kpi_occasion WHERE tenant_id = %(tenant)s AND kind = 'free'),
       ARRAY(SELECT ARRAY[kpi, month::text, value::text] FROM kpi_target WHERE tenant_id = %(tenant)s)
"""


def _known(tenant: Tenant) -> _Known:
    """Return since when there is data, free days and goals. One query: two short walks along the day rollup's key, two small tables."""
    lines, sales, free, goals = pg.fetch(_KNOWN, {"tenant": tenant.pk})[0]
    calendar = comparing.calendar_of(free)
    return _Known(lines, sales, calendar, goals_of(goals, calendar))


def goals_of(rows: Iterable[Sequence[str]], calendar: Calendar) -> Goals:
    """Return the goals of a company out of (number, first day of the month, value)."""
    by_kpi: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for code, month, value in rows:
        by_kpi[code][date.fromisoformat(month)] = Decimal(value)
    return Goals(by_kpi, calendar.own)


_DAYS = """
SELECT s.name, d.currency, d.type, CASE WHEN s.name IN ('now', 'shape') THEN d.day END AS on_day, sum(d.flow_n)::bigint, sum(d.flow_total)
  FROM unnest(%(names)s::text[], %(starts)s::date[], %(ends)s::date[]) AS s(name, first, after)
  JOIN kpi_daily d ON d.tenant_id = %(tenant)s AND d.day >= s.first AND d.day < s.after
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


def _asked(tenant: Tenant, spans: Mapping[str, Period]) -> dict[str, Any]:
    return {
        "tenant": tenant.pk, "currency": tenant.currency, "names": list(spans),
        "starts": [span.start for span in spans.values()], "ends": [span.end for span in spans.values()],
    }  # fmt: skip


def _days(
    tenant: Tenant, spans: Mapping[str, Period]
) -> tuple[dict[str, _Days], tuple[tuple[str, Decimal, Decimal], ...]]:
    """Return the day rollup of every span, and what happened abroad in the one called now. One query."""
    found = {name: _Days() for name in spans}
    foreign: dict[str, list[Decimal]] = {}
    for name, currency, kind, day, n, total in pg.fetch(_DAYS, _asked(tenant, spans)):
        if currency != tenant.currency:
            if kind != SALE and n and name == NOW:
                foreign.setdefault(currency, [ZERO, ZERO])[kind == DEBIT] += total
            continue
        one = found[name]
        had, had_total = one.sums.get(kind, (0, ZERO))
        one.sums[kind] = (had + n, had_total + total)
        if day:
            one.series[kind][day] = total
            if kind == SALE:
                one.counts[day] = n
    return found, tuple(
        (currency, inward, outward) for currency, (inward, outward) in sorted(foreign.items())
    )


def _totals(
    tenant: Tenant, period: Period, days: _Days, known: _Reach, state: Totals, *, whole: bool = True
) -> Totals:
    """Return what is known of a span; without `whole` only what the day rollup holds."""
    n_in, inflow = days.sums.get(CREDIT, (0, ZERO))
    n_out, outflow = days.sums.get(DEBIT, (0, ZERO))
    n_sales, revenue = days.sums.get(SALE, (0, ZERO))
    active, new = _customers(tenant, period) if known.sales and whole else (None, None)
    return Totals(
        inflow=inflow if known.lines else None,
        outflow=outflow if known.lines else None,
        revenue=revenue if known.sales else None,
        sales=n_sales if known.sales else None,
        active_customers=active,
        new_customers=new,
        cash=state.cash,
        receivables_open=state.receivables_open,
        receivables_overdue=state.receivables_overdue,
        payables_open=state.payables_open,
        payables_overdue=state.payables_overdue,
        lines=n_in + n_out if known.lines else None,
        lines_settled=_settled(tenant, period) if known.lines and whole else None,
    )


_CUSTOMERS = """
WITH bought AS (
    SELECT DISTINCT customer_id FROM ledger_sale
    WHERE tenant_id = %(tenant)s AND date >= %(start)s AND date < %(end)s
      AND customer_id IS NOT NULL AND void_at IS NULL AND NOT is_cancelled AND NOT ignored
)
SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (
    SELECT 1 FROM ledger_sale e
    WHERE e.tenant_id = %(tenant)s AND e.customer_id = bought.customer_id AND e.date < %(start)s
      AND e.void_at IS NULL AND NOT e.is_cancelled AND NOT e.ignored
)) FROM bought
"""


def _customers(tenant: Tenant, period: Period) -> tuple[int, int]:
    """Return how many different customers bought in the period, and how many of them for the first time."""
    active, new = pg.fetch(_CUSTOMERS, {"tenant": tenant.pk, "start": period.start, "end": period.end})[0]
    return int(active), int(new)


# The lines that the rollups count as inflow or outflow. No row for a company whose lines the matcher never looked at.
_SETTLED = """
SELECT count(*) FROM ledger_transaction t
 WHERE tenant_id = %(tenant)s AND date >= %(start)s AND date < %(end)s AND currency = %(currency)s
   AND status = 'posted' AND void_at IS NULL AND NOT ignored AND nature = 'regular'
   AND EXISTS (SELECT FROM reconciliation_matchline l WHERE l.tenant_id = t.tenant_id AND l.transaction_id = t.id AND l.confirmed)
HAVING EXISTS (SELECT FROM reconciliation_progress WHERE tenant_id = %(tenant)s AND ran_at IS NOT NULL)
"""


def _settled(tenant: Tenant, period: Period) -> int | None:
    """Return how many of the period's lines are settled; None before the first reconciliation."""
    span = {"tenant": tenant.pk, "start": period.start, "end": period.end, "currency": tenant.currency}
    found = pg.fetch(_SETTLED, span)
    return int(found[0][0]) if found else None


def state(tenant: Tenant, today: date) -> Totals:
    """Return what stands now: money in bank accounts, and open items."""
    own = Q(currency=tenant.currency)
    accounts = Account.objects.filter(own, tenant=tenant, void_at=None).exclude(kind=Account.Kind.CARD)
    cash = accounts.aggregate(total=Sum("balance"))["total"]
    items = OpenItem.objects.filter(own, tenant=tenant, void_at=None, ignored=False)
    if not OpenItem.objects.filter(tenant=tenant).exists():
        return Totals(cash=cash)
    receivable, payable, late = Q(direction="receivable"), Q(direction="payable"), Q(due_date__lt=today)
    sums = with_left(items.filter(status__in=["open", "partial"])).aggregate(
        receivables=_sum(receivable), receivables_late=_sum(receivable & late), payables=_sum(payable), payables_late=_sum(payable & late)
    )  # fmt: skip
    return Totals(
        cash=cash,
        receivables_open=sums["receivables"],
        receivables_overdue=sums["receivables_late"],
        payables_open=sums["payables"],
        payables_overdue=sums["payables_late"],
    )


def _sum(condition: Q) -> Coalesce:
    zero = Value(ZERO, output_field=DecimalField(max_digits=18, decimal_places=2))
    return Coalesce(Sum("left", filter=condition), zero)


@dataclass(frozen=True, slots=True)
class MonthFlow:
    """Money in and out (negative) of one month, in the company's currency."""

    month: date
    inflow: Decimal
    outflow: Decimal

    @property
    def net(self) -> Decimal:
        """Return what stayed."""
        return self.inflow + self.outflow


def cash_flow_by_month(tenant: Tenant, *, until: date, months: int = 12) -> list[MonthFlow]:
    """Return the last `months` months up to that of `until`, oldest first, empty ones included. One query over the month rollup."""
    first = add_months(until.replace(day=1), 1 - months)
    rows = Monthly.objects.filter(
        tenant=tenant, currency=tenant.currency, type__in=[CREDIT, DEBIT], month__gte=first, month__lte=until
    ).values_list("month", "type", "flow_total")
    found = {(month, kind): total for month, kind, total in rows}
    spans = [add_months(first, n) for n in range(months)]
    return [
        MonthFlow(month, found.get((month, CREDIT), ZERO), found.get((month, DEBIT), ZERO)) for month in spans
    ]


def sales_by_day(tenant: Tenant, *, period: Period) -> list[tuple[date, Decimal]]:
    """Return (day, total of sales) for every day of the period, days without sales included. One query over the day rollup."""
    rows = Daily.objects.filter(
        tenant=tenant, currency=tenant.currency, type=SALE, day__gte=period.start, day__lt=period.end
    )
    found = dict(rows.values_list("day", "flow_total"))
    return [
        (day, found.get(day, ZERO)) for day in (period.start + timedelta(days=n) for n in range(period.days))
    ]


def facts_as_of(tenant: Tenant) -> datetime | None:
    """Return when the stalest connection last finished well: the time at which all numbers were true. None if one never did.

    A company that only imports files is as fresh as its newest file.
    """
    connections = Connection.objects.filter(tenant=tenant).exclude(state=Connection.State.PAUSED)
    found = connections.aggregate(n=Count("id"), good=Count("last_good_at"), oldest=Min("last_good_at"))
    if found["n"]:
        return found["oldest"] if found["good"] == found["n"] else None
    stored = FileImport.objects.filter(tenant=tenant, status=FileImport.Status.STORED)
    return stored.order_by("-created_at").values_list("stored_at", flat=True).first()


def pending(tenant: Tenant) -> tuple[int, Decimal, Decimal]:
    """Return how many lines are pending, and their sums in and out: shown apart, in no total."""
    found = Transaction.objects.filter(
        tenant=tenant,
        status=Transaction.Status.PENDING,
        void_at=None,
        ignored=False,
        currency=tenant.currency,
    ).aggregate(
        n=Count("id"),
        inward=Sum("amount", filter=Q(amount__gt=0), default=ZERO),
        outward=Sum("amount", filter=Q(amount__lt=0), default=ZERO),
    )
    return found["n"], found["inward"], found["outward"]


__all__ = [
    "Board", "Card", "MonthFlow", "board", "cash_flow_by_month", "facts_as_of", "pending", "sales_by_day", "state",
]  # fmt: skip
