"""A database connection that is gone says so in more than one way: Django's InterfaceError is no DatabaseError."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponseBase

from live import health
from live.api.events import EventStream
from live.health import Part
from live.streams import notices, presence, revoked
from live.streams.client import Client
from live.streams.hub import Hub
from live.streams.log import Page
from live.streams.tests.test_faults import seat
from live.streams.tests.web import PATIENCE
from live.streams.told import Told
from live.streams.ws import StreamConsumer

pytestmark = pytest.mark.django_db(transaction=True)


def gone(*_: Any) -> Any:
    """Ask with a cursor that is closed, as it is when its connection was closed under it."""
    with connection.cursor() as cursor:
        pass
    return cursor.execute("SELECT 1")


class Pages:
    """Stands for the door: lets in, or asks on a lost connection."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        if self.away:
            gone()
        response = EventStream(b"")
        response.seat, response.page = seat(7), Page(0)
        return response


class Wire:
    """The two ends of a WebSocket without a server between them."""

    def __init__(self, hub: Hub, pages: Pages) -> None:
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.said: asyncio.Queue[Any] = asyncio.Queue()
        consumer = StreamConsumer(hub=hub, pages=pages, address="203.0.113.7")  # type: ignore[arg-type]
        self.said.put_nowait({"type": "websocket.connect"})
        scope = {"type": "websocket", "headers": [], "own_page": False, "path": "/ws/"}
        self.running = asyncio.create_task(consumer(scope, self.said.get, self.heard.put))

    def say(self, event: str, **data: Any) -> None:
        text = json.dumps({"event": event, "data": data})
        self.said.put_nowait({"type": "websocket.receive", "text": text})

    async def hear(self) -> Any:
        """Return the next message of the server: what is in it, or the code with which it closes."""
        message = await asyncio.wait_for(self.heard.get(), PATIENCE)
        if message["type"] == "websocket.accept":
            return await self.hear()
        return json.loads(message["text"]) if "text" in message else message["code"]

    async def end(self) -> None:
        self.said.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.running, PATIENCE)


def run(story: Callable[[Hub], Coroutine[Any, Any, None]]) -> None:
    """Tell a story with a hub that nobody listens for."""

    async def told() -> None:
        hub = Hub()
        await story(hub)
        assert (hub.clients, hub.entering) == (set(), 0)

    asyncio.run(told())


def test_that_is_what_django_says() -> None:
    with pytest.raises(InterfaceError) as told:
        gone()
    assert not isinstance(told.value, DatabaseError)


def test_who_comes_meanwhile_is_asked_to_come_later() -> None:
    async def story(hub: Hub) -> None:
        wire = Wire(hub, Pages(away=True))
        wire.say("connect", token="any")
        assert await wire.hear() == 1013
        await wire.end()

    run(story)


def test_a_sentence_that_cannot_be_read_does_not_end_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "of", gone)

    async def story(hub: Hub) -> None:
        wire = Wire(hub, Pages())
        wire.say("connect", token="any", events=["notification", "sync"])
        assert (await wire.hear())["event"] == "connect"
        mine = Told(1, "notification", {"user": 1, "id": 5}, 0.0)
        hub.channels[7].accept(Page(2, [mine, Told(2, "sync", {"run": 9}, 0.0)]))
        heard = [await wire.hear(), await wire.hear()]
        assert [one["data"]["type"] for one in heard] == ["notification", "sync"]
        await wire.end()

    run(story)


def test_a_fault_of_ours_closes_a_socket_that_would_stay_mute() -> None:
    async def story(hub: Hub) -> None:
        wire = Wire(hub, Pages())
        wire.say("connect", token="any", events=["sync"])
        assert (await wire.hear())["event"] == "connect"
        broken: Any = None
        hub.channels[7].accept(Page(1, [Told(1, "sync", broken, 0.0)]))
        assert await wire.hear() == 1013
        await wire.end()

    run(story)


def test_whoever_is_in_doubt_stays_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was to be asked for is asked for when the database is back, not a minute later."""
    answers: list[Callable[..., Any]] = [gone, lambda seats: list(seats)]
    monkeypatch.setattr(revoked, "among", lambda seats: answers.pop(0)(seats))

    async def story(hub: Hub) -> None:
        client = Client(seat(7), "sse", 0)
        hub.join(client)
        client.wake.clear()
        checking = asyncio.create_task(hub._check())
        hub.doubt([client])
        await asyncio.wait_for(client.wake.wait(), PATIENCE)
        assert client.ended is not None
        checking.cancel()
        hub.leave(client)

    run(story)


def test_rows_of_who_is_connected_are_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(hub: Hub) -> None:
        client = Client(seat(7), "sse", 0)
        hub.join(client)
        with monkeypatch.context() as patch:
            patch.setattr(presence, "write", gone)
            await hub.presence._write(renew=False, silent=1.0)
        assert hub.presence._came == {client.id}
        hub.leave(client)

    run(story)


def test_health_says_that_a_part_is_down() -> None:
    assert health._ask("any", gone, None) == Part("down", {"error": "InterfaceError"})
