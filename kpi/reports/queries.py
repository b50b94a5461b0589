"""Reading reports: which somebody may see, whom they go to, what became of them, and by what they can be limited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum

from kpi.analysis.pictures import DIMENSIONS
from kpi.analysis.sums import names, walk_ins
from kpi.boards.asking import Scope
from kpi.boards.queries import visible
from kpi.models import DimensionMonthly, Report, ReportDelivery, ReportRecipient
from kpi.queries import CREDIT, DEBIT, SALE
from lib import clock
from lib.clock import add_months
from lib.keyset import Page, paginate
from tenants.models import Tenant, User

SCOPES: Final = ("store", "seller", "channel", "product", "customer", "payment", "category", "account")
MANY: Final = frozenset({"product", "customer"})
RECENT_MONTHS: Final = 2  # whole ones before the running one
MOST_OF_A_SCOPE: Final = 40  # the largest values of a dimension that a form offers


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """One value that a recipient's copy can be limited to."""

    dimension: str
    key: str
    name: str

    @property
    def value(self) -> str:
        """Return it as a form sends it."""
        return f"{self.dimension}:{self.key}"


def visible_reports(tenant: Tenant, user: User | None) -> QuerySet[Report]:
    """Return the reports of the boards that somebody may read; None (a program): of shared ones."""
    return Report.objects.filter(tenant=tenant, board__in=visible(tenant, user)).select_related(
        "board", "tenant", "created_by"
    )


def listed(tenant: Tenant, user: User | None) -> list[Report]:
    """Return those with `recipients_count`, `last_status` and `last_at` of their newest delivery. One query."""
    newest = ReportDelivery.objects.filter(report=OuterRef("pk")).order_by("-pk")
    active = Count("recipients", filter=Q(recipients__unsubscribed_at=None), distinct=True)
    rows = visible_reports(tenant, user).annotate(
        recipients_count=active,
        last_status=Subquery(newest.values("status")[:1]),
        last_at=Subquery(newest.values("planned_for")[:1]),
    )
    return list(rows.order_by("name", "pk"))


def with_recipients(rows: QuerySet[Report]) -> QuerySet[Report]:
    """Return the reports with their recipients and those people."""
    return rows.prefetch_related(
        Prefetch("recipients", ReportRecipient.objects.select_related("user").order_by("pk"))
    )


def history(report: Report, *, limit: int, cursor: str | None) -> Page[ReportDelivery]:
    """Return what became of the report, the newest first. Raises CursorError."""
    rows = ReportDelivery.objects.filter(tenant=report.tenant_id, report=report).select_related(
        "user", "asked_by"
    )
    return paginate(rows, order=("-id",), limit=limit, cursor=cursor)


def scope_of(row: ReportRecipient | ReportDelivery) -> Scope | None:
    """Return what this copy is limited to; None is everything."""
    return Scope(row.dimension, row.key) if row.dimension else None


def scope_choices(tenant: Tenant) -> list[tuple[str, list[ScopeChoice]]]:
    """Return what a copy can be limited to, by dimension in words, each dimension's largest values of late by name. At most two queries a dimension.

    Of late: a company has few stores and very many customers, of whom those that bought years ago are not looked through for a list of forty.
    """
    since = add_months(clock.today(tenant.zone).replace(day=1), -RECENT_MONTHS)
    found = {dimension: _largest(tenant, dimension, since) for dimension in SCOPES}
    return [
        (str(DIMENSIONS[dimension]), _choices(tenant, dimension, keys)) for dimension, keys in found.items() if keys
    ]  # fmt: skip


def _largest(tenant: Tenant, dimension: str, since: date) -> list[str]:
    rows = DimensionMonthly.objects.filter(
        tenant=tenant, type__in=(SALE, CREDIT, DEBIT), dimension=dimension, currency=tenant.currency
    )
    if dimension in MANY:
        rows = rows.filter(month__gte=since)
    nobody = ["", *(walk_ins(tenant) if dimension == "customer" else ())]
    sizes = rows.exclude(key__in=nobody).values_list("key").annotate(size=Sum("n")).order_by("-size", "key")
    return [key for key, _size in sizes[:MOST_OF_A_SCOPE]]


def _choices(tenant: Tenant, dimension: str, keys: Sequence[str]) -> list[ScopeChoice]:
    called = names(tenant, dimension, keys)
    return sorted(
        (ScopeChoice(dimension, key, called.get(key, key)) for key in keys),
        key=lambda one: one.name.casefold(),
    )
