"""Rules of a company, their runs, and what each run did."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ledger.models import Transaction
from reconciliation.models.run import Run
from tenants.models import ApiKey, Tenant


class Rule(models.Model):
    """When a bank line is like this, do that. Rules are asked in the order of `position`; the first that holds wins.

    `version` counts changes of what the rule would do. It may act only while `dry_run_version` is the same: the database holds that (sql/).
    """

    class Action(models.TextChoices):
        SETTLE = "settle", _("settle with the clear suggestion")
        BOOK = "book", _("settle without an open item")
        CATEGORISE = "categorise", _("give a category")
        IGNORE = "ignore", _("ignore")
        ASK = "ask", _("always ask a person")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveIntegerField(_("order"))
    conditions = models.JSONField(_("conditions"))  # the form of reconciliation.rules.conditions
    action = models.CharField(_("action"), max_length=10, choices=Action)
    category = models.CharField(_("category"), max_length=80, blank=True, db_default="")
    is_active = models.BooleanField(_("active"), db_default=True)
    version = models.PositiveIntegerField(_("version"), db_default=1)
    dry_run_version = models.PositiveIntegerField(_("tried version"), null=True)
    created_by_name = models.CharField(_("who"), max_length=160, db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)  # its runs stay, and can be undone

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        constraints = [
            models.CheckConstraint(
                condition=Q(dry_run_version=None) | Q(dry_run_version__lte=F("version")),
                name="rule_tried_version_exists",
            ),
            models.CheckConstraint(
                condition=Q(action__in=["categorise", "book"]) & ~Q(category="")
                | ~Q(action__in=["categorise", "book"]) & Q(category=""),
                name="rule_category_when_it_categorises",
            ),
        ]
        indexes = [
            models.Index(
                "tenant", "position", "id", condition=Q(removed_at=None), name="rule_tenant_position"
            )
        ]

    def __str__(self) -> str:
        return self.name


class RuleRun(models.Model):
    """One go of a rule over all lines, dry or for real. The row is the job: its place, its counts, and whether it was taken back.

    It goes through the lines in batches; each batch commits with the place that it reached, so a killed worker loses no line and
    does none twice. Lines that came in after the beginning (id above `last_id`) are left to the next run.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("running")
        DONE = "done", _("done")
        STOPPED = (
            "stopped",
            _("stopped"),
        )  # the rule changed, was removed or turned off meanwhile, or the run was taken back
        UNDOING = "undoing", _("being taken back")
        UNDONE = "undone", _("taken back")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    rule = models.ForeignKey(Rule, models.PROTECT, related_name="runs", db_index=False)
    version = models.PositiveIntegerField()
    action = models.CharField(_("action"), max_length=10, choices=Rule.Action)  # the rule's, at that version
    dry = models.BooleanField(_("dry run"))
    status = models.CharField(_("status"), max_length=8, choices=Status, db_default=Status.OPEN)
    # Holds the matches that it confirmed; made with the first one.
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="+", db_index=False)
    # The last line looked at; lines are taken from the newest day back. None: not begun.
    place_date = models.DateField(null=True)
    place = models.BigIntegerField(null=True)
    last_id = models.BigIntegerField()  # the last line to look at
    # Lines that changed since this moment only: a run that follows one of a person's, whose rights it has. None: all lines.
    since = models.DateTimeField(null=True)
    seen_until = models.DateTimeField(null=True)  # what changes from then on is left to the run that follows
    lines = models.PositiveIntegerField(_("lines"), db_default=0)  # looked at
    total = models.PositiveIntegerField(db_default=0)  # to look at, counted at the beginning
    hits = models.PositiveIntegerField(_("would be done, or was done"), db_default=0)
    same = models.PositiveIntegerField(_("so already"), db_default=0)
    # Left to a person: no clear open item to settle with; or, where none is needed, one that may fit after all.
    nothing_clear = models.PositiveIntegerField(_("no clear open item"), db_default=0)
    by_earlier = models.PositiveIntegerField(_("an earlier rule wants otherwise"), db_default=0)
    by_person = models.PositiveIntegerField(_("a person decided otherwise"), db_default=0)
    # What was not taken back with the run: somebody has changed it since, or its period is closed.
    kept = models.PositiveIntegerField(_("kept"), db_default=0)
    # Up to 20 lines of each verdict, so that people see what is meant: {"act": [ids], "earlier": […], "person": […]}.
    examples = models.JSONField(db_default={}, encoder=DjangoJSONEncoder)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(_("who"), max_length=160, db_default="system")
    started_at = models.DateTimeField(_("at"), db_default=Now(), editable=False)
    worked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undone_by_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, related_name="+")
    undone_by_name = models.CharField(max_length=160, db_default="")

    class Meta:
        verbose_name = _("run of a rule")
        verbose_name_plural = _("runs of rules")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "rule", "dry"], condition=Q(status="open"), name="rulerun_one_open"
            )
        ]
        indexes = [
            models.Index("tenant", "rule", F("id").desc(), name="rulerun_tenant_rule"),
            models.Index(
                "tenant", "id", condition=Q(status__in=["open", "undoing"]), name="rulerun_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.status}"


class RuleEffect(models.Model):
    """What a run did to one line. Settling is in the match and its decision; this row says which line it was for all actions alike."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    rule_run = models.ForeignKey(RuleRun, models.PROTECT, related_name="effects", db_index=False)
    transaction = models.ForeignKey(Transaction, models.CASCADE, related_name="+", db_index=False)
    action = models.CharField(max_length=10, choices=Rule.Action)
    category = models.CharField(max_length=80, db_default="")  # what a categorising rule gave
    before = models.CharField(max_length=80, db_default="")  # the category that was there
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("effect of a rule")
        verbose_name_plural = _("effects of rules")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "rule_run", "transaction"], name="ruleeffect_once")
        ]
        indexes = [models.Index("tenant", "transaction", name="ruleeffect_line")]

    def __str__(self) -> str:
        return f"{self.action} {self.transaction_id}"
