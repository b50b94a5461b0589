"""What people and the system did: one row for each change, written in the transaction of the change."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models.tenant import Tenant


class AuditLog(models.Model):
    """One change: which row of which table, what was done, by whom, when, and how it was before and after.

    The actor's name stays as text, so that deleting a user keeps history. Rows are never changed.
    """

    tenant = models.ForeignKey(
        Tenant,
        models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        help_text=_("Empty: concerns the installation."),
    )
    created_at = models.DateTimeField(_("at"), db_default=Now(), editable=False)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(_("who"), max_length=160)
    action = models.CharField(_("action"), max_length=40)
    table = models.CharField(_("table"), max_length=63)
    row_id = models.CharField(_("row"), max_length=64, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    before = models.JSONField(_("before"), null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), null=True, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        indexes = [
            models.Index("tenant", models.F("created_at").desc(), name="idx_audit_tenant_created"),
            models.Index("tenant", "table", "row_id", name="idx_audit_tenant_row"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.table} {self.row_id}"
