"""The state of the materialized view, and the view itself (read only)."""

from django.db import models
from django.db.models.functions import Now

from tenants.models import Tenant


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
