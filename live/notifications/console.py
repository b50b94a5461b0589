"""Console of what people were told and how they want to be told."""

from typing import ClassVar

from django.contrib import admin

from live.models import EventSubscription, Notification, NotificationPreference
from tenants.console import BY_COMPANY, BigTableAdmin, ReadOnlyAdmin


@admin.register(Notification)
class NotificationAdmin(BigTableAdmin):
    """Who was told what, whether it was read, and where its e-mail is."""

    list_display = ("created_at", "company", "user", "event", "severity", "read_at", "emailed_at")
    list_select_related = ("tenant", "user")
    list_filter = (BY_COMPANY,)
    fields = (
        "created_at", "tenant", "user", "event", "severity", "params", "path", "once_key", "read_at",
        "email_due_at", "emailed_at", "email_attempts",
    )  # fmt: skip
    readonly_fields: ClassVar[tuple[str, ...]] = fields


@admin.register(NotificationPreference)
class NotificationPreferenceAdmin(ReadOnlyAdmin):
    """How people want to hear of a company."""

    list_display = (
        "company",
        "user",
        "frequency",
        "email_notifications",
        "sound_enabled",
        "quiet_from",
        "quiet_until",
    )
    list_select_related = ("tenant", "user")
    search_fields = ("user__email", "tenant__name", "tenant__slug")
    ordering = ("tenant__name", "user__email")


@admin.register(EventSubscription)
class EventSubscriptionAdmin(ReadOnlyAdmin):
    """Which events people chose or turned off."""

    list_display = ("company", "user", "event_type", "is_active", "created_at")
    list_select_related = ("tenant", "user")
    search_fields = ("user__email", "tenant__name", "event_type")
    ordering = ("-id",)
