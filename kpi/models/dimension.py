"""What happened on a day and in a month, by whom and what: account, category, store, seller, channel, payment, customer, product."""

from django.db import models

from tenants.models import Tenant


class ByDimension(models.Model):
    """One value of one dimension. `key` is an id (account, customer, product) or the word itself; "" is unknown.

    `type` is SALE for sales (`n` sales, or lines of sales for products, which alone have a `quantity`), CREDIT and DEBIT for bank lines.
    Only what counts as revenue, inflow or outflow is in here: see `Rollup.flow_total`. Totals keep the sign of the ledger.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=6)
    dimension = models.CharField(max_length=8)
    currency = models.CharField(max_length=3)
    key = models.CharField(max_length=120, db_default="")
    n = models.BigIntegerField()
    quantity = models.DecimalField(max_digits=20, decimal_places=6)
    total = models.DecimalField(max_digits=20, decimal_places=2)

    class Meta:
        abstract = True


class DimensionDaily(ByDimension):
    """One business day."""

    pk = models.CompositePrimaryKey("tenant_id", "type", "dimension", "currency", "day", "key")
    day = models.DateField()

    class Meta:
        db_table = "kpi_dimension_daily"

    def __str__(self) -> str:
        return f"{self.day} {self.type} {self.dimension} {self.key}"


class DimensionMonthly(ByDimension):
    """One month, named by its first day."""

    pk = models.CompositePrimaryKey("tenant_id", "type", "dimension", "currency", "month", "key")
    month = models.DateField()

    class Meta:
        db_table = "kpi_dimension_monthly"

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.type} {self.dimension} {self.key}"


class TouchedDay(models.Model):
    """A day whose sales or bank lines changed since they were last summed by dimension. Rows are only added, by triggers, and taken away."""

    class Kind(models.TextChoices):
        SALES = "sales"
        LINES = "lines"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=5, choices=Kind)
    day = models.DateField()

    class Meta:
        db_table = "kpi_touched"
        indexes = [models.Index("tenant", "kind", "day", name="kpi_touched_day")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.day}"
