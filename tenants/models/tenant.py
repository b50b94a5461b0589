"""A tenant is one company. Everything that belongs to it carries its id."""

from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lib.text import is_one_line

RESERVED_SLUGS = {"admin", "api", "accounts", "static", "health", "t"}


def valid_zone(name: str) -> None:
    """Raise ValidationError unless `name` is a time zone of the IANA list."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        raise ValidationError(_("Unknown time zone: %(name)s"), params={"name": name}) from error


def require_one_line(field: str, text: str) -> None:
    """Raise ValidationError unless the text is one line without control characters."""
    if not is_one_line(text):
        raise ValidationError({field: _("Write it on one line, without control characters.")})


class Tenant(models.Model):
    """One company. `slug` is its name in URLs; its business day is the calendar day in `time_zone`."""

    slug = models.SlugField(
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", _("Use letters, digits and hyphens."))
        ],
    )
    name = models.CharField(_("name"), max_length=120)
    document = models.CharField("CNPJ/CPF", max_length=14, blank=True, help_text=_("Without punctuation."))
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="America/Sao_Paulo", validators=[valid_zone]
    )
    currency = models.CharField(_("currency"), max_length=3, default="BRL")
    is_active = models.BooleanField(_("active"), default=True)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = _("company")
        verbose_name_plural = _("companies")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise ValidationError for a name that is not one line of text."""
        self.name = self.name.strip()
        require_one_line("name", self.name)

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone whose calendar is this company's business day."""
        return ZoneInfo(self.time_zone)


def percent_validators() -> list[MinValueValidator | MaxValueValidator]:
    """Return the validators of a share from 0 to 100."""
    return [MinValueValidator(0), MaxValueValidator(100)]


class TenantSettings(models.Model):
    """What a company decides for itself. Weights are points of 100 that one kind of evidence may give a match.

    The row is made by the database together with its company (migration 0002), so it always exists.
    """

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="settings")
    weight_document = models.PositiveSmallIntegerField(
        _("weight of CPF/CNPJ"), db_default=40, validators=percent_validators()
    )
    weight_name = models.PositiveSmallIntegerField(
        _("weight of the name"), db_default=25, validators=percent_validators()
    )
    weight_amount = models.PositiveSmallIntegerField(
        _("weight of the amount"), db_default=20, validators=percent_validators()
    )
    weight_date = models.PositiveSmallIntegerField(
        _("weight of the date"), db_default=10, validators=percent_validators()
    )
    weight_contact = models.PositiveSmallIntegerField(
        _("weight of phone and e-mail"), db_default=5, validators=percent_validators()
    )
    amount_tolerance = models.DecimalField(
        _("amount tolerance"),
        max_digits=18,
        decimal_places=2,
        db_default=0,
        validators=[MinValueValidator(0)],
        help_text=_("Difference in money that still counts as the same amount."),
    )
    date_tolerance_days = models.PositiveSmallIntegerField(
        _("date tolerance in days"), db_default=5, validators=[MaxValueValidator(90)]
    )
    auto_confirm_above = models.PositiveSmallIntegerField(
        _("confirm by itself above"),
        null=True,
        blank=True,
        validators=percent_validators(),
        help_text=_("Empty: a person confirms every match."),
    )
    reconcile_from = models.DateField(
        _("reconcile from"),
        null=True,
        blank=True,
        help_text=_(
            "Bank lines before this day are not asked about. Empty: chosen by what the ERP shows open."
        ),
    )
    preferences = models.JSONField(db_default={}, blank=True)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = _("company settings")

    def __str__(self) -> str:
        return f"{self.tenant}"
