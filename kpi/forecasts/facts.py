"""The series of a company: what happened on each day that is over, as far back as a forecast looks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from django.db.models import Sum

from kpi.models import Daily, Forecast
from kpi.queries import CREDIT, DEBIT, SALE
from ledger.models import Sale, SaleItem
from lib import clock
from live import freshness
from tenants.models import Tenant

YEARS: Final = timedelta(days=3 * 366)
RECENT: Final = timedelta(days=90)  # whose largest products and stores are the main ones
MAIN: Final = 5
SILENCE: Final = 7  # days without a row that need no explanation; also the season of days
_TYPES: Final = {
    SALE: Forecast.Measure.SALES,
    CREDIT: Forecast.Measure.RECEIPTS,
    DEBIT: Forecast.Measure.EXPENSES,
}


@dataclass(frozen=True, slots=True)
class Days:
    """One series by day, without a gap from `start` on. Amounts keep the ledger's sign: expenses are negative."""

    measure: str
    about: str
    subject: str
    name: str
    start: date
    totals: tuple[Decimal, ...]

    @property
    def through(self) -> date:
        """Return the last day."""
        return self.start + timedelta(days=len(self.totals) - 1)


def closed_day(tenant: Tenant) -> date:
    """Return the last day of which everything is known: yesterday, or the day before the one that the stalest connection was read on."""
    as_of, yesterday = freshness.as_of(tenant), clock.today(tenant.zone) - timedelta(days=1)
    return min(yesterday, clock.business_day(as_of, tenant.zone) - timedelta(days=1)) if as_of else yesterday


def series(tenant: Tenant, closed: frozenset[date] = frozenset()) -> Iterator[Days]:
    """Yield what is forecast of a company: money and sales as a whole, then sales of its main products and stores. Five queries at most.

    `closed` are the company's own free days.
    """
    end = closed_day(tenant)
    yield from _company(tenant, end, closed)
    sold = Sale.objects.filter(
        tenant=tenant, currency=tenant.currency, void_at=None, is_cancelled=False, ignored=False,
        date__gt=end - YEARS, date__lte=end,
    )  # fmt: skip
    stores = _main(sold.exclude(store="").values("store"), end, "date", "total")
    if len(stores) > 1:  # one store is the company
        rows: Any = sold.filter(store__in=stores).values_list("store", "date").annotate(sum=Sum("total"))
        for store, totals in _by_subject(rows, stores).items():
            yield _days(Forecast.Measure.SALES, Forecast.About.STORE, store, store, totals, end, closed)
    items = SaleItem.objects.filter(tenant=tenant, sale__in=sold, product__isnull=False)
    products = _main(items.values("product_id", "product__name"), end, "sale__date", "total")
    rows = (
        items.filter(product_id__in=products)
        .values_list("product_id", "sale__date")
        .annotate(sum=Sum("total"))
    )
    for product, totals in _by_subject(rows, products).items():
        yield _days(
            Forecast.Measure.SALES,
            Forecast.About.PRODUCT,
            str(product),
            products[product],
            totals,
            end,
            closed,
        )


def _company(tenant: Tenant, end: date, closed: frozenset[date]) -> Iterator[Days]:
    rows = Daily.objects.filter(
        tenant=tenant, currency=tenant.currency, type__in=_TYPES, n__gt=0, day__gt=end - YEARS, day__lte=end
    ).values_list("type", "day", "flow_total")
    for kind, totals in _by_subject(rows, _TYPES).items():
        yield _days(_TYPES[kind], Forecast.About.COMPANY, "", "", totals, end, closed)


def _main(rows: Any, end: date, day: str, amount: str) -> dict[Any, str]:
    """Return the subjects with the largest sums of late, largest first, each with its name."""
    found = (
        rows.filter(**{f"{day}__gt": end - RECENT})
        .annotate(sum=Sum(amount))
        .filter(sum__gt=0)
        .order_by("-sum")[:MAIN]
    )
    return {(names := [v for k, v in row.items() if k != "sum"])[0]: names[-1] for row in found}


def _by_subject(rows: Any, subjects: Any) -> dict[Any, dict[date, Decimal]]:
    """Return totals by day of each subject that has any, in the order of `subjects`."""
    found: dict[Any, dict[date, Decimal]] = {subject: {} for subject in subjects}
    for subject, day, total in rows:
        found[subject][day] = total
    return {subject: totals for subject, totals in found.items() if totals}


def _days(
    measure: str, about: str, subject: str, name: str, totals: dict[date, Decimal], end: date, closed: frozenset[date]
) -> Days:  # fmt: skip
    """Return the series up to `end`. Where it fell silent for longer than ever before it stops there: nobody knows whether that is zero.

    Neither does anybody know of the few long holes in a series that otherwise has a row nearly every day (a bank that was not connected): they
    are what the same weekdays around them say. Other days without a row are zero.
    """
    import numpy as np

    from kpi.forecasting import regular

    days = sorted(totals)
    # A day on which the company rests by its own calendar is no hole.
    told = np.array(sorted({(day - days[0]).days for day in (*days, *closed) if days[0] <= day <= days[-1]}))
    holes = regular.holes(told, SILENCE)
    unknown = {days[0] + timedelta(days=before) for before, _after in holes}
    longest = max(
        (later - earlier for earlier, later in pairwise(days) if earlier not in unknown), default=timedelta(0)
    )
    last = days[-1] if end - days[-1] > max(longest, timedelta(days=SILENCE)) else end
    found = [totals.get(days[0] + timedelta(days=n), Decimal(0)) for n in range((last - days[0]).days + 1)]
    if holes:
        filled = regular.mended(np.array(found, dtype=np.float64), holes, SILENCE)
        for before, after in holes:
            found[before + 1 : after] = [Decimal(f"{value:.2f}") for value in filled[before + 1 : after]]
    return Days(measure, about, subject, name, days[0], tuple(found))


def by_month(days: Days) -> tuple[list[date], list[float]]:
    """Return first days and totals of the whole months of a series."""
    sums: dict[date, Decimal] = {}
    for n, total in enumerate(days.totals):
        first = (days.start + timedelta(days=n)).replace(day=1)
        sums[first] = sums.get(first, Decimal(0)) + total
    if days.start.day != 1:
        sums.pop(days.start.replace(day=1))
    after = days.through + timedelta(days=1)
    if after.day != 1:
        sums.pop(after.replace(day=1), None)
    return list(sums), [float(total) for total in sums.values()]
