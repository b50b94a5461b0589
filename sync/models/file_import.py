"""Bank files that people bring."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ledger.models import Account, Transaction
from tenants.models import Tenant


class FileImport(models.Model):
    """One file: first looked at (preview), then stored or left. The content stays, so that it can be read again.

    What a big file asks for is done by a worker: `work` says what, and the row is the queue.
    """

    class Status(models.TextChoices):
        PREVIEW = "preview", _("preview")
        STORED = "stored", _("stored")
        FAILED = "failed", _("not stored")
        UNDONE = "undone", _("undone")

    class Work(models.TextChoices):
        READ = "read", _("reading")
        STORE = "store", _("storing")
        UNDO = "undo", _("undoing")

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
    # Sentences as template and values (`sync.words.kept`), said in the language of whoever reads them.
    warnings = models.JSONField(default=list)
    problem = models.JSONField(null=True)
    error = models.TextField(blank=True)  # what earlier versions stored as text
    # What a page shows without reading the file again: accounts, first lines, columns (`sync.imports.Shown`).
    seen = models.JSONField(default=dict)
    # Where a person wants the lines of each account of the file: key → account, 0 for a new one. What is not named finds its own.
    homes = models.JSONField(default=dict)
    # Closing balances that storing put into accounts of files, so that undoing can tell which one counts.
    balances = models.JSONField(default=list)
    work = models.CharField(max_length=5, choices=Work, blank=True, default="")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    attempts = models.PositiveSmallIntegerField(
        default=0
    )  # of this work; each ends with it or with its worker
    progress = models.PositiveSmallIntegerField(null=True)  # per cent; None: nobody knows
    created_at = models.DateTimeField(_("at"), db_default=Now())
    stored_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

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
        indexes = [
            models.Index("tenant", models.F("created_at").desc(), name="fileimport_tenant_created"),
            models.Index("id", condition=~Q(work=""), name="fileimport_work"),
        ]

    def __str__(self) -> str:
        return self.name


class ImportedLine(models.Model):
    """One line that one stored file holds. A line of files counts as long as a stored file says it."""

    # Every index begins with the tenant; the unique one finds the lines of a file, the other one the files of a line.
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    file_import = models.ForeignKey(FileImport, models.CASCADE, related_name="lines", db_index=False)
    transaction = models.ForeignKey(Transaction, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "file_import", "transaction"], name="importedline_once")
        ]
        indexes = [models.Index("tenant", "transaction", name="importedline_transaction")]

    def __str__(self) -> str:
        return f"{self.file_import_id} {self.transaction_id}"


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
