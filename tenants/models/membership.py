"""Who may do what in which company."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.models.tenant import Tenant


class Capability(models.TextChoices):
    """What an access may do. The first four are also the scopes of an API key."""

    READ = "read", pgettext_lazy("permission", "read")
    WRITE = "write", _("change settings and data")
    SYNC = "sync", _("start synchronisations")
    DECIDE = "decide", _("decide matches")
    OWN = "own", _("manage people")


class Role(models.TextChoices):
    """What a person is in a company. The purchasing roles may read; what else they may is decided where purchases are."""

    VIEWER = "viewer", _("viewer")
    ANALYST = "analyst", _("analyst")
    MANAGER = "manager", _("manager")
    OWNER = "owner", _("owner")
    REQUESTER = "requester", _("requester")
    BUYER = "buyer", _("buyer")
    APPROVER_A1 = "approver_a1", _("approver A1")
    APPROVER_A2 = "approver_a2", _("approver A2")
    APPROVER_A3 = "approver_a3", _("approver A3")


# What each role may, in the words of who chooses one. Purchasing roles are not offered before there are purchases.
ROLE_HELP: dict[str, str | Promise] = {
    Role.VIEWER: _("sees everything and exports it, changes nothing"),
    Role.ANALYST: _("sees everything and decides which payment settles what"),
    Role.MANAGER: _("also connects banks and ERPs, imports, corrects records and changes settings"),
    Role.OWNER: _("may everything, also who has access and API keys"),
}
OFFERED_ROLES = tuple((str(role), Role(role).label) for role in ROLE_HELP)

_MANAGER = frozenset({Capability.READ, Capability.DECIDE, Capability.WRITE, Capability.SYNC})
CAPABILITIES: dict[str, frozenset[Capability]] = {
    Role.VIEWER: frozenset({Capability.READ}),
    Role.ANALYST: frozenset({Capability.READ, Capability.DECIDE}),
    Role.MANAGER: _MANAGER,
    Role.OWNER: _MANAGER | {Capability.OWN},
    **{
        role: frozenset({Capability.READ})
        for role in (Role.REQUESTER, Role.BUYER, Role.APPROVER_A1, Role.APPROVER_A2, Role.APPROVER_A3)
    },
}


class Membership(models.Model):
    """A person's role in a company. Revoked by deleting the row; the audit log remembers it."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=12, choices=Role)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.tenant} · {self.get_role_display()}"

    @property
    def is_offered(self) -> bool:
        """Return whether the role is one that can be chosen now."""
        return self.role in ROLE_HELP

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return what this role may do."""
        return CAPABILITIES[self.role]
