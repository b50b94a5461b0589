"""Learned payers."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ledger.models import Customer
from lib import documents
from lib.indexes import LongNamedIndex
from tenants.models import Tenant


class ClientMapping(models.Model):
    """Who pays for whom: payments of this document (or, without one, of this normal name) settle what this customer owes.

    Learned from confirmed matches, or said by a person. `right` and `wrong` count what people said about matches that fit it.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    # CPF or CNPJ of the payer without punctuation. Never a masked one: many people share the digits that it shows.
    payer_document = models.CharField(_("payer's CPF/CNPJ"), max_length=14, blank=True, db_default="")
    name_key = models.CharField(max_length=160, blank=True, db_default="")  # the matcher's normal form
    payer_name = models.CharField(_("payer"), max_length=160, blank=True, db_default="")  # as last written
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    right = models.PositiveIntegerField(_("right"), db_default=0)
    wrong = models.PositiveIntegerField(_("wrong"), db_default=0)
    is_active = models.BooleanField(_("active"), db_default=True)
    by_person = models.BooleanField(_("said by a person"), db_default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("known payer")
        verbose_name_plural = _("known payers")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "payer_document", "name_key", "customer"], name="clientmapping_once"
            ),
            # A document says more than a name: one of them names the payer, never both.
            models.CheckConstraint(
                condition=Q(payer_document="") ^ Q(name_key=""), name="clientmapping_one_key"
            ),
        ]
        indexes = [
            LongNamedIndex("tenant", "customer", name="idx_client_mapping_tenant_customer"),
            models.Index("tenant", "updated_at", name="clientmapping_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.payer} → {self.customer_id}"

    @property
    def payer(self) -> str:
        """Return what the payer is called: the name as last written, else the document."""
        return self.payer_name or documents.pretty(self.payer_document) or self.name_key
