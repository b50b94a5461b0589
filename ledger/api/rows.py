"""How rows of the ledger look outside: their columns, names and schema, once for answers and documentation."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db import models

from ledger.edits import Editable
from ledger.lists import LISTS, Filters, ListSpec
from ledger.models import Account, SaleItem
from tenants.access import owned
from tenants.api.schema import DAY, INTEGER, STRING, Schema, array, columns, nullable, record
from tenants.models import Tenant

# What a list calls "shown" is what a person wrote, or else what upstream says. Outside it has the plain name.
OUTSIDE: Final[dict[str, dict[str, str]]] = {
    "transactions": {"shown_category": "category", "shown_name": "counterparty_name"},
    "sales": {},
    "customers": {"shown_name": "name"},
    "products": {"shown_name": "name"},
    "open_items": {"shown_category": "category"},
}
INSIDE_ONLY: Final = frozenset({"name_folded"})
DETAIL_HIDDEN: Final = frozenset({"tenant", "source", "name_folded", "details"})
ITEM_COLUMNS: Final = (
    "position", "product_id", "name", "unit", "quantity", "unit_price", "unit_cost", "discount", "total",
)  # fmt: skip
ACCOUNT_COLUMNS: Final = (
    "id", "kind", "name", "name_override", "institution", "bank_code", "branch", "number", "owner", "document",
    "currency", "balance", "balance_at", "credit_limit", "bill_due_date", "bank_connection_id", "updated_at", "void_at",
)  # fmt: skip


def outside(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the list `name` under its outside names."""
    names = OUTSIDE[name]
    return {names.get(key, key): value for key, value in row.items() if key not in INSIDE_ONLY}


def list_schema(name: str) -> Schema:
    """Return the schema of one row of a list."""
    spec, names = LISTS[name], OUTSIDE[name]
    found: dict[str, Schema] = {}
    for value in spec.values:
        if value not in INSIDE_ONLY:
            known = (
                columns(spec.model, [value])["properties"]
                if value not in spec.annotations
                else {value: STRING}
            )
            found[names.get(value, value)] = known[value]
    return record(found)


@cache
def list_columns(name: str) -> tuple[str, ...]:
    """Return the outside names of a list's columns. Every answer asks, so it is read off the schema once."""
    return tuple(list_schema(name)["properties"])


def among(
    spec: ListSpec, tenant_id: int, filters: Filters, ids: Sequence[int]
) -> dict[int, tuple[dict[str, Any], datetime]]:
    """Return those of these rows that the filter lets through, by id, each with the time it was made. One query."""
    found = spec.base(tenant_id).filter(filters.condition, pk__in=ids).values(*spec.values, "created_at")
    made = {row["id"]: row.pop("created_at") for row in found}
    return {row["id"]: (outside(spec.name, row), made[row["id"]]) for row in found}


def detail_columns(spec: ListSpec) -> tuple[str, ...]:
    """Return the columns of one record: all of them but those that only the panel itself reads."""
    return tuple(
        field.attname for field in spec.model._meta.concrete_fields if field.name not in DETAIL_HIDDEN
    )


def detail_schema(name: str) -> Schema:
    """Return the schema of one record."""
    spec = LISTS[name]
    found = columns(spec.model, detail_columns(spec))
    if name == "sales":
        found["properties"]["items"] = array(columns(SaleItem, ITEM_COLUMNS))
        found["required"].append("items")
    return found


def account_schema() -> Schema:
    """Return the schema of one account."""
    return columns(Account, ACCOUNT_COLUMNS)


def account_rows(tenant_id: int) -> list[dict[str, Any]]:
    """Return the company's accounts, checking accounts first."""
    rows = Account.objects.filter(tenant_id=tenant_id, void_at=None).order_by("kind", "name", "id")
    return list(rows.values(*ACCOUNT_COLUMNS))


def stored(spec: ListSpec, tenant: Tenant, pk: int) -> Editable:
    """Return the tenant's row itself. Raises Http404."""
    row = owned(spec.model._default_manager.all(), tenant=tenant, pk=pk)
    assert isinstance(row, Editable), "every list shows one of these"
    return row


def detail(spec: ListSpec, tenant_id: int, pk: int) -> dict[str, Any] | None:
    """Return one record with what belongs to it, None when the company has none of this id."""
    rows: models.QuerySet[Any] = spec.model._default_manager.filter(tenant_id=tenant_id, pk=pk)
    found: dict[str, Any] | None = rows.values(*detail_columns(spec)).first()
    if found and spec.name == "sales":
        items = SaleItem.objects.filter(tenant_id=tenant_id, sale_id=pk).order_by("position")
        found["items"] = list(items.values(*ITEM_COLUMNS))
    return found


PERIOD_META: Final = nullable(record({"from": DAY, "to": DAY}))
LIST_META: Final[dict[str, Schema]] = {"next": nullable(STRING), "limit": INTEGER, "period": PERIOD_META}
