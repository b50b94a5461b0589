"""The webhook inbox."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from sync.models.connection import Connection
from tenants.models import Tenant


class Webhook(models.Model):
    """A webhook that we registered upstream. The token in its URL finds the connection; the sealed secret comes back in a header."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="webhooks")
    token_hash = models.CharField(max_length=64, unique=True)  # SHA-256 of the token in the URL
    secret = models.TextField()  # sealed: the value of the header that upstream sends back
    upstream_id = models.CharField(max_length=64, blank=True)
    url = models.URLField(max_length=300)
    created_at = models.DateTimeField(db_default=Now())
    checked_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)  # rotated: still accepted until upstream forgets it

    def __str__(self) -> str:
        return f"webhook of {self.connection_id}"


class InboundDelivery(models.Model):
    """One delivery, stored before it is answered. The row is the queue; a repeated delivery id is the same row."""

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        IGNORED = "ignored", _("ignored")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    connection = models.ForeignKey(Connection, models.CASCADE, null=True, related_name="+")
    source = models.CharField(_("source"), max_length=20)
    delivery_id = models.CharField(max_length=120)
    event = models.CharField(_("event"), max_length=60, blank=True)
    body = models.JSONField(_("body"))
    status = models.CharField(_("status"), max_length=7, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    error = models.TextField(blank=True)
    received_at = models.DateTimeField(_("received at"), db_default=Now())
    processed_at = models.DateTimeField(_("processed at"), null=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook inbox")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "delivery_id"], name="delivery_once")
        ]
        indexes = [
            models.Index("next_try_at", condition=Q(status="pending"), name="delivery_pending"),
            models.Index("tenant", models.F("received_at").desc(), name="delivery_tenant_received"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.event}"
