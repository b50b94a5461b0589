"""Lines that come again (rent, payroll, retainers), and what people said of them."""

from django.conf import settings
from django.db import models

from tenants.models import Tenant


class RecurringLine(models.Model):
    """One recurring line of a company's bank movements, in its own currency, as `kpi.analysis.recurring` found it last.

    `amount` keeps the ledger's sign. `kind`, `number` and `back` say on which day of a period it falls (`kpi.analysis.rhythms.Rule`), `unit` is the period
    of the last occurrence, `paid` the occurrences: [[day, amount]]. `denied_at`: a person said that it is none; such a row is kept when it is not found
    any more (`is_found`), so that what was said holds when it comes back.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    code = models.CharField(max_length=300)
    party = models.CharField(max_length=270)
    name = models.CharField(max_length=255)
    rhythm = models.CharField(max_length=11)
    kind = models.CharField(max_length=12)
    number = models.PositiveSmallIntegerField()
    back = models.BooleanField()
    unit = models.IntegerField()
    share = models.DecimalField(max_digits=3, decimal_places=2)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    paid = models.JSONField(default=list)
    is_found = models.BooleanField(default=True)
    denied_at = models.DateTimeField(null=True)
    denied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="recurringline_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.rhythm}"


class RecurringState(models.Model):
    """Up to which day a company's recurring lines were looked for, in which facts, when, and how long it took."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="+")
    day = models.DateField(null=True)
    facts = models.BigIntegerField(default=-1)
    found_at = models.DateTimeField(null=True)
    took_ms = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.tenant_id} on {self.day}"
