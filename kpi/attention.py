"""What wants a person's eye: alerts that are on, and incidents of the last days that nobody answered yet."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q
from django.urls import reverse

from kpi.alerts import telling as alerts
from kpi.alerts import words
from kpi.incidents import telling as incidents
from kpi.incidents.services import standing
from kpi.models import AlertEvent, Anomaly
from tenants.models import Tenant

MOST: Final = 3  # of each kind: what needs everybody needs nobody
NEWS: Final = timedelta(days=4)  # an incident that is older stands on its own page


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing to look at. `is_alert`: an alert of the company's own, else an incident that the panel found."""

    title: str
    sentence: str
    url: str
    is_alert: bool


def wanted(tenant: Tenant, *, today: date, now: datetime) -> list[Wanted]:
    """Return what wants an eye, alerts first, in the active language. Two queries."""
    rings = AlertEvent.objects.filter(
        Q(rule__muted_until=None) | Q(rule__muted_until__lte=now),
        tenant=tenant, ended_on=None, withdrawn_at=None, rule__is_active=True, rule__removed_at=None,
    ).select_related("rule__tenant").order_by("-day", "-id")[:MOST]  # fmt: skip
    found = [Wanted(*words.event_said(event), alerts.path_of(event), is_alert=True) for event in rings]
    rows = Anomaly.objects.filter(standing(tenant), feedback="", last_day__gt=today - NEWS)
    page = reverse("kpi:anomalies", kwargs={"slug": tenant.slug})
    for one in rows.select_related("tenant").order_by("-last_day", "-id")[:MOST]:
        title = f"{incidents.called(one)}, {incidents.days_of(one)}"
        found.append(Wanted(title, incidents.happened(one), page, is_alert=False))
    return found
