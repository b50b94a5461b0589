"""What an average, a count of customers and a share consist of, by one dimension: parts that add up to the number itself."""

from decimal import Decimal
from typing import Any, Final

from kpi.analysis import sums
from lib import pg
from lib.periods import Period
from tenants.models import Tenant

_CENT: Final = Decimal("0.0001")
_SHARE: Final = Decimal("0.000001")
# Each customer of the span once, under the newest purchase in it; a new one under the first.
_CUSTOMERS: Final = """
SELECT key, count(*) FROM (
    SELECT DISTINCT ON (customer_id) {column} AS key FROM ledger_sale s
     WHERE tenant_id = %(tenant)s AND date >= %(start)s AND date < %(end)s
       AND customer_id IS NOT NULL AND void_at IS NULL AND NOT is_cancelled AND NOT ignored {only}
     ORDER BY customer_id, date {way}, id {way}) AS bought
 GROUP BY key
"""
_NEW: Final = """
AND NOT EXISTS (SELECT FROM ledger_sale e WHERE e.tenant_id = %(tenant)s AND e.customer_id = s.customer_id AND e.date < %(start)s
                   AND e.void_at IS NULL AND NOT e.is_cancelled AND NOT e.ignored)
"""
# The lines that the rollups count as inflow or outflow. No row for a company whose lines the matcher never looked at.
_SETTLED: Final = """
SELECT account_id::text, count(*) FROM ledger_transaction t
 WHERE tenant_id = %(tenant)s AND date >= %(start)s AND date < %(end)s AND currency = %(currency)s
   AND status = 'posted' AND void_at IS NULL AND NOT ignored AND nature = 'regular'
   AND EXISTS (SELECT FROM reconciliation_matchline l WHERE l.tenant_id = t.tenant_id AND l.transaction_id = t.id AND l.confirmed)
   AND EXISTS (SELECT FROM reconciliation_progress WHERE tenant_id = %(tenant)s AND ran_at IS NOT NULL)
 GROUP BY account_id
"""


def per_sale(tenant: Tenant, dimension: str, span: Period) -> dict[str, Decimal]:
    """Return what each value of the dimension brings to the average sale: its sum over the number of all sales. Nothing without a sale.

    Lines of products leave out freight and discounts of the whole sale, so their parts may differ from the average ticket by those.
    """
    n = sum(one.n for one in sums.by_key(tenant, kind="SALE", dimension="channel", span=span).values())
    found = sums.by_key(tenant, kind="SALE", dimension=dimension, span=span) if n else {}
    return {key: (one.total / n).quantize(_CENT) for key, one in found.items()}


def customers(tenant: Tenant, dimension: str, span: Period, *, new: bool) -> dict[str, Decimal]:
    """Return how many customers bought, or bought for the first time ever, by store, seller, channel or payment. One query over the span's sales."""
    assert dimension in sums.OF_SALES[2:], "the column is written into the statement"
    statement = _CUSTOMERS.format(
        column=dimension, only=_NEW if new else "", way="ASC" if new else "DESC"
    )  # fmt: skip
    return {key: Decimal(n) for key, n in pg.fetch(statement, _asked(tenant, span))}


def settled(tenant: Tenant, dimension: str, span: Period) -> dict[str, Decimal]:
    """Return which share of all lines is settled lines of each account; nothing before the first reconciliation. Two queries."""
    assert dimension == "account", "settled lines are counted by account"
    lines = sum(
        one.n
        for kind in ("CREDIT", "DEBIT")
        for one in sums.by_key(tenant, kind=kind, dimension=dimension, span=span).values()
    )
    rows = pg.fetch(_SETTLED, _asked(tenant, span)) if lines else []
    return {key: (Decimal(n) / lines).quantize(_SHARE) for key, n in rows}


def _asked(tenant: Tenant, span: Period) -> dict[str, Any]:
    return {"tenant": tenant.pk, "start": span.start, "end": span.end, "currency": tenant.currency}
