"""The event log and the generations that cache keys carry."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now

from tenants.models import Tenant


class Generation(models.Model):
    """How often each group of a company's data has changed. Commits with the change, so it can be part of a cache key.

    `facts` is the data version: rollups and views are up to date when the version they were built from equals it.
    """

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="generation")
    facts = models.BigIntegerField(db_default=0)
    recon = models.BigIntegerField(db_default=0)
    settings = models.BigIntegerField(db_default=0)
    # The number of the newest event; numbers are given at commit, without a gap.
    event_number = models.BigIntegerField(db_default=0)

    def __str__(self) -> str:
        return f"{self.tenant_id}: facts {self.facts}, recon {self.recon}, settings {self.settings}"


class Event(models.Model):
    """Something happened (transactional outbox). Holds ids, never data. Kept for a day.

    `number` is NULL until a deferred trigger numbers the row at commit: per tenant, without gap or repeat.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    number = models.BigIntegerField(null=True)
    name = models.CharField(max_length=40)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="event_number_once")]
        indexes = [BrinIndex(fields=["created_at"], name="event_created_brin")]

    def __str__(self) -> str:
        return f"{self.tenant_id}/{self.number} {self.name}"
