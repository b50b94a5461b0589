"""What carries a gap: which product, customer, store … differs most from what the same weekdays before it held."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from kpi import dimensions
from kpi.analysis import sums
from kpi.models import Anomaly
from lib import pg
from tenants.models import Tenant

WEEKS: Final = 8
MOST: Final = 3
WORTH_SAYING: Final = Decimal("0.25")  # a smaller share explains nothing
_GAPS: Final = """
WITH days AS (SELECT generate_series(%(first)s::date, %(last)s::date, '1 day')::date AS day),
before AS (SELECT day - 7 * week AS day FROM days, generate_series(1, %(weeks)s) week)
SELECT key, coalesce(sum({column}) FILTER (WHERE day >= %(first)s), 0)
            - coalesce(sum({column}) FILTER (WHERE day < %(first)s), 0) / %(weeks)s::numeric AS gap
  FROM kpi_dimension_daily
 WHERE tenant_id = %(tenant)s AND type = ANY (%(types)s) AND dimension = %(dimension)s AND currency = %(currency)s
   AND day IN (SELECT day FROM days UNION SELECT day FROM before)
 GROUP BY key
"""
_SPLIT: Final = {
    Anomaly.Measure.REVENUE: (("SALE",), "total", ("product", "customer", "store")),
    Anomaly.Measure.SALES: (("SALE",), "n", ("store", "channel", "customer")),
    Anomaly.Measure.INFLOW: (("CREDIT",), "total", ("category", "account")),
    Anomaly.Measure.EXPENSES: (("DEBIT",), "total", ("category", "account")),
    Anomaly.Measure.NET: (("CREDIT", "DEBIT"), "total", ("category", "account")),
}


def of_gap(tenant: Tenant, measure: Anomaly.Measure, first: date, last: date) -> list[dict[str, Any]]:
    """Return what carries at least a quarter of the gap of these days, the largest share first, accounts last. At most three queries a dimension."""
    if measure not in _SPLIT:
        return []
    types, column, names = _SPLIT[measure]
    dimensions.bring(tenant.pk)
    asked = {
        "tenant": tenant.pk, "types": list(types), "currency": tenant.currency, "weeks": WEEKS, "first": first, "last": last,
    }  # fmt: skip
    found = []
    for dimension in names:
        rows = dict(pg.fetch(_GAPS.format(column=column), asked | {"dimension": dimension}))
        whole = sum(rows.values(), Decimal(0))
        nobody = {"", *sums.walk_ins(tenant)} if dimension == "customer" else {""}
        carried = {key: gap / whole for key, gap in rows.items() if key not in nobody and whole}
        large = {key: share for key, share in carried.items() if share >= WORTH_SAYING and len(rows) > 1}
        called = sums.names(tenant, dimension, large) if large else {}
        found += [
            {"dimension": dimension, "key": key, "name": called.get(key, key), "gap": str(round(rows[key], 2)), "share": str(round(share, 4))}
            for key, share in large.items()
        ]  # fmt: skip
    # That it came on the account on which everything comes explains least.
    return sorted(found, key=lambda part: (part["dimension"] == "account", -Decimal(part["share"])))[:MOST]
