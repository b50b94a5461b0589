"""The daily series of a company's numbers, as they are judged."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from kpi import dimensions
from kpi.models import Anomaly, RecurringLine
from lib import pg
from tenants.models import Tenant

MEMORY: Final = 730  # days that a number is judged by
ZERO: Final = Decimal(0)
Measure = Anomaly.Measure
# What is made of others: where one of these says of a day that it is unusual, the number made of it says nothing new.
MADE_OF: Final[Mapping[str, tuple[str, ...]]] = {
    Measure.NET: (Measure.INFLOW, Measure.EXPENSES),
    Measure.AVERAGE_TICKET: (Measure.REVENUE, Measure.SALES),
    Measure.ACTIVE_CUSTOMERS: (Measure.SALES, Measure.REVENUE),
    Measure.NEW_CUSTOMERS: (Measure.SALES, Measure.REVENUE, Measure.ACTIVE_CUSTOMERS),
}
_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    Measure.REVENUE: ("SALE",),
    Measure.SALES: ("SALE",),
    Measure.INFLOW: ("CREDIT",),
    Measure.EXPENSES: ("DEBIT",),
    Measure.NET: ("CREDIT", "DEBIT"),
    Measure.AVERAGE_TICKET: ("SALE",),
    Measure.ACTIVE_CUSTOMERS: ("SALE",),
    Measure.NEW_CUSTOMERS: ("SALE",),
}
_DAYS: Final = """
SELECT day, sum(flow_n)::bigint, sum(flow_total) FROM kpi_daily
 WHERE tenant_id = %(tenant)s AND currency = %(currency)s AND type = ANY (%(types)s) AND n > 0 AND day > %(since)s AND day <= %(through)s
 GROUP BY day
"""
_BOUGHT: Final = """
SELECT day, count(DISTINCT key) FROM kpi_dimension_daily
 WHERE tenant_id = %(tenant)s AND type = 'SALE' AND dimension = 'customer' AND key <> '' AND n > 0 AND day > %(since)s AND day <= %(through)s
 GROUP BY day
"""
# The first purchase is the first ever.
_FIRST: Final = """
SELECT day, count(*) FROM (
    SELECT min(day) AS day FROM kpi_dimension_daily
     WHERE tenant_id = %(tenant)s AND type = 'SALE' AND dimension = 'customer' AND key <> '' AND n > 0
     GROUP BY key) AS firsts
 WHERE day > %(since)s AND day <= %(through)s GROUP BY day
"""
_CUSTOMERS: Final[Mapping[str, str]] = {Measure.ACTIVE_CUSTOMERS: _BOUGHT, Measure.NEW_CUSTOMERS: _FIRST}


@dataclass(frozen=True, slots=True)
class Series:
    """One number by day without a gap: values, and how many rows are behind each. A value that a day cannot have (the average of nothing) is None."""

    start: date
    values: tuple[Decimal | None, ...]
    rows: tuple[int, ...]
    settled: bool = False  # by a bank, which works on business days
    # What came of recurring lines, in the sign of the values.
    again: Mapping[date, Decimal] = field(default_factory=dict)

    def day(self, position: int) -> date:
        """Return the day at a position."""
        return self.start + timedelta(days=position)


def series_of(tenant: Tenant, measure: str, through: date) -> Series | None:
    """Return a number from its first day (at most `MEMORY` ago) through a day; None where there is none. At most two queries.

    Expenses are sizes. Customers without a name are nobody's, and a company of which no sale names one has no series of them.
    """
    asked = {
        "tenant": tenant.pk, "currency": tenant.currency, "types": list(_TYPES[measure]),
        "since": through - timedelta(days=MEMORY), "through": through,
    }  # fmt: skip
    found = {day: (n, total) for day, n, total in pg.fetch(_DAYS, asked)}
    counts = _customers(tenant, measure, asked)
    if not found or (measure in _CUSTOMERS and not counts):
        return None
    start = min(found)
    span = [start + timedelta(days=n) for n in range((through - start).days + 1)]
    rows = tuple(found.get(day, (0, ZERO))[0] for day in span)
    values = tuple(_value(measure, *found.get(day, (0, ZERO)), counts.get(day, 0)) for day in span)
    settled = "SALE" not in _TYPES[measure]
    return Series(start, values, rows, settled, _again(tenant, measure) if settled else {})


def _again(tenant: Tenant, measure: str) -> dict[date, Decimal]:
    """Return by day what came of the company's recurring lines, in the sign of the number's values. One query."""
    sums: dict[date, Decimal] = defaultdict(Decimal)
    lines = RecurringLine.objects.filter(tenant=tenant, is_found=True, denied_at=None)
    for paid in lines.values_list("paid", flat=True):
        for day, text in paid:
            amount = Decimal(text)
            if measure == Measure.NET or (amount < 0) == (measure == Measure.EXPENSES):
                sums[date.fromisoformat(day)] += -amount if measure == Measure.EXPENSES else amount
    return sums


def _customers(tenant: Tenant, measure: str, asked: dict[str, Any]) -> dict[date, int]:
    if measure not in _CUSTOMERS:
        return {}
    dimensions.bring(tenant.pk)
    return dict(pg.fetch(_CUSTOMERS[measure], asked))


def _value(measure: str, n: int, total: Decimal, customers: int) -> Decimal | None:
    if measure == Measure.SALES:
        return Decimal(n)
    if measure == Measure.AVERAGE_TICKET:
        return total / n if n else None
    if measure in _CUSTOMERS:
        return Decimal(customers)
    return -total if measure == Measure.EXPENSES else total
