"""Console of processes, measurements, alerts and the limits that an operator sets."""

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lib.forms import offer
from live.alerts import catalog
from live.models import Alert, AlertRule, PerformanceMetric, Presence, Process
from tenants import audit
from tenants.console import BY_COMPANY, BigTableAdmin, ReadOnlyAdmin, ServiceAdmin, pretty_json
from tenants.models import User


@admin.register(Process)
class ProcessAdmin(ReadOnlyAdmin):
    """Every process with what it last wrote of itself; the row of kind "gone" holds the sums of those that ended."""

    list_display = ("kind", "host", "pid", "started_at", "seen_at")
    ordering = ("-seen_at",)
    fields = ("id", "kind", "host", "pid", "started_at", "seen_at", "figures")
    readonly_fields = fields

    @admin.display(description=_("figures"))
    def figures(self, row: Process) -> SafeString:
        """Return what it counted."""
        return pretty_json(row.counters)


@admin.register(Presence)
class PresenceAdmin(ReadOnlyAdmin):
    """Every open stream."""

    list_display = ("connected_at", "company", "user", "api_key", "kind", "last_heartbeat_at")
    list_select_related = ("tenant", "user", "api_key")
    list_filter = (BY_COMPANY,)
    ordering = ("-connected_at",)


@admin.register(PerformanceMetric)
class PerformanceMetricAdmin(BigTableAdmin):
    """What was measured in the last 30 days."""

    list_display = ("recorded_at", "metric_type", "metric_value", "company")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    fields = ("recorded_at", "metric_type", "metric_value", "tenant", "metadata")
    readonly_fields = fields


@admin.register(Alert)
class AlertAdmin(BigTableAdmin):
    """What is or was wrong."""

    list_display = (
        "opened_at",
        "code",
        "subject",
        "company",
        "severity",
        "is_pending",
        "closed_at",
        "told_at",
    )
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    fields = (
        "message", "code", "subject", "tenant", "severity", "value", "threshold", "opened_at", "seen_at", "closed_at", "is_pending",
        "told_at", "over_told_at", "muted_until",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description=_("message"))
    def message(self, row: Alert) -> str:
        """Return its sentence."""
        return catalog.message(row.params)


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the checker only
    """The kinds that exist, each with the limit of the code."""

    code = forms.ChoiceField(label=_("alert"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.fields.get("code"), forms.ChoiceField):
            offer(self, code=[(kind.code, _named(kind)) for kind in catalog.kinds().values()])

    class Meta:
        model = AlertRule
        fields = ("code", "threshold", "is_active", "muted_until")


def _named(kind: catalog.AlertKind) -> str:
    limit = kind.limit()
    return f"{kind.label} ({kind.code})" + (
        f": {limit.normalize():f} {kind.unit}".rstrip() if limit is not None else ""
    )


@admin.register(AlertRule)
class AlertRuleAdmin(ServiceAdmin):
    """What an operator wants otherwise than the code: another limit, silence until a time, or none of it at all."""

    form = RuleForm
    list_display = ("code", "threshold", "is_active", "muted_until")
    ordering = ("code",)
    search_fields: ClassVar[tuple[str, ...]] = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: AlertRule | None = None) -> tuple[str, ...]:
        """Return the code as fixed once the row exists."""
        return ("code",) if obj else ()

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: AlertRule, form: Any, change: bool) -> None:
        """Save, and leave a trace of who changed what."""
        super().save_model(request, obj, form, change)
        after = {name: str(getattr(obj, name)) for name in ("code", "threshold", "is_active", "muted_until")}
        audit.record(
            tenant=None, action="change_alert_rule", row=obj, actor=cast("User", request.user), after=after
        )
