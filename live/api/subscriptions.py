"""Which events a person hears of in a company, one by one, and of which of their occasions."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.response import Response

from live.api.notifications import person
from live.models import EventSubscription
from live.notifications import queries, services
from live.notifications.catalog import Kind
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.schema import BOOLEAN, STRING, Schema, array, documented, record
from tenants.models import Capability

MOST_FILTERS, MOST_VALUES = 10, 50
FILTERS: Schema = {
    "type": "object",
    "additionalProperties": {**array(STRING), "minItems": 1, "maxItems": MOST_VALUES},
    "maxProperties": MOST_FILTERS,
    "description": "By name the values that let an occasion through; all names must agree. Empty: every occasion.",
}
CHOICE = {"is_active": {**BOOLEAN, "description": "Whether you hear of it."}, "filters": FILTERS}
SUBSCRIPTION = record(
    {
        "event": STRING,
        **CHOICE,
        "known": {
            "type": "object",
            "additionalProperties": array(STRING),
            "description": "What this event can be narrowed by, with every value that there is.",
        },
    }
)


def outside(kind: Kind, row: EventSubscription) -> dict[str, Any]:
    """Return a subscription as the API shows it."""
    return {
        "event": kind.event,
        "is_active": row.is_active,
        "filters": row.filters,
        "known": kind.filters(),
    }


class ChoiceForm(serializers.Serializer[Any]):
    """What a person chooses about one event, as a whole."""

    is_active = serializers.BooleanField()
    filters = serializers.DictField(
        child=serializers.ListField(
            child=serializers.CharField(max_length=60), allow_empty=False, max_length=MOST_VALUES
        )
    )

    def validate_filters(self, value: dict[str, list[str]]) -> dict[str, list[str]]:
        """Return the filters. Raises ValidationError that names those that exist."""
        known: dict[str, list[str]] = self.context["kind"].filters()
        strange = [name for name, wanted in value.items() if set(wanted) - set(known.get(name, ()))]
        if strange or len(value) > MOST_FILTERS:
            shown = "; ".join(f"{name}: {', '.join(values)}" for name, values in known.items())
            raise serializers.ValidationError(
                _("This event cannot be narrowed so. These exist: %(known)s.") % {"known": shown}
            )
        return value


class SubscriptionsView(ApiView):
    """`/api/user/event-subscriptions`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Which events you hear of, and of which occasions",
        description="Every event that your role may hear of, as it holds for you in this company: what you never chose is as the catalog "
        "says. A key of a company has none (403).",
        data=array(SUBSCRIPTION),
        errors=(400, 401, 403, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """Return all of them."""
        found = queries.subscriptions(tenant=request.access.tenant, user=person(request))
        return ok([outside(kind, row) for kind, row in found])


class SubscriptionView(ApiView):
    """`/api/user/event-subscriptions/<event>`."""

    requires = {"PUT": Capability.READ}

    @documented(
        summary="Choose about one event",
        description='Replaces what you chose about it before. `filters` narrows it: `{"severity": ["critical"]}` lets only these through; '
        "`{}` lets all through. The list of events in your notification preferences turns events on and off and leaves filters as they are.",
        data=SUBSCRIPTION,
        body=record(CHOICE),
        errors=(400, 401, 403, 404),
    )
    def put(self, request: ApiRequest, event: str) -> Response:
        """Save and return what holds."""
        tenant, user = request.access.tenant, person(request)
        kinds = {kind.event: kind for kind in queries.kinds_for(tenant=tenant, user=user)}
        if event not in kinds:
            raise Http404
        form = ChoiceForm(data=request.data, context={"kind": kinds[event]})
        form.is_valid(raise_exception=True)
        row = services.subscribe(tenant=tenant, user=user, event=event, **form.validated_data)
        return ok(outside(kinds[event], row))
