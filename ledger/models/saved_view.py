"""Filters that people keep under a name."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class SavedView(models.Model):
    """A list with its filters, its period and its order, as the address has them. A shared one is offered to the whole company."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    list = models.CharField(max_length=20)  # transactions, sales, customers, products, open_items
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000, blank=True)
    shared = models.BooleanField(_("for everybody in the company"), default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user", "list", "name"], name="savedview_once")
        ]

    def __str__(self) -> str:
        return self.name
