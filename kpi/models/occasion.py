"""What only the company knows of its days: what happened on them, and when it was closed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class Occasion(models.Model):
    """A day or a span of days with a name. A free day counts as a holiday in comparisons, forecasts and the search for the unexpected."""

    class Kind(models.TextChoices):
        """Whether the company was at work."""

        EVENT = "event", _("event")
        FREE = "free", _("closed")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(_("kind"), max_length=5, choices=Kind, default=Kind.EVENT)
    label = models.CharField(_("name"), max_length=80)
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")), name="occasion_not_backwards"
            )
        ]
        indexes = [models.Index("tenant", models.F("first_day").desc(), name="occasion_newest")]

    def __str__(self) -> str:
        return f"{self.label} {self.first_day}"
