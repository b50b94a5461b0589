"""Webhooks out: where a company's own programs are told of what happens, and what was sent there."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class HookEndpoint(models.Model):
    """One address of a company. `secret` is sealed (lib.crypto) and signs every message; it was shown once.

    `events` are the types that are sent there; empty: all of them. `disabled_at`: nothing is sent any more, `problem` says why.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    url = models.CharField(_("address"), max_length=500)
    label = models.CharField(_("name"), max_length=80, blank=True, default="")
    secret = models.TextField()
    events = models.JSONField(default=list)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    last_good_at = models.DateTimeField(_("last good"), null=True)
    disabled_at = models.DateTimeField(_("stopped at"), null=True)
    problem = models.CharField(max_length=300, blank=True, default="")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        indexes = [models.Index("tenant", "id", name="hook_endpoints", condition=models.Q(removed_at=None))]

    def __str__(self) -> str:
        return self.label or self.url


def message_id() -> str:
    """Return a new id of a message; it stays the same however often the message is sent."""
    return f"msg_{uuid.uuid4().hex}"


class HookDelivery(models.Model):
    """One message to one address (outbox): written with what it tells of, sent until it is taken or a day is over.

    `due_at` None: nothing more is to be done. Whoever sends moves it on first, so that a worker that dies leaves the row to be sent again.
    """

    class State(models.TextChoices):
        """How it went."""

        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    endpoint = models.ForeignKey(HookEndpoint, models.CASCADE, related_name="deliveries", db_index=False)
    message_id = models.CharField(max_length=40, default=message_id)
    event = models.CharField(_("event"), max_length=40)
    body = models.TextField()
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(_("at"), db_default=Now())
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), db_default=0, default=0)
    tried_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(_("answer"), null=True)
    problem = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("webhook message")
        verbose_name_plural = _("webhook messages")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "endpoint", "message_id"], name="hook_message_once"),
        ]
        indexes = [
            models.Index("tenant", "endpoint", models.F("id").desc(), name="hook_newest"),
            models.Index(fields=["due_at"], condition=models.Q(state="waiting"), name="hook_due"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"
