"""What people are told of reports that did not arrive."""

from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kpi.models import ReportDelivery
from live.models import Notification
from live.notifications import Kind, notify
from tenants.models import Capability

KINDS: Final = (
    Kind(
        event="report_failed",
        group=_("Reports"),
        label=_("A report could not be delivered"),
        when=_("A board that goes out by e-mail did not reach somebody."),
        title=_("Not delivered: %(report)s"),
        body=_("To %(who)s. %(reason)s"),
        severity=Notification.Severity.WARNING,
        audience=Capability.WRITE,
    ),
)


def not_delivered(delivery: ReportDelivery, reason: str) -> None:
    """Tell those who plan reports; once a delivery."""
    notify(
        "report_failed",
        tenant=delivery.tenant,
        params={
            "report": delivery.report.name,
            "who": delivery.who.partition(":")[2] if delivery.email else str(delivery.user),
            "reason": {"text": reason, "values": {}},
        },
        path=reverse("reports:report", args=[delivery.tenant.slug, delivery.report_id]),
        once_key=f"report:{delivery.pk}:{delivery.attempts}",
    )
