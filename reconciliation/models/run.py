"""Runs: many judgements or decisions in one go."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class Run(models.Model):
    """One go over many lines: the matcher's, an automatic confirmation, a rule's, or a person's bulk. The last three can be undone whole."""

    class Kind(models.TextChoices):
        PROPOSALS = "proposals", _("suggestions")
        AUTOMATIC = "automatic", _("automatic confirmation")
        RULE = "rule", _("rule")
        BULK = "bulk", _("bulk")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(_("who"), max_length=160, db_default="system")
    started_at = models.DateTimeField(_("at"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)  # None of one whose worker is gone: it did not finish
    lines = models.PositiveIntegerField(_("lines"), db_default=0)  # looked at
    clear = models.PositiveIntegerField(_("clear"), db_default=0)
    ambiguous = models.PositiveIntegerField(_("ambiguous"), db_default=0)
    nothing = models.PositiveIntegerField(_("nothing found"), db_default=0)
    decided = models.PositiveIntegerField(_("decided"), db_default=0)
    matcher_ms = models.PositiveIntegerField(null=True)  # of which the matcher itself took

    class Meta:
        verbose_name = _("run of the matcher")
        verbose_name_plural = _("runs of the matcher")
        indexes = [models.Index("tenant", models.F("started_at").desc(), name="run_tenant_started")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
