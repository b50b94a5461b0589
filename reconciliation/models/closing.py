"""Closed periods."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class Closing(models.Model):
    """Up to and with which day a company's books are closed. No match that holds a line of a closed day can be made or taken back.

    Its history is in the audit log. The database refuses as well (sql/).
    """

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="+")
    closed_through = models.DateField(_("closed through"), null=True)  # the line's business day

    class Meta:
        verbose_name = _("closed period")
        verbose_name_plural = _("closed periods")

    def __str__(self) -> str:
        return f"{self.closed_through or '–'}"
