"""Who comes back: customers by the month of their first purchase, and how many of them bought in each month after."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from kpi import dimensions
from ledger.models.customer import WALK_IN
from lib import pg
from lib.clock import add_months
from tenants.models import Tenant

MONTHS: Final = 12
# The first purchase is the first ever, so every month of the customers' sums is read, once; customers of months before are left out
# afterwards. A customer who bought in two currencies in a month has two sums of it.
COHORTS: Final = """
WITH bought AS (
    SELECT key, min(month) AS cohort, array_agg(month) AS months FROM kpi_dimension_monthly
     WHERE tenant_id = %(tenant)s AND type = 'SALE' AND dimension = 'customer' AND key <> '' AND n > 0 AND month < %(until)s
       AND key <> ALL (ARRAY(SELECT id::text FROM ledger_customer WHERE tenant_id = %(tenant)s AND name_folded ~ %(walk_in)s))
     GROUP BY key HAVING min(month) >= %(since)s)
SELECT cohort, month, count(DISTINCT key) FROM bought CROSS JOIN LATERAL unnest(months) AS month GROUP BY cohort, month
"""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The customers whose first purchase was in `month`: how many, and how many of them bought in the n-th month after (0 is the first).

    `kept` ends with the last whole or running month; what has not happened yet is not in it.
    """

    month: date
    size: int
    kept: tuple[int, ...]

    def share(self, n: int) -> Decimal | None:
        """Return the share that bought in the n-th month; None when that is still to come."""
        return Decimal(self.kept[n]) / self.size if n < len(self.kept) else None


def cohorts(tenant: Tenant, *, today: date, months: int = MONTHS) -> list[Cohort]:
    """Return the cohorts of the last `months` months, the oldest first; months without new customers are left out. One query."""
    dimensions.bring(tenant.pk)
    return of_rows(pg.fetch(COHORTS, asked(tenant, today=today, months=months)), today=today)


def asked(tenant: Tenant, *, today: date, months: int = MONTHS) -> dict[str, Any]:
    """Return what `COHORTS` needs to be told."""
    this = today.replace(day=1)
    since = add_months(this, 1 - months)
    return {"tenant": tenant.pk, "since": since, "until": add_months(this, 1), "walk_in": WALK_IN}


def of_rows(rows: Iterable[tuple[date, date, int]], *, today: date) -> list[Cohort]:
    """Return the cohorts of (month of the first purchase, month, customers)."""
    found: dict[date, dict[date, int]] = defaultdict(dict)
    for cohort, month, n in rows:
        found[cohort][month] = n
    this = today.replace(day=1)
    return [Cohort(month, found[month][month], _kept(found[month], month, this)) for month in sorted(found)]


def _kept(bought: dict[date, int], first: date, this: date) -> tuple[int, ...]:
    age = 12 * (this.year - first.year) + this.month - first.month
    return tuple(bought.get(add_months(first, n), 0) for n in range(age + 1))
