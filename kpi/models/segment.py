"""Which segment each customer of a company is in, by month, and the rules that a company made itself."""

from django.db import models

from ledger.models import Customer
from tenants.models import Tenant


class SegmentState(models.Model):
    """What the current month's segments of a company were made from. `rules` are its own edges (kpi.segments.edges), None: the usual ones.

    `as_of` is the reference day: purchases before it count. `fitted` holds the parameters of what is expected, None where no fit was possible.
    """

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="+")
    rules = models.JSONField(null=True)
    built_version = models.BigIntegerField(default=-1)
    built_at = models.DateTimeField(null=True)
    as_of = models.DateField(null=True)
    fitted = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"{self.tenant_id} as of {self.as_of}"


class SegmentMember(models.Model):
    """One customer in one month, as at its end (the current month: as at `SegmentState.as_of`). Money is in the company's currency.

    `expected` are days with a purchase in the next 90 days, `spend` what one of them is expected to bring; None where no fit was possible.
    """

    pk = models.CompositePrimaryKey("tenant_id", "month", "customer_id")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", db_index=False)
    last_day = models.DateField()
    frequency = models.IntegerField()
    monetary = models.DecimalField(max_digits=20, decimal_places=2)
    r = models.SmallIntegerField()
    f = models.SmallIntegerField()
    m = models.SmallIntegerField()
    segment = models.CharField(max_length=16)
    expected = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    spend = models.DecimalField(max_digits=20, decimal_places=2, null=True)

    class Meta:
        indexes = [
            models.Index(
                "tenant",
                "month",
                "segment",
                models.F("monetary").desc(),
                "customer",
                name="segment_best_first",
            ),
            models.Index("tenant", "customer", "month", name="segment_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.month:%Y-%m} {self.segment}"
