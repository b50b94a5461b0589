"""For how long no new fact came: what "nothing came in" is held against."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from kpi import dimensions
from kpi.alerts.conditions import OF_SALES, Condition
from lib import clock, pg
from tenants.models import Tenant

BACK: Final = timedelta(
    days=45
)  # rows arrive within six weeks of the day they bear; what is older is no news
_NEWEST: Final = """
SELECT (SELECT max(created_at) FROM {table} WHERE tenant_id = %(tenant)s AND date >= %(since)s),
       (SELECT max(day) FROM kpi_daily WHERE tenant_id = %(tenant)s AND n > 0 AND type = ANY (%(types)s))
"""
_NEWEST_OF: Final = """
SELECT max(day) FROM kpi_dimension_daily
 WHERE tenant_id = %(tenant)s AND dimension = %(dimension)s AND key = %(key)s AND n > 0 AND type = ANY (%(types)s)
"""
LINES: Final = ("CREDIT", "DEBIT")
_OF_SALES: Final = frozenset(
    {"revenue", "sales_count", "average_ticket", "active_customers", "new_customers"}
)


def is_of_sales(condition: Condition) -> bool:
    """Return whether a number is made of sales, not of bank lines."""
    return condition.kpi in _OF_SALES or condition.dimension in OF_SALES


def silence(tenant: Tenant, condition: Condition, now: datetime) -> tuple[Decimal | None, datetime | None]:
    """Return for how many hours no new fact came, and since when; nothing where there never was one. One query."""
    sales = is_of_sales(condition)
    asked = {
        "tenant": tenant.pk, "types": ["SALE"] if sales else list(LINES), "dimension": condition.dimension, "key": condition.key,
        "since": clock.business_day(now, tenant.zone) - BACK,
    }  # fmt: skip
    if condition.dimension:
        dimensions.bring(tenant.pk)
        at, day = None, pg.fetch(_NEWEST_OF, asked)[0][0]
    else:
        table = "ledger_sale" if sales else "ledger_transaction"
        at, day = pg.fetch(_NEWEST.format(table=table), asked)[0]
    if at is None and day is not None:
        at = min(clock.start_of_day(day + timedelta(days=1), tenant.zone), now)
    if at is None:
        return None, None
    return (Decimal(int((now - at).total_seconds())) / 3600).quantize(Decimal("0.01")), at
