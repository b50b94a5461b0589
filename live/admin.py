"""Console of events and generations."""

from typing import ClassVar

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from live.alerts import console as alerts_console  # noqa: F401 - registers its own pages
from live.backups import console as backups_console  # noqa: F401 - registers its own pages
from live.hooks import console as hooks_console  # noqa: F401 - registers its own pages
from live.models import Event, Generation
from live.notifications import console  # noqa: F401 - registers its own pages
from tenants.console import BY_COMPANY, BigTableAdmin, ReadOnlyAdmin, pretty_json


@admin.register(Event)
class EventAdmin(BigTableAdmin):
    """What was told in the last day."""

    list_display = ("created_at", "company", "number", "name", "short")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    company_order: ClassVar[tuple[str, ...]] = ("-number",)
    fields = ("created_at", "tenant", "number", "name", "ids")
    readonly_fields = fields

    @admin.display(description=_("ids"))
    def short(self, row: Event) -> str:
        """Return the payload in a line."""
        return ", ".join(f"{name}={value}" for name, value in row.payload.items())[:80]

    @admin.display(description=_("ids"))
    def ids(self, row: Event) -> SafeString:
        """Return the payload."""
        return pretty_json(row.payload)


@admin.register(Generation)
class GenerationAdmin(ReadOnlyAdmin):
    """How often each group of a company's data has changed."""

    list_display = ("company", "facts", "recon", "settings", "event_number")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug")
    ordering = ("tenant__name",)
