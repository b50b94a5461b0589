"""The rows that say who is connected. Written in the background, in few statements; a stream never waits for them and never fails with them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import structlog
from django import db
from django.conf import settings

from lib import pg
from live import measure
from live.streams.client import Client

log = structlog.get_logger(__name__)
InThread = Callable[..., Awaitable[Any]]
WRITE_EVERY: Final = 1.0  # seconds; who comes and goes in between leaves no row
_SILENT: Final = 3  # heartbeats that a process may miss before its rows are swept

# Joined, because somebody may be deleted while they are connected; a row that is there already is left alone.
_CAME = """
INSERT INTO live_presence (id, tenant_id, user_id, api_key_id, process, kind, user_agent, address, connected_at, last_heartbeat_at)
SELECT c.id, c.tenant, c.person, c.api_key, %(process)s, c.kind, c.agent, c.address, now() - make_interval(secs => c.age), now()
  FROM unnest(%(id)s::uuid[], %(tenant)s::bigint[], %(person)s::bigint[], %(api_key)s::bigint[], %(kind)s::text[], %(agent)s::text[],
              %(address)s::inet[], %(age)s::float[]) AS c(id, tenant, person, api_key, kind, agent, address, age)
  JOIN tenants_tenant t ON t.id = c.tenant
 WHERE (c.person IS NULL OR EXISTS (SELECT FROM tenants_user u WHERE u.id = c.person))
   AND (c.api_key IS NULL OR EXISTS (SELECT FROM tenants_apikey k WHERE k.id = c.api_key))
ON CONFLICT (id) DO NOTHING
"""
_RENEWED = "UPDATE live_presence SET last_heartbeat_at = now() WHERE process = %s"
_SWEPT = "DELETE FROM live_presence WHERE last_heartbeat_at < now() - make_interval(secs => %s)"


class Presence:
    """Remembers who came and went, and writes it every second."""

    def __init__(self, in_thread: InThread) -> None:
        self._in_thread = in_thread
        self._here: dict[UUID, tuple[Client, float]] = {}
        self._came: set[UUID] = set()
        self._went: set[UUID] = set()
        self._written_at = self._renewed_at = time.monotonic()
        self._writing: asyncio.Task[None] | None = None

    def came(self, client: Client) -> None:
        """A stream was opened."""
        self._here[client.id] = (client, time.monotonic())
        self._came.add(client.id)

    def went(self, client: Client) -> None:
        """A stream was closed."""
        self._here.pop(client.id, None)
        if client.id in self._came:
            self._came.discard(client.id)
        else:
            self._went.add(client.id)

    def turn(self) -> None:
        """Write what is due, unless writing is still under way. Returns at once."""
        now, beat = time.monotonic(), settings.WEBSOCKET_HEARTBEAT_INTERVAL / 1_000
        renew = now - self._renewed_at >= beat
        if self._writing is not None and not self._writing.done():
            return
        if renew or ((self._came or self._went) and now - self._written_at >= WRITE_EVERY):
            self._written_at = now
            self._renewed_at = now if renew else self._renewed_at
            self._writing = asyncio.create_task(self._write(renew=renew, silent=_SILENT * beat))

    async def _write(self, *, renew: bool, silent: float) -> None:
        came = set(self._here) if renew else self._came  # who was swept while we were silent comes back
        rows = [_row(*self._here[one]) for one in came if one in self._here]
        self._came, went, self._went = set(), self._went, set()
        try:
            await self._in_thread(write, rows, list(went), renew, silent)
        except db.Error as error:
            log.warning("presence_not_written", error=type(error).__name__)
            self._came |= came & self._here.keys()
            self._went |= went

    async def leave_all(self) -> None:
        """Take the rows of this process away: it ends."""
        try:
            await asyncio.wait_for(self._in_thread(pg.execute, _GONE, [measure.ID]), 5)
        except (db.Error, TimeoutError) as error:
            log.warning("presence_not_taken_away", error=type(error).__name__)


_GONE = "DELETE FROM live_presence WHERE process = %s"


def _row(client: Client, since: float) -> tuple[Any, ...]:
    seat = client.seat
    return (
        client.id, seat.tenant_id, seat.user_id, seat.key_id, client.kind, seat.user_agent.replace("\x00", ""), seat.address,
        time.monotonic() - since,
    )  # fmt: skip


def write(rows: list[tuple[Any, ...]], went: list[UUID], renew: bool, silent: float) -> None:
    """Write who came and went; with `renew` say that all of ours live, and sweep rows of processes that were silent for so many seconds."""
    if renew:
        pg.execute(_RENEWED, [measure.ID])
        pg.execute(_SWEPT, [silent])
    if went:
        pg.execute("DELETE FROM live_presence WHERE id = ANY(%s)", [went])
    if rows:
        names = ("id", "tenant", "person", "api_key", "kind", "agent", "address", "age")
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        pg.execute(_CAME, {**columns, "process": measure.ID})
