"""Webhooks as JSON: where a company's programs are told, and what was sent there."""

from typing import Any, Final

from rest_framework import serializers
from rest_framework.response import Response

from kpi.api.parameters import CURSOR, NUMBER, PAGE, cursor_of
from lib.keyset import paginate
from live.hooks import services
from live.models import HookDelivery, HookEndpoint
from tenants.access import owned
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.forms import StrictForm, checked, done
from tenants.api.schema import (
    BOOLEAN,
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

ENDPOINT: Final = record(
    {
        "id": INTEGER, "url": STRING, "label": STRING, "events": {**array(STRING), "description": "Empty: all of them."}, "is_active": BOOLEAN,
        "problem": STRING, "made_at": MOMENT, "last_good_at": nullable(MOMENT), "disabled_at": nullable(MOMENT),
    }
)  # fmt: skip
MADE: Final = record(
    {"webhook": ENDPOINT, "secret": {**STRING, "description": "Shown this once; signs every message."}}
)
DELIVERY: Final = record(
    {
        "id": INTEGER, "message_id": STRING, "event": STRING, "state": {"enum": HookDelivery.State.values}, "created_at": MOMENT,
        "due_at": nullable(MOMENT), "tried_at": nullable(MOMENT), "attempts": INTEGER, "status": nullable(INTEGER), "problem": STRING,
    }
)  # fmt: skip
_FIELDS: Final[dict[str, Schema]] = {
    "url": {"type": "string", "minLength": 1, "maxLength": 500},
    "label": {"type": "string", "maxLength": 80},
    "events": {"type": "array", "items": STRING, "maxItems": 20},
}
NEW: Final[Schema] = {
    "type": "object",
    "required": ["url"],
    "properties": _FIELDS,
    "additionalProperties": False,
}
CHANGE: Final[Schema] = {
    "type": "object",
    "properties": {**_FIELDS, "is_active": BOOLEAN},
    "additionalProperties": False,
}


class EndpointForm(StrictForm):
    """A webhook."""

    url = serializers.CharField(max_length=500)
    label = serializers.CharField(max_length=80, allow_blank=True, required=False)  # type: ignore[assignment]  # a field of that name
    events = serializers.ListField(child=serializers.CharField(max_length=40), max_length=20, required=False)


class ChangeForm(EndpointForm):
    """What is to be different."""

    is_active = serializers.BooleanField(required=False)


class WebhooksView(ApiView):
    """`/api/alerts/webhooks`."""

    requires = {"GET": Capability.WRITE, "POST": Capability.WRITE}

    @documented(
        summary="Webhooks", description="Where your programs are told of alerts.", data=array(ENDPOINT)
    )
    def get(self, request: ApiRequest) -> Response:
        """Return them."""
        rows = HookEndpoint.objects.filter(tenant=request.access.tenant, removed_at=None).order_by("-id")
        return ok([shown(row) for row in rows])

    @documented(
        summary="Make a webhook",
        description="An https address on the public internet. Messages follow Standard Webhooks: `webhook-id`, `webhook-timestamp`, "
        "`webhook-signature`.",
        data=MADE,
        body=NEW,
        errors=(400, 401, 403, 404),
    )
    def post(self, request: ApiRequest) -> Response:
        """Make it; its secret is in this answer only."""
        fields = checked(EndpointForm(data=request.data))
        row, secret = done(
            lambda: services.create(
                access=request.access,
                url=fields["url"],
                label=fields.get("label", ""),
                events_=fields.get("events", ()),
            )
        )
        row.refresh_from_db()
        return ok({"webhook": shown(row), "secret": secret})


class WebhookView(ApiView):
    """`/api/alerts/webhooks/<id>`."""

    requires = {"PATCH": Capability.WRITE, "DELETE": Capability.WRITE}

    @documented(
        summary="Change, stop or start a webhook",
        data=ENDPOINT,
        body=CHANGE,
        parameters=[NUMBER],
        errors=(400, 401, 403, 404),
    )
    def patch(self, request: ApiRequest, pk: int) -> Response:
        """Change and return it."""
        row, fields = _ours(request, pk), checked(ChangeForm(data=request.data, partial=True))
        return ok(shown(done(lambda: services.change(access=request.access, endpoint=row, fields=fields))))

    @documented(
        summary="Remove a webhook",
        description="What waits for it is not sent.",
        data=ENDPOINT,
        parameters=[NUMBER],
    )
    def delete(self, request: ApiRequest, pk: int) -> Response:
        """Remove and return it."""
        row = _ours(request, pk)
        services.remove(access=request.access, endpoint=row)
        return ok(shown(row))


class WebhookTestView(ApiView):
    """`/api/alerts/webhooks/<id>/test`."""

    requires = {"POST": Capability.WRITE}

    @documented(
        summary="Send a test",
        description="Once, in the background; its answer is among the deliveries.",
        data=DELIVERY,
        parameters=[NUMBER],
    )
    def post(self, request: ApiRequest, pk: int) -> Response:
        """Write the message and return it."""
        row = services.send_test(access=request.access, endpoint=_ours(request, pk))
        row.refresh_from_db()
        return ok(_delivery(row))


class DeliveriesView(ApiView):
    """`/api/alerts/webhooks/<id>/deliveries`."""

    requires = {"GET": Capability.WRITE}

    @documented(
        summary="What was sent to a webhook",
        description="The newest first, kept for 30 days.",
        data=record({"deliveries": array(DELIVERY), "next": nullable(STRING)}),
        parameters=[NUMBER, CURSOR],
        errors=(400, 401, 403, 404),
    )
    def get(self, request: ApiRequest, pk: int) -> Response:
        """Return one page."""
        row = _ours(request, pk)
        rows = HookDelivery.objects.filter(tenant=request.access.tenant, endpoint=row)
        page = paginate(rows, order=("-id",), limit=PAGE, cursor=cursor_of(request))
        return ok({"deliveries": [_delivery(one) for one in page.rows], "next": page.next})


def _ours(request: ApiRequest, pk: int) -> HookEndpoint:
    return owned(HookEndpoint.objects.filter(removed_at=None), tenant=request.access.tenant, pk=pk)


def shown(row: HookEndpoint) -> dict[str, Any]:
    """Return a webhook as the API writes it; its secret never."""
    plain = ("id", "url", "label", "events", "problem", "made_at", "last_good_at", "disabled_at")
    return {name: getattr(row, name) for name in plain} | {"is_active": row.disabled_at is None}


def _delivery(row: HookDelivery) -> dict[str, Any]:
    return {name: getattr(row, name) for name in DELIVERY["properties"]}
