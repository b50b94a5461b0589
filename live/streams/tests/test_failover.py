"""PostgreSQL fails over: the primary dies, its streaming copy takes its place on the same address."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import psycopg
import pytest
from django.db import connection

from config import wheels
from config.testing import PostgresServer
from live.backups import programs as backups
from live.streams.tests.test_faults import eventually
from live.streams.tests.test_ws import Socket
from live.streams.tests.web import Web, database_url
from tests.api import make_key
from tests.cast import Cast
from tests.factories import make_customer

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Pair:
    """A primary with our data, a copy that follows every commit, and the address that leads to the one or the other."""

    primary: PostgresServer
    copy: PostgresServer
    link: Path

    @property
    def url(self) -> str:
        """Return the address: a name in front of two servers, as a virtual address or a name of DNS is in production."""
        return f"postgresql://postgres@/painel?host={self.link}"

    def lead_to(self, server: PostgresServer) -> None:
        """Point the address at this server's socket."""
        aside = self.link.with_name("aside")
        aside.symlink_to(server.folder / "socket")
        aside.replace(self.link)

    def publish(self, tenant_id: int, run: int) -> int:
        """Commit an event at the address; return its number."""
        with psycopg.connect(self.url, autocommit=True) as writer:
            writer.execute(
                "INSERT INTO live_event (tenant_id, name, payload) VALUES (%s, 'sync', jsonb_build_object('run', %s::int))",
                [tenant_id, run],
            )
            found = writer.execute(
                "SELECT event_number FROM live_generation WHERE tenant_id = %s", [tenant_id]
            )
            (number,) = found.fetchone() or (0,)
            return int(number)


def fill(server: PostgresServer) -> None:
    """Give the server the data of this test."""
    programs = wheels.postgres_bin(server.folder, None)
    load = [
        str(programs / "psql"),
        "--quiet",
        "--no-psqlrc",
        "--set=ON_ERROR_STOP=1",
        "--output=/dev/null",
        server.url,
    ]
    dumper = backups.find("pg_dump", server=connection.pg_version // 10_000)
    save = [str(dumper), "--no-owner", "--no-privileges", database_url()]
    with subprocess.Popen(save, stdout=subprocess.PIPE) as dump:
        subprocess.run(
            load,
            stdin=dump.stdout,
            check=True,
            env=os.environ | {"PGOPTIONS": "-c client_min_messages=warning"},
        )
    assert dump.returncode == 0


@pytest.fixture
def pair(cast: Cast, embedded_postgres_factory: Callable[[], PostgresServer]) -> Iterator[Callable[[], Pair]]:
    """Return a function that makes the pair of what the test has written so far."""
    primary = embedded_postgres_factory()
    copy = PostgresServer(primary.folder.with_name(f"{primary.folder.name}b"))

    def make() -> Pair:
        fill(primary)
        copy.follow(primary)
        # As where nothing may be lost: a commit is told to nobody before the copy has it.
        with psycopg.connect(primary.url, autocommit=True) as to:
            to.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            to.execute("SELECT pg_reload_conf()")
        found = Pair(primary, copy, primary.folder.with_name(f"{primary.folder.name}.address"))
        found.lead_to(primary)
        return found

    yield make
    copy.stop()


@pytest.mark.drill
def test_without_a_database_everything_says_that_it_is_away() -> None:
    """503 and not 500: it passes, programs come back, and browsers show the page that they kept."""
    env = {"DATABASE_URL": "postgresql://postgres@/painel?host=/nowhere", "DB_POOL": "false"}
    cookie = {"Cookie": "sessionid=abcdefghijklmnopqrstuvwxyz012345"}
    with Web(env) as web:
        for path, headers in (("/api/customers", key_of_nobody()), ("/api/events?tenant=aurora", cookie)):
            status, told, body = web.get(path, **headers)
            assert (status, told["retry-after"], orjson.loads(body)["code"]) == (503, "5", "unavailable")
        status, told, body = web.get("/t/aurora/", **cookie)
        assert (status, told["retry-after"]) == (503, "5")
        assert "O painel não está disponível agora" in body.decode()
        with Socket(web, origin=None) as program:
            program.say("connect", token="pk_nobody_nothing")
            assert program.hear()["data"]["code"] == "unavailable"
            assert program.closing() == (1013, "busy")


def key_of_nobody() -> dict[str, str]:
    return {"Authorization": "Api-Key pk_nobody_nothing"}


@pytest.mark.drill
def test_pages_and_streams_go_on_where_they_were(cast: Cast, pair: Callable[[], Pair]) -> None:
    auth = {"Authorization": f"Api-Key {make_key(cast.aurora)}"}
    make_customer(cast.aurora, name="Padaria Sol")
    servers = pair()
    env = {"DATABASE_URL": servers.url, "DB_POOL": "true", "WEBSOCKET_HEARTBEAT_INTERVAL": "200"}

    def customers() -> tuple[int, list[str]]:
        status, _headers, body = web.get("/api/customers", **auth)
        return status, [row["name"] for row in orjson.loads(body)["data"]] if status == 200 else []

    with Web(env) as web, web.stream(**auth) as stream, Socket(web, origin=None) as program:
        token = auth["Authorization"].removeprefix("Api-Key ")
        program.ask("connect", token=token, events=["sync"])
        assert customers() == (200, ["Padaria Sol"])
        last = servers.publish(cast.aurora.pk, 1)
        assert stream.next().number == last
        assert program.hear("data_update")["id"] == last
        servers.primary.kill()
        while stream.next(heartbeats=True).data["live"]:
            continue
        assert web.get("/health/ready")[0] == 503
        servers.lead_to(servers.copy)  # it can only be read from yet, so nobody can listen there
        servers.copy.promote()
        assert servers.publish(cast.aurora.pk, 2) == last + 1, "nothing that was told is missing in the copy"
        heard = stream.next()
        assert (heard.number, heard.data["run"]) == (last + 1, 2)
        assert program.hear("data_update")["id"] == last + 1
        while not stream.next(heartbeats=True).data["live"]:
            continue
        eventually(lambda: customers() == (200, ["Padaria Sol"]), "the API answers again")
        eventually(lambda: web.get("/health/ready")[0] == 200, "and says so")
        with web.stream(**auth, **{"Last-Event-ID": str(last)}) as late:
            assert late.next().number == last + 1, "who comes back misses nothing"
