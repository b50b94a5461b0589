"""The queue: bank lines that nobody has settled yet, and how far the matcher has come."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ledger.models import Transaction
from tenants.models import Tenant


class ClockTimestamp(models.Func):
    """The database's clock at this moment, whenever the transaction began."""

    function = "clock_timestamp"
    template = "%(function)s()"
    output_field = models.DateTimeField()


class OpenLine(models.Model):
    """A bank line that waits to be settled, with what the matcher thinks of it. Settled, void and ignored lines have no row.

    Derived from facts: `reconciliation.services.queue` brings it up to date after facts changed. Whoever decides on a line locks its row,
    so that two people cannot both settle it.
    """

    class Verdict(models.TextChoices):
        UNJUDGED = "", _("not looked at yet")
        CLEAR = "clear", _("clear")
        AMBIGUOUS = "ambiguous", _("ambiguous")
        NONE = "none", _("nothing found")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    transaction = models.ForeignKey(Transaction, models.CASCADE, related_name="+", db_index=False)
    # The line's own date, amount (+ in, − out) and currency, copied here so that the queue has an order of its own.
    date = models.DateField(_("date"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3, db_default="BRL")
    verdict = models.CharField(
        _("verdict"), max_length=9, choices=Verdict, db_default=Verdict.UNJUDGED, blank=True
    )
    score = models.PositiveSmallIntegerField(_("score"), db_default=0)  # of its best proposal
    # This pending line has since been posted as that one, which is settled in its place.
    posted_as = models.ForeignKey(Transaction, models.SET_NULL, null=True, related_name="+", db_index=False)
    line_changed_at = models.DateTimeField()  # when the line last changed, as far as the queue knows
    judged_at = models.DateTimeField(_("judged at"), null=True)
    # Since when it waits for the matcher; None: what is thought of it is up to date. By the clock, not by the transaction's beginning: a
    # judgement counts only for who asked before its facts were read.
    waits_since = models.DateTimeField(null=True, db_default=ClockTimestamp())
    since = models.DateTimeField(_("in the queue since"), db_default=Now())

    class Meta:
        verbose_name = _("open line")
        verbose_name_plural = _("open lines")
        constraints = [models.UniqueConstraint(fields=["tenant", "transaction"], name="openline_once")]
        indexes = [
            models.Index("tenant", "date", "transaction", name="openline_keyset"),
            models.Index("tenant", "verdict", "date", "transaction", name="openline_verdict"),
            models.Index("tenant", "amount", "transaction", name="openline_amount"),
            # What waits for the matcher: almost always empty.
            models.Index("tenant", "date", condition=Q(waits_since__isnull=False), name="openline_waits"),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.amount}"


class Progress(models.Model):
    """How far the matcher has come in a company: what is ahead of it is found in the rows, whatever wake-up was lost."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="+")
    facts = models.BigIntegerField(null=True)  # generation of the facts that the queue stands for
    weights = models.CharField(max_length=32, db_default="")  # the weights and tolerances judged by, in short
    # Changes of lines and items before this moment are in the queue. None: the queue has not been made.
    seen_until = models.DateTimeField(null=True)
    # Times at or after that moment whose changes of items are in the queue all the same: the next look meets them once more.
    overlap = models.JSONField(db_default=[])
    mappings_until = models.DateTimeField(null=True)
    # Lines before this day are not in the queue; None: there were no open items to choose it by.
    starts_on = models.DateField(null=True)
    # Open items changed since every open line was judged against all of them.
    behind = models.BooleanField(db_default=True)
    swept_at = models.DateTimeField(null=True)
    ran_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("state of the matcher")
        verbose_name_plural = _("states of the matcher")

    def __str__(self) -> str:
        return f"{self.tenant_id}"
