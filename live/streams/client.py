"""One open stream, and the company that it listens to. Only the event loop touches these."""

import asyncio
import time
import uuid
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

from live.streams.log import PAGE, Page, Reload
from live.streams.seat import Seat
from live.streams.told import Told

Kind = Literal["sse", "ws"]
RING: Final = 1_024  # newest events of a company that stay in memory while somebody listens
BEHIND: Final = 5_000  # events that a client which once was up to date may fall behind


class End(Enum):
    """Why a stream ends: the WebSocket's close code, and the word that both kinds of stream are told."""

    LEFT = (1000, "left")  # the client hung up
    RESTART = (1012, "restart")  # the process is being replaced: come back at once, another one answers
    NOT_TEXT = (1003, "not_text")
    TOO_BIG = (1009, "too_big")
    BUSY = (1013, "busy")  # too many streams are open, or a server behind us is away: come back later
    BAD_MESSAGE = (4400, "bad_message")
    UNAUTHENTICATED = (4401, "unauthenticated")
    EXPIRED = (4402, "expired")  # the token ended: come back with a new one
    REVOKED = (4403, "revoked")  # the membership, key, session or account that let it in is gone
    NOT_FOUND = (4404, "not_found")
    SILENT = (4408, "silent")
    SLOW = (4410, "slow")  # it could not keep up: come back with the last number, nothing is lost
    RATE_LIMITED = (4429, "rate_limited")
    TOO_MANY = (
        4429,
        "too_many_streams",
    )  # the share of its owner or company is used up: see live.streams.places

    @property
    def code(self) -> int:
        """Return the close code of a WebSocket."""
        return int(self.value[0])

    @property
    def reason(self) -> str:
        """Return the word for it."""
        return str(self.value[1])


class Client:
    """A client's place in the log of its company. It is woken when there may be something to send; what, it asks the hub."""

    __slots__ = (
        "beat", "blocked_at", "caught_up", "channel", "ended", "heard_at", "id", "kind", "metrics", "metrics_due", "position", "reload",
        "seat", "sent_at", "transport", "wake",
    )  # fmt: skip

    def __init__(self, seat: Seat, kind: Kind, position: int) -> None:
        self.id = uuid.uuid4()
        self.seat, self.kind, self.position = seat, kind, position
        self.wake = asyncio.Event()
        self.channel: Channel | None = None
        self.ended: End | None = None
        self.reload: Reload | None = None
        self.beat = False  # a heartbeat is due
        self.caught_up = False
        self.metrics = self.metrics_due = False  # whether it hears figures, and whether there are new ones
        self.blocked_at = 0.0  # since when a send has been waiting for the client to read, 0 while none is
        self.sent_at = self.heard_at = time.monotonic()
        self.transport: Any = None

    def end(self, why: End) -> None:
        """Let the stream say goodbye and end. The first reason stays."""
        if self.ended is None:
            self.ended = why
        self.wake.set()

    def abort(self) -> None:
        """Drop the connection. What the client does not read cannot be flushed, so a plain close would wait for ever."""
        if self.transport is not None:
            self.transport.abort()


@dataclass(slots=True)
class Batch:
    """What a client gets next: events in order, or the word that it must read everything again."""

    events: list[Told]
    reload: Reload | None = None


class Channel:
    """A company that somebody listens to: its newest events without a gap up to `last`, and who listens."""

    __slots__ = ("clients", "last", "ring", "tenant_id")

    def __init__(self, tenant_id: int, last: int) -> None:
        self.tenant_id, self.last = tenant_id, last
        self.ring: list[Told] = []
        self.clients: set[Client] = set()

    def accept(self, page: Page) -> None:
        """Take what came after `last` and wake everybody."""
        if page.reload:
            return self.restart(page)
        if page.events:
            self.ring += page.events
            self.last = page.events[-1].number
            if len(self.ring) > 2 * RING:
                del self.ring[:-RING]
            self.wake_all()
        return None

    def restart(self, page: Page) -> None:
        """The log has a hole: everybody reads again and goes on from the newest number."""
        self.ring, self.last = [], page.newest
        for client in self.clients:
            client.reload, client.position = page.reload, page.newest
        self.wake_all()

    def wake_all(self) -> None:
        """Let every client look for what is new."""
        for client in self.clients:
            client.wake.set()

    def after(self, number: int) -> list[Told] | None:
        """Return a page of what came after `number`, None when it is not in memory any more."""
        if number >= self.last:
            return []
        if not self.ring or number + 1 < self.ring[0].number:
            return None
        start = number + 1 - self.ring[0].number
        return self.ring[start : start + PAGE]
