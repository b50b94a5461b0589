"""Console of numbers: which data the materialized view was built from. Rollups have composite keys, which the admin cannot show."""

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from kpi.models import ViewState
from tenants.console import ReadOnlyAdmin


@admin.register(ViewState)
class ViewStateAdmin(ReadOnlyAdmin):
    """How far the view is behind the facts of each company."""

    list_display = ("tenant", "built_version", "behind", "built_at")
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
