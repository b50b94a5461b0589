"""Banks and accounts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.models.source import Fact


class BankConnection(Fact):
    """One consent at one bank as Open Finance knows it (a Pluggy "item"): state, error, when it ends."""

    institution = models.CharField(_("institution"), max_length=120, db_default="")
    status = models.CharField(_("status"), max_length=30, db_default="")  # upstream's own word, an open set
    error_code = models.CharField(max_length=60, db_default="")
    error_message = models.TextField(db_default="")
    consent_expires_at = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)  # upstream's last good read at the bank
    next_refresh_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "external_id"], name="bankconnection_once")
        ]

    def __str__(self) -> str:
        return self.institution


class Account(Fact):
    """A bank account or credit card. `balance` is money owned: what is owed on a card is negative. None: the bank did not say."""

    class Kind(models.TextChoices):
        CHECKING = "checking", _("checking account")
        SAVINGS = "savings", _("savings account")
        PAYMENT = "payment", _("payment account")
        CARD = "card", _("credit card")

    bank_connection = models.ForeignKey(BankConnection, models.PROTECT, null=True, related_name="accounts")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, db_default=Kind.CHECKING)
    name = models.CharField(_("name"), max_length=120, db_default="")
    name_override = models.CharField(_("corrected name"), max_length=120, blank=True, db_default="")
    institution = models.CharField(_("institution"), max_length=120, db_default="")
    bank_code = models.CharField(max_length=3, db_default="")  # COMPE
    branch = models.CharField(max_length=12, db_default="")
    number = models.CharField(max_length=30, db_default="")
    owner = models.CharField(max_length=120, db_default="")
    document = models.CharField(max_length=14, db_default="")
    currency = models.CharField(max_length=3, db_default="BRL")
    balance = models.DecimalField(_("balance"), max_digits=18, decimal_places=2, null=True)
    balance_at = models.DateTimeField(null=True)
    credit_limit = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    bill_due_date = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "external_id"], name="account_once")
        ]
        indexes = [models.Index("tenant", "bank_code", "number", name="account_tenant_number")]

    def __str__(self) -> str:
        return self.name_override or self.name or self.number
