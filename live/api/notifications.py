"""What a person was told, and how they want to be told. A key of a company is nobody, so it is refused with a sentence."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.response import Response

from live.models import Notification, NotificationPreference
from live.notifications import catalog, queries, services
from live.notifications.catalog import UnknownEvent
from live.notifications.due import Quiet
from live.notifications.queries import Wishes
from live.notifications.words import Shown, shown
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter
from tenants.api.schema import (
    BOOLEAN,
    INTEGER,
    MOMENT,
    PAGED,
    STRING,
    Schema,
    array,
    documented,
    nullable,
    query,
    record,
)
from tenants.models import Capability, User

LIMIT, MOST = 50, 200
FLAGS = {"": False, "0": False, "false": False, "1": True, "true": True}
CHANNELS = ["app", "email"]
TIME: Schema = {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"}
QUIET: Schema = {**record({"from": TIME, "until": TIME}), "type": ["object", "null"]}
NOTIFICATION = record(
    {
        "id": INTEGER,
        "event": STRING,
        "severity": {"enum": Notification.Severity.values},
        "title": {**STRING, "description": "In the person's language."},
        "body": STRING,
        "path": {
            **STRING,
            "description": "Where it leads in the panel; empty when there is nothing to open.",
        },
        "created_at": MOMENT,
        "read_at": nullable(MOMENT),
    }
)
PREFERENCES = record(
    {
        "events": array(STRING),
        "frequency": {"enum": NotificationPreference.Frequency.values},
        "soundEnabled": BOOLEAN,
        "emailNotifications": BOOLEAN,
        "channels": array({"enum": CHANNELS}),
        "quietHours": QUIET,
    }
)


def person(request: ApiRequest) -> User:
    """Return who asks. Raises PermissionDenied for an API key, which is no person."""
    user = request.access.user
    if user is None:
        raise PermissionDenied(_("An API key is no person, so it has no notifications. Come as a user."))
    return user


def outside(row: Shown) -> dict[str, Any]:
    """Return a notification as the API shows it."""
    return {name: getattr(row, name) for name in NOTIFICATION["properties"]}


class NotificationsView(ApiView):
    """`/api/notifications`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="What you were told",
        description="Newest first. Yours alone; a key of a company has none (403).",
        data=array(NOTIFICATION),
        meta={
            **PAGED,
            "unread": {**INTEGER, "description": f"At most {queries.COUNTED}: that many or more."},
        },
        parameters=[
            query("cursor", "`meta.next` of the page before."),
            query("limit", f"Rows a page, at most {MOST}.", {**INTEGER, "minimum": 1, "default": LIMIT}),
            query("unread", "Only those that you have not read.", BOOLEAN),
        ],
        errors=(400, 401, 403, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """Return one page."""
        tenant, user = request.access.tenant, person(request)
        limit = _limit(request.query_params.get("limit", str(LIMIT)))
        flag = request.query_params.get("unread", "").lower()
        if flag not in FLAGS:
            raise BadParameter({"unread": _("Use true or false.")})
        cursor = request.query_params.get("cursor") or None
        page = queries.listing(tenant=tenant, user=user, limit=limit, unread=FLAGS[flag], cursor=cursor)
        rows = [outside(shown(row, tenant)) for row in page.rows]
        unread = queries.bell(tenant=tenant, user=user).unread
        return ok(rows, next=page.next, limit=limit, unread=unread)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise BadParameter({"limit": _("Use a whole number from 1 to %(most)d.") % {"most": MOST}})
    return min(int(text[:9]), MOST)


class ReadView(ApiView):
    """`/api/notifications/<id>/read`."""

    requires = {"POST": Capability.READ}

    @documented(summary="Mark one as read", data=NOTIFICATION)
    def post(self, request: ApiRequest, pk: int) -> Response:
        """Mark it and return it; again changes nothing."""
        tenant, user = request.access.tenant, person(request)
        try:
            row = services.mark_read(tenant=tenant, user=user, pk=pk)
        except Notification.DoesNotExist as error:
            raise Http404 from error
        return ok(outside(shown(row, tenant)))


class ReadAllView(ApiView):
    """`/api/notifications/read-all`."""

    requires = {"POST": Capability.READ}

    @documented(summary="Mark all as read", data=record({"read": INTEGER}))
    def post(self, request: ApiRequest) -> Response:
        """Mark everything of this company and return how many that were."""
        done = services.mark_all_read(tenant=request.access.tenant, user=person(request))
        return ok({"read": done})


class QuietForm(serializers.Serializer[Any]):
    """Quiet hours as two times of day."""

    until = serializers.TimeField(input_formats=["%H:%M"])

    def get_fields(self) -> dict[str, Any]:
        """Add the field whose name is a word of Python."""
        return {"from": serializers.TimeField(input_formats=["%H:%M"]), **super().get_fields()}


class PreferencesForm(serializers.Serializer[Any]):
    """The whole of a person's wishes; what is optional and not sent stays."""

    events = serializers.ListField(child=serializers.CharField(max_length=60), max_length=200)
    frequency = serializers.ChoiceField(choices=NotificationPreference.Frequency.choices)
    soundEnabled = serializers.BooleanField()  # noqa: N815 - the name outside
    emailNotifications = serializers.BooleanField()  # noqa: N815
    channels = serializers.ListField(
        child=serializers.ChoiceField(choices=CHANNELS), required=False, max_length=len(CHANNELS)
    )
    quietHours = QuietForm(required=False, allow_null=True)  # noqa: N815

    def validate_events(self, value: list[str]) -> list[str]:
        """Return the events. Raises ValidationError that names those that exist."""
        try:
            catalog.check(value)
        except UnknownEvent as error:
            names = {"unknown": ", ".join(error.events), "known": ", ".join(catalog.names())}
            raise serializers.ValidationError(
                _("There is no event %(unknown)s. These exist: %(known)s.") % names
            ) from error
        return value

    def validate_quietHours(self, value: dict[str, Any] | None) -> Quiet | None:  # noqa: N802
        """Return the quiet hours, None for none."""
        try:
            return services.quiet_hours(value["from"], value["until"]) if value else None
        except ValueError as error:
            raise serializers.ValidationError(_("Quiet hours need two different times.")) from error

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse channels that say something else than the rest: the bell is always there, e-mail is `emailNotifications`."""
        wanted = ["app", "email"] if attrs["emailNotifications"] else ["app"]
        if "channels" in attrs and sorted(set(attrs["channels"])) != wanted:
            raise serializers.ValidationError(
                {
                    "channels": [
                        _("With these settings the channels are: %(names)s.") % {"names": ", ".join(wanted)}
                    ]
                }
            )
        return attrs


class PreferencesView(ApiView):
    """`/api/user/notification-preferences`."""

    requires = {"GET": Capability.READ, "PUT": Capability.READ}

    @documented(
        summary="How you want to be told",
        description="Per person and company; a key of a company has none (403). `meta.known` names every event that exists.",
        data=PREFERENCES,
        meta={"known": array(STRING)},
        errors=(400, 401, 403, 404),
    )
    def get(self, request: ApiRequest) -> Response:
        """Return what holds."""
        wishes = queries.wishes(tenant=request.access.tenant, user=person(request))
        return ok(_body(wishes), known=catalog.names())

    @documented(
        summary="Change how you want to be told",
        description="`events` is the whole list: what it does not name is off. `channels` and `quietHours` stay when they are not sent; "
        "`quietHours: null` ends them. Times are on the company's clock and may go over midnight. What is critical is mailed at once, "
        "quiet hours or not.",
        data=PREFERENCES,
        meta={"known": array(STRING)},
        body={**PREFERENCES, "required": ["events", "frequency", "soundEnabled", "emailNotifications"]},
        errors=(400, 401, 403, 404),
    )
    def put(self, request: ApiRequest) -> Response:
        """Save and return what holds."""
        tenant, user = request.access.tenant, person(request)
        form = PreferencesForm(data=request.data)
        form.is_valid(raise_exception=True)
        sent = form.validated_data
        kept = queries.wishes(tenant=tenant, user=user)
        wishes = Wishes(
            events=tuple(sorted(set(sent["events"]))),
            frequency=sent["frequency"],
            sound=sent["soundEnabled"],
            email=sent["emailNotifications"],
            quiet=sent.get("quietHours", kept.quiet),
        )
        return ok(_body(services.save_wishes(tenant=tenant, user=user, wishes=wishes)), known=catalog.names())


def _body(wishes: Wishes) -> dict[str, Any]:
    quiet = wishes.quiet
    return {
        "events": list(wishes.events),
        "frequency": wishes.frequency,
        "soundEnabled": wishes.sound,
        "emailNotifications": wishes.email,
        "channels": services.channels(wishes),
        "quietHours": {"from": f"{quiet.start:%H:%M}", "until": f"{quiet.end:%H:%M}"} if quiet else None,
    }
