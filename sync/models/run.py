"""One attempt to bring a connection up to date."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from sync.models.connection import Connection
from tenants.models import Tenant


class SyncRun(models.Model):
    """One attempt: the log, the lock, the progress bar and the admin screen. Created queued; ends done, failed or stale."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STALE = "stale", _("lost")

    class Reason(models.TextChoices):
        SCHEDULE = "schedule", _("schedule")
        WEBHOOK = "webhook", _("notice from upstream")
        PERSON = "person", _("asked by a person")
        FIRST = "first", _("first reading")

    class Decision(models.TextChoices):
        """What a failure means for what comes next."""

        RETRY = "retry", _("tries again by itself")
        NEEDS_PERSON = "needs_person", _("needs a person")
        PERMANENT = "permanent", _("will not work as it is")

    OPEN = (Status.QUEUED, Status.RUNNING)

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    # Connections are never deleted but with their company: RESTRICT lets only that through.
    connection = models.ForeignKey(Connection, models.RESTRICT, related_name="runs")
    status = models.CharField(_("status"), max_length=7, choices=Status, default=Status.QUEUED)
    reason = models.CharField(_("reason"), max_length=8, choices=Reason, default=Reason.SCHEDULE)
    full = models.BooleanField(
        _("complete listing"), default=False
    )  # only a complete listing may declare rows gone
    resource = models.CharField(_("resource"), max_length=40, blank=True)  # what is being read now
    created_at = models.DateTimeField(_("asked at"), db_default=Now())
    started_at = models.DateTimeField(_("started at"), null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    pages = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    fetched = models.PositiveIntegerField(_("read"), default=0)
    expected = models.PositiveIntegerField(null=True)  # rows upstream announced, for the progress bar
    changed = models.PositiveIntegerField(_("changed"), default=0)
    gone = models.PositiveIntegerField(_("gone"), default=0)
    unreadable = models.PositiveIntegerField(_("unreadable"), default=0)
    timings = models.JSONField(default=dict)  # seconds by part: upstream, landing, mapping, ledger
    error = models.TextField(_("error"), blank=True)  # what happened, what was kept, what to do
    decision = models.CharField(max_length=12, choices=Decision, blank=True)
    retry_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=Q(status__in=["queued", "running"]), name="syncrun_one_open"
            )
        ]
        indexes = [
            models.Index(
                "tenant", models.F("created_at").desc(), models.F("id").desc(), name="syncrun_keyset"
            ),
            models.Index("heartbeat_at", condition=Q(status="running"), name="syncrun_running"),
            models.Index("created_at", condition=Q(status="queued"), name="syncrun_queued"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.status}"

    @property
    def is_open(self) -> bool:
        """Return whether the attempt waits or runs."""
        return self.status in self.OPEN
