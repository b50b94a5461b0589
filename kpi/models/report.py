"""Boards that are delivered: which, when and to whom, and what became of every delivery."""

from datetime import UTC, datetime

from babel.dates import get_day_names
from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import get_language, gettext, to_locale
from django.utils.translation import gettext_lazy as _

from kpi.models.board import Board
from lib import formats
from tenants.models import Tenant


def hour_said(hour: int) -> str:
    """Return a full hour as it is written in the active language: `07h00`, `7:00 AM`."""
    return formats.clock(datetime(2000, 1, 1, hour, tzinfo=UTC), UTC, to_locale(get_language() or "pt-br"))


class Report(models.Model):
    """A board that goes out by e-mail, at an hour on the company's clock.

    `weekday` (0 is Monday) belongs to weekly ones, `month_day` to monthly ones: a month that is shorter delivers on its last day. `period` is
    a preset of `lib.periods`; "" is the board's own. `next_at` is the next occasion; None while paused.
    """

    class Frequency(models.TextChoices):
        """How often."""

        DAILY = "daily", _("every day")
        WEEKLY = "weekly", _("every week")
        MONTHLY = "monthly", _("every month")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    board = models.ForeignKey(Board, models.CASCADE, related_name="reports")
    name = models.CharField(_("name"), max_length=80)
    frequency = models.CharField(_("frequency"), max_length=7, choices=Frequency, default=Frequency.WEEKLY)
    weekday = models.PositiveSmallIntegerField(_("weekday"), default=0)
    month_day = models.PositiveSmallIntegerField(_("day of the month"), default=1)
    hour = models.PositiveSmallIntegerField(_("hour"), default=7, validators=[MaxValueValidator(23)])
    period = models.CharField(_("period"), max_length=12, blank=True, default="")
    as_pdf = models.BooleanField("PDF", default=True)
    as_xlsx = models.BooleanField(_("spreadsheet"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    next_at = models.DateTimeField(_("next delivery"), null=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        indexes = [models.Index(fields=["next_at"], condition=models.Q(is_active=True), name="report_due")]
        constraints = [
            models.CheckConstraint(condition=models.Q(as_pdf=True) | models.Q(as_xlsx=True), name="report_has_a_format"),
            models.CheckConstraint(
                condition=models.Q(weekday__lte=6, month_day__range=(1, 31), hour__lte=23), name="report_time"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def weekday_name(self) -> str:
        """Return the weekday as it stands in a sentence of the active language."""
        return str(get_day_names("wide", locale=to_locale(get_language() or "pt-br"))[self.weekday])

    @property
    def clock(self) -> str:
        """Return the hour as people write it."""
        return hour_said(self.hour)


class ReportRecipient(models.Model):
    """Who gets a report: a member, or an address of somebody without an account; each with a filter of their own.

    `dimension` and `key` limit the board to one store, seller …; `scope_name` is that one's name as it was chosen; "" is everything.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    report = models.ForeignKey(Report, models.CASCADE, related_name="recipients")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    email = models.EmailField(_("e-mail"), blank=True, default="")
    language = models.CharField(_("language"), max_length=8, default="pt-br")
    dimension = models.CharField(max_length=8, blank=True, default="")
    key = models.CharField(max_length=120, blank=True, default="")
    scope_name = models.CharField(max_length=200, blank=True, default="")
    # Only addresses without an account: a member is taken off the list.
    unsubscribed_at = models.DateTimeField(_("unsubscribed at"), null=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("recipient of a report")
        verbose_name_plural = _("recipients of reports")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user=None) ^ models.Q(email=""), name="reportrecipient_person_or_address"
            ),
            models.UniqueConstraint(
                fields=["tenant", "report", "user"], condition=~models.Q(user=None), name="reportrecipient_person_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "report", "email"], condition=~models.Q(email=""), name="reportrecipient_address_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.email or str(self.user)


class ReportDelivery(models.Model):
    """One report for one recipient on one occasion: the unique key is what keeps it from going out twice.

    `occasion` is the instant it was planned for (ISO, UTC), or "now:…" where somebody asked for it. `who` is "user:<id>" or "address:<e-mail>"; the
    filter is copied, so that the history stays true. `fingerprint` is of what was shown. `due_at` is when a worker may take it (again).
    """

    class Status(models.TextChoices):
        """What became of it. `unsure`: the worker died while the mail server had it, so it is not sent again by itself."""

        QUEUED = "queued", _("waiting")
        MAKING = "making", _("being made")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        SKIPPED = "skipped", _("skipped: nothing changed")
        DROPPED = "dropped", _("not sent")
        FAILED = "failed", _("failed")
        UNSURE = "unsure", _("perhaps sent")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    report = models.ForeignKey(Report, models.CASCADE, related_name="deliveries")
    recipient = models.ForeignKey(ReportRecipient, models.SET_NULL, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    email = models.EmailField(blank=True, default="")
    who = models.CharField(max_length=270)
    occasion = models.CharField(max_length=48)
    planned_for = models.DateTimeField(_("planned for"))
    dimension = models.CharField(max_length=8, blank=True, default="")
    key = models.CharField(max_length=120, blank=True, default="")
    scope_name = models.CharField(max_length=200, blank=True, default="")
    language = models.CharField(max_length=8, default="pt-br")
    status = models.CharField(_("status"), max_length=7, choices=Status, default=Status.QUEUED)
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    size = models.PositiveIntegerField(_("size"), null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("delivery of a report")
        verbose_name_plural = _("deliveries of reports")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "report", "occasion", "who"], name="reportdelivery_once"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(status__in=["queued", "making", "sending"]), name="reportdelivery_due"),
            models.Index(fields=["report", "-id"], name="reportdelivery_history"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.who} {self.occasion}"

    @property
    def reason_words(self) -> str:
        """Return why it is where it is, in the active language."""
        return gettext(self.reason) if self.reason else ""
