"""Who bought most, what sold most and what nobody in particular bought: read from the sales of the period, not from rollups."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, Sum, When

from kpi.queries import ZERO, sales_by_day
from ledger.models import Sale, SaleItem
from ledger.models.customer import WALK_IN
from lib.periods import Period
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Ranked:
    """One row of a ranking: whose, how much, how many sales."""

    pk: int
    name: str
    total: Decimal
    sales: int
    share: Decimal | None  # of the period's whole


def _counted(tenant: Tenant, period: Period, prefix: str = "") -> Q:
    names = {
        "tenant": tenant, "currency": tenant.currency, "date__gte": period.start, "date__lt": period.end,
        "void_at": None, "is_cancelled": False, "ignored": False,
    }  # fmt: skip
    return Q(**{f"{prefix}{name}": value for name, value in names.items()})


def top_customers(tenant: Tenant, *, period: Period, limit: int = 5) -> list[Ranked]:
    """Return the customers with the largest sales of the period, walk-ins left out. Two queries, one over the period's sales."""
    rows = (
        Sale.objects.filter(_counted(tenant, period), customer__isnull=False)
        .exclude(customer__name_folded__regex=WALK_IN)
        .values("customer_id", shown=_shown("customer__"))
        .annotate(sum=Sum("total"), n=Count("id"))
        .order_by("-sum", "customer_id")[:limit]
    )
    return _ranked([(row["customer_id"], row["shown"], row["sum"], row["n"]) for row in rows], tenant, period)


def walk_ins(tenant: Tenant, *, period: Period) -> tuple[int, Decimal]:
    """Return how many sales of the period name no customer or the ERP's placeholder ("Consumidor final"), and their total. One query."""
    anonymous = Q(customer=None) | Q(customer__name_folded__regex=WALK_IN)
    found = Sale.objects.filter(_counted(tenant, period)).filter(anonymous)
    sums = found.aggregate(n=Count("id"), total=Sum("total", default=ZERO))
    return sums["n"], sums["total"]


def top_products(tenant: Tenant, *, period: Period, limit: int = 5) -> list[Ranked]:
    """Return the products with the largest sales of the period. One query over the period's sale items."""
    rows = (
        SaleItem.objects.filter(_counted(tenant, period, "sale__"), tenant=tenant, product__isnull=False)
        .values("product_id", shown=_shown("product__"))
        .annotate(sum=Sum("total"), n=Count("sale_id", distinct=True))
        .order_by("-sum", "product_id")[:limit]
    )
    return _ranked([(row["product_id"], row["shown"], row["sum"], row["n"]) for row in rows], tenant, period)


def _shown(prefix: str) -> Any:
    override, name = f"{prefix}name_override", f"{prefix}name"
    return Case(When(**{override: ""}, then=F(name)), default=F(override), output_field=CharField())


def _ranked(rows: Sequence[tuple[int, str, Decimal, int]], tenant: Tenant, period: Period) -> list[Ranked]:
    whole = sum((total for _day, total in sales_by_day(tenant, period=period)), ZERO) if rows else ZERO
    return [Ranked(pk, name, total, n, total / whole if whole else None) for pk, name, total, n in rows]
