"""Bank files that people bring."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ledger.models import Account
from tenants.models import Tenant


class FileImport(models.Model):
    """One file: first looked at (preview), then stored or left. The content stays, so that it can be read again."""

    class Status(models.TextChoices):
        PREVIEW = "preview", _("preview")
        STORED = "stored", _("stored")
        FAILED = "failed", _("not stored")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    name = models.CharField(_("file"), max_length=200)
    kind = models.CharField(max_length=8, blank=True)  # ofx, csv
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content = models.BinaryField()  # zlib
    mapping = models.JSONField(null=True)  # CSV: which column is what
    status = models.CharField(_("status"), max_length=7, choices=Status, default=Status.PREVIEW)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    new_rows = models.PositiveIntegerField(_("new"), default=0)
    known_rows = models.PositiveIntegerField(_("already known"), default=0)
    skipped_rows = models.PositiveIntegerField(_("left out"), default=0)
    warnings = models.JSONField(default=list)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(_("at"), db_default=Now())
    stored_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("file import")
        verbose_name_plural = _("file imports")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "account", "sha256"],
                condition=Q(status="stored"),
                name="fileimport_stored_once",
            )
        ]
        indexes = [models.Index("tenant", models.F("created_at").desc(), name="fileimport_tenant_created")]

    def __str__(self) -> str:
        return self.name


class StatementFormat(models.Model):
    """How a company's CSV of one shape is read: remembered by the fingerprint of its header, so that it is asked once."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=64)
    mapping = models.JSONField()
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "fingerprint"], name="statementformat_once")]

    def __str__(self) -> str:
        return self.fingerprint[:12]
