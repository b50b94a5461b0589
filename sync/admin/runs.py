"""Console of runs: the screen at three in the morning."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import Coalesce, Now
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from sync import services
from sync.models import SyncRun
from sync.words import say
from tenants.console import BY_COMPANY, BigTableAdmin, pretty_json, tell

SLOW: dict[str, str] = {"10": "> 10 s", "60": "> 1 min", "600": "> 10 min"}


class SlowFilter(admin.SimpleListFilter):
    """Runs that took longer than usual."""

    title = _("time taken")
    parameter_name = "took"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Return the steps."""
        return tuple(SLOW.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the runs that took at least so many seconds."""
        value = self.value()
        if value not in SLOW:
            return queryset
        spent = ExpressionWrapper(
            Coalesce("finished_at", Now()) - F("started_at"), output_field=DurationField()
        )
        long: QuerySet[Any] = queryset.annotate(spent=spent).filter(spent__gt=timedelta(seconds=int(value)))
        return long


@admin.register(SyncRun)
class SyncRunAdmin(BigTableAdmin):
    """Attempts, with what failed, what it means, and where the time went."""

    list_display = (
        "id",
        "company",
        "connection",
        "status",
        "reason",
        "created_at",
        "took",
        "fetched",
        "changed",
        "first_error_line",
    )
    list_select_related = ("tenant", "connection")
    list_filter = ("status", SlowFilter, "decision", ("error", admin.EmptyFieldListFilter), BY_COMPANY)
    company_order: ClassVar[tuple[str, ...]] = ("-created_at", "-id")
    actions = ("run_again",)
    fields = (
        "tenant", "connection", "status", "reason", "full", "resource", "created_at", "started_at", "heartbeat_at", "finished_at",
        "took", "pages", "requests", "fetched", "expected", "changed", "gone", "unreadable", "where_time_went", "error", "decision",
        "retry_at",
    )  # fmt: skip
    readonly_fields = fields

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow the link from a connection to its runs."""
        return lookup == "connection__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("took"))
    def took(self, row: SyncRun) -> str:
        """Return the seconds from start to end, "–" for one that never started."""
        end = row.finished_at or row.heartbeat_at
        if row.started_at is None or end is None:
            return "–"
        return f"{(end - row.started_at).total_seconds():.1f} s"

    @admin.display(description=_("error"))
    def first_error_line(self, row: SyncRun) -> str:
        """Return the first line of what failed."""
        return row.error.partition("\n")[0][:90]

    @admin.display(description=_("seconds by part"))
    def where_time_went(self, row: SyncRun) -> SafeString:
        """Return the timings."""
        return pretty_json(row.timings)

    @admin.action(description=_("Run again"))
    def run_again(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> None:
        """Ask for another run of each connection, as complete as the chosen one was."""
        done, refused = 0, []
        for run in queryset.select_related("connection", "tenant"):
            try:
                services.request_sync(connection=run.connection, reason=SyncRun.Reason.PERSON, full=run.full)
                done += 1
            except services.NotReady as error:
                refused.append(f"{run.tenant} · {run.connection}: {say(error)}")
        tell(request, done, refused)
