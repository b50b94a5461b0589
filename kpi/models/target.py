"""What a company wants to reach: the goal of a number for a month."""

from django.db import models

from tenants.models import Tenant


class Target(models.Model):
    """The goal of one KPI (`code` of the catalog) for a month, named by its first day.

    `value` has the number's own sign and unit: expenses are negative, shares are ratios (0.95 is 95 %).
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    kpi = models.CharField(max_length=24)
    month = models.DateField()
    value = models.DecimalField(max_digits=20, decimal_places=4)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kpi", "month"], name="target_once"),
            models.CheckConstraint(condition=models.Q(month__day=1), name="target_of_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.kpi} {self.month:%Y-%m}: {self.value}"
