"""Goals and the company's own days as JSON."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.response import Response

from kpi.api.parameters import NUMBER
from kpi.models import Occasion, Target
from kpi.occasions import services as occasions
from kpi.targets import queries, services
from lib import clock
from live import freshness
from live.api.cached import cached
from tenants.access import owned
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter
from tenants.api.forms import StrictForm, checked, done
from tenants.api.schema import DAY, INTEGER, STRING, Schema, array, documented, query, record
from tenants.models import Capability

CODES: Final = [kpi.code for kpi in queries.KPIS]
MONTH: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"}
DECIMAL: Final[Schema] = {
    "type": "string",
    "description": "In the number's own sign: expenses are negative, shares are ratios.",
}
GOAL: Final = record({"kpi": {"enum": CODES}, "month": MONTH, "value": DECIMAL})
_SIGNED: Final[Schema] = {"type": ["string", "number", "null"], "description": "Null forgets the goal."}
CHANGES: Final[Schema] = {
    "type": "object",
    "required": ["targets"],
    "properties": {
        "targets": {
            "type": "array",
            "minItems": 1,
            "maxItems": 500,
            "items": {
                "type": "object",
                "required": ["kpi", "month", "value"],
                "properties": {"kpi": {"enum": CODES}, "month": MONTH, "value": _SIGNED},
                "additionalProperties": False,
            },
        }
    },
    "additionalProperties": False,
}
OCCASION: Final = record(
    {
        "id": INTEGER,
        "kind": {"enum": Occasion.Kind.values},
        "label": STRING,
        "first_day": DAY,
        "last_day": DAY,
    }
)
_FIELDS: Final[dict[str, Schema]] = {
    "kind": {"enum": Occasion.Kind.values}, "label": {"type": "string", "minLength": 1, "maxLength": 80}, "first_day": DAY, "last_day": DAY,
}  # fmt: skip
NEW: Final[Schema] = {
    "type": "object", "required": ["label", "first_day"], "properties": _FIELDS, "additionalProperties": False,
}  # fmt: skip
CHANGE: Final[Schema] = {"type": "object", "properties": _FIELDS, "additionalProperties": False}


class GoalForm(StrictForm):
    """One goal."""

    kpi = serializers.ChoiceField(CODES)
    month = serializers.RegexField(r"\A(?!0000)[0-9]{4}-(0[1-9]|1[0-2])\Z")
    value = serializers.DecimalField(max_digits=20, decimal_places=4, allow_null=True)


class GoalsForm(StrictForm):
    """Several goals."""

    targets = serializers.ListField(child=GoalForm(), min_length=1, max_length=500)


class OccasionForm(StrictForm):
    """An occasion."""

    kind = serializers.ChoiceField(Occasion.Kind.choices, required=False)
    label = serializers.CharField(max_length=80)  # type: ignore[assignment]  # a field of that name
    first_day = serializers.DateField()
    last_day = serializers.DateField(required=False)


class TargetsView(ApiView):
    """`/api/kpis/targets`."""

    requires = {"GET": Capability.READ, "PUT": Capability.WRITE}

    @documented(
        summary="Goals of a year",
        description="By number and month.",
        data=record({"year": INTEGER, "targets": array(GOAL)}),
        parameters=[query("year", "The current one unless said.", {"type": "integer", "minimum": 1990, "maximum": 2100})],
        errors=(400, 401, 403, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the goals."""
        tenant = request.access.tenant
        text = request.query_params.get("year", str(clock.today(tenant.zone).year))
        if not (text.isascii() and text.isdigit() and len(text) == 4 and 1990 <= int(text) <= 2100):
            raise BadParameter({"year": _("Write the year as 2026.")})
        year = int(text)

        def told() -> tuple[Any, dict[str, Any]]:
            rows = Target.objects.filter(
                tenant=tenant, month__gte=date(year, 1, 1), month__lte=date(year, 12, 1)
            )
            return {"year": year, "targets": [_goal(row) for row in rows.order_by("month", "kpi")]}, {
                "as_of": freshness.as_of(tenant)
            }

        return cached(request, "targets", compute=told, params={"year": year})

    @documented(
        summary="Set or forget goals",
        description="All or none. What is not named stays. Answers how many are other than before.",
        data=record({"changed": INTEGER}),
        body=CHANGES,
        errors=(400, 401, 403, 404),
    )
    def put(self, request: ApiRequest) -> Response:
        """Keep the goals."""
        asked = checked(GoalsForm(data=request.data))["targets"]
        changes: dict[tuple[str, date], Decimal | None] = {
            (one["kpi"], date.fromisoformat(f"{one['month']}-01")): one["value"] for one in asked
        }  # fmt: skip
        return ok({"changed": done(lambda: services.save(access=request.access, changes=changes))})


def _goal(row: Target) -> dict[str, Any]:
    return {"kpi": row.kpi, "month": f"{row.month:%Y-%m}", "value": format(row.value.normalize(), "f")}


class OccasionsView(ApiView):
    """`/api/kpis/occasions`."""

    requires = {"GET": Capability.READ, "POST": Capability.WRITE}

    @documented(
        summary="The company's own days",
        description="Events, and days on which it was closed (`free`), the newest first.",
        data=array(OCCASION),
        errors=(401, 403, 404),
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the days."""
        tenant = request.access.tenant

        def told() -> tuple[Any, dict[str, Any]]:
            rows = Occasion.objects.filter(tenant=tenant).order_by("-first_day", "-id")
            return [_occasion(row) for row in rows], {"as_of": freshness.as_of(tenant)}

        return cached(request, "occasions", compute=told)

    @documented(
        summary="Add a day or a span of days",
        description="Without `last_day` it is one day, without `kind` an event.",
        data=OCCASION,
        body=NEW,
        errors=(400, 401, 403, 404),
    )
    def post(self, request: ApiRequest) -> Response:
        """Keep and return it."""
        fields = checked(OccasionForm(data=request.data))
        fields = {"kind": Occasion.Kind.EVENT, "last_day": fields["first_day"]} | fields
        return ok(_occasion(done(lambda: occasions.create(access=request.access, fields=fields))))


class OccasionView(ApiView):
    """`/api/kpis/occasions/<id>`."""

    requires = {"PATCH": Capability.WRITE, "DELETE": Capability.WRITE}

    @documented(
        summary="Change a day", data=OCCASION, body=CHANGE, parameters=[NUMBER], errors=(400, 401, 403, 404)
    )
    def patch(self, request: ApiRequest, pk: int) -> Response:
        """Change and return it."""
        row = owned(Occasion.objects.all(), tenant=request.access.tenant, pk=pk)
        fields = checked(OccasionForm(data=request.data, partial=True))
        return ok(
            _occasion(done(lambda: occasions.change(access=request.access, occasion=row, fields=fields)))
        )

    @documented(summary="Forget a day", data=OCCASION, parameters=[NUMBER])
    def delete(self, request: ApiRequest, pk: int) -> Response:
        """Forget and return it."""
        row = owned(Occasion.objects.all(), tenant=request.access.tenant, pk=pk)
        shown = _occasion(row)
        occasions.remove(access=request.access, occasion=row)
        return ok(shown)


def _occasion(row: Occasion) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("id", "kind", "label", "first_day", "last_day")}
