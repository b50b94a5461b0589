"""Who buys, and who is owed."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.models.source import Fact

# What ERPs and shops call the customer whom nobody asked for a name: many people, so no customer. As `lib.text.fold` writes them.
WALK_IN: Final = "^(consumidor( final)?|cliente (balcao|final|padrao|avulso|diversos?)|venda (a vista|balcao)|balcao)( .*)?$"


class Customer(Fact):
    """A customer of the company. `document` is a CPF or CNPJ without punctuation, or empty. `name_folded` is what names sort by."""

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        COMPANY = "company", _("company")
        FOREIGN = "foreign", _("foreign")

    kind = models.CharField(_("kind"), max_length=7, choices=Kind, db_default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=160)
    name_folded = models.CharField(max_length=160, db_default="")
    legal_name = models.CharField(max_length=160, db_default="")
    document = models.CharField("CPF/CNPJ", max_length=14, db_default="")
    email = models.CharField(_("e-mail"), max_length=254, db_default="")
    phone = models.CharField(_("phone"), max_length=40, db_default="")
    city = models.CharField(_("city"), max_length=80, db_default="")
    state = models.CharField(_("state"), max_length=2, db_default="")
    is_active = models.BooleanField(_("active"), db_default=True)
    registered_at = models.DateTimeField(null=True)
    # Known only by name from a sale or an open item until its own record arrives.
    is_stub = models.BooleanField(db_default=False)
    # People's own columns.
    name_override = models.CharField(_("corrected name"), max_length=160, blank=True, db_default="")
    note = models.TextField(_("note"), blank=True, db_default="")
    edited_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "external_id"], name="customer_once")
        ]
        indexes = [
            # What changed since a moment (live.delta). Rows of one write share a key, so the index stays small.
            models.Index("tenant", "updated_at", name="customer_changed"),
            models.Index("tenant", "name_folded", "id", name="customer_keyset"),
            models.Index("tenant", "document", name="customer_tenant_document"),
            # A statement that names the same pattern reads these few instead of asking it of every name.
            models.Index("tenant", name="customer_walk_in", condition=models.Q(name_folded__regex=WALK_IN)),
        ]

    def __str__(self) -> str:
        return self.name_override or self.name
