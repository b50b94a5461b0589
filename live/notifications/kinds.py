"""What this app itself has to tell: alerts, and changes in the team."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from live.models import Notification
from live.notifications.catalog import Kind
from tenants.models import Capability, Role

STATE: Final = _("State of the panel")
TEAM: Final = _("People")

KINDS: Final = (
    Kind(
        event="alert_opened",
        group=STATE,
        label=_("Something is wrong"),
        when=_("A figure of the panel has been bad for long enough to matter."),
        title="%(what)s",
        body=_("It will be said here when it is well again."),
        severity=Notification.Severity.WARNING,
        audience=Capability.SYNC,
    ),
    Kind(
        event="alert_closed",
        group=STATE,
        label=_("Something is well again"),
        when=_("What was wrong has been good for long enough."),
        title=_("Well again: %(what)s"),
        audience=Capability.SYNC,
    ),
    Kind(
        event="invitation_accepted",
        group=TEAM,
        label=_("Somebody accepted an invitation"),
        when=_("A person whom you invited has set a password and can come in."),
        title=_("%(person)s accepted the invitation"),
        body=_("Role: %(role)s."),
        audience=Capability.OWN,
        page="tenants:people",
        words={"role": Role},
    ),
    Kind(
        event="role_changed",
        group=TEAM,
        label=_("A role changed"),
        when=_("Somebody may do more or less than before, you included."),
        title=_("%(person)s is now: %(role)s"),
        body=_("Before: %(before)s."),
        audience=Capability.OWN,
        page="tenants:people",
        words={"role": Role, "before": Role},
    ),
)
