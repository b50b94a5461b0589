"""What is sold: goods and services."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.models.source import Fact


class Product(Fact):
    """A product or service of the catalogue. Prices and cost are for one unit; None: upstream did not say."""

    class Kind(models.TextChoices):
        GOODS = "goods", _("product")
        SERVICE = "service", _("service")

    kind = models.CharField(_("kind"), max_length=7, choices=Kind, db_default=Kind.GOODS)
    code = models.CharField(_("code"), max_length=60, db_default="")
    barcode = models.CharField(max_length=60, db_default="")
    name = models.CharField(_("name"), max_length=200)
    name_folded = models.CharField(max_length=200, db_default="")
    group = models.CharField(_("group"), max_length=120, db_default="")
    unit = models.CharField(max_length=12, db_default="")
    price = models.DecimalField(_("price"), max_digits=18, decimal_places=6, null=True)
    cost = models.DecimalField(_("cost"), max_digits=18, decimal_places=6, null=True)
    stock = models.DecimalField(_("stock"), max_digits=18, decimal_places=6, null=True)
    is_active = models.BooleanField(_("active"), db_default=True)
    is_stub = models.BooleanField(db_default=False)
    # People's own columns.
    name_override = models.CharField(_("corrected name"), max_length=200, blank=True, db_default="")
    note = models.TextField(_("note"), blank=True, db_default="")
    edited_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "external_id"], name="product_once")
        ]
        indexes = [
            # What changed since a moment (live.delta). Rows of one write share a key, so the index stays small.
            models.Index("tenant", "updated_at", name="product_changed"),
            models.Index("tenant", "name_folded", "id", name="product_keyset"),
        ]

    def __str__(self) -> str:
        return self.name_override or self.name
