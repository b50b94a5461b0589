"""Stored forecasts as JSON."""

from typing import Any

from django.db.models import TextChoices
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from kpi.forecasts import asking, queries
from kpi.forecasts.asking import Outcome
from kpi.forecasts.queries import Told
from kpi.models import Forecast
from live import freshness
from live.api.cached import cached
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter, TooMany
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

BOUNDS = ("mean", "lo80", "hi80", "lo95", "hi95")
ACCURACY = ("mase", "smape", "wape", "covered80", "covered95")
ONE = record(
    {
        "measure": {"enum": Forecast.Measure.values},
        "grain": {"enum": Forecast.Grain.values},
        "about": {"enum": Forecast.About.values},
        "subject": {**STRING, "description": "Id of the product, name of the store; empty for the company."},
        "name": STRING,
        "currency": STRING,
        "verdict": {
            "description": "`too_short` and `too_wild` have no points: there is too little history, or the band would say nothing.",
            "enum": Forecast.Verdict.values,
        },
        "model": STRING,
        "through": {**DAY, "description": "The last day of the facts that it was made from."},
        "made_at": MOMENT,
        "accuracy": record(
            {
                "mase": {
                    **nullable(NUMBER),
                    "description": "Error on its own past; 1 is that of last season's values again.",
                },
                "smape": {**nullable(NUMBER), "description": "Error in percent, 0 to 200."},
                "wape": {
                    **nullable(NUMBER),
                    "description": "Sum of absolute errors over the sum of absolute values: 0.14 is 14 %.",
                },
                "covered80": {
                    **nullable(NUMBER),
                    "description": "Share of past values inside the 80 % band.",
                },
                "covered95": nullable(NUMBER),
                "origins": {**INTEGER, "description": "From how many earlier moments that was tried."},
            }
        ),
        "points": array(record({"start": DAY, **dict.fromkeys(BOUNDS, MONEY)})),
    }
)


class NoWorker(APIException):
    """Nobody is there to do it."""

    status_code = 503
    default_code = "unavailable"


class ForecastsView(ApiView):
    """`/api/forecasts`."""

    requires = {"GET": Capability.READ, "POST": Capability.SYNC}

    @documented(
        summary="What is expected",
        description="Stored forecasts of sales, receipts and expenses (negative, as in the ledger), with bounds that hold 80 % and 95 % of"
        " what comes, and with their error on the series' own past. Made once a day, after the day is over.",
        data=array(ONE),
        parameters=[
            query("grain", "Length of a period.", {"enum": Forecast.Grain.values, "default": "day"}),
            query("about", "Whose.", {"enum": Forecast.About.values, "default": "company"}),
            query("measure", "Only this one.", {"enum": Forecast.Measure.values}),
        ],
        errors=(400, 401, 403, 404),
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the forecasts."""
        tenant = request.access.tenant
        asked = {
            "grain": _choice(request, "grain", Forecast.Grain, "day"),
            "about": _choice(request, "about", Forecast.About, "company"),
            "measure": _choice(request, "measure", Forecast.Measure, ""),
        }
        made_at = queries.made_at(tenant)

        def rows() -> tuple[Any, dict[str, Any]]:
            found = queries.told(
                tenant, grain=asked["grain"], about=asked["about"], measure=asked["measure"] or None
            )
            return [shown(each) for each in found], {"as_of": freshness.as_of(tenant)}

        # New forecasts change no facts, so they are part of the question.
        return cached(request, "board", compute=rows, params={**asked, "made_at": made_at}, part="forecasts")

    @documented(
        summary="Forecast anew",
        description="A worker forecasts everything of the company from the facts as they are; it takes up to a minute. Ask `GET /api/forecasts` whether "
        "`made_at` is later than the one told here. One computation a company at a time (then `state` is `running`), and one in ten minutes.",
        data=record(
            {"state": {"enum": ["asked", "running"]}, "made_at": nullable(MOMENT), "look_at": STRING}
        ),
        body={"type": "object", "properties": {}},
        status=202,
        errors=(401, 403, 404, 429, 503),
    )
    def post(self, request: ApiRequest) -> Response:
        """Ask for it; 202 when it will come."""
        tenant = request.access.tenant
        made_at = queries.made_at(tenant)
        answer = asking.ask(tenant=tenant)
        if answer.outcome == Outcome.TOO_SOON:
            raise TooMany(answer.wait)
        if answer.outcome == Outcome.AWAY:
            raise NoWorker(_("No worker can be reached. Nothing was started; please try again later."))
        told = {"state": answer.outcome.value, "made_at": made_at, "look_at": "/api/forecasts"}
        return ok(told, status=202)


def _choice(request: ApiRequest, name: str, choices: type[TextChoices], default: str) -> str:
    value = request.query_params.get(name) or default
    if value and value not in choices.values:
        raise BadParameter({name: _("Use one of: %(names)s.") % {"names": ", ".join(choices.values)}})
    return value


def shown(told: Told) -> dict[str, Any]:
    """Return a forecast as the API writes it."""
    one = told.forecast
    named = (
        "measure",
        "grain",
        "about",
        "subject",
        "name",
        "currency",
        "verdict",
        "model",
        "through",
        "made_at",
    )
    return {
        **{name: getattr(one, name) for name in named},
        "accuracy": {**{name: _short(getattr(one, name)) for name in ACCURACY}, "origins": one.origins},
        "points": [{"start": p.start, **{name: getattr(p, name) for name in BOUNDS}} for p in told.points],
    }


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
