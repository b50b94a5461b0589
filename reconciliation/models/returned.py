"""What return files of the collection say, as rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger.models import Account
from sync.models import FileImport
from tenants.models import Tenant


class ReturnEntry(models.Model):
    """One title in a return file that was imported. Amounts are positive, and None where the layout has none.

    The same entry in another file has the same digest, so that overlapping files count once. Undoing an import takes its rows away; the
    file itself is kept and can be stored again.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    file_import = models.ForeignKey(FileImport, models.CASCADE, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+", db_index=False)
    bank_code = models.CharField(max_length=3)
    line_number = models.PositiveIntegerField()
    digest = models.CharField(max_length=32)
    occurrence = models.CharField(_("occurrence"), max_length=4)
    meaning = models.CharField(_("meaning"), max_length=14)
    nosso_numero = models.CharField("nosso número", max_length=25, db_default="")
    document_number = models.CharField(_("number"), max_length=25, db_default="")
    company_use = models.CharField(max_length=40, db_default="")
    payer_name = models.CharField(_("payer"), max_length=60, db_default="")
    payer_document = models.CharField("CPF/CNPJ", max_length=14, db_default="")
    due_date = models.DateField(_("due"), null=True)
    occurred_on = models.DateField(null=True)
    credited_on = models.DateField(_("credited on"), null=True)
    face = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    paid = models.DecimalField(_("paid"), max_digits=18, decimal_places=2, null=True)
    net = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    interest = models.DecimalField(_("interest"), max_digits=18, decimal_places=2, null=True)
    fine = models.DecimalField(_("fine"), max_digits=18, decimal_places=2, null=True)
    discount = models.DecimalField(_("discount"), max_digits=18, decimal_places=2, null=True)
    rebate = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    fee = models.DecimalField(_("bank or card fee"), max_digits=18, decimal_places=2, null=True)

    class Meta:
        verbose_name = _("entry of a return file")
        verbose_name_plural = _("entries of return files")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "file_import", "digest"], name="returnentry_once_a_file"
            )
        ]
        indexes = [
            models.Index("tenant", "digest", name="returnentry_digest"),
            models.Index(
                "tenant", "credited_on", condition=models.Q(meaning="settled"), name="returnentry_credited"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nosso_numero} {self.credited_on}"
