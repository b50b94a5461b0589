"""The ASGI side of the one door: streams, and the life of what they need."""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.http import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _

from live import measure
from live.api.events import EventStream
from live.streams import door, origin, sse
from live.streams.client import End
from live.streams.hub import Hub
from live.streams.places import Crowd, address_of, sentence
from live.streams.sse import Message, Receive, Send
from live.streams.ws import StreamConsumer
from tenants.api.errors import envelope
from tenants.api.renderers import dumps

RETRY_AFTER: Final = 5  # seconds
PATIENCE: Final = 30  # seconds, where a stream of one's own has to end first
SOCKET: Final = "/ws/"
# Seconds that a page's thread may keep Python to itself while the event loop waits for its turn. The usual 5 ms are paid several times for
# each event, once at every system call of the loop.
SWITCH: Final = 0.001


class Streams:
    """Answers `/api/events` and `/ws/`. `pages` is Django's handler, which decides who may listen."""

    def __init__(self, pages: BaseHandler) -> None:
        self._pages = pages
        self._hub: Hub | None = None

    @property
    def hub(self) -> Hub:
        """Return this process's hub, started with the first stream where the server speaks no lifespan."""
        if self._hub is None:
            self._hub = Hub()
            self._hub.start()
        return self._hub

    async def events(self, scope: door.Scope, receive: Receive, send: Send) -> None:
        """Answer one request for server-sent events."""
        hub = self.hub
        if hub.full():
            measure.add("streams_refused", kind="sse", reason="busy")
            return await send_refusal(send, busy())
        hub.entering += 1
        try:
            response: HttpResponseBase | None = await hub.in_thread(door.ask, self._pages, scope)
        finally:
            hub.entering -= 1
        if isinstance(response, EventStream) and scope["method"] == "GET":
            if crowd := hub.places.crowded(response.seat):
                measure.add("streams_refused", kind="sse", reason=End.TOO_MANY.reason)
                return await send_refusal(send, too_many(crowd))
            entering, response = sse.stream(hub, response, receive, send), None
            return await entering
        return await send_whole(send, response)  # type: ignore[arg-type]

    async def websocket(self, scope: door.Scope, receive: Receive, send: Send) -> None:
        """Answer one WebSocket: turn away pages of strangers and one too many, else speak with it."""
        await receive()  # "websocket.connect"; the consumer gets it again
        if scope["path"] != SOCKET or not origin.allowed(scope):
            measure.add("streams_refused", kind="ws", reason="origin")
            return await send({"type": "websocket.close", "code": 4403})
        address = address_of(scope)
        if self.hub.places.besieged(address):
            measure.add("streams_refused", kind="ws", reason="strangers")
            return await deny(scope, send, strangers(), End.TOO_MANY)
        if self.hub.full():
            measure.add("streams_refused", kind="ws", reason="busy")
            return await deny(scope, send, busy(), End.BUSY)
        consumer = StreamConsumer(hub=self.hub, pages=self._pages, address=address)
        await consumer({**scope, "own_page": origin.named(scope)}, _after_connect(receive), send)
        return None

    async def lifespan(self, receive: Receive, send: Send) -> None:
        """Start the hub with the server and stop it with it."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                sys.setswitchinterval(SWITCH)
                self._drain_on_signal(self.hub, asyncio.get_running_loop())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.hub.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    @staticmethod
    def _drain_on_signal(hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        """Ask clients to leave as soon as the server is told to stop: it waits for open answers before it says so to us."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)
            signal.signal(number, _and_then(before, lambda: loop.call_soon_threadsafe(hub.drain)))


def _and_then(before: Any, then: Callable[[], object]) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        then()
        if callable(before):
            before(number, frame)

    return handle


def _after_connect(receive: Receive) -> Receive:
    """Return a `receive` that begins with the message that was read already."""
    begun = False

    async def again() -> Message:
        nonlocal begun
        if begun:
            return await receive()
        begun = True
        return {"type": "websocket.connect"}

    return again


async def send_whole(send: Send, response: HttpResponseBase) -> None:
    """Send an answer that is no stream as it is."""
    body: bytes = response.content  # type: ignore[attr-defined]
    headers = [*door.headers_of(response), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


Refusal = tuple[Message, bytes]


def busy() -> Refusal:
    """Return the answer to one stream too many for this process."""
    with translation.override(settings.LANGUAGE_CODE):
        return _refusal(503, "busy", _("Too many live connections. Try again in a few seconds."), RETRY_AFTER)


def strangers() -> Refusal:
    """Return the answer to one socket too many from where others keep silent already."""
    with translation.override(settings.LANGUAGE_CODE):
        said = _(
            "Too many connections came from here that do not say who they are. Try again in a few seconds."
        )
        return _refusal(429, End.TOO_MANY.reason, said, RETRY_AFTER)


def too_many(crowd: Crowd) -> Refusal:
    """Return the answer to somebody whose own share, or whose company's, is used up."""
    with translation.override(settings.LANGUAGE_CODE):
        return _refusal(429, End.TOO_MANY.reason, sentence(crowd), PATIENCE)


def _refusal(status: int, code: str, sentence: str, wait: int) -> Refusal:
    """Return the start and the body of an answer. No thread, no database: it must be cheap."""
    body = dumps(envelope(sentence, code, {}))
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(wait).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    return {"status": status, "headers": headers}, body


async def deny(scope: door.Scope, send: Send, refusal: Refusal, why: End) -> None:
    """Refuse a WebSocket with an answer of HTTP, where the server can; with a plain 403 where it cannot."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        return await send({"type": "websocket.close", "code": why.code})
    start, body = refusal
    await send({"type": "websocket.http.response.start", **start})
    return await send({"type": "websocket.http.response.body", "body": body})


async def send_refusal(send: Send, refusal: Refusal) -> None:
    """Answer in the API's envelope."""
    start, body = refusal
    await send({"type": "http.response.start", **start})
    await send({"type": "http.response.body", "body": body})
