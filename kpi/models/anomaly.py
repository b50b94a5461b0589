"""Incidents: days on which a number was not what its past led one to expect, or on which data is missing."""

from django.conf import settings
from django.db import models

from tenants.models import Tenant


class Anomaly(models.Model):
    """One incident of one number of a company, in its own currency: `first_day` to `last_day`, both included. With a `dimension` (product, store) it is
    about one value of it alone: its `key` and `name`.

    The amounts are sums over its anomalous days (of the average ticket: their mean) and keep the sign of the number's page (expenses positive); `got` is None for missing data.
    `score` is the largest deviation in units of the band. `parts` say what carries the gap: [{dimension, key, name, gap, share}].
    `gone_at`: a later synchronisation brought other values, and nothing is unexpected any more.
    """

    class Measure(models.TextChoices):
        REVENUE = "revenue"
        SALES = "sales"
        INFLOW = "inflow"
        EXPENSES = "expenses"
        NET = "net"
        AVERAGE_TICKET = "average_ticket"
        ACTIVE_CUSTOMERS = "active_customers"
        NEW_CUSTOMERS = "new_customers"

    class Kind(models.TextChoices):
        HIGH = "high"
        LOW = "low"
        MISSING = "missing"

    class Feedback(models.TextChoices):
        NONE = ""
        EXPECTED = "expected"
        REAL = "real"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    measure = models.CharField(max_length=16, choices=Measure)
    kind = models.CharField(max_length=7, choices=Kind)
    dimension = models.CharField(max_length=8, blank=True, default="", db_default="")
    key = models.CharField(max_length=120, blank=True, default="", db_default="")
    name = models.CharField(max_length=255, blank=True, default="", db_default="")
    first_day = models.DateField()
    last_day = models.DateField()
    expected = models.DecimalField(max_digits=20, decimal_places=2)
    lo = models.DecimalField(max_digits=20, decimal_places=2)
    hi = models.DecimalField(max_digits=20, decimal_places=2)
    got = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    score = models.FloatField()
    parts = models.JSONField(default=list)
    found_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    feedback = models.CharField(max_length=8, choices=Feedback, blank=True, db_default="")
    feedback_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    feedback_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "measure", "kind", "first_day", "dimension", "key"], name="anomaly_once"
            )
        ]
        indexes = [
            models.Index("tenant", models.F("last_day").desc(), models.F("id").desc(), name="anomaly_newest")
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.name} {self.kind} {self.first_day}"


class AnomalyState(models.Model):
    """Up to which day a company's numbers were judged, and from which facts."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="+")
    through = models.DateField(null=True)
    facts = models.BigIntegerField(default=-1)
    judged_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.tenant_id} through {self.through}"
