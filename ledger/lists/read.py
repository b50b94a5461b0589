"""Reading a list: one page by keyset, or the sums of all that the filter lets through."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
from django.db.models import Count, Exists, Q, QuerySet, Sum

from ledger.lists.catalog import LISTS
from ledger.lists.filters import Filters, ListSpec
from ledger.lists.rests import rest_of
from lib import keyset
from lib.keyset import Page
from live import cache
from tenants.models import Tenant

_OPEN = ("unsettled", "overdue")  # statuses that ask for what is open; the first is the default
CHUNK = 2_000  # rows an export holds in memory at once


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of one currency over everything that the filter lets through: rows, money in, money out (negative), and their sum."""

    currency: str
    rows: int
    inflow: Decimal
    outflow: Decimal
    net: Decimal


def owed(spec: ListSpec, filters: Filters) -> Filters:
    """Return the filter without rows of which nothing is left, where it asks for what is open. For people: the API follows the upstream."""
    rest, status = rest_of(spec.name), filters.active.get("status", _OPEN[0])
    return (
        filters
        if rest is None or status not in _OPEN
        else replace(filters, condition=filters.condition & rest.some())
    )


def add_rest(spec: ListSpec, tenant: Tenant, found: list[dict[str, Any]]) -> None:
    """Give each row `left`: what is left of its amount, where somebody knows; else the amount. One query."""
    if spec.amount_column is None:
        return
    rest = rest_of(spec.name)
    left = rest.of(tenant.pk, [row["id"] for row in found]) if rest and found else {}
    for row in found:
        row["left"] = left.get(row["id"], row[spec.amount_column])


def kinds(tenant: Tenant) -> frozenset[str]:
    """Return the names of the lists that the company has ever had a row of. One statement of index probes, kept until facts change."""

    def found() -> list[str]:
        probes = [Exists(spec.model._default_manager.filter(tenant_id=tenant.pk)) for spec in LISTS.values()]
        had = Tenant.objects.values_list(*probes).get(pk=tenant.pk)
        return [name for name, one in zip(LISTS, had, strict=True) if one]

    return frozenset(
        orjson.loads(cache.remember("list", tenant_id=tenant.pk, compute=found, part="kinds").body)
    )


def listing(
    spec: ListSpec, tenant: Tenant, filters: Filters, *, limit: int, cursor: str | None
) -> Page[dict[str, Any]]:
    """Return one page of rows (dicts of `spec.values`). One query, the same cost at any depth. Raises keyset.CursorError."""
    queryset = spec.base(tenant.pk).filter(filters.condition).values(*spec.values)
    return keyset.paginate(queryset, order=spec.orders[filters.order][1], limit=limit, cursor=cursor)


def totals(spec: ListSpec, tenant: Tenant, filters: Filters) -> list[Totals]:
    """Return the sums by currency, largest first. One query over the filtered rows: it grows with them, so pages ask for it apart."""
    if spec.amount_column is None:
        n = spec.base(tenant.pk).filter(filters.condition).count()
        return [Totals("", n, Decimal(0), Decimal(0), Decimal(0))]
    column, currency = spec.amount_column, spec.currency_column or "currency"
    counted: QuerySet[Any] = spec.base(tenant.pk).filter(filters.condition)
    if rest := rest_of(spec.name):
        counted, column = rest.within(counted), "left"
    found = (
        counted.order_by()
        .values(currency)
        .annotate(
            n=Count("id"),
            inflow=Sum(column, filter=Q(**{f"{column}__gt": 0}), default=Decimal(0)),
            outflow=Sum(column, filter=Q(**{f"{column}__lt": 0}), default=Decimal(0)),
        )
        .order_by("-n")
    )
    return [
        Totals(row[currency], row["n"], row["inflow"], row["outflow"], row["inflow"] + row["outflow"])
        for row in found
    ]


def ready_totals(spec: ListSpec, tenant: Tenant, filters: Filters, *, today: date) -> list[Totals]:
    """Return `totals` as they were computed last, kept until facts change: what a page shows again and again costs one read of the cache."""

    def compute() -> list[tuple[Any, ...]]:
        return [astuple(one) for one in totals(spec, tenant, filters)]

    # Today decides what is overdue; the order changes no sum.
    params = {**filters.key, "sort": "", "list": spec.name, "today": today}
    resource = "board" if rest_of(spec.name) else "list"  # what is left moves with decisions, too
    kept = cache.remember(resource, tenant_id=tenant.pk, compute=compute, params=params, part="totals")
    return [
        Totals(currency, n, *(Decimal(amount) for amount in amounts))
        for currency, n, *amounts in orjson.loads(kept.body)
    ]


def rows(spec: ListSpec, tenant: Tenant, filters: Filters) -> Iterator[dict[str, Any]]:
    """Yield every row that the filter lets through, in its order, holding at most CHUNK in memory.

    Reads keyset pages rather than a server-side cursor: the connection is not kept for as long as a slow client downloads.
    """
    cursor: str | None = None
    while True:
        page = listing(spec, tenant, filters, limit=CHUNK, cursor=cursor)
        yield from page.rows
        if page.next is None:
            return
        cursor = page.next
