"""WebSocket `/ws/`: Channels speaks the protocol, the API's door lets in, the hub says what happened. There is no channel layer.

Until `connect` was answered nothing is told and little is listened to. Messages are answered one after the other, and a client that talks
faster than that is not read from: what it says waits in its own socket.
"""

import asyncio
import time
from collections import deque
from typing import Any, Final

import structlog
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django import db
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.utils import translation

from live import events, limits, measure
from live.api.events import EventStream
from live.streams import door, notices, protocol, told
from live.streams.client import Client, End
from live.streams.hub import Hub
from live.streams.places import Crowd, sentence
from live.streams.protocol import Hello, Refused, Said, TooBig
from live.streams.sse import count

log = structlog.get_logger("live.websocket")
METRICS: Final = "metrics"
HELLO: Final = 5.0  # seconds until somebody must have said who they are
UNHEARD: Final = 10  # messages that may come before `connect` was answered
BAD_IN_A_ROW: Final = 10  # unusable messages after which nobody is at home there
_ENDS: Final = {
    400: End.BAD_MESSAGE,
    401: End.UNAUTHENTICATED,
    403: End.REVOKED,
    404: End.NOT_FOUND,
    429: End.RATE_LIMITED,
}


def known() -> set[str]:
    """Return what can be subscribed to: every event of the log, and `metrics`."""
    return {*events.NAMES, METRICS}


class Window:
    """A sliding minute in memory: stands in for Redis while that is away."""

    __slots__ = ("_at",)

    def __init__(self) -> None:
        self._at: deque[float] = deque()

    def hit(self, limit: int) -> bool:
        """Count one message and return whether it is within the limit."""
        now = time.monotonic()
        while self._at and now - self._at[0] >= 60:
            self._at.popleft()
        if len(self._at) >= limit:
            return False
        self._at.append(now)
        return True


class StreamConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels brings no types
    """One WebSocket. `scope["own_page"]` says that a page of ours opened it, so that its session may speak for it."""

    def __init__(self, *, hub: Hub, pages: BaseHandler, address: str) -> None:
        super().__init__()
        self.hub, self.pages, self.address = hub, pages, address
        self.client: Client | None = None
        self.wanted: frozenset[str] = frozenset()
        self.pumping: asyncio.Task[None] | None = None
        self.waiting: asyncio.TimerHandle | None = None
        self.window = Window()
        self.early = self.bad = 0
        self.closed = False
        self.entering = False  # whether it holds a place among those that are being let in
        self.hub.places.knocks(address)  # a stranger until it was let in

    # --- the protocol's side ---------------------------------------------------------------------------------------------
    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle one message of the protocol. Nothing here touches the database, so no connection needs closing after each."""
        kind = message["type"]
        if kind == "websocket.receive":
            await self._hear(message)
        elif kind == "websocket.connect":
            await self.accept()
            patience = settings.WEBSOCKET_CONNECTION_TIMEOUT / 1_000
            self.waiting = asyncio.get_running_loop().call_later(
                min(HELLO, patience), self._nobody_said_hello
            )
        elif kind == "websocket.disconnect":
            await self._left()
            raise StopConsumer

    def _nobody_said_hello(self) -> None:
        self.pumping = self.pumping or asyncio.create_task(self.finish(End.UNAUTHENTICATED))

    async def _left(self) -> None:
        self.closed = True
        if self.waiting:
            self.waiting.cancel()
        if self.pumping:
            self.pumping.cancel()
        if self.client:
            self.client.ended = self.client.ended or End.LEFT
            self._log("left", reason=self.client.ended.reason)
            self.hub.leave(self.client)
            self.client = None
        else:
            self.hub.places.known(self.address)
        self._enter(False)

    def _enter(self, entering: bool) -> None:
        """Hold a place while the door decides, or give it back. Who says nothing holds none."""
        self.hub.entering += entering - self.entering
        self.entering = entering

    async def _hear(self, message: dict[str, Any]) -> None:
        """Answer one message of the client, and close when there is no talking with it."""
        if self.closed:
            return None
        if message.get("text") is None:
            return await self.finish(End.NOT_TEXT)
        if not await self._may_speak():
            return await self.finish(End.RATE_LIMITED)
        try:
            said = protocol.read(message["text"])
            self._log("heard", event_name=said.event)
            await self._answer(said)
            self.bad = 0
        except TooBig as refused:
            await self._refuse(refused)
            await self.finish(End.TOO_BIG)
        except Refused as refused:
            self.bad += 1
            await self._refuse(refused)
            if self.bad >= BAD_IN_A_ROW:
                await self.finish(End.BAD_MESSAGE)
        return None

    async def _may_speak(self) -> bool:
        """Count the message; return whether this person may still talk in this minute, in whatever tab."""
        if self.client is None:
            self.early += 1
            return self.early <= UNHEARD
        self.client.heard_at = time.monotonic()
        limit = settings.WEBSOCKET_RATE_LIMIT_PER_MINUTE
        if not self.window.hit(limit):
            return False  # this one socket alone is too much: Redis need not be asked
        owner = self.client.seat.owner
        verdict = await self.hub.in_thread(lambda: limits.hit("ws", owner, limit=limit))
        return bool(verdict.allowed)

    async def _refuse(self, refused: Refused) -> None:
        measure.add("websocket_refused", code=refused.code)
        with translation.override(settings.LANGUAGE_CODE):
            said = translation.gettext(refused.template) % refused.values
        await self.say("error", {"code": refused.code, "message": said})

    async def say(self, event: str, data: Any, number: int | None = None) -> None:
        """Send one message."""
        await self.put(told.frame(event, data, number))

    async def put(self, text: str) -> None:
        """Send text, and leave the time at which sending began: who does not read is found by it."""
        if self.closed:
            return
        if self.client:
            self.client.blocked_at = time.monotonic()
        try:
            await self.base_send({"type": "websocket.send", "text": text})
        except OSError:  # gone; the protocol says so in a moment
            self.closed = True
        if self.client:
            self.client.sent_at, self.client.blocked_at = time.monotonic(), 0.0

    async def finish(self, why: End) -> None:
        """Close with the reason's code."""
        if self.closed:
            return
        self.closed = True
        if self.client:
            self.client.ended = self.client.ended or why
        await self.close(code=why.code, reason=why.reason)

    def _log(self, what: str, **more: Any) -> None:
        if settings.LOG_WEBSOCKET_EVENTS and self.client:
            seat = self.client.seat
            log.info(
                "websocket", what=what, tenant=seat.tenant_id, user=seat.user_id, key=seat.key_id, **more
            )

    # --- what clients say --------------------------------------------------------------------------------------------------
    async def _answer(self, said: Said) -> None:
        """Do what the message asks. Raises Refused."""
        if said.event == "connect":
            await self._connect(said)
        elif self.client is None:
            raise Refused("not_connected", "Say “connect” first.")
        elif said.event == "heartbeat":
            mine = protocol.echo(said.data.get("timestamp"))
            await self.say("heartbeat", {**told.heartbeat(live=self.hub.listener.connected), "echo": mine})
        else:
            names = protocol.names(said.data, known())
            self._want(self.wanted | names if said.event == "subscribe" else self.wanted - names)
            await self.say(said.event, {"events": sorted(self.wanted)})

    def _want(self, names: frozenset[str]) -> None:
        """Hear of these from now on. Telling begins with the first of them, so that nothing is told before it is asked for."""
        self.wanted = names
        assert self.client is not None, "who is not connected was refused above"
        if METRICS in names and not self.client.metrics:
            self.hub.ask_metrics()
        self.client.metrics = METRICS in names
        if names and self.pumping is None:
            self.pumping = asyncio.create_task(self._tell(self.client))
        self.client.wake.set()

    async def _connect(self, said: Said) -> None:
        hello = protocol.hello(said.data, known())
        if self.waiting:
            self.waiting.cancel()
        if self.client is None and self.hub.full():
            return await self.finish(End.BUSY)
        self._enter(self.client is None)
        try:
            return await self._ask(hello)
        finally:
            self._enter(False)

    async def _ask(self, hello: Hello) -> None:
        """Let the door decide, and do what it says. Raises Refused."""
        asked = door.handshake(
            self.scope,
            token=hello.token,
            tenant=hello.tenant or (self.client.seat.slug if self.client else ""),
            last_seen=hello.last_seen,
            with_cookies=self.scope["own_page"] and not hello.token,
        )
        try:
            response = await self.hub.in_thread(door.ask, self.pages, asked)
        except db.Error:
            return await self.finish(End.BUSY)
        if self.closed:
            return None
        if not isinstance(response, EventStream):
            return await self._turn_away(response)
        if hello.user_id and hello.user_id != str(response.seat.user_id):
            await self._refuse(Refused("wrong_user", "“userId” is not who these credentials speak for."))
            return await self.finish(End.UNAUTHENTICATED)
        if self.client is None:
            if crowd := self.hub.places.crowded(response.seat):
                return await self._too_many(crowd)
            self._join(response)
        elif (self.client.seat.owner, self.client.seat.tenant_id) == (
            response.seat.owner,
            response.seat.tenant_id,
        ):
            self.client.seat = response.seat  # a new token before the old one ends
        else:
            raise Refused("connected", "This connection speaks for somebody else already. Open another one.")
        await self._welcome(response, hello.events)
        return None

    def _join(self, response: EventStream) -> None:
        page = response.page
        position = page.events[0].number - 1 if page.events else page.position
        self.client = Client(response.seat, "ws", position)
        self.client.reload = page.reload
        # uvicorn's own; there is no ASGI word for "drop this connection without flushing".
        self.client.transport = getattr(getattr(self.base_send, "__self__", None), "transport", None)
        self.hub.places.known(self.address)
        self._enter(False)
        self.hub.join(self.client)
        self._log("connected")

    async def _welcome(self, response: EventStream, names: frozenset[str]) -> None:
        assert self.client is not None, "joined above"
        seat = response.seat
        body = {
            "tenant": seat.slug,
            "userId": seat.user_id,
            "heartbeatInterval": settings.WEBSOCKET_HEARTBEAT_INTERVAL,
            "connectionTimeout": settings.WEBSOCKET_CONNECTION_TIMEOUT,
            "events": sorted(known()),
        }
        await self.say("connect", body, self.client.position)
        if names:
            self._want(self.wanted | names)
        elif self.pumping is None:
            self.pumping = asyncio.create_task(self._tell(self.client))

    async def _turn_away(self, response: Any) -> None:
        """Say what the door said, and close."""
        body = protocol.refusal(response.content)
        await self.say("error", body)
        measure.add("streams_refused", kind="ws", reason=body["code"])
        await self.finish(_ENDS.get(response.status_code, End.BUSY))

    async def _too_many(self, crowd: Crowd) -> None:
        """Say whose share is used up, and close."""
        with translation.override(settings.LANGUAGE_CODE):
            said = sentence(crowd)
        await self.say("error", {"code": End.TOO_MANY.reason, "message": said})
        measure.add("streams_refused", kind="ws", reason=End.TOO_MANY.reason)
        await self.finish(End.TOO_MANY)

    # --- what clients are told ---------------------------------------------------------------------------------------------
    async def _tell(self, client: Client) -> None:
        """Tell until either side ends it. A fault of ours ends it too: an open socket that stays mute would be believed."""
        try:
            await self._pump(client)
        except Exception:
            log.exception("websocket_pump_failed", tenant=client.seat.tenant_id)
            await self.finish(End.BUSY)

    async def _pump(self, client: Client) -> None:
        """Tell until either side ends it. Before the first subscription there are only heartbeats, and the place in the log is kept."""
        while client.ended is None:
            await client.wake.wait()
            client.wake.clear()
            while self.wanted and (batch := await self.hub.take(client)) is not None:
                if batch.reload:
                    await self.say("reload", {"reason": batch.reload}, client.position)
                for one in batch.events:
                    if one.name in self.wanted and one.is_for(client.seat.user_id):
                        await self.put(one.frame)
                        if (
                            one.name == "notification" and "operation" not in one.payload
                        ):  # not one that was only read
                            await self._notify(client, one)
                count(client, batch)
            if client.metrics_due and METRICS in self.wanted and self.hub.metrics:
                client.metrics_due = False
                await self.say(METRICS, self.hub.metrics)
            if client.beat and client.ended is None:
                client.beat = False
                await self.say("heartbeat", told.heartbeat(live=self.hub.listener.connected), client.position)
        await self.finish(client.ended)

    async def _notify(self, client: Client, one: told.Told) -> None:
        """Say the notification itself, in the person's language."""
        assert client.seat.user_id is not None, "personal events have a person"
        try:
            text = await self.hub.in_thread(notices.of, client.seat, one.payload.get("id"))
        except db.Error as error:
            # The event itself was told; the page reads the sentence when it can.
            log.warning("notification_not_read", error=type(error).__name__)
            return
        if text:
            await self.say("notification", text)
