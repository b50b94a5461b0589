"""Console of webhooks out: where messages go, and how that went. Secrets are never shown."""

from typing import ClassVar

from django.contrib import admin

from live.models import HookDelivery, HookEndpoint
from tenants.console import BY_COMPANY, BigTableAdmin, ReadOnlyAdmin


@admin.register(HookEndpoint)
class HookEndpointAdmin(ReadOnlyAdmin):
    """The addresses."""

    list_display = ("url", "company", "label", "last_good_at", "disabled_at", "removed_at")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    ordering = ("-id",)
    exclude = ("secret",)


@admin.register(HookDelivery)
class HookDeliveryAdmin(BigTableAdmin):
    """What was sent in the last 30 days."""

    list_display = ("created_at", "company", "endpoint", "event", "state", "attempts", "status")
    list_select_related = ("tenant", "endpoint")
    list_filter = (BY_COMPANY, "state")
    company_order: ClassVar[tuple[str, ...]] = ("-id",)
    fields = (
        "created_at",
        "tenant",
        "endpoint",
        "message_id",
        "event",
        "body",
        "state",
        "due_at",
        "attempts",
        "status",
        "problem",
    )
    readonly_fields = fields
