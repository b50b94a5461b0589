"""Open items ("títulos"): what is due to the company and by it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.models.customer import Customer
from ledger.models.sale import Sale
from ledger.models.source import Fact


class OpenItem(Fact):
    """One receivable or payable, or one instalment of it.

    All amounts are signed: receivables positive, payables negative. `amount` is the face value, `paid_amount` what the ERP shows as
    settled, `open_amount` what it still shows open. A settled one is kept: it is the history that matching learns from.
    """

    class Direction(models.TextChoices):
        RECEIVABLE = "receivable", _("receivable")
        PAYABLE = "payable", _("payable")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        PARTIAL = "partial", _("partially paid")
        PAID = "paid", _("paid")
        CANCELLED = "cancelled", _("cancelled")

    direction = models.CharField(_("direction"), max_length=10, choices=Direction)
    status = models.CharField(_("status"), max_length=9, choices=Status, db_default=Status.OPEN)
    number = models.CharField(_("number"), max_length=60, db_default="")
    description = models.CharField(_("description"), max_length=255, db_default="")
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, related_name="open_items", db_index=False
    )
    counterparty_name = models.CharField(_("counterparty"), max_length=160, db_default="")
    counterparty_document = models.CharField("CPF/CNPJ", max_length=14, db_default="")
    sale = models.ForeignKey(Sale, models.SET_NULL, null=True, related_name="open_items")
    instalment = models.PositiveSmallIntegerField(null=True)
    instalments = models.PositiveSmallIntegerField(null=True)
    issue_date = models.DateField(null=True)
    due_date = models.DateField(_("due"))
    paid_date = models.DateField(_("paid on"), null=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    interest = models.DecimalField(max_digits=18, decimal_places=2, db_default=0)
    discount = models.DecimalField(max_digits=18, decimal_places=2, db_default=0)
    fee = models.DecimalField(max_digits=18, decimal_places=2, db_default=0)
    paid_amount = models.DecimalField(max_digits=18, decimal_places=2, db_default=0)
    open_amount = models.DecimalField(_("open amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3, db_default="BRL")
    payment_method = models.CharField(max_length=60, db_default="")
    category = models.CharField(_("category"), max_length=120, db_default="")
    cost_center = models.CharField(max_length=120, db_default="")
    account_name = models.CharField(max_length=120, db_default="")
    store = models.CharField(max_length=120, db_default="")
    details = models.JSONField(db_default={})
    # People's own columns.
    category_override = models.CharField(_("corrected category"), max_length=120, blank=True, db_default="")
    ignored = models.BooleanField(_("ignored"), db_default=False)
    note = models.TextField(_("note"), blank=True, db_default="")
    edited_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("open item")
        verbose_name_plural = _("open items")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "external_id"], name="openitem_once"),
            models.CheckConstraint(
                condition=models.Q(direction="receivable", amount__gte=0, open_amount__gte=0)
                | models.Q(direction="payable", amount__lte=0, open_amount__lte=0),
                name="openitem_sign_is_direction",
            ),
        ]
        indexes = [
            # What changed since a moment (live.delta). Rows of one write share a key, so the index stays small.
            models.Index("tenant", "updated_at", name="openitem_changed"),
            models.Index("tenant", "due_date", "id", name="openitem_keyset"),
            models.Index(
                "tenant",
                "direction",
                "due_date",
                condition=models.Q(status__in=["open", "partial"]),
                name="openitem_open_due",
            ),
            models.Index("tenant", "customer", name="openitem_tenant_customer"),
            # Almost always empty: items whose sale has not arrived yet (ledger.references).
            models.Index(
                "tenant",
                "source",
                condition=models.Q(sale__isnull=True, details__has_key="awaits_sale"),
                name="openitem_awaits_sale",
            ),
        ]

    def __str__(self) -> str:
        return self.counterparty_name or self.description or self.number
