"""Writing rules of alerts. A rule that asks something else than before begins anew: its past is not judged by the new wish."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kpi.alerts import asking, conditions
from kpi.alerts.asking import Unusable
from kpi.alerts.conditions import Condition
from kpi.analysis import sums
from kpi.models import AlertEvent, AlertRule
from lib import clock, pg
from live import events
from tenants import audit
from tenants.access import Access, owned
from tenants.models import Tenant

MOST: Final = 100  # rules of a company
LONGEST_MUTE: Final = timedelta(days=366)
_ASKS: Final = ("kpi", "kind", "way", "limit", "window", "compare", "dimension", "key")


@transaction.atomic
def create(*, access: Access, fields: Mapping[str, Any]) -> AlertRule:
    """Return a new rule, armed from today on. Raises ValidationError by field."""
    pg.lock(pg.Lock.ALERTS, access.tenant.pk)
    if AlertRule.objects.filter(tenant=access.tenant, removed_at=None).count() >= MOST:
        raise ValidationError({"kpi": _("A company can have %(n)d alerts at most.") % {"n": MOST}})
    rule = AlertRule(tenant=access.tenant, made_by=access.user, starts_on=clock.today(access.tenant.zone))
    _ask(rule, condition_of(access.tenant, fields))
    _set(rule, fields)
    rule.save()
    _tell(access, rule, "alert.create", after=_said(rule))
    return rule


@transaction.atomic
def change(*, access: Access, rule: AlertRule, fields: Mapping[str, Any]) -> AlertRule:
    """Return the rule with these fields changed; what is not named stays. Raises ValidationError by field."""
    pg.lock(pg.Lock.ALERTS, access.tenant.pk)
    row = _locked(access, rule)
    before, was = _said(row), conditions.of_rule(row)
    asked = {name: getattr(row, name) for name in _ASKS}
    if set(fields) & set(_ASKS):
        _ask(
            row, condition_of(access.tenant, asked | {name: fields[name] for name in _ASKS if name in fields})
        )
    _set(row, fields)
    if conditions.of_rule(row) != was or row.is_active != before["is_active"]:
        _begin_anew(row)
    row.save()
    if _said(row) != before:
        _tell(access, row, "alert.change", before=before, after=_said(row))
    return row


@transaction.atomic
def remove(*, access: Access, rule: AlertRule) -> None:
    """Judge the rule no more. What it told stays in the history."""
    pg.lock(pg.Lock.ALERTS, access.tenant.pk)
    AlertRule.objects.filter(tenant=access.tenant, pk=rule.pk).update(removed_at=clock.now())
    _end(rule)
    _tell(access, rule, "alert.remove", before=_said(rule))


@transaction.atomic
def mute(*, access: Access, rule: AlertRule, until: datetime | None) -> AlertRule:
    """Tell nobody of what the rule finds until a moment (it is kept all the same); None ends that. Raises ValidationError."""
    if until is not None and not clock.now() < until <= clock.now() + LONGEST_MUTE:
        raise ValidationError({"until": _("Choose a day within the next year.")})
    row = _locked(access, rule)
    before = _said(row)
    row.muted_until = until
    row.save(update_fields=["muted_until"])
    _tell(access, row, "alert.mute", before=before, after=_said(row))
    return row


@transaction.atomic
def rearm(*, access: Access, rule: AlertRule) -> AlertRule:
    """Let a rule that fired, and is still on or was to tell once only, tell again from today on."""
    pg.lock(pg.Lock.ALERTS, access.tenant.pk)
    row = _locked(access, rule)
    _begin_anew(row)
    row.save()
    _tell(access, row, "alert.rearm", after=_said(row))
    return row


def _locked(access: Access, rule: AlertRule) -> AlertRule:
    """Return the rule as it is now, held. Raises Http404 where it was removed meanwhile."""
    return owned(
        AlertRule.objects.select_for_update(no_key=True), tenant=access.tenant, pk=rule.pk, removed_at=None
    )


def _begin_anew(rule: AlertRule) -> None:
    rule.starts_on = clock.today(rule.tenant.zone)
    _end(rule)


def _end(rule: AlertRule) -> None:
    """Let nothing of the rule be on any more: nobody looks at it from here on, or it asks something else."""
    today = clock.today(rule.tenant.zone)
    AlertEvent.objects.filter(tenant=rule.tenant_id, rule=rule, ended_on=None).update(ended_on=today)


def condition_of(tenant: Tenant, fields: Mapping[str, Any]) -> Condition:
    """Return the condition of these fields, whose store, product … the company has. Raises ValidationError by field."""
    try:
        found = asking.parse(fields)
    except Unusable as error:
        raise ValidationError(error.problems) from error
    if (
        found.dimension in sums.NAMED
        and found.key
        and not sums.names(tenant, found.dimension, [found.key]).get(found.key)
    ):
        raise ValidationError({"key": _("There is no such one in this company.")})
    return found


def unsaved(tenant: Tenant, condition: Condition) -> AlertRule:
    """Return a rule of this condition that is stored nowhere: to say it, and to try it."""
    rule = AlertRule(tenant=tenant)
    _ask(rule, condition)
    return rule


def _ask(rule: AlertRule, condition: Condition) -> None:
    for name in _ASKS:
        setattr(rule, name, getattr(condition, name))
    rule.limit = None if condition.limit is None else condition.limit.quantize(Decimal("0.0001"))
    names = sums.names(rule.tenant, rule.dimension, [rule.key]) if rule.dimension else {}
    rule.name = str(names.get(rule.key, rule.key))[:200] if rule.dimension else ""


def _set(rule: AlertRule, fields: Mapping[str, Any]) -> None:
    if "repeat" in fields:
        if fields["repeat"] not in AlertRule.Repeat.values:
            names = ", ".join(AlertRule.Repeat.values)
            raise ValidationError({"repeat": _("Use one of: %(names)s.") % {"names": names}})
        rule.repeat = fields["repeat"]
    if "is_active" in fields:
        rule.is_active = bool(fields["is_active"])


def _said(rule: AlertRule) -> dict[str, Any]:
    names = (*_ASKS, "repeat", "is_active", "muted_until")
    return {
        name: None
        if (value := getattr(rule, name)) is None
        else value
        if isinstance(value, bool)
        else str(value)
        for name in names
    }


def _tell(access: Access, rule: AlertRule, action: str, *, before: Any = None, after: Any = None) -> None:
    audit.record(tenant=access.tenant, actor=access, action=action, row=rule, before=before, after=after)
    events.publish("alerts_changed", tenant_id=access.tenant.pk)
