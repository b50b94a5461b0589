"""What was decided, by whom and why; what is never to be proposed again; and which requests were answered already."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ledger.models import OpenItem, Transaction
from reconciliation.models.match import Match
from reconciliation.models.run import Run
from tenants.models import Tenant


class Decision(models.Model):
    """One decision on a match. Only ever added, in the transaction of the change; a trigger refuses to change or delete one."""

    class Action(models.TextChoices):
        CONFIRM = "confirm", _("confirmed")
        LINK = "link", _("linked by hand")
        BOOK = "book", _("settled without an open item")
        REJECT = "reject", _("rejected")
        UNDO = "undo", _("taken back")
        REOPEN = "reopen", _("opened again")
        # Upstream changed what a match of a closed period stands on. It stays as it was, and is told.
        HELD = "held", _("kept, the period is closed")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    match = models.ForeignKey(Match, models.PROTECT, related_name="decisions", db_index=False)
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="+", db_index=False)
    action = models.CharField(_("action"), max_length=7, choices=Action)
    # Why, as a stable code (`reconciliation.reasons`): empty when a person simply decided.
    reason = models.CharField(_("reason"), max_length=40, db_default="")
    detail = models.JSONField(db_default={}, encoder=DjangoJSONEncoder)
    before = models.CharField(_("before"), max_length=9, choices=Match.Status)
    after = models.CharField(_("after"), max_length=9, choices=Match.Status)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(_("who"), max_length=160)
    request_id = models.CharField(max_length=64, db_default="")
    created_at = models.DateTimeField(_("at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes = [
            models.Index("tenant", "match", name="decision_tenant_match"),
            models.Index(
                "tenant",
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="decision_tenant_created",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.match_id}"


class Rejection(models.Model):
    """A line and an item that do not belong together: never proposed again until the rejection is withdrawn.

    Rejected matches of more than one line or item are remembered by their signature instead; parts of them may well fit together.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    transaction = models.ForeignKey(Transaction, models.PROTECT, related_name="+", db_index=False)
    open_item = models.ForeignKey(OpenItem, models.PROTECT, related_name="+", db_index=False)
    match = models.ForeignKey(Match, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(_("at"), db_default=Now(), editable=False)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("rejection")
        verbose_name_plural = _("rejections")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "transaction", "open_item"],
                condition=Q(withdrawn_at=None),
                name="rejection_once",
            )
        ]
        indexes = [models.Index("tenant", "match", name="rejection_tenant_match")]

    def __str__(self) -> str:
        return f"{self.transaction_id} ≠ {self.open_item_id}"


class IdempotencyKey(models.Model):
    """A request that was answered: the same key again gets the same answer and does nothing. Commits with what the request did."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=200)
    # Of what was asked: another question under the same key is refused.
    fingerprint = models.CharField(max_length=40)
    answer = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("answered request")
        verbose_name_plural = _("answered requests")
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="idempotencykey_once")]
        indexes = [models.Index("created_at", name="idempotencykey_created")]

    def __str__(self) -> str:
        return self.key
