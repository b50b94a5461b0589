"""Sums by dimension, brought up to date day by day: triggers mark the days that changed (kpi/sql/0003_touched.sql).

Ten years of days stay cheap: a day that does not change is never read again, and what did not move in a day is not written.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from django.db import transaction

from kpi import sql
from kpi.models import DimensionDaily, DimensionMonthly, TouchedDay
from lib import apart, pg

AT_ONCE: Final = 120  # days summed in one transaction
KINDS: Final = {TouchedDay.Kind.SALES: ("SALE",), TouchedDay.Kind.LINES: ("CREDIT", "DEBIT")}
FRESH: Final = {
    TouchedDay.Kind.SALES: sql.read("sales_by_dimension.sql"),
    TouchedDay.Kind.LINES: sql.read("lines_by_dimension.sql"),
}
_BRING: Final = """
WITH {fresh},
stored AS (
    SELECT type, dimension, currency, day, key, n, quantity, total FROM kpi_dimension_daily
     WHERE tenant_id = %(tenant)s AND type = ANY (%(types)s) AND day = ANY (%(days)s)),
moved AS (
    SELECT type, dimension, currency, day, key, coalesce(f.n, 0) - coalesce(s.n, 0) AS n,
           coalesce(f.quantity, 0) - coalesce(s.quantity, 0) AS quantity, coalesce(f.total, 0) - coalesce(s.total, 0) AS total
      FROM fresh f FULL JOIN stored s USING (type, dimension, currency, day, key)
     WHERE (f.n, f.quantity, f.total) IS DISTINCT FROM (s.n, s.quantity, s.total)),
by_day AS (
    INSERT INTO kpi_dimension_daily AS r (tenant_id, type, dimension, currency, day, key, n, quantity, total)
    SELECT %(tenant)s, type, dimension, currency, day, key, n, quantity, total FROM moved
        ON CONFLICT (tenant_id, type, dimension, currency, day, key) DO UPDATE
       SET n = r.n + excluded.n, quantity = r.quantity + excluded.quantity, total = r.total + excluded.total)
INSERT INTO kpi_dimension_monthly AS r (tenant_id, type, dimension, currency, month, key, n, quantity, total)
SELECT %(tenant)s, type, dimension, currency, date_trunc('month', day)::date, key, sum(n), sum(quantity), sum(total) FROM moved
 GROUP BY type, dimension, currency, date_trunc('month', day), key
    ON CONFLICT (tenant_id, type, dimension, currency, month, key) DO UPDATE
   SET n = r.n + excluded.n, quantity = r.quantity + excluded.quantity, total = r.total + excluded.total
"""
# What nothing is left of would be read for ever.
_EMPTY: Final = """
DELETE FROM kpi_dimension_{grain} WHERE tenant_id = %(tenant)s AND type = ANY (%(types)s) AND n = 0 AND {column} = ANY (%(days)s)
"""
# A company whose first reading goes on would be summed again and again; it is summed when that ends, or when somebody looks.
_DUE: Final = """
SELECT DISTINCT tenant_id FROM kpi_touched t
 WHERE NOT EXISTS (SELECT FROM sync_connection c JOIN sync_syncrun r ON r.connection_id = c.id AND r.status IN ('queued', 'running')
                    WHERE c.tenant_id = t.tenant_id AND c.last_good_at IS NULL AND c.state = 'active')
 ORDER BY tenant_id
"""
_TOUCH_ALL: Final = """
INSERT INTO kpi_touched (tenant_id, kind, day)
SELECT DISTINCT tenant_id, 'lines', date FROM ledger_transaction WHERE tenant_id = %(tenant)s
 UNION ALL SELECT DISTINCT tenant_id, 'sales', date FROM ledger_sale WHERE tenant_id = %(tenant)s
"""


def bring_due() -> int:
    """Bring every company's sums up to date; return how many days were summed. Cheap when nothing changed."""
    return sum(days for _id, days in apart.each([row[0] for row in pg.fetch(_DUE)], bring))


def bring(tenant_id: int) -> int:
    """Sum the company's touched days anew; return how many. Waits for another process that is at it: afterwards the sums hold."""
    return sum(_bring_kind(tenant_id, kind) for kind in KINDS)


def _bring_kind(tenant_id: int, kind: str) -> int:
    rows = TouchedDay.objects.filter(tenant=tenant_id, kind=kind).order_by("-day")
    days = list(rows.values_list("day", flat=True).distinct())
    for start in range(0, len(days), AT_ONCE):
        _sum(tenant_id, kind, days[start : start + AT_ONCE])
    return len(days)


@transaction.atomic
def _sum(tenant_id: int, kind: str, days: Sequence[date]) -> None:
    """Take the marks away, then sum: in this order, so that a change committed in between keeps its own mark or is seen."""
    pg.lock(pg.Lock.DIMENSIONS, tenant_id)
    TouchedDay.objects.filter(tenant=tenant_id, kind=kind, day__in=days).delete()
    months = sorted({day.replace(day=1) for day in days})
    asked = {"tenant": tenant_id, "types": list(KINDS[TouchedDay.Kind(kind)]), "days": list(days)}
    pg.execute(_BRING.format(fresh=FRESH[TouchedDay.Kind(kind)]), asked)
    pg.execute(_EMPTY.format(grain="daily", column="day"), asked)
    pg.execute(_EMPTY.format(grain="monthly", column="month"), asked | {"days": months})


def rebuild(tenant_id: int) -> None:
    """Sum every day of the company anew. Needs a transaction in which no fact changes."""
    for table in (DimensionDaily, DimensionMonthly):
        table.objects.filter(tenant=tenant_id).delete()
    pg.execute(_TOUCH_ALL, {"tenant": tenant_id})
    bring(tenant_id)
