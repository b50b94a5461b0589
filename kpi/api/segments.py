"""Segments as JSON."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rest_framework.response import Response

from kpi.api.parameters import cursor_of, limit, limit_of
from kpi.segmenting import edging, queries, services
from kpi.segmenting.queries import Member, Overview
from kpi.segmenting.words import WORDS
from kpi.segments import edges
from kpi.segments.edges import SEGMENTS, EdgesError
from live import freshness
from live.api.cached import cached
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter
from tenants.api.schema import (
    BOOLEAN,
    DAY,
    INTEGER,
    MOMENT,
    MONEY,
    STRING,
    array,
    documented,
    nullable,
    query,
    record,
)
from tenants.models import Capability

MONTH = {"type": "string", "pattern": r"^\d{4}-\d{2}$"}
CODE = {"enum": list(SEGMENTS)}
SCORE = {"type": "integer", "minimum": 1, "maximum": 5}
ONE = record(
    {
        "segment": CODE, "name": STRING, "action": STRING, "customers": INTEGER, "value": MONEY, "share": nullable(STRING),
        "value_share": nullable(STRING), "customers_before": {**nullable(INTEGER), "description": "At the end of the month before."},
        "entered": INTEGER, "left": INTEGER, "expected_purchases_90d": nullable(STRING), "expected_value_90d": nullable(MONEY),
    }
)  # fmt: skip
MOVE = record(
    {"from": {**STRING, "description": "Empty: bought for the first time."}, "to": CODE, "customers": INTEGER}
)
MEMBER = record(
    {
        "customer": INTEGER, "name": STRING, "last_purchase": DAY, "recency": INTEGER, "frequency": INTEGER, "monetary": MONEY, "r": SCORE,
        "f": SCORE, "m": SCORE, "segment_before": STRING, "expected_purchases_90d": nullable(STRING), "expected_spend": nullable(MONEY),
    }
)  # fmt: skip
SCORES = {"type": "array", "items": SCORE, "minItems": 2, "maxItems": 2}
RULE = record({"segment": CODE, "r": SCORES, "f": SCORES, "m": SCORES})
EDGES = record(
    {
        "own": BOOLEAN,
        "rules": array(RULE),
        "customers": record(dict.fromkeys(SEGMENTS, INTEGER)),
        "moved": {**INTEGER, "description": "Customers whose segment this request changed."},
    }
)


class SegmentsView(ApiView):
    """`/api/segments`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Customers by how lately, how often and for how much they bought",
        description="All segments with their movement since the month before; `month` as they were at its end; with `segment` also its customers, the largest value first."
        " Scores go from 1 to 5, 5 is best. `reference_day`: purchases before it count. Null `data.segments` never happens: before the first"
        " computation the list is empty and `reference_day` null.",
        data=record(
            {
                "month": nullable(MONTH), "reference_day": nullable(DAY), "computed_at": nullable(MOMENT), "customers": INTEGER, "value": MONEY,
                "segments": array(ONE), "moves": array(MOVE), "members": array(MEMBER), "next": nullable(STRING),
            }
        ),
        parameters=[
            query("month", "A month that is over; the running one unless given.", MONTH),
            query("segment", "List its customers too.", CODE),
            query("cursor", "Where the last page of customers ended (`data.next`)."),
            limit("Customers at most."),
        ],
        errors=(400, 401, 403, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the segments."""
        tenant = request.access.tenant
        segment, month = _segment(request), _month(request)
        most, cursor = limit_of(request), cursor_of(request)
        made = queries.state(tenant)

        def told() -> tuple[Any, dict[str, Any]]:
            as_of = freshness.as_of(tenant)
            found = queries.overview(tenant, month=month)
            if month and made and found is None:
                raise BadParameter({"month": _("There are no segments of this month.")})
            data = _shown(found)
            if found and segment:
                page = queries.members(tenant, as_of=found.as_of, segment=segment, cursor=cursor, limit=most)
                data |= {"members": [_member(one) for one in page.rows], "next": page.next}
            return data, {"as_of": as_of}

        params = {"segment": segment, "month": month, "cursor": cursor, "limit": most, "at": made.built_at if made else None,
                  "language": get_language()}  # fmt: skip
        return cached(request, "board", compute=told, params=params, part="segments")


class EdgesView(ApiView):
    """`/api/segments/edges`."""

    requires = {"GET": Capability.READ, "PUT": Capability.WRITE}

    @documented(
        summary="Which scores belong to which segment",
        description="Rules in the order in which they are tried: the first that fits names the segment. Spans of scores are [lowest, highest], both "
        "included. `own` says whether the company made them itself, `customers` how many of this month's customers each segment has.",
        data=EDGES,
        errors=(401, 403, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """Return the rules."""
        return ok(_edges(request, 0))

    @documented(
        summary="Move the edges of the segments",
        description="`rules` is the whole list, and every combination of scores must fit one of them; null brings the usual rules back. A span that is "
        "left out means any score. This month's customers get their new segments at once (`moved` says how many change theirs), past months "
        "keep theirs.",
        data=EDGES,
        body={
            "type": "object",
            "properties": {"rules": nullable(array({**RULE, "required": ["segment"]}))},
            "required": ["rules"],
        },
        errors=(400, 401, 403, 404),
    )
    def put(self, request: ApiRequest) -> Response:
        """Keep the rules and return them."""
        sent = request.data if isinstance(request.data, dict) else {}
        if "rules" not in sent:
            raise BadParameter({"rules": _("Send a list of rules, or null for the usual ones.")})
        try:
            rules = None if sent["rules"] is None else edges.written(edging.checked(sent["rules"]))
        except EdgesError as error:
            raise BadParameter({"rules": str(error)}) from error
        moved = services.move_edges(tenant=request.access.tenant, rules=rules, actor=request.access)
        return ok(_edges(request, moved))


def _edges(request: ApiRequest, moved: int) -> dict[str, Any]:
    standing = edging.standing(request.access.tenant)
    trial = edging.tried(request.access.tenant, standing.rules)
    return {
        "own": standing.own,
        "rules": edges.written(standing.rules),
        "customers": trial.then if trial else dict.fromkeys(SEGMENTS, 0),
        "moved": moved,
    }


def _segment(request: ApiRequest) -> str:
    found = request.query_params.get("segment", "")
    if found and found not in SEGMENTS:
        raise BadParameter({"segment": _("Use one of: %(names)s.") % {"names": ", ".join(SEGMENTS)}})
    return found


def _month(request: ApiRequest) -> date | None:
    text = request.query_params.get("month", "")
    try:
        return date.fromisoformat(f"{text}-01") if text else None
    except ValueError as error:
        raise BadParameter({"month": _("Write the month as 2026-03.")}) from error


def _shown(found: Overview | None) -> dict[str, Any]:
    empty: dict[str, Any] = {"members": [], "next": None}
    if found is None:
        return {
            "month": None,
            "reference_day": None,
            "computed_at": None,
            "customers": 0,
            "value": "0.00",
            "segments": [],
            "moves": [],
        } | empty
    return empty | {
        "month": f"{found.month:%Y-%m}", "reference_day": found.as_of, "computed_at": found.built_at, "customers": found.customers, "value": found.value,
        "segments": [
            {
                "segment": one.code, "name": str(WORDS[one.code].name), "action": str(WORDS[one.code].action), "customers": one.customers,
                "value": one.value, "share": _ratio(one.share), "value_share": _ratio(one.value_share), "customers_before": one.before,
                "entered": one.entered, "left": one.left, "expected_purchases_90d": _text(one.expected), "expected_value_90d": one.worth,
            }
            for one in found.segments
        ],
        "moves": [
            {"from": before, "to": now, "customers": n} for (before, now), n in sorted(found.moves.items(), key=lambda item: -item[1])
        ],
    }  # fmt: skip


def _member(one: Member) -> dict[str, Any]:
    r, f, m = one.scores
    return {
        "customer": one.customer_id, "name": one.name, "last_purchase": one.last_day, "recency": one.recency, "frequency": one.frequency,
        "monetary": one.monetary, "r": r, "f": f, "m": m, "segment_before": one.before, "expected_purchases_90d": _text(one.expected),
        "expected_spend": one.spend,
    }  # fmt: skip


def _ratio(value: Any) -> str | None:
    return None if value is None else str(round(value, 4))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
