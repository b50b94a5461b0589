"""Numbers: rollups kept by triggers, the state of the materialized view, and the view itself (read only)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

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


class ViewState(models.Model):
    """Which data version of each tenant the materialized view was built from. Behind `Generation.facts` means: refresh."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="+")
    built_version = models.BigIntegerField(default=-1)
    built_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.tenant_id} at {self.built_version}"


class TenantKpis(models.Model):
    """One month and type (CREDIT or DEBIT) of a company's bank lines, in its own currency: the materialized view `mv_tenant_kpis`.

    `total_amount` and `avg_amount` take every posted, non-void line; `active_*` leave out ignored ones (NULL when all are). Amounts keep
    the ledger's sign. `as_of` is when this company was last built. PostgreSQL refuses writes; `kpi.services` refreshes.
    """

    pk = models.CompositePrimaryKey("tenant_id", "month", "type")
    # The view is no part of a company's deletion; the next refresh drops its rows.
    tenant = models.ForeignKey(Tenant, models.DO_NOTHING, related_name="+", db_constraint=False)
    month = models.DateField()
    type = models.CharField(max_length=6)
    tx_count = models.IntegerField()
    total_amount = models.DecimalField(max_digits=20, decimal_places=2)
    avg_amount = models.DecimalField(max_digits=30, decimal_places=16)
    active_tx_count = models.IntegerField()
    active_total_amount = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    as_of = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "mv_tenant_kpis"

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.type}"


class Visit(models.Model):
    """When a person last looked at a company's overview. `seen_at` is the latest look, `before_at` the last one of the visit before this."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(db_default=Now())
    before_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="visit_once")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.seen_at}"
