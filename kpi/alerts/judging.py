"""Judging a company's rules: what happened by its days is worked out anew each time, and what is kept is brought in line with it.

So a day that is synchronised again with other values changes or withdraws its alert, and two workers that judge the same come to the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction

from kpi import queries as numbers
from kpi.alerts import telling
from kpi.alerts.conditions import (
    UNKNOWN,
    Condition,
    Incident,
    Look,
    Verdict,
    first_needed,
    incidents,
    of_rule,
)
from kpi.alerts.conditions import judge as verdict_of
from kpi.alerts.reading import Reader
from kpi.alerts.silence import silence
from kpi.forecasts.facts import closed_day
from kpi.models import AlertEvent, AlertRule, AlertState
from lib import apart, clock, pg
from live import events
from tenants.models import Tenant

ANEW: Final = 35  # days judged again each time
# What is older when it is found is kept, and nobody is disturbed. On a Sunday the newest whole week ended seven days ago.
NEWS: Final = timedelta(days=7)
_DUE: Final = """
SELECT t.id FROM tenants_tenant t LEFT JOIN kpi_alertstate s ON s.tenant_id = t.id LEFT JOIN live_generation g ON g.tenant_id = t.id
 WHERE t.is_active AND EXISTS (SELECT FROM kpi_alertrule WHERE tenant_id = t.id AND removed_at IS NULL AND is_active)
   AND (s.judged_at IS NULL OR s.facts IS DISTINCT FROM g.facts OR s.day < (now() AT TIME ZONE t.time_zone)::date
        OR s.judged_at < now() - interval '15 minutes')
   AND (s.judged_at IS NULL OR s.judged_at < now() - interval '30 seconds')
 ORDER BY t.id
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """What judging changed: alerts that are new, have other values, are over, or have lost their reason."""

    fired: int = 0
    changed: int = 0
    ended: int = 0
    withdrawn: int = 0

    def __add__(self, other: "Judged") -> "Judged":
        return Judged(
            self.fired + other.fired,
            self.changed + other.changed,
            self.ended + other.ended,
            self.withdrawn + other.withdrawn,
        )


def judge_due() -> int:
    """Judge every company whose facts or day changed, and every quarter of an hour what time alone changes; return how many alerts are new.

    One query when there is nothing to do.
    """
    ids = [row[0] for row in pg.fetch(_DUE)]
    tenants = Tenant.objects.filter(pk__in=ids).order_by("pk")
    return sum(judged.fired for _tenant, judged in apart.each(tenants, lambda one: judge(tenant=one)))


@transaction.atomic
def judge(*, tenant: Tenant) -> Judged:
    """Judge all rules of a company now. Events, notifications and messages of webhooks commit together or not at all."""
    pg.lock(pg.Lock.ALERTS, tenant.pk)
    now = clock.now()
    today, through = clock.business_day(now, tenant.zone), closed_day(tenant)
    facts = pg.fetch("SELECT facts FROM live_generation WHERE tenant_id = %s", [tenant.pk])
    rules = list(AlertRule.objects.filter(tenant=tenant, removed_at=None, is_active=True).order_by("pk"))
    done = Judged()
    if rules:
        done = _judge_all(tenant, rules, now, today, through)
    AlertState.objects.update_or_create(
        tenant=tenant,
        defaults={
            "day": today,
            "through": through,
            "facts": int(facts[0][0]) if facts else 0,
            "judged_at": now,
        },
    )
    if done != Judged():
        events.publish("alerts_changed", tenant_id=tenant.pk)
    return done


def _judge_all(
    tenant: Tenant, rules: Sequence[AlertRule], now: datetime, today: date, through: date
) -> Judged:
    start = through - timedelta(days=ANEW - 1)
    conditions = {rule.pk: of_rule(rule) for rule in rules}
    first = min(first_needed(one, start) for one in conditions.values())
    reader = Reader(tenant, first, today)
    kept: dict[int, list[AlertEvent]] = {rule.pk: [] for rule in rules}
    for event in AlertEvent.objects.filter(tenant=tenant, rule__in=rules).order_by("day"):
        kept[event.rule_id].append(event)
    done = Judged()
    for rule in rules:
        condition, stored = conditions[rule.pk], kept[rule.pk]
        for event in stored:
            event.rule = rule
        if condition.is_momentary:
            done += _judge_now(tenant, rule, condition, stored, now, today)
        else:
            looks = looks_of(reader, condition, max(start, rule.starts_on), through, today)
            done += _judge_days(rule, condition, stored, looks, max(start, rule.starts_on), now, today)
    return done


def looks_of(
    reader: Reader, condition: Condition, first: date, through: date, today: date
) -> list[tuple[date, Look]]:
    """Return the looks of the days that are known, the earliest first; today's too where it can be bad before it is over."""
    days = [first + timedelta(days=n) for n in range((through - first).days + 1)]
    looks = [(day, reader.look(condition, day)) for day in days if condition.is_judged_on(day)]
    if condition.is_early:
        later = (through + timedelta(days=n + 1) for n in range((today - through).days))
        so_far = [(day, reader.look(condition, day)) for day in later if day >= first]
        # That it is not above so far says nothing yet.
        looks += [(day, look) for day, look in so_far if verdict_of(condition, look) == Verdict.BAD]
    return looks


# --- days ------------------------------------------------------------------------------------------------------------------
def _judge_days(
    rule: AlertRule, condition: Condition, stored: list[AlertEvent], looks: list[tuple[date, Look]], start: date, now: datetime, today: date
) -> Judged:  # fmt: skip
    before = [event for event in stored if event.day < start]
    open_before = next((event for event in before if event.ended_on is None and not event.withdrawn_at), None)
    ended, found = incidents(condition, looks, firing=open_before is not None)
    done = Judged()
    if open_before and ended:
        done += _ended(open_before, ended)
    stands = [event for event in stored if event.day >= start]
    if rule.repeat == AlertRule.Repeat.ONCE:
        found = [] if before else ([one for one in found if _matching(stands, one)] or found)[:1]
    for one in found:
        event = _matching(stands, one)
        if event is None:
            done += _fire(rule, one, now, tell=is_news(one.day, today))
        else:
            stands.remove(event)
            done += _brought_in_line(event, one, now)
    known = {day for day, _look in looks}
    for event in stands:
        if event.withdrawn_at is None and (event.day in known or event.day < today):
            done += _withdraw(event, now)
    return done


def is_news(day: date, today: date) -> bool:
    """Return whether people are told of what happened on a day, or in the week that it ended, when it is found today."""
    return day >= today - NEWS


def _matching(stands: list[AlertEvent], one: Incident) -> AlertEvent | None:
    """Return the kept alert of an incident: that of its day, else one whose days overlap."""
    same = next((event for event in stands if event.day == one.day), None)
    if same:
        return same
    return next(
        (
            event
            for event in stands
            if (one.ended_on is None or event.day < one.ended_on)
            and (event.ended_on is None or one.day < event.ended_on)
        ),
        None,
    )


def _fire(
    rule: AlertRule, one: Incident, now: datetime, *, tell: bool, since: datetime | None = None
) -> Judged:
    muted = rule.muted_until is not None and rule.muted_until > now
    event, created = AlertEvent.objects.get_or_create(
        tenant_id=rule.tenant_id,
        rule=rule,
        day=one.day,
        defaults={
            "got": one.look.got, "first_got": one.look.got, "expected": one.look.expected, "expected_to": one.look.expected_to,
            "ended_on": one.ended_on, "fired_at": now, "since": since, "was_muted": muted or not tell,
        },
    )  # fmt: skip
    if not created:  # a state that was well for an hour: the same day is the same incident
        event.ended_on = one.ended_on
        event.save(update_fields=["ended_on"])
        return Judged()
    if not event.was_muted:
        telling.fired(event)
    return Judged(fired=1)


def _brought_in_line(event: AlertEvent, one: Incident, now: datetime) -> Judged:
    """Give a kept alert the values that hold now."""
    done = Judged()
    if one.ended_on != event.ended_on:
        if one.ended_on and event.ended_on is None:
            done += Judged(ended=1)
        event.ended_on = one.ended_on
        event.save(update_fields=["ended_on"])
    sides = _sides(one.look)
    told_early = clock.business_day(event.fired_at, event.rule.tenant.zone) == event.day
    same = event.day == one.day and (told_early or sides == (event.got, event.expected, event.expected_to))
    if same and event.withdrawn_at is None:
        return done
    event.day, event.withdrawn_at, event.changed_at = one.day, None, now
    event.got, event.expected, event.expected_to = sides
    event.save()
    if not event.was_muted:
        telling.changed(event)
    return done + Judged(changed=1)


def _sides(look: Look) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return what is kept of a look, as the columns hold it."""
    places = Decimal("0.0001")
    got, low, high = (
        None if side is None else side.quantize(places)
        for side in (look.got, look.expected, look.expected_to)
    )
    return got, low, high


def _ended(event: AlertEvent, day: date) -> Judged:
    event.ended_on = day
    event.save(update_fields=["ended_on"])
    return Judged(ended=1)


def _withdraw(event: AlertEvent, now: datetime) -> Judged:
    event.withdrawn_at = now
    event.save(update_fields=["withdrawn_at"])
    if not event.was_muted:
        telling.withdrawn(event)
    return Judged(withdrawn=1)


# --- the present -------------------------------------------------------------------------------------------------------------
def _judge_now(
    tenant: Tenant,
    rule: AlertRule,
    condition: Condition,
    stored: list[AlertEvent],
    now: datetime,
    today: date,
) -> Judged:
    look, since = present(tenant, condition, now, today)
    is_on = next((event for event in stored if event.ended_on is None), None)
    verdict = verdict_of(condition, look)
    if verdict == Verdict.BAD and is_on is None:
        if stored and rule.repeat == AlertRule.Repeat.ONCE:
            return Judged()
        return _fire(rule, Incident(today, look), now, tell=True, since=since)
    if verdict == Verdict.WELL and is_on is not None:
        return _ended(is_on, today)
    return Judged()


def present(tenant: Tenant, condition: Condition, now: datetime, today: date) -> tuple[Look, datetime | None]:
    """Return what is now of a state or a silence, and since when nothing came."""
    if condition.kind == AlertRule.Kind.MISSING:
        hours, since = silence(tenant, condition, now)
        return Look(hours, condition.limit), since
    value = condition.number.measure(numbers.state(tenant, today))
    if value is None:
        return UNKNOWN, None
    size = -Decimal(value) if condition.by_size else Decimal(value)
    return Look(size + 0, condition.limit), None
