"""Where facts come from, and what every fact has."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class Source(models.Model):
    """One origin of facts: a connection to an upstream, or the files that people import. `external_id`s are unique inside it."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=80)

    class Meta:
        indexes = [models.Index("tenant", "kind", name="source_tenant_kind")]

    def __str__(self) -> str:
        return self.name


class Fact(models.Model):
    """What every fact carries. `external_id` is the upstream's own id, unique within its source.

    `void_at` is set when upstream no longer has the row; void rows are kept, shown struck through and counted nowhere.
    """

    # Every index begins with the tenant; an index on the tenant alone would only cost writes.
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    external_id = models.CharField(max_length=160)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    void_at = models.DateTimeField(_("void since"), null=True, editable=False)

    class Meta:
        abstract = True
