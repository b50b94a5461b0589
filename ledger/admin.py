"""Console of facts: looked at, never edited here. Twenty million rows open as fast as twenty."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from unfold.admin import TabularInline

from ledger.models import (
    Account,
    BankConnection,
    Customer,
    Export,
    OpenItem,
    Product,
    Sale,
    SaleItem,
    SavedView,
    Source,
    Transaction,
)
from tenants.console import BY_COMPANY, BigTableAdmin, ReadOnlyAdmin


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    """Origins of facts."""

    list_display = ("name", "kind", "company")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY, "kind")
    search_fields = ("name", "tenant__name")
    ordering = ("-id",)


class FactAdmin(BigTableAdmin):
    """A table of facts: found by number or by upstream's id."""

    list_select_related: ClassVar[tuple[str, ...]] = ("tenant",)
    list_filter = (BY_COMPANY,)

    def found(self, term: str) -> Iterable[int]:
        """Return the ids of rows that upstream calls `term`: one look into the unique index for each source."""
        named = self.model._default_manager.filter(
            tenant_id=OuterRef("tenant_id"), source_id=OuterRef("pk"), external_id=term
        )
        hits = Source.objects.annotate(hit=Subquery(named.values("pk")[:1])).exclude(hit=None)
        return hits.values_list("hit", flat=True)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows without columns that only one screen of the product reads."""
        return super().get_queryset(request).select_related("tenant", "source")  # type: ignore[no-any-return]


@admin.register(BankConnection)
class BankConnectionAdmin(FactAdmin):
    """Consents at banks."""

    list_display = (
        "institution",
        "company",
        "status",
        "error_code",
        "consent_expires_at",
        "refreshed_at",
        "void_at",
    )


@admin.register(Account)
class AccountAdmin(FactAdmin):
    """Accounts and cards."""

    list_display = (
        "__str__",
        "company",
        "kind",
        "institution",
        "currency",
        "balance",
        "balance_at",
        "void_at",
    )


@admin.register(Transaction)
class TransactionAdmin(FactAdmin):
    """Bank lines."""

    list_display = (
        "id",
        "company",
        "date",
        "amount",
        "currency",
        "status",
        "nature",
        "description",
        "ignored",
        "void_at",
    )
    company_order: ClassVar[tuple[str, ...]] = ("-date", "-id")


@admin.register(Customer)
class CustomerAdmin(FactAdmin):
    """Customers."""

    list_display = ("id", "company", "name", "kind", "document", "city", "is_active", "is_stub", "void_at")
    company_order: ClassVar[tuple[str, ...]] = ("name_folded", "id")


@admin.register(Product)
class ProductAdmin(FactAdmin):
    """Products and services."""

    list_display = ("id", "company", "name", "kind", "code", "price", "is_active", "is_stub", "void_at")
    company_order: ClassVar[tuple[str, ...]] = ("name_folded", "id")


class SaleItemInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """The lines of a sale."""

    model = SaleItem
    fields = ("position", "name", "quantity", "unit_price", "discount", "total")
    readonly_fields = fields
    ordering = ("position",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: lines come with their sale."""
        return False


@admin.register(Sale)
class SaleAdmin(FactAdmin):
    """Sales with their lines."""

    list_display = (
        "id",
        "company",
        "date",
        "number",
        "kind",
        "customer_name",
        "total",
        "status",
        "is_cancelled",
        "void_at",
    )
    company_order: ClassVar[tuple[str, ...]] = ("-date", "-id")
    inlines = (SaleItemInline,)


@admin.register(OpenItem)
class OpenItemAdmin(FactAdmin):
    """Receivables and payables."""

    list_display = (
        "id", "company", "direction", "status", "due_date", "number", "counterparty_name", "amount", "open_amount", "void_at",
    )  # fmt: skip
    company_order: ClassVar[tuple[str, ...]] = ("due_date", "id")


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    """Files that people asked for; never their content."""

    list_display = (
        "id",
        "company",
        "user",
        "resource",
        "status",
        "rows_done",
        "rows_total",
        "created_at",
        "finished_at",
    )
    list_select_related = ("tenant", "user")
    list_filter = (BY_COMPANY, "status")
    exclude = ("content",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the jobs without their files."""
        return super().get_queryset(request).defer("content")  # type: ignore[no-any-return]


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    """Filters that people keep."""

    list_display = ("name", "list", "company", "user", "shared", "created_at")
    list_select_related = ("tenant", "user")
    list_filter = (BY_COMPANY, "list", "shared")
    search_fields = ("name", "user__email")
    ordering = ("-id",)
