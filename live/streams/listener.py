"""The one connection of a web process that hears PostgreSQL and reads what is new. Direct, never from a pool: LISTEN belongs to a connection."""

import asyncio
import contextlib
import random
import time
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog
from django.db import connection as django_connection

from live import cache, measure
from live.streams.log import AFTER, pages

if TYPE_CHECKING:
    from live.streams.hub import Hub

log = structlog.get_logger(__name__)
EVENTS: Final = "painel"  # payload "tenant:number", from the trigger that numbers events
ACCESS: Final = (
    "painel_access"  # payload "user:1", "key:2", "tenant:3" or "session:<hash>": who may have lost a right
)
LOOK_EVERY: Final = 15.0  # seconds between looks at the table although nothing was heard
BACK_OFF: Final = (0.1, 5.0)  # seconds, from the first attempt to the longest pause
# A peer that vanished without a word is noticed within half a minute, not after two hours.
KEEPALIVE: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


class Listener:
    """Hears and reads for the hub. `connected` says whether what happens is heard at once."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.connected = False
        self._wake = asyncio.Event()
        self._looked = time.monotonic()

    def wake(self) -> None:
        """Something is to be read although PostgreSQL said nothing."""
        self._wake.set()

    async def run(self) -> None:
        """Listen for ever; after a cut come back soon, and catch up from the table."""
        pause = BACK_OFF[0]
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**address(), autocommit=True) as connection:
                    await connection.execute(f"LISTEN {EVENTS}")
                    await connection.execute(f"LISTEN {ACCESS}")
                    self.connected, pause = True, BACK_OFF[0]
                    cache.forget_generations()
                    self.hub.look_everywhere()
                    self.hub.doubt(self.hub.clients)
                    await self._serve(connection)
            except (psycopg.Error, OSError) as error:
                measure.add("listener_cut")
                log.warning("listener_cut", error=type(error).__name__, again_in=round(pause, 1))
            finally:
                self.connected = False
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load
            pause = min(2 * pause, BACK_OFF[1])

    async def _serve(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while True:
            async for note in connection.notifies(timeout=0):
                self._heard(note.channel, note.payload)
            if time.monotonic() - self._looked > LOOK_EVERY:
                self._looked = time.monotonic()
                self.hub.look_everywhere()
            if await self._read(connection):
                continue  # what was heard meanwhile stands in the connection, not in its socket
            await self._rest(connection.fileno())

    async def _rest(self, socket: int) -> None:
        """Return when PostgreSQL says something, when we are woken, or when it is time to look."""
        loop = asyncio.get_running_loop()
        loop.add_reader(socket, self._wake.set)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_EVERY)
        finally:
            loop.remove_reader(socket)
            self._wake.clear()

    async def _read(self, connection: psycopg.AsyncConnection[Any]) -> bool:
        """Read what the hub wants; return whether that was anything. Raises psycopg.Error, after which it still wants it."""
        wanted = sorted(self.hub.wanted())
        if not wanted:
            return False
        try:
            cursor = await connection.execute(AFTER, [[one[0] for one in wanted], [one[1] for one in wanted]])
            rows: list[Any] = await cursor.fetchall()
        except psycopg.Error:
            self.hub.look_everywhere()
            raise
        for pair, page in pages(rows).items():
            self.hub.read(pair, page)
        return True

    def _heard(self, channel: str, payload: str) -> None:
        kind, _, value = payload.partition(":")
        if channel == EVENTS and kind.isdecimal() and value.isdecimal():
            # Generations move with events: what this process holds of them is old now.
            cache.forget_generations(int(kind))
            self.hub.heard(int(kind), int(value))
        elif channel == ACCESS:
            self.hub.doubt([one for one in self.hub.clients if concerns(one.seat, kind, value)])


def concerns(seat: Any, kind: str, value: str) -> bool:
    """Return whether a notice about access is about this seat."""
    if kind == "session":
        return bool(value == seat.session_mark)
    name = {"user": "user_id", "key": "key_id", "tenant": "tenant_id"}.get(kind)
    return name is not None and str(getattr(seat, name)) == value


def address() -> dict[str, Any]:
    """Return how to reach the database, past any pool of this process."""
    wanted = django_connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey")
    found = {name: wanted[name] for name in names if wanted.get(name)}
    return {**found, **KEEPALIVE, "connect_timeout": 5, "application_name": "painel-listener"}
