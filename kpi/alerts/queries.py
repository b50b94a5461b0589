"""Reading rules and alerts: with their state, their history, and what a wish would have told of the last three months."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import Count, Prefetch, QuerySet

from kpi.alerts import judging
from kpi.alerts.conditions import Condition, Incident, Kind, Look, first_needed, incidents
from kpi.alerts.reading import Reader
from kpi.forecasts.facts import closed_day
from kpi.models import AlertEvent, AlertRule, DimensionMonthly
from lib import clock
from tenants.models import Tenant

TRIED: Final = 90  # days
_NAMES: Final = (
    "store",
    "seller",
    "channel",
    "payment",
    "category",
)  # words of the source; others are known by an id, whatever they are called


class State(StrEnum):
    """How a rule stands."""

    ARMED = "armed"
    FIRING = "firing"
    MUTED = "muted"
    DONE = "done"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Told:
    """A rule with its state, its newest alert (None: it never fired) and how many there were."""

    rule: AlertRule
    state: State
    last: AlertEvent | None
    fired: int


def rules(tenant: Tenant, *, now: datetime) -> list[Told]:
    """Return the rules of a company with their states, the newest first. Two queries."""
    newest = AlertEvent.objects.filter(tenant=tenant).order_by("-day", "-id")
    rows = (
        AlertRule.objects.filter(tenant=tenant, removed_at=None)
        .select_related("tenant")
        .annotate(fired=Count("events"))
        .prefetch_related(Prefetch("events", newest, to_attr="newest"))
        .order_by("-id")
    )
    return [told(row, row.newest, now, fired=row.fired) for row in rows]


def told(rule: AlertRule, events: Iterable[AlertEvent], now: datetime, *, fired: int) -> Told:
    """Return how a rule stands; `events` are its alerts, the newest first."""
    stand = [event for event in events if event.withdrawn_at is None]
    for event in stand[:1]:
        event.rule = rule
    return Told(rule, _state(rule, stand, now), stand[0] if stand else None, fired)


def _state(rule: AlertRule, stand: list[AlertEvent], now: datetime) -> State:
    if not rule.is_active:
        return State.OFF
    if rule.muted_until and rule.muted_until > now:
        return State.MUTED
    if any(event.ended_on is None for event in stand):
        return State.FIRING
    since = [event for event in stand if event.day >= rule.starts_on]
    return State.DONE if rule.repeat == AlertRule.Repeat.ONCE and since else State.ARMED


def unheard(tenant: Tenant, rules: Iterable[AlertRule], *, today: date) -> set[int]:
    """Return the ids of rules about a name (a store, a category, …) under which nothing came for three months: it may be called otherwise by now.

    At most one query, over the month sums of these dimensions.
    """
    asked = {rule.pk: (rule.dimension, rule.key) for rule in rules if rule.dimension in _NAMES}
    if not asked:
        return set()
    since = clock.add_months(today.replace(day=1), -3)
    rows = DimensionMonthly.objects.filter(
        tenant=tenant, type__in=("SALE", "CREDIT", "DEBIT"), dimension__in={name for name, _key in asked.values()},
        key__in={key for _name, key in asked.values()}, month__gte=since, n__gt=0,
    )  # fmt: skip
    heard = set(rows.values_list("dimension", "key"))
    return {pk for pk, name in asked.items() if name not in heard}


class Untold(StrEnum):
    """Why nobody heard of an alert."""

    MUTED = "muted"
    LATE = "late"


def untold(event: AlertEvent) -> Untold | None:
    """Return why nobody heard of an alert: it was found when it was no news any more, or its rule was muted. None: people were told."""
    if not event.was_muted:
        return None
    found_on = clock.business_day(event.fired_at, event.rule.tenant.zone)
    return Untold.MUTED if judging.is_news(event.day, found_on) else Untold.LATE


def history(tenant: Tenant) -> QuerySet[AlertEvent]:
    """Return the alerts of a company, also of rules that were removed, with their rules."""
    return AlertEvent.objects.filter(tenant=tenant).select_related("rule", "rule__tenant")


@dataclass(frozen=True, slots=True)
class Trial:
    """What a wish would have told of the last `days` days. `unknown`: of it nothing is known for the past, so nothing could be tried."""

    days: int
    incidents: list[Incident]
    unknown: bool = False

    @property
    def count(self) -> int:
        """Return how often it would have told."""
        return len(self.incidents)


def tried(tenant: Tenant, condition: Condition) -> Trial:
    """Return what a condition would have told. A handful of queries, whatever the number of days."""
    through = closed_day(tenant)
    first = through - timedelta(days=TRIED - 1)
    if condition.number.now:
        return Trial(TRIED, [], unknown=True)
    reader = Reader(tenant, min(first_needed(condition, first), first - timedelta(days=31)), through)
    if condition.kind == Kind.MISSING:
        return Trial(TRIED, reader.silences(condition, first))
    looks = judging.looks_of(reader, condition, first, through, through)
    known = [look for _day, look in looks if _is_known(condition, look)]
    return Trial(TRIED, incidents(condition, looks)[1], unknown=not known)


def _is_known(condition: Condition, look: Look) -> bool:
    if condition.kind == Kind.STREAK:
        return bool(look.steps) and None not in look.steps
    return look.got is not None and (look.expected is not None or condition.kind == Kind.ABSOLUTE)


def preview_event(rule: AlertRule, one: Incident) -> AlertEvent:
    """Return an incident as the alert it would have been, stored nowhere."""
    return AlertEvent(
        tenant_id=rule.tenant_id, rule=rule, day=one.day, ended_on=one.ended_on, got=one.look.got, first_got=one.look.got,
        expected=one.look.expected, expected_to=one.look.expected_to, fired_at=clock.now(),
        since=clock.start_of_day(one.day, rule.tenant.zone) if rule.kind == Kind.MISSING else None,
    )  # fmt: skip
