"""Recurring lines as JSON, and what people say of them."""

from datetime import timedelta
from typing import Any, Final

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.response import Response

from kpi.analysis.projection import WEEKS
from kpi.analysis.rhythms import Rhythm
from kpi.api.parameters import NUMBER
from kpi.models import RecurringLine
from kpi.recurrence import queries, services
from lib import clock
from live import freshness
from live.api.cached import cached
from tenants.access import owned
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.forms import StrictForm, checked
from tenants.api.schema import (
    BOOLEAN,
    DAY,
    INTEGER,
    MONEY,
    STRING,
    Schema,
    array,
    documented,
    nullable,
    record,
)
from tenants.models import Capability

LINE: Final = record(
    {
        "id": INTEGER, "name": STRING, "rhythm": {"enum": [str(one) for one in Rhythm]},
        "day": {"enum": ["weekday", "day", "business_day"], "description": "What `number` counts."},
        "number": {**INTEGER, "description": "Monday is 0; 31 is the last day of a month."},
        "moved": {"enum": ["next", "previous"], "description": "Where a day that is not worked goes."},
        "amount": {**MONEY, "description": "The usual one: the median of the latest three. Negative is money out."},
        "last": DAY, "times": INTEGER,
        "share": {**STRING, "description": "How many of the latest periods had it on its day: 0.88 is 88 %."},
        "next": {**nullable(DAY), "description": "Null: not in the thirteen weeks that are shown."},
    }
)  # fmt: skip
SAID: Final[Schema] = {
    "type": "object", "required": ["recurring"], "properties": {"recurring": {"type": "boolean"}}, "additionalProperties": False,
}  # fmt: skip


class SaidForm(StrictForm):
    """What a person says of a line."""

    recurring = serializers.BooleanField()


class RecurringLinesView(ApiView):
    """`/api/kpis/recurring`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Recurring lines",
        description="What comes again in the bank movements: rent, payroll, software, instalments, retainers. `lines` count in the cash projection, those that "
        "move most first; `denied` are those of which a person said that they do not come again.",
        data=record({"lines": array(LINE), "denied": array(LINE)}),
        errors=(400, 401, 403, 404),
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the lines."""
        tenant = request.access.tenant
        today = clock.today(tenant.zone)

        def told() -> tuple[Any, dict[str, Any]]:
            as_of = freshness.as_of(tenant)
            starts = [today + timedelta(weeks=n) for n in range(WEEKS)]
            found = queries.ahead(tenant, starts=starts, before=0)
            lists = {"lines": found.lines, "denied": found.denied}
            return {name: [shown(one) for one in lines] for name, lines in lists.items()}, {"as_of": as_of}

        return cached(request, "board", compute=told, part="recurring", params={"day": today})


class RecurringLineView(ApiView):
    """`/api/kpis/recurring/<pk>`."""

    requires = {"POST": Capability.DECIDE}

    @documented(
        summary="Say whether a line is recurring",
        description="What is said to be none counts nowhere from now on, until somebody says otherwise.",
        data=record({"id": INTEGER, "recurring": BOOLEAN}),
        body=SAID,
        parameters=[NUMBER],
        errors=(400, 401, 403, 404),
    )
    def post(self, request: ApiRequest, pk: int) -> Response:
        """Keep the answer."""
        line = owned(RecurringLine.objects.all(), tenant=request.access.tenant, pk=pk)
        said = checked(SaidForm(data=request.data))["recurring"]
        row = services.say(access=request.access, line=line, recurring=said)
        return ok({"id": row.pk, "recurring": row.denied_at is None})


def shown(line: queries.Recurring) -> dict[str, Any]:
    """Return a line as the API writes it."""
    return {
        "id": line.pk, "name": line.name, "rhythm": line.rhythm, "day": line.kind, "number": line.number,
        "moved": "previous" if line.back else "next", "amount": line.amount, "last": line.last, "times": line.times, "share": f"{line.share:.2f}",
        "next": line.next,
    }  # fmt: skip
