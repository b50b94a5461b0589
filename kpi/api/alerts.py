"""Alerts on numbers as JSON: rules, what they told, what a wish would have told."""

from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from rest_framework import serializers
from rest_framework.response import Response

from kpi.alerts import queries, services, words
from kpi.alerts.conditions import Kind, Way
from kpi.alerts.queries import State, Told
from kpi.api.parameters import NUMBER
from kpi.catalog import CATALOG
from kpi.models import AlertRule
from live import freshness
from live.api.cached import cached
from tenants.access import owned
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.forms import StrictForm, checked, done
from tenants.api.schema import (
    BOOLEAN,
    DAY,
    INTEGER,
    MOMENT,
    STRING,
    Schema,
    array,
    documented,
    nullable,
    record,
)
from tenants.models import Capability

TEXT_OR_NONE: Final = nullable(STRING)
CODES: Final = [kpi.code for kpi in CATALOG]
RULE: Final = record(
    {
        "id": INTEGER, "sentence": {**STRING, "description": "The rule in the reader's language."}, "kpi": {"enum": CODES}, "dimension": STRING, "key": STRING,
        "name": {**STRING, "description": "What people call `key`."}, "kind": {"enum": Kind.values}, "way": STRING,
        "limit": {**TEXT_OR_NONE, "description": "An amount or count (absolute), a ratio (change, target), periods (streak, missing)."},
        "window": STRING, "compare": STRING, "repeat": {"enum": AlertRule.Repeat.values}, "is_active": BOOLEAN,
        "muted_until": nullable(MOMENT), "state": {"enum": [state.value for state in State]},
        "fired": {**INTEGER, "description": "How often it fired."}, "last_day": nullable(DAY),
    }
)  # fmt: skip
_ASK: Final[dict[str, Schema]] = {
    "kpi": {"enum": CODES},
    "kind": {"enum": Kind.values},
    "way": {"enum": ["", *Way.values]},
    "limit": {"type": ["string", "number", "null"]},
    "window": {"enum": ["", *AlertRule.Window.values]},
    "compare": {"enum": ["", *AlertRule.Compare.values]},
    "dimension": {"enum": ["", *words.DIMENSIONS]},
    "key": {"type": "string", "maxLength": 120},
}
_FIELDS: Final[dict[str, Schema]] = _ASK | {"repeat": {"enum": AlertRule.Repeat.values}, "is_active": BOOLEAN}
NEW: Final[Schema] = {
    "type": "object",
    "required": ["kpi", "kind"],
    "properties": _FIELDS,
    "additionalProperties": False,
}
CHANGE: Final[Schema] = {"type": "object", "properties": _FIELDS, "additionalProperties": False}
TRIAL: Final[Schema] = {
    "type": "object",
    "required": ["kpi", "kind"],
    "properties": _ASK,
    "additionalProperties": False,
}
MUTE: Final[Schema] = {
    "type": "object", "required": ["until"], "properties": {"until": nullable(MOMENT)}, "additionalProperties": False,
}  # fmt: skip


class TrialForm(StrictForm):
    """What is asked of a number."""

    kpi = serializers.ChoiceField(CODES)
    kind = serializers.ChoiceField(Kind.choices)
    way = serializers.ChoiceField(["", *Way.values], required=False)
    limit = serializers.DecimalField(max_digits=20, decimal_places=4, allow_null=True, required=False)
    window = serializers.ChoiceField(["", *AlertRule.Window.values], required=False)
    compare = serializers.ChoiceField(["", *AlertRule.Compare.values], required=False)
    dimension = serializers.ChoiceField(["", *words.DIMENSIONS], required=False)
    key = serializers.CharField(max_length=120, allow_blank=True, required=False, trim_whitespace=False)


class RuleForm(TrialForm):
    """A rule."""

    repeat = serializers.ChoiceField(AlertRule.Repeat.choices, required=False)
    is_active = serializers.BooleanField(required=False)


class MuteForm(StrictForm):
    """Until when nobody is told; null ends that."""

    until = serializers.DateTimeField(allow_null=True)


class AlertsView(ApiView):
    """`/api/alerts`."""

    requires = {"GET": Capability.READ, "POST": Capability.WRITE}

    @documented(
        summary="Alerts on numbers",
        description="The company's rules with their states, the newest first. What is wrong with the installation itself: `/api/system/status`.",
        data=array(RULE),
        errors=(401, 403, 404),
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the rules."""
        tenant, now = request.access.tenant, timezone.now()

        def told() -> tuple[Any, dict[str, Any]]:
            return [shown(one) for one in queries.rules(tenant, now=now)], {"as_of": freshness.as_of(tenant)}

        muted = AlertRule.objects.filter(tenant=tenant, removed_at=None, muted_until__gt=now).count()
        return cached(request, "alerts", compute=told, params={"muted": muted, "language": get_language()})

    @documented(
        summary="Make an alert",
        description="It watches from today on. Missing choices are the first that fit: a fall below, on a day, each time.",
        data=RULE,
        body=NEW,
        errors=(400, 401, 403, 404),
    )
    def post(self, request: ApiRequest) -> Response:
        """Make and return it."""
        fields = checked(RuleForm(data=request.data))
        return ok(_one(request, done(lambda: services.create(access=request.access, fields=fields))))


class AlertView(ApiView):
    """`/api/alerts/<id>`."""

    requires = {"GET": Capability.READ, "PATCH": Capability.WRITE, "DELETE": Capability.WRITE}

    @documented(summary="One alert", data=RULE, parameters=[NUMBER])
    def get(self, request: ApiRequest, pk: int) -> Response:
        """Return it."""
        return ok(_one(request, _ours(request, pk)))

    @documented(
        summary="Change an alert",
        description="One that asks something else than before begins anew today.",
        data=RULE,
        body=CHANGE,
        parameters=[NUMBER],
        errors=(400, 401, 403, 404),
    )
    def patch(self, request: ApiRequest, pk: int) -> Response:
        """Change and return it."""
        rule, fields = _ours(request, pk), checked(RuleForm(data=request.data, partial=True))
        return ok(
            _one(request, done(lambda: services.change(access=request.access, rule=rule, fields=fields)))
        )

    @documented(
        summary="Remove an alert",
        description="What it told stays in the history.",
        data=RULE,
        parameters=[NUMBER],
    )
    def delete(self, request: ApiRequest, pk: int) -> Response:
        """Remove and return it."""
        rule = _ours(request, pk)
        found = _one(request, rule)
        services.remove(access=request.access, rule=rule)
        return ok(found)


class MuteView(ApiView):
    """`/api/alerts/<id>/mute`."""

    requires = {"POST": Capability.WRITE}

    @documented(
        summary="Mute an alert until a moment, or end that",
        description="What it finds is kept, and nobody is told: neither people nor programs.",
        data=RULE,
        body=MUTE,
        parameters=[NUMBER],
        errors=(400, 401, 403, 404),
    )
    def post(self, request: ApiRequest, pk: int) -> Response:
        """Mute and return it."""
        rule, until = _ours(request, pk), checked(MuteForm(data=request.data))["until"]
        return ok(_one(request, done(lambda: services.mute(access=request.access, rule=rule, until=until))))


class TrialView(ApiView):
    """`/api/alerts/trial`."""

    requires = {"POST": Capability.WRITE}

    @documented(
        summary="What an alert would have told",
        description="Of the last 90 days; nothing is kept. `unknown`: nothing is known of the past that it could be tried on.",
        data=record(
            {
                "sentence": STRING, "days": INTEGER, "count": INTEGER, "unknown": BOOLEAN,
                "incidents": array(record({"day": DAY, "ended_on": nullable(DAY), "title": STRING, "sentence": STRING})),
            }
        ),
        body=TRIAL,
        errors=(400, 401, 403, 404),
    )  # fmt: skip
    def post(self, request: ApiRequest) -> Response:
        """Try and return it."""
        tenant, fields = request.access.tenant, checked(TrialForm(data=request.data))
        condition = done(lambda: services.condition_of(tenant, fields))
        rule = services.unsaved(tenant, condition)
        trial = queries.tried(tenant, condition)
        incidents = [(one, *words.event_said(queries.preview_event(rule, one))) for one in trial.incidents]
        return ok(
            {
                "sentence": words.rule_said(rule), "days": trial.days, "count": trial.count, "unknown": trial.unknown,
                "incidents": [{"day": one.day, "ended_on": one.ended_on, "title": title, "sentence": said} for one, title, said in incidents],
            }
        )  # fmt: skip


def _ours(request: ApiRequest, pk: int) -> AlertRule:
    rows = AlertRule.objects.filter(removed_at=None).select_related("tenant")
    return owned(rows, tenant=request.access.tenant, pk=pk)


def _one(request: ApiRequest, rule: AlertRule) -> dict[str, Any]:
    rows = queries.history(request.access.tenant).filter(rule=rule)
    newest = list(rows.order_by("-day", "-id")[:20])
    return shown(queries.told(rule, newest, timezone.now(), fired=rows.count()))


def shown(one: Told) -> dict[str, Any]:
    """Return a rule as the API writes it."""
    rule = one.rule
    plain = (
        "id", "kpi", "dimension", "key", "name", "kind", "way", "window", "compare", "repeat", "is_active", "muted_until",
    )  # fmt: skip
    return {name: getattr(rule, name) for name in plain} | {
        "sentence": words.rule_said(rule),
        "limit": plain_text(rule.limit),
        "state": one.state.value,
        "fired": one.fired,
        "last_day": one.last.day if one.last else None,
    }


def plain_text(value: Any) -> str | None:
    """Return a decimal number as the API writes it, without a zero too many; None stays unknown."""
    return None if value is None else format(value.normalize(), "f")
