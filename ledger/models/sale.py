"""Sales and their items."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.models.customer import Customer
from ledger.models.product import Product
from ledger.models.source import Fact
from tenants.models import Tenant


class Sale(Fact):
    """One sale. `total` is what the customer pays (after discount, with freight), positive. `date` is the sale's business day."""

    class Kind(models.TextChoices):
        PRODUCT = "product", _("product sale")
        SERVICE = "service", _("service sale")
        COUNTER = "counter", _("counter sale")

    kind = models.CharField(_("kind"), max_length=7, choices=Kind, db_default=Kind.PRODUCT)
    number = models.CharField(_("number"), max_length=40, db_default="")
    date = models.DateField(_("date"))
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="sales", db_index=False)
    customer_name = models.CharField(_("customer"), max_length=160, db_default="")  # as written on the sale
    status = models.CharField(_("status"), max_length=60, db_default="")  # the company's own word
    is_cancelled = models.BooleanField(_("cancelled"), db_default=False)
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=2)
    discount = models.DecimalField(_("discount"), max_digits=18, decimal_places=2, db_default=0)
    freight = models.DecimalField(_("freight"), max_digits=18, decimal_places=2, db_default=0)
    cost = models.DecimalField(_("cost"), max_digits=18, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, db_default="BRL")
    seller = models.CharField(_("seller"), max_length=120, db_default="")
    store = models.CharField(_("store"), max_length=120, db_default="")
    channel = models.CharField(_("channel"), max_length=120, db_default="")
    payment = models.CharField(_("payment"), max_length=120, db_default="")
    instalments = models.PositiveSmallIntegerField(db_default=1)
    # People's own columns.
    ignored = models.BooleanField(_("ignored"), db_default=False)
    note = models.TextField(_("note"), blank=True, db_default="")
    edited_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        constraints = [models.UniqueConstraint(fields=["tenant", "source", "external_id"], name="sale_once")]
        indexes = [
            # What changed since a moment (live.delta). Rows of one write share a key, so the index stays small.
            models.Index("tenant", "updated_at", name="sale_changed"),
            models.Index("tenant", models.F("date").desc(), models.F("id").desc(), name="sale_keyset"),
            models.Index("tenant", "customer", "date", name="sale_tenant_customer_date"),
            models.Index("tenant", "number", name="sale_tenant_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number} · {self.customer_name}" if self.customer_name else self.number


class SaleItem(models.Model):
    """One line of a sale. Upstream gives lines no id, so a sale's lines are replaced as a whole by `position` (from 1)."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    sale = models.ForeignKey(Sale, models.CASCADE, related_name="items", db_index=False)
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    unit = models.CharField(max_length=12, db_default="")
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    unit_price = models.DecimalField(max_digits=18, decimal_places=6)
    unit_cost = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    discount = models.DecimalField(max_digits=18, decimal_places=2, db_default=0)
    total = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "sale", "position"], name="saleitem_once")]
        indexes = [models.Index("tenant", "product", name="saleitem_tenant_product")]

    def __str__(self) -> str:
        return f"{self.position}. {self.name}"
