"""Matches: which bank lines settle which open items, proposed or decided."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ledger.models import OpenItem, Transaction
from reconciliation.models.run import Run
from tenants.models import Tenant


class Match(models.Model):
    """One judgement over n bank lines and m open items: Σ lines = Σ items + Σ adjustments, all signed like the ledger (+ in, − out).

    A match is born as a proposal with its parts, and from then on only its status moves: proposed → confirmed, rejected or replaced (by a
    newer proposal), confirmed or rejected → undone. Triggers refuse any other way, and check the sum when a confirmation commits.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        CONFIRMED = "confirmed", _("confirmed")
        REJECTED = "rejected", _("rejected")
        UNDONE = "undone", _("taken back")
        REPLACED = "replaced", _("replaced")

    class Kind(models.TextChoices):
        EXACT = "exact", _("exact")
        TOLERANCE = "tolerance", _("within tolerance")
        PARTIAL = "partial", _("partial payment")
        ONE_TO_MANY = "one_to_many", _("one payment for several items")
        MANY_TO_ONE = "many_to_one", _("several payments for one item")
        BOLETO = "boleto", _("boleto")
        WITHHOLDING = "withholding", _("net of withheld tax")
        PAYOUT = "payout", _("card payout")
        CNAB = "cnab", _("collection credit")
        MAPPED = "mapped", _("known payer")
        TRANSFER = "transfer", _("transfer between own accounts")
        REFUND = "refund", _("refund")
        BOOKED = "booked", _("without an open item")  # bank fees, taxes, card purchases: nothing was due
        MANUAL = "manual", _("by hand")

    class Verdict(models.TextChoices):
        CLEAR = "clear", _("clear")
        AMBIGUOUS = "ambiguous", _("ambiguous")

    class Origin(models.TextChoices):
        AUTOMATIC = "automatic", _("suggestion")
        RULE = "rule", _("rule")
        PERSON = "person", _("person")

    # Every index begins with the tenant; an index on the tenant alone would only cost writes.
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    status = models.CharField(_("status"), max_length=9, choices=Status, db_default=Status.PROPOSED)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    verdict = models.CharField(_("verdict"), max_length=9, choices=Verdict, db_default=Verdict.CLEAR)
    origin = models.CharField(_("made by"), max_length=9, choices=Origin, db_default=Origin.AUTOMATIC)
    score = models.PositiveSmallIntegerField(_("score"), db_default=0)  # 0 to 100, the sum of the reasons
    # [{"name": stable code, "points": of 100, "detail": {…}}]: why, in the order of their points.
    reasons = models.JSONField(_("reasons"), db_default=[], blank=True)
    # Sum of the lines, signed: positive is money in. A transfer between own accounts sums to zero.
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3, db_default="BRL")
    # Which lines and items, whatever the amounts: what was rejected once is recognised by it.
    signature = models.CharField(max_length=32)
    # Everything that is judged: a proposal that comes out the same again keeps its row.
    digest = models.CharField(max_length=32)
    # The bulk, automatic run or rule run that confirmed it, which can be undone as a whole.
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="matches", db_index=False)
    created_at = models.DateTimeField(_("proposed at"), db_default=Now(), editable=False)
    # The latest decision. The name stays as text, so that deleting a user keeps history.
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    decided_by_name = models.CharField(_("decided by"), max_length=160, db_default="", editable=False)
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)

    class Meta:
        verbose_name = _("match")
        verbose_name_plural = _("matches")
        constraints = [
            # Two proposals never say the same.
            models.UniqueConstraint(
                fields=["tenant", "signature"], condition=Q(status="proposed"), name="match_proposed_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "replaced"], decided_at=None)
                | (Q(decided_at__isnull=False) & ~Q(decided_by_name="")),
                name="match_decided_by_someone",
            ),
            models.CheckConstraint(condition=Q(score__lte=100), name="match_score_of_100"),
        ]
        indexes = [
            models.Index("tenant", "status", name="idx_recon_tenant_status"),
            models.Index(
                "tenant",
                models.F("decided_at").desc(),
                models.F("id").desc(),
                condition=Q(decided_at__isnull=False),
                name="match_tenant_decided",
            ),
            models.Index("tenant", "run", condition=Q(run__isnull=False), name="match_tenant_run"),
            models.Index(
                "tenant", "signature", condition=Q(status="rejected"), name="match_rejected_signature"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.amount}"


class MatchPart(models.Model):
    """What every part has. Parts are written with their proposal and never changed."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        abstract = True


class MatchLine(MatchPart):
    """A bank line of a match. `amount` is the whole line, signed like it (+ in, − out): a line is settled as a whole or not at all."""

    match = models.ForeignKey(Match, models.CASCADE, related_name="lines", db_index=False)
    transaction = models.ForeignKey(Transaction, models.PROTECT, related_name="+", db_index=False)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    # Place of the match among the proposals for this line, from 1.
    rank = models.PositiveSmallIntegerField(db_default=1)
    # Whether the match is confirmed: moved by a trigger with its status, so that the database can refuse a second one.
    confirmed = models.BooleanField(db_default=False, editable=False)

    class Meta:
        verbose_name = _("line of a match")
        verbose_name_plural = _("lines of matches")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "transaction"], condition=Q(confirmed=True), name="matchline_settles_once"
            ),
            models.UniqueConstraint(fields=["tenant", "match", "transaction"], name="matchline_once"),
            models.CheckConstraint(condition=~Q(amount=Decimal(0)), name="matchline_not_zero"),
        ]
        indexes = [models.Index("tenant", "transaction", name="matchline_transaction")]

    def __str__(self) -> str:
        return f"{self.transaction_id}: {self.amount}"


class MatchItem(MatchPart):
    """An open item of a match. `amount` is how much of its face value is settled, signed like it (+ receivable, − payable)."""

    match = models.ForeignKey(Match, models.CASCADE, related_name="items", db_index=False)
    open_item = models.ForeignKey(OpenItem, models.PROTECT, related_name="+", db_index=False)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    confirmed = models.BooleanField(db_default=False, editable=False)  # as on MatchLine

    class Meta:
        verbose_name = _("item of a match")
        verbose_name_plural = _("items of matches")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "match", "open_item"], name="matchitem_once"),
            models.CheckConstraint(condition=~Q(amount=Decimal(0)), name="matchitem_not_zero"),
        ]
        indexes = [
            models.Index("tenant", "open_item", name="matchitem_open_item"),
            # How much of an item is settled is a sum over this index alone.
            models.Index(
                fields=["tenant", "open_item"],
                include=["amount"],
                condition=Q(confirmed=True),
                name="matchitem_settled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.open_item_id}: {self.amount}"


class MatchAdjustment(MatchPart):
    """What explains the difference between lines and items, signed so that Σ lines = Σ items + Σ adjustments.

    On a receivable interest and fine are positive, discount, withheld tax and fee negative; on a payable the other way round.
    """

    class Kind(models.TextChoices):
        INTEREST = "interest", _("interest")
        FINE = "fine", _("fine")
        DISCOUNT = "discount", _("discount")
        WITHHOLDING_IRRF = "withholding_irrf", _("withheld IRRF")
        WITHHOLDING_PCC = "withholding_pcc", _("withheld PIS/COFINS/CSLL")
        WITHHOLDING_IRRF_PCC = "withholding_irrf_pcc", _("withheld IRRF and PIS/COFINS/CSLL")
        WITHHOLDING_INSS = "withholding_inss", _("withheld INSS")
        WITHHOLDING_ISS = "withholding_iss", _("withheld ISS")
        FEE = "fee", _("bank or card fee")
        ROUNDING = "rounding", _("rounding")
        # The whole line of a match that needs no open item; never a part of another match.
        BOOKED = "booked", _("without an open item")

    match = models.ForeignKey(Match, models.CASCADE, related_name="adjustments", db_index=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "match", "kind"], name="matchadjustment_once"),
            models.CheckConstraint(condition=~Q(amount=Decimal(0)), name="matchadjustment_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.amount}"
