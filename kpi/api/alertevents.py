"""What alerts told, as JSON."""

from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpi.alerts import queries, words
from kpi.api.alerts import TEXT_OR_NONE, plain_text
from kpi.api.parameters import CURSOR, PAGE, cursor_of
from kpi.models import AlertEvent
from lib.keyset import paginate
from live import freshness
from live.api.cached import cached
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter
from tenants.api.schema import (
    BOOLEAN,
    DAY,
    INTEGER,
    MOMENT,
    STRING,
    array,
    documented,
    nullable,
    query,
    record,
)
from tenants.models import Capability

EVENT: Final = record(
    {
        "id": INTEGER, "rule": INTEGER, "day": DAY, "ended_on": nullable(DAY), "got": TEXT_OR_NONE, "expected": TEXT_OR_NONE, "expected_to": TEXT_OR_NONE,
        "first_got": {**TEXT_OR_NONE, "description": "What was told first, where a later synchronisation brought another value."},
        "title": STRING, "sentence": STRING, "fired_at": MOMENT, "changed_at": nullable(MOMENT), "withdrawn_at": nullable(MOMENT),
        "was_muted": BOOLEAN,
        "untold": {
            "enum": [*(why.value for why in queries.Untold), None],
            "description": "Why nobody was told (`was_muted`): the rule was muted, or it was found more than a week later.",
        },
    }
)  # fmt: skip


class EventsView(ApiView):
    """`/api/alerts/events`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="What alerts told",
        description="One entry an incident, the newest first; also those that were taken back.",
        data=record({"events": array(EVENT), "next": TEXT_OR_NONE}),
        parameters=[
            query("rule", "Only of this rule.", {"type": "integer", "minimum": 1}),
            CURSOR,
        ],
        errors=(400, 401, 403, 404),
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return one page."""
        tenant, rule = request.access.tenant, request.query_params.get("rule", "")
        if rule and not (rule.isascii() and rule.isdigit() and len(rule) < 19):
            raise BadParameter({"rule": _("Write a number.")})
        cursor = cursor_of(request)
        rows = queries.history(tenant)
        rows = rows.filter(rule=int(rule)) if rule else rows

        def told() -> tuple[Any, dict[str, Any]]:
            page = paginate(rows, order=("-day", "-id"), limit=PAGE, cursor=cursor)
            return {"events": [event_shown(one) for one in page.rows], "next": page.next}, {
                "as_of": freshness.as_of(tenant)
            }

        params = {"rule": rule, "cursor": cursor, "language": get_language()}
        return cached(request, "alerts", compute=told, params=params, part="events")


def event_shown(event: AlertEvent) -> dict[str, Any]:
    """Return an alert as the API writes it."""
    title, sentence = words.event_said(event)
    plain = ("id", "day", "ended_on", "fired_at", "changed_at", "withdrawn_at", "was_muted")
    return {name: getattr(event, name) for name in plain} | {
        "rule": event.rule_id,
        "untold": queries.untold(event),
        "title": title,
        "sentence": sentence,
        **{
            name: plain_text(getattr(event, name)) for name in ("got", "expected", "expected_to", "first_got")
        },
    }
