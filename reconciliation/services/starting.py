"""From which day on bank lines are to be decided: what the ERP had settled before the company came here is not asked about."""

from datetime import date, timedelta
from typing import Final

from django.utils import timezone

from lib import pg
from tenants import services
from tenants.models import Tenant, TenantSettings

REACH: Final = timedelta(
    days=30
)  # how long before an item is due a line may pay it; also the least that is looked back upon
MISSED: Final = 4  # an open item left behind is as bad as so many settled ones that are asked about

_BY_DAY: Final = """
SELECT due_date, count(*) FILTER (WHERE status IN ('open', 'partial')), count(*) FILTER (WHERE status = 'paid')
  FROM ledger_openitem WHERE tenant_id = %s AND void_at IS NULL AND NOT ignored GROUP BY 1 ORDER BY 1
"""


def day(tenant_id: int) -> date | None:
    """Return from which day on lines are to be decided, choosing and keeping it when nobody has; None while there are no open items."""
    row = TenantSettings.objects.select_related("tenant").get(tenant=tenant_id)
    if row.reconcile_from is None:
        chosen = choose(row.tenant, timedelta(days=row.date_tolerance_days))
        if chosen is None:
            return None
        services.save_settings(tenant=row.tenant, changes={"reconcile_from": chosen}, actor=None)
        return chosen
    return row.reconcile_from


def choose(tenant: Tenant, tolerance: timedelta) -> date | None:
    """Return the day that best parts what the ERP has settled from what it leaves open, less the tolerance; None without items.

    An ERP that nobody keeps has no such day: then all lines count that can have paid one of its items.
    """
    rows = pg.fetch(_BY_DAY, [tenant.pk])
    if not rows:
        return None
    today = timezone.now().astimezone(tenant.zone).date()
    left, asked = 0, sum(paid for _due, _open, paid in rows)
    best: date = rows[0][0]
    least = asked
    for (due, still_open, paid), following in zip(rows, [*(row[0] for row in rows[1:]), today], strict=True):
        left, asked = left + MISSED * still_open, asked - paid
        if left + asked < least:
            best, least = following, left + asked
        if due >= today:
            break
    settled_before = any(paid for due, _open, paid in rows if due < best)
    return min(best - (tolerance if settled_before else REACH), today - REACH)
