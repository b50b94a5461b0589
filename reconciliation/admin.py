"""Console of matches: looked at, never decided here. Decisions belong to the companies' people."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from reconciliation.models import (
    ClientMapping,
    Closing,
    Decision,
    IdempotencyKey,
    Match,
    MatchAdjustment,
    MatchItem,
    MatchLine,
    OpenLine,
    Progress,
    Rejection,
    ReturnEntry,
    Run,
)
from reconciliation.rules import console  # noqa: F401 - registers its own pages
from tenants.console import BY_COMPANY, BigTableAdmin, ReadOnlyAdmin, pretty_json


class PartInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """Parts of a match, inside it."""

    extra = 0
    can_delete = False

    def has_add_permission(self, *args: Any) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, *args: Any) -> bool:
        """Return False."""
        return False

    def has_view_permission(self, *args: Any) -> bool:
        """Return True: who sees the match sees its parts."""
        return True


class LineInline(PartInline):
    """Bank lines."""

    model = MatchLine
    fields = ("transaction", "amount", "rank")


class ItemInline(PartInline):
    """Open items."""

    model = MatchItem
    fields = ("open_item", "amount")


class AdjustmentInline(PartInline):
    """Differences."""

    model = MatchAdjustment
    fields = ("kind", "amount")


@admin.register(Match)
class MatchAdmin(BigTableAdmin):
    """Proposals and decided matches."""

    list_display = (
        "id", "company", "status", "kind", "verdict", "origin", "score", "amount", "currency", "decided_by_name", "decided_at",
    )  # fmt: skip
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    inlines = (LineInline, ItemInline, AdjustmentInline)
    exclude = ("reasons",)
    readonly_fields = ("why",)

    @admin.display(description=_("reasons"))
    def why(self, row: Match) -> SafeString:
        """Return the reasons for people to read."""
        return pretty_json(row.reasons)


@admin.register(OpenLine)
class OpenLineAdmin(BigTableAdmin):
    """The queue."""

    list_display = (
        "transaction_id",
        "company",
        "date",
        "amount",
        "currency",
        "verdict",
        "score",
        "judged_at",
        "waits_since",
    )
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    company_order = ("-date", "-transaction")
    raw_id_fields = ("transaction", "posted_as")


@admin.register(Decision)
class DecisionAdmin(BigTableAdmin):
    """The log of decisions."""

    list_display = ("created_at", "company", "match_id", "action", "reason", "actor_name", "run_id")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    company_order = ("-created_at", "-id")


@admin.register(Run)
class RunAdmin(BigTableAdmin):
    """Runs of the matcher, and decisions on many at once."""

    list_display = (
        "id", "company", "kind", "actor_name", "started_at", "finished_at", "lines", "clear", "ambiguous", "nothing", "decided", "matcher_ms",
    )  # fmt: skip
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    company_order = ("-started_at",)


@admin.register(ClientMapping)
class ClientMappingAdmin(BigTableAdmin):
    """Known payers."""

    list_display = (
        "id",
        "company",
        "payer_name",
        "customer_id",
        "right",
        "wrong",
        "is_active",
        "by_person",
        "updated_at",
    )
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)


@admin.register(Rejection)
class RejectionAdmin(BigTableAdmin):
    """Pairs that are never proposed again."""

    list_display = ("id", "company", "transaction_id", "open_item_id", "created_at", "withdrawn_at")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(BigTableAdmin):
    """Requests that were answered, for a week."""

    list_display = ("id", "company", "key", "created_at")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)


@admin.register(Closing)
class ClosingAdmin(ReadOnlyAdmin):
    """Closed books."""

    list_display = ("company", "closed_through")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug")
    ordering = ("tenant__name",)


@admin.register(Progress)
class ProgressAdmin(ReadOnlyAdmin):
    """How far the matcher is behind the facts of each company."""

    list_display = ("company", "facts", "seen_until", "behind", "swept_at", "ran_at")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug")
    ordering = ("tenant__name",)
    exclude = ("overlap",)


@admin.register(ReturnEntry)
class ReturnEntryAdmin(BigTableAdmin):
    """What return files of the collection said."""

    list_display = (
        "id",
        "company",
        "credited_on",
        "nosso_numero",
        "document_number",
        "payer_name",
        "meaning",
        "paid",
        "net",
    )
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    company_order = ("-id",)
    raw_id_fields = ("file_import", "account")
