"""What people are told, and how they want to be told."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tenants.models import Tenant


class Notification(models.Model):
    """One thing told to one person about one company.

    Holds the event's name and what its sentence needs; the sentence is written in the reader's language when it is read.
    """

    class Severity(models.TextChoices):
        """How much it matters."""

        INFO = "info", _("information")
        WARNING = "warning", _("warning")
        CRITICAL = "critical", _("critical")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    event = models.CharField(_("event"), max_length=60)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity, default=Severity.INFO)
    params = models.JSONField(default=dict)
    # Where the reader goes from here: a path of this panel, empty when there is nothing to open.
    path = models.CharField(max_length=300, blank=True)
    # The same thing told twice is told once: one row a person and key. Empty: always told.
    once_key = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(_("at"), db_default=Now())
    read_at = models.DateTimeField(_("read at"), null=True)
    # NULL while an e-mail is still to be sent at `email_due_at`; both NULL when none was wanted.
    email_due_at = models.DateTimeField(null=True)
    emailed_at = models.DateTimeField(null=True)
    # How often sending was begun: whoever begins moves `email_due_at` on, so a worker that dies leaves the row to be sent again.
    email_attempts = models.PositiveSmallIntegerField(db_default=0, default=0)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user", "once_key"],
                condition=~models.Q(once_key=""),
                name="notification_once",
            )
        ]
        indexes = [
            models.Index("tenant", "user", models.F("id").desc(), name="idx_notification_reader"),
            models.Index("tenant", "user", condition=models.Q(read_at=None), name="idx_notification_unread"),
            models.Index(
                fields=["email_due_at"], condition=models.Q(emailed_at=None), name="idx_notification_mail"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.user_id}"


def default_channels() -> list[str]:
    """Return the channels of a person who never chose: the bell."""
    return ["app"]


class NotificationPreference(models.Model):
    """How one person wants to hear of one company. Which events: the person's EventSubscription rows."""

    class Frequency(models.TextChoices):
        """When the e-mail goes out."""

        IMMEDIATE = "immediate", _("at once")
        HOURLY = "hourly", _("every hour, together")
        DAILY = "daily", _("once a day, together")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    frequency = models.CharField(_("frequency"), max_length=9, choices=Frequency, default=Frequency.IMMEDIATE)
    sound_enabled = models.BooleanField(_("sound"), default=False)
    email_notifications = models.BooleanField(_("e-mail"), default=False)
    channels = ArrayField(models.CharField(max_length=12), default=default_channels)
    # In the company's time zone; "from" may be later than "until" (over midnight). Both NULL: no quiet hours.
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        verbose_name = _("notification preference")
        verbose_name_plural = _("notification preferences")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="notification_preference_once"),
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_have_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.tenant_id}: {self.frequency}"


class EventSubscription(models.Model):
    """One event that one person wants to hear of in one company (the seed's event_subscriptions).

    `filters` narrows it: {"severity": ["critical"]}. A row that is not active says that the person turned a default off.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    event_type = models.CharField(max_length=60)
    filters: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        db_default={}, default=dict
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user", "event_type"], name="event_subscription_once")
        ]
        indexes = [
            models.Index(fields=["user", "event_type"], name="idx_event_subs_user_event"),
            models.Index(
                fields=["tenant", "event_type"],
                condition=models.Q(is_active=True),
                name="idx_event_subs_type",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} hears {self.event_type}"
