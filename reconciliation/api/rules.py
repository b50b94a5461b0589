"""Rules: their list, their changes, and what they do. Views only translate: see `reconciliation.rules.services`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.response import Response

from reconciliation.api.shapes import ID
from reconciliation.models import Rule, RuleRun
from reconciliation.rules import queries, running, services
from reconciliation.rules.conditions import DEPTH, FORMS, LEAVES
from reconciliation.rules.services import MayNotAct
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import Conflict
from tenants.api.forms import LARGEST, StrictForm, checked
from tenants.api.schema import BOOLEAN, INTEGER, Schema, array, columns, documented, record
from tenants.models import Capability

AT_ONCE: Final = timedelta(seconds=3)  # of work inside a request; a worker does the rest
_RULE: Final = (
    "id", "name", "position", "conditions", "action", "category", "is_active", "version", "dry_run_version", "created_by_name", "created_at",
    "updated_at",
)  # fmt: skip
_RUN: Final = (
    "id", "rule_id", "version", "action", "dry", "status", "lines", "total", "hits", "same", "nothing_clear", "by_earlier", "by_person", "kept",
    "examples", "actor_name", "started_at", "finished_at", "undone_at", "undone_by_name",
)  # fmt: skip
_LEAF: Final[Schema] = {
    "type": "object",
    "required": ["field", "op", "value"],
    "properties": {
        "field": {"type": "string", "enum": list(FORMS)},
        "op": {"type": "string", "enum": sorted({op for ops in FORMS.values() for op in ops})},
        "value": {
            "description": 'account: [ids]. direction: "in" or "out". amount: {"min": "10.00", "max": null}. text, party: text; '
            "text with regex: an RE2 pattern. document: [CPF, CNPJ or the first 8 of one].",
        },
    },
    "additionalProperties": False,
}


def _group(join: str) -> Schema:
    parts: Schema = {"type": "array", "minItems": 1, "maxItems": LEAVES, "items": {"type": "object"}}
    return {"type": "object", "required": [join], "properties": {join: parts}, "additionalProperties": False}


CONDITIONS: Final[Schema] = {
    "type": "object",
    "anyOf": [_LEAF, _group("all"), _group("any")],
    "description": f"A comparison {{field, op, value}}, or {{all: […]}} or {{any: […]}} of conditions, {DEPTH} deep and {LEAVES} comparisons "
    "at most.",
}
RUN: Final = record(
    {
        **columns(RuleRun, _RUN)["properties"],
        "examples": {
            "type": "object",
            "description": "Lines by what would happen or happened, up to 20 of each.",
        },
        "hits": {**INTEGER, "description": "Lines that it would act on, or acted on."},
        "by_earlier": {**INTEGER, "description": "Conflict: an earlier rule wants something else."},
        "by_person": {**INTEGER, "description": "Conflict: a person decided otherwise."},
        "done": {**BOOLEAN, "description": "False while batches are left: they go on in the background."},
    }
)
RULE: Final = record(
    {
        **columns(Rule, _RULE)["properties"],
        "conditions": CONDITIONS,
        "may_act": {**BOOLEAN, "description": "Active, and tried as it is now."},
        "runs": {**array(RUN), "description": "The latest dry run and the latest run, if any."},
    }
)
_TEXT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 80}
_FIELDS: Final[dict[str, Schema]] = {
    "name": _TEXT,
    "conditions": CONDITIONS,
    "action": {"type": "string", "enum": Rule.Action.values},
    "category": {"type": "string", "maxLength": 80},
    "is_active": BOOLEAN,
}
NEW: Final[Schema] = {
    "type": "object",
    "required": ["name", "conditions", "action"],
    "properties": _FIELDS,
    "additionalProperties": False,
}
CHANGE: Final[Schema] = {
    "type": "object",
    "properties": {**_FIELDS, "position": {"type": "integer", "minimum": 1, "maximum": 1_000}},
    "additionalProperties": False,
}
UNDO: Final[Schema] = {"type": "object", "properties": {"run": ID}, "additionalProperties": False}
NUMBER: Final = OpenApiParameter("id", ID, OpenApiParameter.PATH, description="Number of the rule.")
ERRORS: Final = (400, 401, 403, 404, 409)


class RuleForm(StrictForm):
    """A new rule."""

    name = serializers.CharField(max_length=80)
    conditions = serializers.JSONField()
    action = serializers.ChoiceField(Rule.Action.choices)
    category = serializers.CharField(max_length=80, allow_blank=True, required=False)
    is_active = serializers.BooleanField(required=False)


class ChangeForm(RuleForm):
    """What is to be different."""

    position = serializers.IntegerField(min_value=1, max_value=1_000, required=False)


class RunForm(StrictForm):
    """Nothing to say."""


class UndoForm(StrictForm):
    """Which run; the latest that was not taken back when it is not said."""

    run = serializers.IntegerField(min_value=1, max_value=LARGEST, required=False)


class RulesView(ApiView):
    """`/api/reconciliation/rules`."""

    requires = {"GET": Capability.READ, "POST": Capability.DECIDE}

    @documented(
        summary="Rules in their order",
        description="The first rule that holds for a bank line wins.",
        data=array(RULE),
    )
    def get(self, request: ApiRequest) -> Response:
        """Return the rules."""
        rows = queries.ordered(request.access.tenant)
        latest = queries.latest(rows)
        return ok([_rule(row, latest.get(row.pk, [])) for row in rows])

    @documented(
        summary="Make a rule, behind all others",
        description="It may act after a dry run. Categorising and ignoring also need the capability to change data.",
        data=RULE,
        body=NEW,
        errors=(400, 401, 403, 404),
    )
    def post(self, request: ApiRequest) -> Response:
        """Make it and return it."""
        fields = checked(RuleForm(data=request.data))
        return _answer(lambda: _one(services.create(access=request.access, fields=fields)))


class RuleView(ApiView):
    """`/api/reconciliation/rules/<id>`."""

    requires = {"PATCH": Capability.DECIDE, "DELETE": Capability.DECIDE}

    @documented(
        summary="Change a rule, or its place",
        description="Another condition, action or category makes a new version, and so does a place behind other rules than before: both "
        "need a new dry run.",
        data=RULE,
        body=CHANGE,
        parameters=[NUMBER],
        errors=(400, 401, 403, 404),
    )
    def patch(self, request: ApiRequest, pk: int) -> Response:
        """Change and return it."""
        rule, fields = _ours(request, pk), checked(ChangeForm(data=request.data, partial=True))
        return _answer(lambda: _one(services.change(access=request.access, rule=rule, fields=fields)))

    @documented(
        summary="Remove a rule",
        description="What its runs did stays, and can still be taken back.",
        data=RULE,
        parameters=[NUMBER],
        errors=(401, 403, 404),
    )
    def delete(self, request: ApiRequest, pk: int) -> Response:
        """Remove and return it."""
        rule = _ours(request, pk)
        return _answer(lambda: _one(services.remove(access=request.access, rule=rule)))


class DryRunView(ApiView):
    """`/api/reconciliation/rules/<id>/dry-run`."""

    requires = {"POST": Capability.DECIDE}

    @documented(
        summary="Say what a rule would do, and with what it conflicts",
        description="Nothing is changed. Waits 3 seconds at most; a longer one goes on in the background, see `runs` of the rule.",
        data=RUN,
        body={"type": "object", "properties": {}, "additionalProperties": False},
        parameters=[NUMBER],
        errors=(400, 401, 403, 404),
    )
    def post(self, request: ApiRequest, pk: int) -> Response:
        """Begin or go on, and return how far it is."""
        rule = _ours(request, pk)
        checked(RunForm(data=request.data))
        return _answer(lambda: _worked(services.dry_run(access=request.access, rule=rule)))


class RunView(ApiView):
    """`/api/reconciliation/rules/<id>/run`."""

    requires = {"POST": Capability.DECIDE}

    @documented(
        summary="Let a rule act on all lines",
        description="In the background; `runs` of the rule says how far it is. One at a time: asking again returns the one under way. 409 until "
        "the rule was tried as it is now.",
        data=RUN,
        body={"type": "object", "properties": {}, "additionalProperties": False},
        parameters=[NUMBER],
        status=202,
        errors=ERRORS,
    )
    def post(self, request: ApiRequest, pk: int) -> Response:
        """Begin and return the run."""
        rule = _ours(request, pk)
        checked(RunForm(data=request.data))
        return _answer(lambda: _shown(services.run(access=request.access, rule=rule)), status=202)


class UndoRunView(ApiView):
    """`/api/reconciliation/rules/<id>/undo`."""

    requires = {"POST": Capability.DECIDE}

    @documented(
        summary="Take back everything that a run of a rule did",
        description="At any later time, also of a rule that was removed. What somebody has changed since stays, and so do settlements in closed "
        "periods: `kept` counts them. Without `run`: the latest that was not taken back.",
        data=RUN,
        body=UNDO,
        parameters=[NUMBER],
        errors=ERRORS,
    )
    def post(self, request: ApiRequest, pk: int) -> Response:
        """Take back and return the run."""
        wanted = checked(UndoForm(data=request.data)).get("run")
        runs = RuleRun.objects.filter(tenant=request.access.tenant, rule=pk).order_by("-pk")
        if wanted is None:
            runs = runs.filter(dry=False).exclude(status=RuleRun.Status.UNDONE)
        else:
            runs = runs.filter(pk=wanted)
        run = runs.first()
        if run is None:
            raise Http404
        return _answer(lambda: _worked(services.undo(access=request.access, run=run)))


def _ours(request: ApiRequest, pk: int) -> Rule:
    """Return the company's rule. Raises Http404."""
    rule = Rule.objects.filter(tenant=request.access.tenant, pk=pk, removed_at=None).first()
    if rule is None:
        raise Http404
    return rule


def _answer(act: Callable[[], dict[str, Any]], *, status: int = 200) -> Response:
    """Return what was done. Raises Conflict, a validation error of the API, or Http404 when the rule has just been removed."""
    try:
        return ok(act(), status=status)
    except MayNotAct as error:
        raise Conflict(str(error)) from error
    except Rule.DoesNotExist as error:
        raise Http404 from error
    except ValidationError as error:
        details: Any = error.message_dict if hasattr(error, "error_dict") else error.messages
        raise serializers.ValidationError(details) from error


def _worked(run: RuleRun) -> dict[str, Any]:
    return _shown(running.work(run.pk, limit=AT_ONCE))


def _one(rule: Rule) -> dict[str, Any]:
    return _rule(rule, queries.latest([rule]).get(rule.pk, []))


def _rule(rule: Rule, runs: list[RuleRun]) -> dict[str, Any]:
    shown = {name: getattr(rule, name) for name in _RULE}
    shown["may_act"] = queries.may_act(rule)
    return {**shown, "runs": [_shown(run) for run in runs]}


def _shown(run: RuleRun) -> dict[str, Any]:
    shown = {name: getattr(run, name) for name in _RUN}
    return {**shown, "done": run.status not in {RuleRun.Status.OPEN, RuleRun.Status.UNDOING}}
