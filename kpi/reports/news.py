"""What a report's e-mail says beside its numbers: incidents of the period, and alerts that fired in it or are on."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from kpi.alerts import queries as alerts
from kpi.alerts import words
from kpi.incidents import telling
from kpi.incidents.services import standing
from kpi.models import Anomaly, ReportDelivery
from kpi.reports.rendering import period_of
from lib.periods import Period

MOST: Final = 4  # of each: a letter names what is new, the pages hold the rest


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that stood out: what it was, and the sentence about it."""

    title: str
    text: str


def of(delivery: ReportDelivery) -> list[Item]:
    """Return what stood out, alerts first, each the newest first, in the active language. At most two queries.

    A copy that is limited to one value has none: incidents are about the whole company. Alerts are for its own people.
    """
    if delivery.dimension:
        return []
    period = period_of(delivery)
    return [*(_alerts(delivery, period) if delivery.user_id else ()), *_incidents(delivery, period)]


def _alerts(delivery: ReportDelivery, period: Period) -> list[Item]:
    on = Q(ended_on=None) | Q(day__gte=period.start, day__lt=period.end)
    rows = alerts.history(delivery.tenant).filter(on, withdrawn_at=None, rule__removed_at=None)
    return [Item(*words.event_said(event)) for event in rows.order_by("-day", "-pk")[:MOST]]


def _incidents(delivery: ReportDelivery, period: Period) -> list[Item]:
    rows = Anomaly.objects.filter(
        standing(delivery.tenant), last_day__gte=period.start, last_day__lt=period.end
    )
    newest = rows.select_related("tenant").order_by("-last_day", "-pk")[:MOST]
    return [Item(f"{telling.called(one)}, {telling.days_of(one)}", telling.happened(one)) for one in newest]
