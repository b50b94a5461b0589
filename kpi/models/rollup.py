"""Rollups kept by triggers: what happened on a day, in a month."""

from django.db import models

from tenants.models import Tenant


class Rollup(models.Model):
    """What every rollup row counts, for one tenant, type and currency.

    `type` is CREDIT or DEBIT for posted bank lines and SALE for sales. `n`/`total` count every posted, non-void row; `active_*` leaves
    out ignored (and cancelled) ones; `flow_*` also leaves out card bill payments and transfers between own accounts.
    Totals keep the sign of the ledger. A row whose counts are all zero may remain and means nothing.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=6)
    currency = models.CharField(max_length=3)
    n = models.BigIntegerField(db_default=0)
    total = models.DecimalField(max_digits=20, decimal_places=2, db_default=0)
    active_n = models.BigIntegerField(db_default=0)
    active_total = models.DecimalField(max_digits=20, decimal_places=2, db_default=0)
    flow_n = models.BigIntegerField(db_default=0)
    flow_total = models.DecimalField(max_digits=20, decimal_places=2, db_default=0)

    class Meta:
        abstract = True


class Daily(Rollup):
    """One business day."""

    pk = models.CompositePrimaryKey("tenant_id", "day", "type", "currency")
    day = models.DateField()

    class Meta:
        db_table = "kpi_daily"

    def __str__(self) -> str:
        return f"{self.day} {self.type}"


class Monthly(Rollup):
    """One month, named by its first day."""

    pk = models.CompositePrimaryKey("tenant_id", "month", "type", "currency")
    month = models.DateField()

    class Meta:
        db_table = "kpi_monthly"

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.type}"
