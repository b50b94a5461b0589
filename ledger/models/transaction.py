"""Bank lines: the largest table. 20 million rows are expected; every query names the tenant and starts at an index."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.models.account import Account
from ledger.models.source import Fact
from lib.indexes import LongNamedIndex


class Transaction(Fact):
    """One line of a bank statement or card.

    `amount` > 0 is money in, < 0 is money out, on every kind of account (on a card a purchase is negative), in `currency`.
    `date` is the business day in the tenant's time zone; `posted_at` the instant where the bank gives one.
    """

    class Type(models.TextChoices):
        CREDIT = "CREDIT", _("in")
        DEBIT = "DEBIT", _("out")

    class Status(models.TextChoices):
        POSTED = "posted", _("posted")
        PENDING = "pending", _("pending")

    class Nature(models.TextChoices):
        """Why money moved, as far as totals care: only `regular` lines are inflow or outflow."""

        REGULAR = "regular", _("regular")
        BILL_PAYMENT = "bill_payment", _("card bill payment")
        OWN_TRANSFER = "own_transfer", _("transfer between own accounts")

    class Operation(models.TextChoices):
        PIX = "pix", "Pix"
        TED = "ted", "TED"
        DOC = "doc", "DOC"
        TRANSFER = "transfer", _("transfer")
        BOLETO = "boleto", _("boleto")
        CARD = "card", _("card")
        FEE = "fee", _("fee")
        INTEREST = "interest", _("interest")
        CASH = "cash", _("cash")
        CHECK = "check", _("check")
        OTHER = "other", _("other")

    account = models.ForeignKey(Account, models.PROTECT, related_name="transactions", db_index=False)
    date = models.DateField(_("date"))
    posted_at = models.DateTimeField(null=True)
    type = models.CharField(_("type"), max_length=6, choices=Type)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3, db_default="BRL")
    status = models.CharField(_("status"), max_length=7, choices=Status, db_default=Status.POSTED)
    nature = models.CharField(_("nature"), max_length=12, choices=Nature, db_default=Nature.REGULAR)
    operation = models.CharField(_("operation"), max_length=8, choices=Operation, db_default=Operation.OTHER)
    description = models.CharField(_("description"), max_length=255, db_default="")
    description_raw = models.CharField(max_length=500, db_default="")
    category = models.CharField(_("category"), max_length=80, db_default="")
    counterparty_name = models.CharField(_("counterparty"), max_length=160, db_default="")
    counterparty_document = models.CharField(
        "CPF/CNPJ", max_length=14, db_default=""
    )  # may be masked with asterisks
    reference = models.CharField(max_length=80, db_default="")  # EndToEndId, txid or the bank's own reference
    provider_id = models.CharField(
        max_length=120, db_default=""
    )  # the bank's id (Open Finance): a hint for re-keyed rows
    balance_after = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    position = models.IntegerField(null=True)  # order inside the day, where the bank gives one
    details = models.JSONField(
        db_default={}
    )  # boleto amounts, instalment, bill: what only one screen or the matcher reads
    # People's own columns.
    category_override = models.CharField(_("corrected category"), max_length=80, blank=True, db_default="")
    name_override = models.CharField(_("corrected name"), max_length=160, blank=True, db_default="")
    ignored = models.BooleanField(_("ignored"), db_default=False)
    note = models.TextField(_("note"), blank=True, db_default="")
    edited_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "external_id"], name="transaction_once"),
            models.CheckConstraint(
                condition=models.Q(type="CREDIT", amount__gte=0) | models.Q(type="DEBIT", amount__lte=0),
                name="transaction_sign_is_type",
            ),
        ]
        indexes = [
            # What changed since a moment (live.delta). Rows of one write share a key, so the index stays small.
            models.Index("tenant", "updated_at", name="transaction_changed"),
            models.Index("tenant", models.F("date").desc(), "type", name="idx_pluggy_tx_tenant_date_type"),
            LongNamedIndex(
                "tenant", "account", models.F("date").desc(), name="idx_pluggy_tx_tenant_account_date"
            ),
            models.Index("tenant", models.F("date").desc(), models.F("id").desc(), name="transaction_keyset"),
            # Pending lines are shown apart from every total; they are few, so the index is small.
            models.Index("tenant", "date", condition=models.Q(status="pending"), name="transaction_pending"),
        ]

    def __str__(self) -> str:
        return self.name_override or self.counterparty_name or self.description or f"{self.pk}"
