"""Console of rules: looked at, never changed here."""

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from reconciliation.models import Rule, RuleEffect, RuleRun
from tenants.console import BY_COMPANY, BigTableAdmin, ReadOnlyAdmin, pretty_json


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    """What companies let happen by themselves."""

    list_display = (
        "company",
        "position",
        "name",
        "action",
        "is_active",
        "version",
        "dry_run_version",
        "removed_at",
    )
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    ordering = ("tenant__name", "position", "pk")
    fields = (
        "tenant", "name", "position", "action", "category", "shown_conditions", "is_active", "version", "dry_run_version",
        "created_by_name", "removed_at",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description=_("conditions"))
    def shown_conditions(self, row: Rule) -> SafeString:
        """Return the conditions to be read."""
        return pretty_json(row.conditions)


@admin.register(RuleRun)
class RuleRunAdmin(ReadOnlyAdmin):
    """How far runs came and what came of them."""

    list_display = ("company", "started_at", "rule", "dry", "status", "lines", "hits", "actor_name")
    list_select_related = ("tenant", "rule")
    list_filter = (BY_COMPANY, "status")
    ordering = ("-pk",)
    fields = (
        "tenant", "rule", "version", "action", "dry", "status", "lines", "hits", "same", "nothing_clear", "by_earlier", "by_person", "kept",
        "actor_name", "started_at", "finished_at", "undone_by_name", "undone_at",
    )  # fmt: skip
    readonly_fields: Any = fields


@admin.register(RuleEffect)
class RuleEffectAdmin(BigTableAdmin):
    """What rules did, line by line."""

    list_display = ("company", "created_at", "action", "category", "undone_at")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    company_order: ClassVar[tuple[str, ...]] = ("-rule_run_id", "-transaction_id")
    fields = ("tenant", "rule_run", "transaction", "action", "category", "before", "created_at", "undone_at")
    readonly_fields: Any = fields
