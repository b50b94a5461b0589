"""Server-sent events as a bare ASGI callable: a third of the memory that Django's own streaming answer needs for each client."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from live import measure
from live.api.events import EventStream
from live.streams import told
from live.streams.client import Batch, Client, End
from live.streams.door import headers_of
from live.streams.hub import Hub

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def stream(hub: Hub, response: EventStream, receive: Receive, send: Send) -> None:
    """Send the first part, then whatever happens, until either side ends it."""
    client = Client(response.seat, "sse", response.page.position)
    # uvicorn's own; there is no ASGI word for "drop this connection without flushing".
    client.transport = getattr(getattr(send, "__self__", None), "transport", None)
    hub.join(client)
    watching = asyncio.create_task(_until_gone(receive, client))
    first = response.content
    start: Message = {"type": "http.response.start", "status": 200, "headers": headers_of(response)}
    del response
    try:
        await send(start)
        del start
        await _put(client, send, first)
        del first
        await _pump(hub, client, send)
        await send({"type": "http.response.body", "body": _farewell(client), "more_body": False})
    finally:
        hub.leave(client)
        watching.cancel()


async def _pump(hub: Hub, client: Client, send: Send) -> None:
    while client.ended is None:
        await client.wake.wait()
        client.wake.clear()
        while (batch := await hub.take(client)) is not None:
            body = _body(client, batch)
            if body:
                await _put(client, send, body)
                count(client, batch)
        if client.beat and client.ended is None:
            client.beat = False
            await _put(
                client,
                send,
                told.sse("heartbeat", told.heartbeat(live=hub.listener.connected), client.position),
            )


def _body(client: Client, batch: Batch) -> bytes:
    if batch.reload:
        return told.sse("reload", {"reason": batch.reload}, client.position)
    return told.sse_events(batch.events, client.seat.user_id)


async def _put(client: Client, send: Send, body: bytes) -> None:
    """Send, and leave the time at which sending began: who does not read is found by it."""
    client.blocked_at = time.monotonic()
    await send({"type": "http.response.body", "body": body, "more_body": True})
    client.sent_at, client.blocked_at = time.monotonic(), 0.0


def _farewell(client: Client) -> bytes:
    """Return the last word: why the stream ends, and when to come back."""
    why = client.ended
    if why is None or why is End.LEFT:
        return b""
    if why is End.RESTART:
        return told.sse_retry(told.DRAIN_MS)
    return told.sse("close", {"code": why.code, "reason": why.reason}, client.position)


async def _until_gone(receive: Receive, client: Client) -> None:
    """Wake the stream for the last time when the client hangs up."""
    while (await receive())["type"] != "http.disconnect":
        continue
    client.end(End.LEFT)


def count(client: Client, batch: Batch) -> None:
    """Count what was delivered, and how long after its commit."""
    mine = [one for one in batch.events if one.is_for(client.seat.user_id)]
    if mine:
        measure.add("events_delivered", len(mine), kind=client.kind)
        measure.observe("event_delivery_ms", mine[-1].age_now(), kind=client.kind)
