"""What upstream said, word for word."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from sync.models.connection import Connection
from tenants.models import Tenant


class RawRecord(models.Model):
    """One upstream record as it came, without secrets. Written only when its content changed; mapping can be repeated from it."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    # What upstream said outlives the wish to be rid of a connection: RESTRICT lets only the deletion of the company through.
    connection = models.ForeignKey(Connection, models.RESTRICT, related_name="+", db_index=False)
    kind = models.CharField(_("kind"), max_length=30)
    external_id = models.CharField(max_length=160)
    payload = models.JSONField(_("payload"))
    content_hash = models.BinaryField(
        max_length=16
    )  # BLAKE2b-128 of the canonical payload and the mapper's version
    first_seen_at = models.DateTimeField(_("first seen"), db_default=Now())
    changed_at = models.DateTimeField(_("changed"), db_default=Now())
    gone_at = models.DateTimeField(_("gone since"), null=True)
    error = models.TextField(_("unreadable because"), blank=True, db_default="")

    class Meta:
        verbose_name = _("raw record")
        verbose_name_plural = _("raw records")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "connection", "kind", "external_id"], name="rawrecord_once"
            )
        ]
        indexes = [models.Index("tenant", "connection", condition=~Q(error=""), name="rawrecord_unreadable")]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
