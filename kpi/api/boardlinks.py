"""Public links of boards as JSON: made, listed, renamed, prolonged, ended. The address is in the answer that makes one, and nowhere else."""

from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.response import Response

from kpi.api.boards import done
from kpi.api.parameters import NUMBER
from kpi.boards import queries, sharing
from kpi.boards.services import LONGEST_NAME
from kpi.models import Board, BoardLink
from lib import periods
from tenants.access import owned
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter
from tenants.api.forms import StrictForm, checked
from tenants.api.schema import INTEGER, MOMENT, STRING, Schema, array, documented, nullable, record
from tenants.models import Capability

UUID_TEXT: Final[Schema] = {"type": "string", "format": "uuid"}
NAME: Final[Schema] = {
    "type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "description": "What the link is for; only the company sees it.",
}  # fmt: skip
END: Final[Schema] = {**MOMENT, "description": "After now, and at most 366 days after the link was made."}
LINK: Final = record(
    {
        "id": INTEGER, "name": STRING, "state": {"enum": ["open", "ended", "revoked"]}, "boards": array(record({"key": UUID_TEXT, "name": STRING})),
        "period": {**STRING, "description": "A named period, or `2026-01-01..2026-03-31`; empty: the reader chooses."},
        "created_at": MOMENT, "expires_at": MOMENT, "last_used_at": nullable(MOMENT), "revoked_at": nullable(MOMENT),
    }
)  # fmt: skip
MADE: Final = record(
    {"link": LINK, "url": {**STRING, "description": "Shown this once: who has it may read the boards."}}
)
NEW: Final[Schema] = {
    "type": "object", "required": ["name", "boards", "expires_at"], "additionalProperties": False,
    "properties": {
        "name": NAME, "expires_at": END,
        "boards": {
            "type": "array", "items": UUID_TEXT, "minItems": 1, "maxItems": queries.MOST_ON_A_SCREEN,
            "description": "Keys of boards that you may read, in the order of the screen.",
        },
        "period": {
            **STRING, "maxLength": 24, "description": f"Fixes what is shown: {', '.join(periods.PRESETS)}, or two days `first..last`. Empty: the reader chooses.",
        },
    },
}  # fmt: skip
CHANGE: Final[Schema] = {
    "type": "object", "additionalProperties": False, "properties": {"name": NAME, "expires_at": END},
}  # fmt: skip


class ChangeForm(StrictForm):
    """What a link is for, and when it ends."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    expires_at = serializers.DateTimeField()


class LinkForm(ChangeForm):
    """A new link."""

    boards = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=queries.MOST_ON_A_SCREEN
    )
    period = serializers.CharField(max_length=24, allow_blank=True, required=False)


class BoardLinksView(ApiView):
    """`/api/kpis/boards/links`."""

    requires = {"GET": Capability.WRITE, "POST": Capability.WRITE}

    @documented(
        summary="Public links of boards",
        description="The open ones first, then the newest; 200 at most. Their addresses are not among it: they are kept nowhere.",
        data=array(LINK),
    )
    def get(self, request: ApiRequest) -> Response:
        """Return the links."""
        return ok([shown(link) for link in queries.links(request.access.tenant)])

    @documented(
        summary="Make a public link",
        description="Who has its address reads these boards without a login, until it ends; also a board that is private by then.",
        data=MADE,
        body=NEW,
        errors=(400, 401, 403, 404),
    )
    def post(self, request: ApiRequest) -> Response:
        """Make it; its address is in this answer only."""
        fields, access = checked(LinkForm(data=request.data)), request.access
        boards = _boards(request, fields["boards"])
        link, token = done(
            lambda: sharing.create_link(
                tenant=access.tenant, boards=boards, name=fields["name"], expires_at=fields["expires_at"],
                period=fields.get("period", ""), actor=access,
            ),
            many="links",
        )  # fmt: skip
        response = ok(
            {
                "link": _one(request, link.pk),
                "url": request.build_absolute_uri(reverse("board_links:public", args=[token])),
            }
        )
        response["Cache-Control"] = "no-store"
        return response


class BoardLinkView(ApiView):
    """`/api/kpis/boards/links/<id>`."""

    requires = {"GET": Capability.WRITE, "PATCH": Capability.WRITE, "DELETE": Capability.WRITE}

    @documented(summary="One public link", data=LINK, parameters=[NUMBER])
    def get(self, request: ApiRequest, pk: int) -> Response:
        """Return it."""
        return ok(_one(request, pk))

    @documented(
        summary="Rename a public link, or let it end at another moment",
        description="What is not named stays, its address always. One that has ended opens again; a revoked one never does.",
        data=LINK,
        body=CHANGE,
        parameters=[NUMBER],
        errors=(400, 401, 403, 404),
    )
    def patch(self, request: ApiRequest, pk: int) -> Response:
        """Change and return it."""
        link = owned(BoardLink.objects.all(), tenant=request.access.tenant, pk=pk)
        fields = checked(ChangeForm(data=request.data, partial=True))
        wanted: dict[str, Any] = {"name": link.name, "expires_at": link.expires_at} | fields
        if fields:
            done(lambda: sharing.change_link(link=link, actor=request.access, **wanted), many="links")
        return ok(_one(request, pk))

    @documented(
        summary="End a public link for good",
        description="Its address opens nothing from now on. Ending it again changes nothing.",
        data=LINK,
        parameters=[NUMBER],
    )
    def delete(self, request: ApiRequest, pk: int) -> Response:
        """Revoke and return it."""
        link = owned(BoardLink.objects.all(), tenant=request.access.tenant, pk=pk)
        sharing.revoke_link(link=link, actor=request.access)
        return ok(_one(request, pk))


def _boards(request: ApiRequest, keys: list[UUID]) -> list[Board]:
    """Return the boards of these keys. Raises BadParameter when the asker may not read one of them."""
    found = queries.boards_of(request.access.tenant, request.access.user, [str(key) for key in keys])
    if len(found) < len(set(keys)):
        raise BadParameter({"boards": _("There is no such board.")})
    return found


def _one(request: ApiRequest, pk: int) -> dict[str, Any]:
    return shown(owned(queries.links_with_boards(), tenant=request.access.tenant, pk=pk))


def shown(link: BoardLink) -> dict[str, Any]:
    """Return a link as the API writes it."""
    state = "revoked" if link.revoked_at else "open" if queries.is_open(link) else "ended"
    plain = ("name", "period", "created_at", "expires_at", "last_used_at", "revoked_at")
    return {
        "id": link.pk,
        "state": state,
        "boards": [{"key": str(one.board.key), "name": one.board.name} for one in link.places.all()],
        **{name: getattr(link, name) for name in plain},
    }
