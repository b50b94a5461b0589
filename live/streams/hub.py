"""The hub of a web process: who listens to which company, and what is told to whom. Lives in the event loop; see live.streams."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import structlog
from django import db
from django.conf import settings

from live import measure
from live.streams import notices, revoked
from live.streams.client import BEHIND, Batch, Channel, Client, End
from live.streams.listener import Listener
from live.streams.log import Page
from live.streams.places import Places
from live.streams.presence import Presence

log = structlog.get_logger(__name__)
T = TypeVar("T")
CHECK_EVERY: Final = (
    60.0  # seconds after which everybody is asked for again, should a notice have been missed
)
THREADS: Final = 4


class Hub:
    """Companies by id, and everything that runs for them. `start` in the event loop, `stop` at its end."""

    def __init__(self) -> None:
        self.channels: dict[int, Channel] = {}
        self.clients: set[Client] = set()
        self.entering = 0  # streams that are being admitted
        self.places = Places()
        self.draining = False
        self.listener = Listener(self)
        self.presence = Presence(self.in_thread)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="STREAMS")
        self._tasks: list[asyncio.Task[None]] = []
        self._fetches: dict[tuple[int, int], asyncio.Future[Page]] = {}
        self._dirty: set[int] = set()
        self._doubted: set[Client] = set()
        self._doubt = asyncio.Event()
        self.metrics: dict[str, object] | None = None
        self._metrics_asked = False

    # --- life ----------------------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin to listen. Returns at once; without a database it goes on trying."""
        measure.gauge("connections", lambda: len(self.clients))
        measure.gauge("connections_ws", lambda: sum(client.kind == "ws" for client in self.clients))
        for work in (self.listener.run, self._tick, self._check):
            self._tasks.append(asyncio.create_task(self._for_ever(work), name=f"streams:{work.__name__}"))

    def drain(self) -> None:
        """Ask every client to come back; another process answers. New ones are turned away."""
        self.draining = True
        for client in list(self.clients):
            client.end(End.RESTART)

    async def stop(self) -> None:
        """End everything and take our rows away."""
        self.drain()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.presence.leave_all()
        self._threads.shutdown(wait=False)

    async def _for_ever(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run the work; a fault of ours is logged and the work begun again, because every stream depends on it."""
        while True:
            try:
                await work()
            except Exception:
                log.exception("streams_work_failed", work=work.__name__)
                await asyncio.sleep(1)

    async def in_thread(self, function: Callable[..., T], *args: object) -> T:
        """Return what the function returns, run in a thread that gives its database connection back. Raises what it raises."""

        def run() -> T:
            try:
                return function(*args)
            finally:
                db.connection.close()

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    # --- coming and going ------------------------------------------------------------------------------------------------
    def full(self) -> bool:
        """Return whether another stream would be one too many, or the process is about to end."""
        return self.draining or len(self.clients) + self.entering >= settings.MAX_CONCURRENT_CONNECTIONS

    def join(self, client: Client) -> None:
        """Let the client hear its company from its position on."""
        tenant_id = client.seat.tenant_id
        channel = self.channels.get(tenant_id)
        if channel is None:
            channel = self.channels[tenant_id] = Channel(tenant_id, client.position)
            self._look(tenant_id)
        elif client.position > channel.last:
            self._look(tenant_id)
        client.channel = channel
        channel.clients.add(client)
        self.clients.add(client)
        self.places.take(client.seat)
        self.presence.came(client)
        if self.draining:
            client.end(End.RESTART)
        client.wake.set()

    def leave(self, client: Client) -> None:
        """Forget the client, and its company with the last one."""
        channel = client.channel
        if channel is None:
            return
        channel.clients.discard(client)
        self.clients.discard(client)
        self._doubted.discard(client)
        if not channel.clients:
            self.channels.pop(channel.tenant_id, None)
        client.channel = None
        self.places.leave(client.seat)
        self.presence.went(client)
        measure.add("streams_closed", kind=client.kind, reason=(client.ended or End.LEFT).reason)

    async def take(self, client: Client) -> Batch | None:
        """Return what the client gets next and move its position; None when it has everything."""
        channel = client.channel
        if channel is None or client.ended:
            return None
        if client.reload:
            reason, client.reload = client.reload, None
            return Batch([], reason)
        if client.caught_up and channel.last - client.position > BEHIND:
            client.end(End.SLOW)
            return None
        events = channel.after(client.position)
        if events is None:
            page = await self._fetch(client, channel.tenant_id)
            if page is None:
                return None
            if page.reload:
                if page.newest < channel.last:
                    channel.restart(page)
                client.position, client.reload = page.newest, None
                return Batch([], page.reload)
            events = page.events
        if not events:
            client.caught_up = True
            return None
        client.position = events[-1].number
        return Batch(events)

    # --- what is to be read ---------------------------------------------------------------------------------------------
    def heard(self, tenant_id: int, number: int) -> None:
        """A company's event of this number was committed."""
        channel = self.channels.get(tenant_id)
        if channel is not None and number > channel.last:
            self._dirty.add(tenant_id)

    def look_everywhere(self) -> None:
        """Look for what was missed: after the connection was cut, and now and then."""
        self._dirty.update(self.channels)

    def _look(self, tenant_id: int) -> None:
        self._dirty.add(tenant_id)
        self.listener.wake()

    async def _fetch(self, client: Client, tenant_id: int) -> Page | None:
        """Return a page from the table; who asks for the same one waits for the same answer. None when the stream ends before there is one."""
        pair = (tenant_id, client.position)
        future = self._fetches.get(pair)
        if future is None:
            future = self._fetches[pair] = asyncio.get_running_loop().create_future()
            self.listener.wake()
        while not future.done() and client.ended is None:
            await asyncio.wait({future}, timeout=1)
        return future.result() if future.done() else None

    def wanted(self) -> set[tuple[int, int]]:
        """Return the (company, number) pairs after which to read."""
        dirty, self._dirty = self._dirty, set()
        pairs = {
            (tenant_id, self.channels[tenant_id].last) for tenant_id in dirty if tenant_id in self.channels
        }
        return pairs | self._fetches.keys()

    def read(self, pair: tuple[int, int], page: Page) -> None:
        """Take the page that was read after a pair."""
        future = self._fetches.pop(pair, None)
        if future is not None and not future.done():
            future.set_result(page)
        channel = self.channels.get(pair[0])
        if channel is None or channel.last != pair[1]:
            return
        channel.accept(page)
        if page.events and page.position < page.newest:
            self._dirty.add(channel.tenant_id)
        for told in page.events:
            if told.name == "membership_changed":
                person = told.payload.get("user")
                self.doubt(client for client in channel.clients if client.seat.user_id == person)

    # --- who may still listen -------------------------------------------------------------------------------------------
    def doubt(self, clients: Iterable[Client]) -> None:
        """Ask the database at once whether these may still listen."""
        self._doubted.update(clients)
        if self._doubted:
            self._doubt.set()

    async def _check(self) -> None:
        while True:
            await self._doubt.wait()
            self._doubt.clear()
            doubted, self._doubted = self._doubted, set()
            clients = {client.id: client for client in doubted}
            try:
                gone = await self.in_thread(revoked.among, {key: one.seat for key, one in clients.items()})
            except db.Error as error:
                # Nobody can be asked now. Who was let in stays until the database answers.
                log.warning("streams_unchecked", error=type(error).__name__)
                await asyncio.sleep(1)
                self.doubt(client for client in doubted if client.channel is not None)
                continue
            for key in gone:
                clients[key].end(End.REVOKED)

    # --- time -----------------------------------------------------------------------------------------------------------
    async def _tick(self) -> None:
        beat = settings.WEBSOCKET_HEARTBEAT_INTERVAL / 1_000
        patience = settings.WEBSOCKET_CONNECTION_TIMEOUT / 1_000
        checked = measured = time.monotonic()
        while True:
            await asyncio.sleep(min(1.0, beat / 4, patience / 4))
            now = time.monotonic()
            for client in self.clients:
                self._look_at(client, now, beat, patience)
            if now - checked >= CHECK_EVERY:
                checked = now
                self.doubt(self.clients)
            self.presence.turn()
            if self._metrics_asked or now - measured >= settings.METRICS_COLLECTION_INTERVAL / 1_000:
                measured, self._metrics_asked = now, False
                await self._tell_metrics()

    def ask_metrics(self) -> None:
        """Somebody wants to hear figures of the installation: they come within a second, not at the end of the interval."""
        self._metrics_asked = True

    async def _tell_metrics(self) -> None:
        """Let those who want it be told the figures of the last minute."""
        who = [client for client in self.clients if client.metrics]
        if not who:
            return
        try:
            self.metrics = await self.in_thread(notices.metrics)
        except db.Error as error:
            log.warning("metrics_not_read", error=type(error).__name__)
            return
        for client in who:
            client.metrics_due = True
            client.wake.set()

    def _look_at(self, client: Client, now: float, beat: float, patience: float) -> None:
        """End what has ended, and let a heartbeat be sent where nothing else was."""
        if client.seat.until is not None and now >= client.seat.until:
            client.end(End.EXPIRED)
        if client.kind == "ws" and now - client.heard_at > patience:
            client.end(End.SILENT)
        if client.blocked_at and now - client.blocked_at > patience:
            client.end(End.SLOW)
            client.abort()
        elif not client.blocked_at and now - client.sent_at >= beat:
            client.beat = True
            client.wake.set()
