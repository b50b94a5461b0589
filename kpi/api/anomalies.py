"""Incidents as JSON, and what people say of them."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.response import Response

from kpi.api.parameters import CURSOR, PAGE, cursor_of
from kpi.incidents import services
from kpi.models import Anomaly
from lib import clock
from lib.keyset import paginate
from live import freshness
from live.api.cached import cached
from tenants.access import owned
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter
from tenants.api.schema import (
    DAY,
    INTEGER,
    MOMENT,
    MONEY,
    NUMBER,
    STRING,
    array,
    documented,
    nullable,
    query,
    record,
)
from tenants.models import Capability

ONE = record(
    {
        "id": INTEGER, "measure": {"enum": Anomaly.Measure.values},
        "dimension": {"enum": ["", "product", "store"], "description": "Empty: the company's own number; else of one product or store alone."},
        "key": STRING, "name": STRING, "kind": {"enum": Anomaly.Kind.values}, "first_day": DAY, "last_day": DAY,
        "expected": MONEY, "lo": MONEY, "hi": MONEY, "got": {**nullable(MONEY), "description": "Null: data is missing."},
        "score": {**NUMBER, "description": "Deviation in units of the band; from 1 on it is unexpected."},
        "parts": array(record({"dimension": STRING, "key": STRING, "name": STRING, "gap": STRING, "share": STRING})),
        "feedback": {"enum": Anomaly.Feedback.values}, "found_at": MOMENT,
    }
)  # fmt: skip
_PLAIN = (
    "id",
    "measure",
    "dimension",
    "key",
    "name",
    "kind",
    "first_day",
    "last_day",
    "expected",
    "lo",
    "hi",
    "got",
    "parts",
    "feedback",
    "found_at",
)


class AnomaliesView(ApiView):
    """`/api/anomalies`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Days on which a number was not what was to be expected",
        description="Incidents, the newest first, of the company's numbers and of its main products and stores. `parts` say what carries at least a quarter of the gap.",
        data=record({"incidents": array(ONE), "next": nullable(STRING)}),
        parameters=[
            query("measure", "Only this number.", {"enum": Anomaly.Measure.values}),
            CURSOR,
        ],
        errors=(400, 401, 403, 404),
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the incidents."""
        tenant, measure = request.access.tenant, request.query_params.get("measure", "")
        if measure and measure not in Anomaly.Measure.values:
            known = ", ".join(Anomaly.Measure.values)
            raise BadParameter({"measure": _("Use one of: %(names)s.") % {"names": known}})
        cursor = cursor_of(request)
        rows = Anomaly.objects.filter(services.standing(tenant))
        rows = rows.filter(measure=measure) if measure else rows
        newest = max(
            (at for pair in rows.values_list("updated_at", "feedback_at") for at in pair if at), default=None
        )

        def told() -> tuple[Any, dict[str, Any]]:
            as_of = freshness.as_of(tenant)
            page = paginate(rows, order=("-last_day", "-id"), limit=PAGE, cursor=cursor)
            return {"incidents": [shown(one) for one in page.rows], "next": page.next}, {"as_of": as_of}

        params = {
            "measure": measure,
            "cursor": cursor,
            "at": newest,
            "n": rows.count(),
            "day": clock.today(tenant.zone),
        }
        return cached(request, "board", compute=told, params=params, part="anomalies")


class FeedbackView(ApiView):
    """`/api/anomalies/<pk>/feedback`."""

    requires = {"POST": Capability.DECIDE}

    @documented(
        summary="Say whether an incident was expected or real",
        description="Each `expected` makes alarms of this number rarer, each `real` less rare; an empty text takes the answer back.",
        data=ONE,
        body=record({"feedback": {"enum": Anomaly.Feedback.values}}),
        errors=(400, 401, 403, 404),
    )
    def post(self, request: ApiRequest, pk: int) -> Response:
        """Keep the answer."""
        anomaly = owned(Anomaly.objects.all(), tenant=request.access.tenant, pk=pk)
        feedback = request.data.get("feedback") if isinstance(request.data, dict) else None
        if feedback not in Anomaly.Feedback.values:
            raise BadParameter({"feedback": _("Use one of: %(names)s.") % {"names": 'expected, real, ""'}})
        return ok(shown(services.say(anomaly=anomaly, feedback=feedback, actor=request.access.user)))


def shown(one: Anomaly) -> dict[str, Any]:
    """Return an incident as the API writes it."""
    return {**{name: getattr(one, name) for name in _PLAIN}, "score": round(one.score, 3)}
