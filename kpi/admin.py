"""Console of numbers: which data the materialized view was built from. Rollups have composite keys, which the admin cannot show."""

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from kpi.models import ViewState, Visit
from tenants.console import BY_COMPANY, ReadOnlyAdmin


@admin.register(ViewState)
class ViewStateAdmin(ReadOnlyAdmin):
    """How far the view is behind the facts of each company."""

    list_display = ("company", "built_version", "behind", "built_at")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug")
    ordering = ("tenant__name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ViewState]:
        """Return states with the version of the facts."""
        return super().get_queryset(request).annotate(facts=F("tenant__generation__facts"))  # type: ignore[no-any-return]

    @admin.display(description=_("versions behind"))
    def behind(self, row: ViewState) -> int:
        """Return how many changes of facts the view has not seen."""
        return int(getattr(row, "facts", None) or 0) - row.built_version


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    """When people last looked."""

    list_display = ("user", "company", "seen_at", "before_at")
    list_select_related = ("user", "tenant")
    list_filter = (BY_COMPANY,)
    search_fields = ("user__email",)
    ordering = ("-seen_at",)
