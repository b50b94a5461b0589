"""`GET /api/events`: the admission to a stream, and its first part.

Behind `config.asgi` the stream then goes on (live.streams.sse). Served by a plain WSGI server the answer ends here, and an EventSource asks
again after `retry`, naming the last number that it saw: slower, and nothing is missed.
"""

import re
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from live.streams import log, seat, told
from live.streams.seat import Seat
from tenants.api.base import ApiView
from tenants.api.schema import ERROR_REF, STRING, query
from tenants.models import Capability

_ERRORS = {
    400: "A user of several companies named none.",
    401: "No credentials, or bad ones.",
    403: "Your key may not read.",
    404: "There is nothing here, or not for you.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "Too many streams are open, or the process is being replaced; `Retry-After` says when to come back.",
}


class EventStream(HttpResponse):
    """The first part of a stream. `seat` and `page` let the ASGI side go on where it ends."""

    seat: Seat
    page: log.Page


class JsonWhateverIsAccepted(BaseContentNegotiation):
    """An EventSource accepts text/event-stream only; its errors are JSON all the same."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the one parser."""
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """Return the one renderer."""
        return renderers[0], renderers[0].media_type


class EventsView(ApiView):
    """`/api/events`."""

    requires = {"GET": Capability.READ}
    tenant_in_query: ClassVar[bool] = True
    http_method_names = ["get", "options"]
    content_negotiation_class = JsonWhateverIsAccepted

    @extend_schema(
        summary="What just happened, as it happens",
        description="Server-sent events of one company. Each has a number (`id`), a name and the ids of what changed, never data: read "
        "again what you show. Come back with the last number in `Last-Event-ID` and you get what you missed; `reload` says that the log "
        "does not reach back so far. `heartbeat` comes when nothing else did.",
        parameters=[
            query("tenant", "The company's slug, where a header cannot be sent."),
            query("last_event_id", "The last number seen, where a header cannot be sent."),
            OpenApiParameter(
                "Last-Event-ID", STRING, OpenApiParameter.HEADER, description="The last number seen."
            ),
        ],
        responses={
            (200, "text/event-stream"): {"description": "Events, each with `id`, `event` and `data` (JSON)."},
            **{status: {"description": text, **ERROR_REF} for status, text in _ERRORS.items()},
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """Return the events since the number that was seen last, or a heartbeat with the number of now."""
        place = seat.take(request._request, request.access, request.auth)  # type: ignore[attr-defined, arg-type]
        page = log.since(place.tenant_id, last_seen(request))
        response = EventStream(
            first_part(page, place.user_id),
            content_type="text/event-stream; charset=utf-8",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        response.seat, response.page = place, page
        return response


def last_seen(request: Request) -> int | None:
    """Return the number that the client saw last, None when it names none; what is no number was never given out."""
    text = request.headers.get("Last-Event-ID") or request.query_params.get("last_event_id") or ""
    text = text.strip()
    if not text:
        return None
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 2**62


def first_part(page: log.Page, user_id: int | None) -> bytes:
    """Return the beginning of every stream: when to come back, then what was missed, or the place from which it goes on."""
    missed = told.sse_events(page.events, user_id)
    if page.reload:
        missed = told.sse("reload", {"reason": page.reload}, page.newest)
    elif not missed:
        missed = told.sse("heartbeat", told.heartbeat(live=True), page.position)
    return told.sse_retry() + missed
