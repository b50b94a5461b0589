"""What the page of one record shows, and what filters offer to choose from."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.urls import reverse

from ledger import pictures
from ledger.models import Account, Customer, OpenItem, Product, Sale, SaleItem, Transaction
from lib import clock
from lib.charts import Chart
from lib.clock import add_months
from tenants.access import owned
from tenants.models import Tenant

RECENT: Final = 10
MONTHS: Final = 12
OFFERED: Final = 60  # values of a filter; a longer list is searched, not read


Teller = Callable[[Tenant, Any, str], dict[str, Any]]
_TELLERS: dict[str, list[Teller]] = {}


def register(name: str, teller: Teller) -> None:
    """Let an upper app say what it knows, besides what others say, about records of this list: (company, row, place in the story) → what its part of the page needs."""
    _TELLERS.setdefault(name, []).append(teller)


def read(tenant: Tenant, name: str, pk: int, *, before: str = "") -> dict[str, Any]:
    """Return the record and what belongs to it. `before`: where the story goes on. Raises Http404 when the company has no such record."""
    found = READERS[name](tenant, pk)
    for teller in _TELLERS.get(name, ()):
        found |= teller(tenant, found["row"], before)
    return found


def _transaction(tenant: Tenant, pk: int) -> dict[str, Any]:
    row = owned(Transaction.objects.select_related("account", "source"), tenant=tenant, pk=pk)
    same = Transaction.objects.filter(
        tenant=tenant, counterparty_document=row.counterparty_document, void_at=None
    ).exclude(pk=pk)
    others = same.order_by("-date", "-id")[:RECENT] if row.counterparty_document else []
    return {"row": row, "others": others}


def _sale(tenant: Tenant, pk: int) -> dict[str, Any]:
    row = owned(Sale.objects.select_related("customer", "source"), tenant=tenant, pk=pk)
    items = SaleItem.objects.filter(tenant=tenant, sale=row).order_by("position")
    return {
        "row": row,
        "items": items,
        "open_items": OpenItem.objects.filter(tenant=tenant, sale=row).order_by("due_date"),
    }


def _customer(tenant: Tenant, pk: int) -> dict[str, Any]:
    row = owned(Customer.objects.select_related("source"), tenant=tenant, pk=pk)
    counted = Sale.objects.filter(
        tenant=tenant, customer=row, void_at=None, is_cancelled=False, ignored=False
    )
    return {
        "row": row,
        "chart": _by_month(tenant, counted, "date", f"customer={pk}"),
    }


def _by_month(tenant: Tenant, rows: QuerySet[Any], day: str, query: str) -> Chart:
    """Return what was sold in each of the last MONTHS months, this one included. One query over the rows of one customer or product."""
    first = add_months(clock.today(tenant.zone).replace(day=1), 1 - MONTHS)
    own = {f"{day.removesuffix('date')}currency": tenant.currency, f"{day}__gte": first}
    months = rows.filter(**own).order_by().values(month=TruncMonth(day)).annotate(sum=Sum("total"))
    found: dict[date, Decimal] = dict(months.values_list("month", "sum"))
    spans = [add_months(first, n) for n in range(MONTHS)]
    url = reverse("ledger:sales", kwargs={"slug": tenant.slug})
    return pictures.sales_by_month(
        [(month, found.get(month, Decimal(0))) for month in spans],
        currency=tenant.currency,
        url=f"{url}?{query}&status=counted",
    )


def _product(tenant: Tenant, pk: int) -> dict[str, Any]:
    row = owned(Product.objects.select_related("source"), tenant=tenant, pk=pk)
    counted = Q(sale__void_at=None, sale__is_cancelled=False, sale__ignored=False)
    sold = SaleItem.objects.filter(tenant=tenant, product=row).filter(counted)
    recent = sold.select_related("sale").order_by("-sale__date", "-sale_id")[:RECENT]
    return {
        "row": row,
        "sums": sold.aggregate(n=Count("id"), quantity=Sum("quantity"), total=Sum("total")),
        "chart": _by_month(tenant, sold, "sale__date", f"product={pk}"),
        "sold": recent,
    }


def _open_item(tenant: Tenant, pk: int) -> dict[str, Any]:
    row = owned(OpenItem.objects.select_related("customer", "sale", "source"), tenant=tenant, pk=pk)
    siblings = (
        OpenItem.objects.filter(tenant=tenant, sale=row.sale).order_by("due_date") if row.sale_id else []
    )
    return {"row": row, "siblings": siblings}


READERS: Final[dict[str, Callable[[Tenant, int], dict[str, Any]]]] = {
    "transactions": _transaction,
    "sales": _sale,
    "customers": _customer,
    "products": _product,
    "open_items": _open_item,
}


def filter_options(tenant: Tenant, name: str, active: Mapping[str, str]) -> dict[str, Any]:
    """Return what the filter bar of a list offers besides its fixed choices, and the names behind the ids in the URL."""
    options: dict[str, Any] = {}
    if name == "transactions":
        options["accounts"] = Account.objects.filter(tenant=tenant, void_at=None).order_by("kind", "name")
    if name == "sales":
        options |= {column: _used(tenant, column) for column in ("store", "seller", "channel")}
    if name == "products":
        groups = (
            Product.objects.filter(tenant=tenant)
            .exclude(group="")
            .order_by("group")
            .values_list("group", flat=True)
        )
        options["groups"] = list(groups.distinct()[:OFFERED])
    if "customer" in active:
        options["customer"] = Customer.objects.filter(tenant=tenant, pk=int(active["customer"])).first()
    if "product" in active:
        options["product"] = Product.objects.filter(tenant=tenant, pk=int(active["product"])).first()
    return options


def _used(tenant: Tenant, column: str) -> list[str]:
    """Return the words that the newest sales use, so that the cost does not grow with the history."""
    newest = (
        Sale.objects.filter(tenant=tenant).order_by("-date", "-id").values_list(column, flat=True)[:2_000]
    )
    return sorted({word for word in newest if word})[:OFFERED]
