"""A company's access to one upstream."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ledger.models import Source
from lib import crypto
from tenants.models import Tenant


class Connection(models.Model):
    """One access to one upstream, with its secret, how far it has read, and how it is doing. A company may have several of a kind."""

    class Kind(models.TextChoices):
        GESTAOCLICK = "gestaoclick", "GestãoClick"
        PLUGGY = "pluggy", "Open Finance (Pluggy)"
        ADVBOX = "advbox", "Advbox"

    class State(models.TextChoices):
        ACTIVE = "active", pgettext_lazy("connection", "active")
        NEEDS_PERSON = "needs_person", _("needs you")
        PAUSED = "paused", _("paused")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="connections")
    source = models.OneToOneField(Source, models.PROTECT, related_name="+", editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    name = models.CharField(_("name"), max_length=80)
    # Fernet text. Written through `set_credentials`, read only by the client of its provider, shown nowhere.
    secret = models.TextField(editable=False, db_default="")
    # What is not secret: base_url, budget (requests), item ids.
    config = models.JSONField(_("configuration"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.ACTIVE)
    state_reason = models.TextField(
        _("reason"), blank=True
    )  # a sentence for people: what is wrong and the way out
    # How far each resource has been read; saved last, in the transaction of the page it follows.
    cursor = models.JSONField(default=dict, blank=True, editable=False)
    interval_seconds = models.PositiveIntegerField(_("every (seconds)"), default=60)
    next_due_at = models.DateTimeField(_("next due at"), db_default=Now())
    # Somebody asked for a sync while one ran: finishing queues the next at once.
    ask_again = models.BooleanField(default=False, editable=False)
    last_good_at = models.DateTimeField(_("last good at"), null=True, editable=False)
    last_full_at = models.DateTimeField(
        null=True, editable=False
    )  # last complete listing, the only one that may declare rows gone
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    # Taken out of the product by a person. The row stays, because facts, raw records and runs refer to it.
    removed_at = models.DateTimeField(_("removed at"), null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["tenant", "kind", "id"]
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        indexes = [models.Index("next_due_at", condition=Q(state="active"), name="connection_due")]

    def __str__(self) -> str:
        return self.name

    def set_credentials(self, credentials: dict[str, str]) -> None:
        """Seal the credentials into `secret`. Does not save."""
        self.secret = crypto.seal(credentials)

    def credentials(self) -> dict[str, str]:
        """Return the credentials in the clear, for the provider's client only. Raises lib.crypto.SecretUnreadable."""
        return crypto.unseal(self.secret)
