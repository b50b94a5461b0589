"""What a company wants to be told of its numbers, when that happened, and what had been expected of days that are known now."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from kpi.models.forecast import Forecast
from tenants.models import Tenant


class AlertRule(models.Model):
    """One wish: "tell me when …". What its fields mean together is `kpi.alerts.conditions.Condition`.

    `limit` is an amount, a ratio or a count, by `kind`. `dimension` and `key` narrow it to one store, product …; `name` is that one's name as
    it was chosen. `starts_on`: days before it fire nothing, because the rule did not exist or said something else.
    """

    class Kind(models.TextChoices):
        """What is asked of the number."""

        ABSOLUTE = "absolute", _("crosses a value")
        CHANGE = "change", _("changes by a share")
        FORECAST = "forecast", _("leaves what is expected")
        TARGET = "target", _("falls behind its goal")
        STREAK = "streak", _("goes on for days or weeks")
        MISSING = "missing", _("no data comes in")

    class Way(models.TextChoices):
        """In which direction."""

        ABOVE = "above", _("above")
        BELOW = "below", _("below")
        OUTSIDE = "outside", _("above or below")
        RISING = "rising", _("rising")
        FALLING = "falling", _("falling")
        ZERO = "zero", _("at zero")

    class Window(models.TextChoices):
        """Over which days the number is read; `hour` only where data is missing."""

        HOUR = "hour", _("hours")
        DAY = "day", _("a day")
        WEEK = "week", _("7 days")
        DAYS30 = "days30", _("30 days")
        MONTH = "month", _("the month to date")

    class Compare(models.TextChoices):
        """What a change is measured against."""

        PREVIOUS = "previous", _("the period before")
        SAME_WEEKDAYS = "same_weekdays", _("the same weekdays before")
        LAST_YEAR = "last_year", _("last year")

    class Repeat(models.TextChoices):
        """What happens after it fired."""

        ONCE = "once", _("only the first time")
        EACH = "each", _("each time")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    kpi = models.CharField(max_length=24)
    dimension = models.CharField(max_length=8, blank=True, default="")
    key = models.CharField(max_length=120, blank=True, default="")
    name = models.CharField(max_length=200, blank=True, default="")
    kind = models.CharField(max_length=8, choices=Kind)
    way = models.CharField(max_length=7, choices=Way, blank=True, default="")
    limit = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    window = models.CharField(max_length=6, choices=Window, blank=True, default="")
    compare = models.CharField(max_length=13, choices=Compare, blank=True, default="")
    repeat = models.CharField(max_length=4, choices=Repeat, default=Repeat.EACH)
    is_active = models.BooleanField(default=True)
    muted_until = models.DateTimeField(null=True)
    starts_on = models.DateField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("rule of a number's alert")
        verbose_name_plural = _("rules of numbers' alerts")
        indexes = [models.Index("tenant", "id", name="kpi_alert_rules", condition=models.Q(removed_at=None))]

    def __str__(self) -> str:
        return f"{self.kpi} {self.kind} {self.way} {self.limit}"


class AlertEvent(models.Model):
    """A rule fired. One row an incident: from the day on which it held to the one on which it was well again (`ended_on`, None: still on).

    `got` and `expected` are the two sides of the comparison, expenses and payables by their size (None: there is none). `first_got` is what was told
    when later synchronisations brought another value; `withdrawn_at` that they took the reason away.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="events", db_index=False)
    day = models.DateField()
    ended_on = models.DateField(null=True)
    got = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    first_got = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    expected = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    expected_to = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    since = models.DateTimeField(null=True)
    was_muted = models.BooleanField(default=False)
    fired_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("alert of a number")
        verbose_name_plural = _("alerts of numbers")
        constraints = [models.UniqueConstraint(fields=["tenant", "rule", "day"], name="alert_event_once")]
        indexes = [
            models.Index("tenant", models.F("day").desc(), models.F("id").desc(), name="kpi_alert_newest")
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} on {self.day}"


class AlertState(models.Model):
    """Through which day and from which facts a company's rules were judged."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="+")
    day = models.DateField(null=True)
    through = models.DateField(null=True)
    facts = models.BigIntegerField(default=-1)
    judged_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.tenant_id} through {self.through}"


class Foretold(models.Model):
    """What the last forecast before a day was known had said of that day: the ledger's sign, like `ForecastPoint`."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    measure = models.CharField(max_length=8, choices=Forecast.Measure)
    about = models.CharField(max_length=7, choices=Forecast.About)
    subject = models.CharField(max_length=120, blank=True, db_default="")
    day = models.DateField()
    mean = models.DecimalField(max_digits=20, decimal_places=2)
    lo80 = models.DecimalField(max_digits=20, decimal_places=2)
    hi80 = models.DecimalField(max_digits=20, decimal_places=2)
    lo95 = models.DecimalField(max_digits=20, decimal_places=2)
    hi95 = models.DecimalField(max_digits=20, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "measure", "about", "subject", "day"], name="foretold_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.subject} {self.day}: {self.mean}"
