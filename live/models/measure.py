"""What was measured, and what was wrong for long enough to tell somebody."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class PerformanceMetric(models.Model):
    """One measurement, kept for 30 days (the seed's performance_metrics). The unit belongs to `metric_type`; see docs/observed.md."""

    metric_type = models.CharField(max_length=50)
    metric_value = models.DecimalField(max_digits=14, decimal_places=2)
    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    recorded_at = models.DateTimeField(db_default=Now())
    metadata = models.JSONField(db_default={}, default=dict)

    class Meta:
        indexes = [
            models.Index("metric_type", models.F("recorded_at").desc(), name="idx_performance_type_time")
        ]

    def __str__(self) -> str:
        return f"{self.metric_type} {self.metric_value}"


class AlertRule(models.Model):
    """What an operator changed about one kind of alert; a kind without a row has the limits of the code."""

    code = models.CharField(_("alert"), max_length=40, unique=True)
    threshold = models.DecimalField(_("limit"), max_digits=14, decimal_places=2, null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    muted_until = models.DateTimeField(_("muted until"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")

    def __str__(self) -> str:
        return self.code


class Alert(models.Model):
    """Something that is or was wrong: opened when it lasted, closed when it was well again for long enough (hysteresis).

    Without a tenant it is about the installation and told to staff.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, blank=True, related_name="+")
    code = models.CharField(_("alert"), max_length=40)
    # What exactly ails, when one code can be open several times: "connection:12". Empty when there is only one.
    subject = models.CharField(max_length=80, blank=True)
    severity = models.CharField(
        _("severity"), max_length=8, choices=[("warning", _("warning")), ("critical", _("critical"))]
    )
    params = models.JSONField(default=dict)
    value = models.DecimalField(_("value"), max_digits=14, decimal_places=2, null=True)
    threshold = models.DecimalField(_("limit"), max_digits=14, decimal_places=2, null=True)
    opened_at = models.DateTimeField(_("since"), db_default=Now())
    seen_at = models.DateTimeField(_("last seen"), db_default=Now())
    closed_at = models.DateTimeField(_("over since"), null=True)
    told_at = models.DateTimeField(_("told at"), null=True)
    over_told_at = models.DateTimeField(null=True)
    # Hysteresis is counted in looks, so that a clock that jumps opens and closes nothing.
    is_pending = models.BooleanField(_("not open yet"), default=True, db_default=True)
    bad_looks = models.PositiveIntegerField(default=0, db_default=0)
    well_looks = models.PositiveIntegerField(default=0, db_default=0)
    muted_until = models.DateTimeField(_("muted until"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "code", "subject"],
                condition=models.Q(closed_at=None),
                nulls_distinct=False,
                name="alert_open_once",
            )
        ]
        indexes = [models.Index(models.F("opened_at").desc(), name="idx_alert_opened")]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}".strip()
