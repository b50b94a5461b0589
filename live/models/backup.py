"""What was saved, and whether it could be brought back."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class BackupRun(models.Model):
    """One backup, or one rehearsal that restored a backup into a scratch database and compared it."""

    class Kind(models.TextChoices):
        """What was done."""

        BACKUP = "backup", _("backup")
        REHEARSAL = "rehearsal", _("rehearsal")

    class Status(models.TextChoices):
        """How it went."""

        RUNNING = "running", _("running")
        OK = "ok", _("ok")
        FAILED = "failed", _("failed")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.RUNNING)
    started_at = models.DateTimeField(_("started"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True)
    name = models.CharField(_("file"), max_length=200, blank=True)
    size_bytes = models.BigIntegerField(_("bytes"), null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    # Counts and sums that were written into the backup, or that the rehearsal compared.
    details = models.JSONField(default=dict)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("backup")
        verbose_name_plural = _("backups")
        indexes = [models.Index("kind", models.F("started_at").desc(), name="idx_backup_kind_started")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name or self.pk}"
