"""Computing segments and keeping them. Scores are SQL; what is expected of customers is fitted in the process that computes, never by importing this."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction

from kpi import sql
from kpi.models import SegmentMember, SegmentState
from kpi.segments import edges
from ledger.models.customer import WALK_IN
from lib import clock, pg
from live import events
from tenants import audit
from tenants.access import Access
from tenants.models import Tenant, User

if TYPE_CHECKING:
    import numpy as np

HORIZON: Final = 90  # days
LOOK_BACK: Final = (
    12  # months that a company's first segments are computed for, so that movement shows at once
)
AT_MOST_EVERY: Final = timedelta(hours=1)  # while facts change; after midnight in any case
_SCORE: Final = sql.read("segments.sql")
# Of companies that have sales: those whose day is over, and those whose facts changed since.
_DUE: Final = """
SELECT t.id FROM tenants_tenant t LEFT JOIN kpi_segmentstate s ON s.tenant_id = t.id LEFT JOIN live_generation g ON g.tenant_id = t.id
 WHERE t.is_active AND EXISTS (SELECT FROM ledger_sale WHERE tenant_id = t.id)
   AND (s.as_of IS NULL OR s.as_of IS DISTINCT FROM (now() AT TIME ZONE t.time_zone)::date + 1
        OR (s.built_version IS DISTINCT FROM g.facts AND s.built_at < now() - %s))
 ORDER BY t.id
"""
# x, t_x and T of the models in days, and the days with a purchase of any value with their mean.
_HISTORY: Final = """
SELECT customer_id, count(*) - 1, max(date) - min(date), %(as_of)s - min(date), count(*) FILTER (WHERE total > 0),
       coalesce(avg(total) FILTER (WHERE total > 0), 0)::float
  FROM (SELECT customer_id, date, sum(total) AS total FROM ledger_sale
         WHERE tenant_id = %(tenant)s AND date < %(as_of)s AND customer_id IS NOT NULL AND currency = %(currency)s
           AND void_at IS NULL AND NOT is_cancelled AND NOT ignored
         GROUP BY customer_id, date) AS days
 GROUP BY customer_id
"""
_KEEP: Final = """
UPDATE kpi_segmentmember s SET expected = e.expected, spend = e.spend
  FROM expected_now e WHERE s.tenant_id = %(tenant)s AND s.month = %(month)s AND s.customer_id = e.customer_id
   AND (s.expected, s.spend) IS DISTINCT FROM (e.expected, e.spend)
"""
_RENAME: Final = """
UPDATE kpi_segmentmember SET segment = (%(segments)s::text[])[(r - 1) * 25 + (f - 1) * 5 + m]
 WHERE tenant_id = %(tenant)s AND month = %(month)s AND segment <> (%(segments)s::text[])[(r - 1) * 25 + (f - 1) * 5 + m]
RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class Made:
    """How many customers have a segment now, and whether something is expected of them."""

    customers: int
    fitted: bool


def due() -> list[Tenant]:
    """Return the companies whose segments are behind. One query."""
    ids = [row[0] for row in pg.fetch(_DUE, [AT_MOST_EVERY])]
    return list(Tenant.objects.filter(pk__in=ids).order_by("pk"))


def compute(*, tenant: Tenant, expect: bool = True) -> Made | None:
    """Bring the company's segments up to today, and those of past months where there are none yet. None when another process is at it."""
    with pg.session_lock(pg.Lock.SEGMENTS, tenant.pk) as taken:
        if not taken:
            return None
        tomorrow = clock.today(tenant.zone) + timedelta(days=1)
        state, _created = SegmentState.objects.get_or_create(tenant=tenant)
        version = _version(tenant)
        _catch_up(tenant, state, tomorrow)
        customers = score(tenant=tenant, as_of=tomorrow, rules=state.rules)
        fitted = _expect(tenant, tomorrow) if expect else None
        with transaction.atomic():
            kept = SegmentState.objects.select_for_update(no_key=True).get(pk=state.pk)
            # Who moved the edges meanwhile wants the names by the new ones: it stays due.
            kept.built_version = version if kept.rules == state.rules else -1
            kept.as_of, kept.built_at, kept.fitted = tomorrow, clock.now(), fitted
            kept.save(update_fields=["as_of", "built_version", "built_at", "fitted"])
        return Made(customers, fitted is not None)


def _version(tenant: Tenant) -> int:
    found = pg.fetch("SELECT facts FROM live_generation WHERE tenant_id = %s", [tenant.pk])
    return int(found[0][0]) if found else 0


def _catch_up(tenant: Tenant, state: SegmentState, tomorrow: date) -> None:
    """Score the ends of past months that nobody scored at their end: all of them at first, later those that passed meanwhile."""
    this = month_of(tomorrow)
    since = month_of(state.as_of) if state.as_of else clock.add_months(this, -LOOK_BACK)
    while since < this:
        score(tenant=tenant, as_of=clock.add_months(since, 1), rules=state.rules)
        since = clock.add_months(since, 1)


def month_of(as_of: date) -> date:
    """Return the month that segments as of this reference day belong to: that of the day before."""
    return (as_of - timedelta(days=1)).replace(day=1)


@transaction.atomic
def score(*, tenant: Tenant, as_of: date, rules: list[dict[str, Any]] | None = None) -> int:
    """Score all customers by their purchases before `as_of`; return how many there are. One statement."""
    return int(pg.fetch(*scoring(tenant, as_of, rules))[0][0])


def scoring(
    tenant: Tenant, as_of: date, rules: list[dict[str, Any]] | None = None
) -> tuple[str, dict[str, Any]]:
    """Return the statement that scores, with its values."""
    named = edges.names(edges.read(rules) if rules else edges.DEFAULT)
    values = {
        "tenant": tenant.pk,
        "as_of": as_of,
        "month": month_of(as_of),
        "currency": tenant.currency,
        "walk_in": WALK_IN,
    }
    return _SCORE, values | {"segments": _in_order(named)}


def _expect(tenant: Tenant, as_of: date) -> dict[str, float] | None:
    """Fit both models and keep what they expect of each customer; return their parameters. None and nothing kept without a fit."""
    import numpy as np

    from kpi.segments import bgnbd, gammagamma

    rows = pg.fetch(_HISTORY, {"tenant": tenant.pk, "as_of": as_of, "currency": tenant.currency})
    if not rows:
        return None
    customers, x, t_x, age, n, mean = (np.array(column) for column in zip(*rows, strict=True))
    buys = bgnbd.fit(x, t_x.astype(float), age.astype(float))
    spends = gammagamma.fit(n, mean)
    month = month_of(as_of)
    if buys is None:
        SegmentMember.objects.filter(tenant=tenant, month=month).exclude(expected=None).update(
            expected=None, spend=None
        )
        return None
    expected = buys.expected(HORIZON, x, t_x, age)
    spend = spends.expected(n, mean) if spends else np.full(len(n), np.nan)
    _keep(tenant, month, customers, expected, spend)
    fitted = {"r": buys.r, "alpha": buys.alpha, "a": buys.a, "b": buys.b}
    return fitted | ({"p": spends.p, "q": spends.q, "gamma": spends.gamma} if spends else {})


@transaction.atomic
def _keep(
    tenant: Tenant,
    month: date,
    customers: "np.ndarray[Any, Any]",
    expected: "np.ndarray[Any, Any]",
    spend: "np.ndarray[Any, Any]",
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE expected_now (customer_id bigint, expected numeric(9,2), spend numeric(20,2)) ON COMMIT DROP"
        )
        with cursor.copy("COPY expected_now FROM STDIN") as copy:
            for row in zip(customers.tolist(), expected.tolist(), spend.tolist(), strict=True):
                copy.write_row((row[0], _cents(row[1]), _cents(row[2])))
        cursor.execute("ANALYZE expected_now")
    pg.execute(_KEEP, {"tenant": tenant.pk, "month": month})


def _cents(value: float) -> Decimal | None:
    return Decimal(f"{value:.2f}") if abs(value) < 1e6 else None  # NaN too is not smaller than anything


@transaction.atomic
def move_edges(
    *, tenant: Tenant, rules: list[dict[str, Any]] | None, actor: User | Access | None = None
) -> int:
    """Let the company name its segments by these rules from now on; None: the usual ones. Raises EdgesError.

    Customers of the current month get their new names at once; return how many. Past months keep theirs.
    """
    named = edges.names(edges.DEFAULT if rules is None else edges.read(rules))
    state, _created = SegmentState.objects.select_for_update(no_key=True).get_or_create(tenant=tenant)
    before, state.rules, state.built_version = state.rules, rules, -1
    state.save(update_fields=["rules", "built_version"])
    moved = 0
    if state.as_of:
        asked = {"tenant": tenant.pk, "month": month_of(state.as_of), "segments": _in_order(named)}
        moved = len(pg.fetch(_RENAME, asked))
    if before != rules:
        audit.record(
            tenant=tenant,
            action="segments.edges",
            row=state,
            actor=actor,
            before={"rules": before},
            after={"rules": rules},
        )
    events.publish("settings_changed", tenant_id=tenant.pk)
    return moved


def _in_order(named: dict[tuple[int, int, int], str]) -> list[str]:
    """Return the segments as the statements look them up: by recency, then frequency, then value."""
    return [named[scores] for scores in sorted(named)]
