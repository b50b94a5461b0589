"""What goes wrong: connections that are cut, servers that restart, clients that do not read, processes that vanish."""

import asyncio
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psutil
import psycopg
import pytest
from django.db import connection, transaction

from config.testing import PostgresServer
from lib import clock, pg
from live import events, measure
from live.models import Event, Generation, Presence
from live.streams import hub as hubs
from live.streams import sse
from live.streams.client import BEHIND, Batch, Client, End
from live.streams.hub import Hub
from live.streams.listener import Listener
from live.streams.log import Page
from live.streams.seat import Seat
from live.streams.tests.test_ws import Socket
from live.streams.tests.web import PATIENCE, ROOT, Stream, Web
from live.streams.told import Told
from tenants import services
from tenants.models import Membership, Tenant
from tests.api import make_key, signed_in
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def key(tenant: Tenant) -> dict[str, str]:
    return {"Authorization": f"Api-Key {make_key(tenant)}"}


def eventually(happened: Callable[[], bool], what: str) -> None:
    """Return when it has happened. For what is written in the background, of which nobody is told."""
    for _ in range(int(PATIENCE / 0.05)):
        if happened():
            return
        threading.Event().wait(0.05)
    raise AssertionError(what)


# --- order ------------------------------------------------------------------------------------------------------------
WRITERS, EACH, LISTENERS = 4, 150, 8


def test_nobody_misses_or_repeats_an_event_whoever_writes_and_however_often_one_leaves(
    web: Web, cast: Cast
) -> None:
    """The bounded form of `python -m benchmarks streams`."""
    tenants = [cast.aurora, cast.boreal]
    ways = {tenant.pk: key(tenant) for tenant in tenants}
    begin = {tenant.pk: Generation.objects.get(tenant=tenant).event_number for tenant in tenants}
    wanted = WRITERS * EACH * 4 // 5 // 2 + 1

    def write(n: int) -> None:
        with closing(connection):
            for i in range(EACH):
                with transaction.atomic():
                    events.publish("sync", tenant_id=tenants[(n + i) % 2].pk, run=n * EACH + i)
                    transaction.set_rollback(i % 5 == 4)

    def listen(n: int) -> list[tuple[int, int]]:
        tenant, chance = tenants[n % 2], random.Random(n)
        heard: list[tuple[int, int]] = []
        last = begin[tenant.pk]
        while True:
            with web.stream(**ways[tenant.pk], **{"Last-Event-ID": str(last)}) as stream:
                for _ in range(chance.randint(1, 60)):
                    message = stream.next()
                    assert message.number is not None
                    last = message.number
                    if message.name == "facts_changed":
                        return heard
                    heard.append((message.number, message.data["run"]))

    with ThreadPoolExecutor(WRITERS + LISTENERS) as pool:
        listeners = [pool.submit(listen, n) for n in range(LISTENERS)]
        for writer in [pool.submit(write, n) for n in range(WRITERS)]:
            writer.result()
        for tenant in tenants:
            events.publish("facts_changed", tenant_id=tenant.pk)
        found = [one.result() for one in listeners]
    for n, heard in enumerate(found):
        tenant = tenants[n % 2]
        first = begin[tenant.pk]
        assert [number for number, _run in heard] == list(range(first + 1, first + wanted))
        told = Event.objects.filter(tenant=tenant, name="sync").order_by("number")
        assert [run for _number, run in heard] == [row.payload["run"] for row in told]


# --- connections and servers --------------------------------------------------------------------------------------------
def test_a_listener_that_is_cut_catches_up(web: Web, cast: Cast) -> None:
    with web.stream(**key(cast.aurora)) as stream, Socket(web, user=cast.ana) as page:
        stream.next(heartbeats=True)
        page.ask("connect")
        page.ask("subscribe", events=["sync"])
        for run in range(5):
            cut = pg.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'painel-listener' AND datname = current_database()"
            )
            assert run > 0 or cut == [(True,)]
            events.publish("sync", tenant_id=cast.aurora.pk, run=run)
        assert [m.data["run"] for m in stream.take(5)] == list(range(5))
        assert [page.hear("data_update")["data"]["data"]["run"] for _ in range(5)] == list(range(5))


SEED = """
from tests.api import make_key; from tests.factories import make_tenant
from django.core.management import call_command
call_command("migrate", verbosity=0)
tenant = make_tenant("Aurora"); print(tenant.pk, make_key(tenant))
"""


@pytest.mark.drill
def test_postgresql_that_goes_away_and_comes_back_costs_a_stream_nothing(
    embedded_postgres_factory: Callable[[], PostgresServer],
) -> None:
    server = embedded_postgres_factory()
    env = {"DATABASE_URL": server.url, "WEBSOCKET_HEARTBEAT_INTERVAL": "200"}
    made = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", SEED],
        cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    tenant_id, text = made.stdout.split()

    def publish(run: int) -> None:
        with psycopg.connect(server.url, autocommit=True) as writer:
            writer.execute(
                "INSERT INTO live_event (tenant_id, name, payload) VALUES (%s, 'sync', jsonb_build_object('run', %s::int))",
                [tenant_id, run],
            )

    with Web(env) as web, web.stream(Authorization=f"Api-Key {text}") as stream:
        publish(1)
        assert stream.next().data["run"] == 1
        server.kill()
        while stream.next(heartbeats=True).data["live"]:
            continue  # the stream stays and says that it may be late
        assert web.get("/health/live")[0] == 200
        server.start()
        publish(2)
        assert stream.next().data["run"] == 2
        while not stream.next(heartbeats=True).data["live"]:
            continue


@pytest.mark.drill
def test_health_answers_while_every_thread_of_the_pages_is_busy(cast: Cast) -> None:
    cookie = f"sessionid={signed_in(cast.ana).cookies['sessionid'].value}"
    with Web({"WEB_THREADS": "1"}) as web, web.stream(Cookie=cookie) as stream:
        stream.next(heartbeats=True)
        with ThreadPoolExecutor(3) as pool:
            with transaction.atomic():
                pg.execute("LOCK TABLE ledger_transaction IN ACCESS EXCLUSIVE MODE")
                pages = [pool.submit(web.get, "/t/aurora/transactions/", Cookie=cookie) for _ in range(3)]
                waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                eventually(lambda: pg.fetch(waiting)[0][0] > 0, "a page waits")
                assert web.get("/health/live")[0] == 200
                pg.fetch("SELECT pg_notify('painel_access', 'user:0')")
            events.publish("sync", tenant_id=cast.aurora.pk, run=1)
            assert stream.next().data["run"] == 1
            assert {page.result()[0] for page in pages} == {200}


# --- clients that do not read --------------------------------------------------------------------------------------------
LOTS = 16_000
_LOTS_OF = """
INSERT INTO live_event (tenant_id, name, payload)
SELECT %s, 'sync', jsonb_build_object('run', n, 'pad', repeat('x', 600)) FROM generate_series(1, %s) n
"""


@pytest.mark.drill
def test_who_does_not_read_is_cut_off_and_misses_nothing_after(cast: Cast) -> None:
    auth = key(cast.aurora)
    with Web({"WEBSOCKET_CONNECTION_TIMEOUT": "10000"}) as web, web.stream(**auth) as quick:
        process = psutil.Process(web.process.pid)
        slow = Stream(web.port, "/api/events", auth, buffer=4_096)
        begin = slow.next(heartbeats=True)
        assert begin.number is not None
        before = process.memory_info().rss
        pg.execute(_LOTS_OF, [cast.aurora.pk, LOTS])
        assert [m.data["run"] for m in quick.take(LOTS)] == list(range(1, LOTS + 1))
        mine = slow.local_port()
        peers = lambda: {one.raddr.port for one in process.net_connections("tcp") if one.raddr}  # noqa: E731
        eventually(lambda: mine not in peers(), "the server hangs up")
        assert process.memory_info().rss - before < 60_000_000, "nothing was kept for it"
        last = begin.number
        slow.close()
        with web.stream(**auth, **{"Last-Event-ID": str(last)}) as again:
            assert [m.number for m in again.take(LOTS)] == list(range(last + 1, last + LOTS + 1))


def seat(tenant_id: int, *, user_id: int | None = 1, until: float | None = None, stamp: str = "") -> Seat:
    return Seat(tenant_id, "aurora", user_id, None, "", stamp, until, "127.0.0.1", "")


def told(numbers: range) -> list[Told]:
    return [Told(number, "sync", {"run": number}, 0.0) for number in numbers]


def test_who_falls_behind_is_told_why() -> None:
    async def run() -> None:
        hub = Hub()
        client = Client(seat(1), "sse", 0)
        hub.join(client)
        assert await hub.take(client) is None
        assert client.caught_up
        channel = hub.channels[1]
        channel.accept(Page(10, told(range(1, 11))))
        assert await hub.take(client) == Batch(channel.ring)
        channel.last += BEHIND + 1
        assert await hub.take(client) is None
        assert client.ended is End.SLOW
        assert sse._farewell(client) == b'id: 10\nevent: close\ndata: {"code":4410,"reason":"slow"}\n\n'

    asyncio.run(run())


def test_what_one_company_keeps_in_memory_is_bounded() -> None:
    async def run() -> None:
        hub = Hub()
        client = Client(seat(1), "sse", 0)
        hub.join(client)
        channel = hub.channels[1]
        for start in range(0, 100_000, 500):
            channel.accept(Page(start + 500, told(range(start + 1, start + 501))))
        assert len(channel.ring) <= 2 * 1_024 + 500
        assert channel.after(99_000) == channel.ring[-1_000:][:500]
        assert channel.after(10) is None, "that stands in the table only"
        hub.leave(client)
        assert hub.channels == {}

    asyncio.run(run())


# --- clocks ---------------------------------------------------------------------------------------------------------------
def test_a_clock_that_is_set_ends_nothing_and_prolongs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends are kept as monotonic times: only the first look at the token uses the clock of the day."""

    async def run() -> None:
        hub = Hub()
        now = asyncio.get_running_loop().time()
        stays, ends = Client(seat(1, until=now + 60), "ws", 0), Client(seat(1, until=now + 1), "ws", 0)
        for jump in (timedelta(days=365), timedelta(days=-365)):
            monkeypatch.setattr(clock, "now", lambda jump=jump: datetime.now(UTC) + jump)
            for client in (stays, ends):
                hub._look_at(client, now, 30, 60)
            assert (stays.ended, ends.ended) == (None, None)
        for client in (stays, ends):
            hub._look_at(client, now + 2, 30, 60)
        assert (stays.ended, ends.ended) == (None, End.EXPIRED)

    asyncio.run(run())


def test_everybody_is_asked_for_again_although_no_notice_came(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notice can get lost with the connection that would have heard it."""
    monkeypatch.setattr(hubs, "CHECK_EVERY", 0.1)

    async def deaf(self: Listener) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Listener, "run", deaf)

    async def run() -> tuple[End | None, End | None]:
        hub = Hub()
        hub.start()
        people = [
            Client(seat(cast.aurora.pk, user_id=one.pk, stamp=one.get_session_auth_hash()), "sse", 0)
            for one in (cast.ana, cast.bruno)
        ]
        for client in people:
            hub.join(client)
            client.wake.clear()
        await hub.in_thread(
            lambda: services.revoke_member(membership=Membership.objects.get(user=cast.bruno), actor=cast.ana)
        )
        await asyncio.wait_for(people[1].wake.wait(), PATIENCE)
        ends = people[0].ended, people[1].ended
        await hub.stop()
        return ends

    assert asyncio.run(run()) == (None, End.REVOKED)


# --- presence ----------------------------------------------------------------------------------------------------------------
def test_who_is_connected_stands_in_rows(web: Web, cast: Cast) -> None:
    auth = key(cast.aurora)
    with web.stream(**auth, **{"User-Agent": "probe/1"}) as stream, Socket(web, user=cast.bruno) as page:
        page.ask("connect")
        stream.next(heartbeats=True)
        eventually(lambda: Presence.objects.count() == 2, "both are there")
        rows = {row.kind: row for row in Presence.objects.all()}
        assert (rows["sse"].tenant_id, rows["sse"].user_id) == (cast.aurora.pk, None)
        assert rows["sse"].api_key is not None
        assert (rows["sse"].user_agent, rows["sse"].address) == ("probe/1", "127.0.0.1")
        assert (rows["ws"].user_id, rows["ws"].api_key) == (cast.bruno.pk, None)
        assert rows["ws"].process == rows["sse"].process != measure.ID
    eventually(lambda: not Presence.objects.exists(), "both are gone")


@pytest.mark.drill
def test_the_address_is_the_clients_own_where_a_proxy_of_ours_says_so(cast: Cast) -> None:
    auth = key(cast.aurora)
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    with Web({"TRUSTED_PROXIES": "127.0.0.1"}) as web, web.stream(**auth, **forwarded):
        eventually(Presence.objects.exists, "it is there")
        assert Presence.objects.get().address == "203.0.113.9"
    with Web() as web, web.stream(**auth, **forwarded):
        eventually(Presence.objects.exists, "it is there")
        assert Presence.objects.get().address == "127.0.0.1", "anybody can say so"


@pytest.mark.drill
def test_rows_of_a_process_that_vanished_are_swept_and_living_ones_renewed(cast: Cast) -> None:
    auth = key(cast.aurora)
    hasty = {"WEBSOCKET_HEARTBEAT_INTERVAL": "500"}
    with Web(hasty) as web, web.stream(**auth):
        with Web(hasty) as other:
            vanishing = other.stream(**auth)
            eventually(lambda: Presence.objects.count() == 2, "both are there")
            other.process.kill()
            eventually(lambda: Presence.objects.count() == 1, "the vanished one is swept")
            vanishing.close()
        row = Presence.objects.get()
        eventually(
            lambda: Presence.objects.get().last_heartbeat_at > row.last_heartbeat_at, "the other one lives"
        )
        Presence.objects.all().delete()
        eventually(Presence.objects.exists, "who was swept by mistake comes back")


def test_a_presence_that_cannot_be_written_hinders_no_stream(web: Web, cast: Cast) -> None:
    auth = key(cast.aurora)
    pg.execute("ALTER TABLE live_presence ADD CONSTRAINT nobody CHECK (user_agent <> 'probe/2')")
    try:
        with web.stream(**auth, **{"User-Agent": "probe/2"}) as stream, web.stream(**auth) as other:
            for run in range(3):
                events.publish("sync", tenant_id=cast.aurora.pk, run=run)
            assert [m.data["run"] for m in stream.take(3)] == [0, 1, 2]
            assert [m.data["run"] for m in other.take(3)] == [0, 1, 2]
    finally:
        pg.execute("ALTER TABLE live_presence DROP CONSTRAINT nobody")
