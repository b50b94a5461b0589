"""What people are told of matches: that upstream took the ground from under some of them."""

from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from live.models import Notification
from live.notifications import Kind, notify
from tenants.models import Capability, Tenant

KINDS: Final = (
    Kind(
        event="matches_reopened",
        group=_("Reconciliation"),
        label=_("Settled lines are open again"),
        when=_("The bank or the ERP has changed or deleted what a confirmed match rests on."),
        title=_("Matches that no longer hold: %(count)s"),
        body=_(
            "The bank or the ERP changed what they rest on. Their lines are in the queue again; the history says which."
        ),
        severity=Notification.Severity.WARNING,
        audience=Capability.DECIDE,
        page="reconciliation:workbench",
    ),
    Kind(
        event="matches_held",
        group=_("Reconciliation"),
        label=_("A closed period has lost its ground"),
        when=_(
            "The bank or the ERP has changed what a match of closed books rests on. The match stays as it was."
        ),
        title=_("Matches of closed books that no longer hold: %(count)s"),
        body=_("They stay as they were, because the period is closed. Open it to decide on them again."),
        severity=Notification.Severity.WARNING,
        audience=Capability.DECIDE,
        page="reconciliation:closing",
    ),
)


def reopened(tenant: Tenant, count: int) -> None:
    """Tell that so many matches are open again. Needs the transaction in which they were opened."""
    if count:
        address = reverse("reconciliation:workbench", kwargs={"slug": tenant.slug})
        notify("matches_reopened", tenant=tenant, params={"count": count}, path=f"{address}?status=undone")


def held(tenant: Tenant, count: int) -> None:
    """Tell that so many matches of closed books no longer hold. Needs the transaction in which that was noted."""
    if count:
        notify("matches_held", tenant=tenant, params={"count": count})
