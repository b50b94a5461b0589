"""Console of numbers: what was computed for whom, from which facts and when. Rollups have composite keys, which the admin cannot show."""

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from kpi.models import (
    AlertEvent,
    AlertRule,
    AlertState,
    Anomaly,
    AnomalyState,
    Board,
    BoardLink,
    BoardState,
    Forecast,
    Occasion,
    RecurringLine,
    RecurringState,
    Report,
    ReportDelivery,
    ReportRecipient,
    SegmentState,
    Target,
    ViewState,
    Visit,
)
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
        states: QuerySet[ViewState] = super().get_queryset(request)
        return states.annotate(facts=F("tenant__generation__facts"))

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


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyAdmin):
    """What was forecast, by which method, and how far it was off on the past."""

    list_display = (
        "company",
        "measure",
        "grain",
        "about",
        "name",
        "model",
        "verdict",
        "mase",
        "through",
        "made_at",
    )
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY, "measure", "grain", "verdict")
    ordering = ("-made_at",)


@admin.register(Anomaly)
class AnomalyAdmin(ReadOnlyAdmin):
    """What was unexpected, and what people said of it."""

    list_display = (
        "company",
        "measure",
        "name",
        "kind",
        "first_day",
        "last_day",
        "expected",
        "got",
        "score",
        "feedback",
    )
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY, "measure", "kind", "feedback")
    ordering = ("-last_day", "-pk")


@admin.register(AnomalyState)
class AnomalyStateAdmin(ReadOnlyAdmin):
    """Up to which day each company's numbers were judged."""

    list_display = ("company", "through", "facts", "judged_at")
    list_select_related = ("tenant",)
    ordering = ("tenant__name",)


@admin.register(RecurringLine)
class RecurringLineAdmin(ReadOnlyAdmin):
    """Recurring lines, and what people denied."""

    list_display = ("company", "name", "rhythm", "amount", "share", "is_found", "denied_at")
    list_select_related = ("tenant",)
    ordering = ("tenant__name", "name")


@admin.register(RecurringState)
class RecurringStateAdmin(ReadOnlyAdmin):
    """When each company's recurring lines were looked for."""

    list_display = ("company", "day", "facts", "found_at", "took_ms")
    list_select_related = ("tenant",)
    ordering = ("tenant__name",)


@admin.register(SegmentState)
class SegmentStateAdmin(ReadOnlyAdmin):
    """From which facts each company's segments were made."""

    list_display = ("company", "as_of", "built_version", "built_at")
    list_select_related = ("tenant",)
    ordering = ("tenant__name",)


@admin.register(Board)
class BoardAdmin(ReadOnlyAdmin):
    """Which boards a company has."""

    list_display = ("name", "company", "owner", "shared", "updated_at")
    list_select_related = ("tenant", "owner")
    list_filter = (BY_COMPANY,)
    search_fields = ("name", "tenant__slug")
    ordering = ("-updated_at",)


@admin.register(BoardLink)
class BoardLinkAdmin(ReadOnlyAdmin):
    """Links by which boards are read without a login: until when, and when last."""

    list_display = ("name", "company", "created_by", "expires_at", "revoked_at", "last_used_at")
    list_select_related = ("tenant", "created_by")
    list_filter = (BY_COMPANY,)
    search_fields = ("name", "tenant__slug")
    ordering = ("-created_at",)


@admin.register(BoardState)
class BoardStateAdmin(ReadOnlyAdmin):
    """When a company was given its first boards."""

    list_display = ("company", "started_at")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug",)
    ordering = ("-started_at",)


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    """Which boards go out by e-mail, and when the next time is."""

    list_display = ("name", "company", "board", "frequency", "hour", "is_active", "next_at")
    list_select_related = ("tenant", "board")
    list_filter = (BY_COMPANY, "frequency", "is_active")
    ordering = ("next_at", "pk")


@admin.register(ReportRecipient)
class ReportRecipientAdmin(ReadOnlyAdmin):
    """Who gets a report, and who had enough."""

    list_display = ("__str__", "company", "report", "scope_name", "unsubscribed_at")
    list_select_related = ("tenant", "report", "user")
    list_filter = (BY_COMPANY,)
    search_fields = ("email", "user__email")
    ordering = ("-pk",)


@admin.register(ReportDelivery)
class ReportDeliveryAdmin(ReadOnlyAdmin):
    """What became of every delivery."""

    list_display = ("planned_for", "company", "report", "who", "status", "attempts", "reason", "sent_at")
    list_select_related = ("tenant", "report")
    list_filter = (BY_COMPANY, "status")
    search_fields = ("who",)
    ordering = ("-pk",)


@admin.register(Target)
class TargetAdmin(ReadOnlyAdmin):
    """Goals of companies by number and month."""

    list_display = ("company", "kpi", "month", "value", "updated_at")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY, "kpi")
    ordering = ("-month",)


@admin.register(Occasion)
class OccasionAdmin(ReadOnlyAdmin):
    """What companies say of their own days."""

    list_display = ("label", "company", "kind", "first_day", "last_day")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY, "kind")
    ordering = ("-first_day",)


@admin.register(AlertRule)
class AlertRuleAdmin(ReadOnlyAdmin):
    """What companies want to be told of."""

    list_display = ("company", "kpi", "kind", "way", "limit", "is_active", "muted_until", "removed_at")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY, "kind", "is_active")
    ordering = ("-id",)


@admin.register(AlertEvent)
class AlertEventAdmin(ReadOnlyAdmin):
    """What they were told."""

    list_display = ("company", "rule", "day", "got", "expected", "ended_on", "withdrawn_at", "fired_at")
    list_select_related = ("tenant", "rule")
    list_filter = (BY_COMPANY,)
    ordering = ("-fired_at",)


@admin.register(AlertState)
class AlertStateAdmin(ReadOnlyAdmin):
    """When alerts were judged last."""

    list_display = ("company", "day", "through", "facts", "judged_at")
    list_select_related = ("tenant",)
    ordering = ("-judged_at",)
