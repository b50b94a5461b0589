"""Sums of a span by one dimension: whole months from the month's rows, the days at its edges from the day's."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Case, CharField, F, QuerySet, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from kpi import dimensions
from ledger.models import Account, Customer, Product
from ledger.models.customer import WALK_IN
from lib import pg
from lib.clock import add_months
from lib.periods import Period
from tenants.models import Tenant

OF_SALES: Final = ("product", "customer", "store", "seller", "channel", "payment")
OF_LINES: Final = ("category", "account")
NAMED: Final[Mapping[str, type[Account] | type[Customer] | type[Product]]] = {
    "account": Account, "customer": Customer, "product": Product,
}  # fmt: skip
_SUMS: Final = """
SELECT key, sum(n)::bigint, sum(total) FROM (
    SELECT key, n, total FROM kpi_dimension_monthly
     WHERE tenant_id = %(tenant)s AND type = %(type)s AND dimension = %(dimension)s AND currency = %(currency)s
       AND month >= %(first)s AND month < %(last)s
     UNION ALL
    SELECT key, n, total FROM kpi_dimension_daily
     WHERE tenant_id = %(tenant)s AND type = %(type)s AND dimension = %(dimension)s AND currency = %(currency)s
       AND day >= %(start)s AND day < least(%(first)s::date, %(end)s::date)
     UNION ALL
    SELECT key, n, total FROM kpi_dimension_daily
     WHERE tenant_id = %(tenant)s AND type = %(type)s AND dimension = %(dimension)s AND currency = %(currency)s
       AND day >= greatest(%(last)s::date, %(start)s::date) AND day < %(end)s AND %(first)s::date <= %(last)s::date) AS parts
 GROUP BY key HAVING sum(n) <> 0
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """What one value of a dimension amounts to: how many rows, and their total with the sign of the ledger."""

    n: int
    total: Decimal


def by_key(tenant: Tenant, *, kind: str, dimension: str, span: Period) -> dict[str, Sum]:
    """Return the sums of a span by key; `kind` is SALE, CREDIT or DEBIT. In the company's currency. Days that changed a moment ago are summed first."""
    dimensions.bring(tenant.pk)
    first = span.start if span.start.day == 1 else add_months(span.start.replace(day=1), 1)
    asked = {
        "tenant": tenant.pk, "type": kind, "dimension": dimension, "currency": tenant.currency,
        "start": span.start, "end": span.end, "first": first, "last": span.end.replace(day=1),
    }  # fmt: skip
    return {key: Sum(n, total) for key, n, total in pg.fetch(_SUMS, asked)}


def names(tenant: Tenant, dimension: str, keys: Collection[str]) -> dict[str, str]:
    """Return what people call these keys; what names nothing any more, or never did, is said so."""
    unknown = {"": _("not told")}
    model = NAMED.get(dimension)
    if model is None:
        return {key: key for key in keys} | unknown
    ids = [int(key) for key in keys if key.isascii() and key.isdigit()]
    rows: QuerySet[Account | Customer | Product] = model._default_manager.filter(tenant=tenant, pk__in=ids)
    shown = Case(When(name_override="", then=F("name")), default=F("name_override"), output_field=CharField())
    return {
        str(pk): name for pk, name in rows.annotate(shown=Coalesce(shown, "name")).values_list("pk", "shown")
    } | unknown


def walk_ins(tenant: Tenant) -> list[str]:
    """Return the keys of the ERP's placeholders for whom nobody asked for a name ("Consumidor final")."""
    rows = Customer.objects.filter(tenant=tenant, name_folded__regex=WALK_IN)
    return [str(pk) for pk in rows.values_list("pk", flat=True)]
