"""Streams: nothing lost or repeated while clients come and go, and how fast one web process tells thousands while it serves pages."""

import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg

from benchmarks.database import SMALL, SMALL_ROWS, use
from benchmarks.results import Result, Settings

ROOT: Final = Path(__file__).resolve().parent.parent
WRITERS, CLIENTS, EVENTS, COMPANIES = 8, 200, 100_000, 10
BROADCASTS: Final = 30
WARM: Final = 20
PAGE_READERS: Final = 4
OPEN: Final = {
    "MAX_CONCURRENT_CONNECTIONS": "200000",  # one key may have a twentieth
    "RATE_LIMIT_REQUESTS_PER_MINUTE": "10000000",  # all clients come from one key here
    "WEBSOCKET_RATE_LIMIT_PER_MINUTE": "10000000",
    "DB_POOL": "true",
    "LOG_LEVEL": "warning",
    "STATIC_HASHED": "false",
    "ALLOWED_HOSTS": "localhost",
}


def streams(settings: Settings) -> list[Result]:
    """Both measures, each with a web process of its own."""
    use(SMALL, SMALL_ROWS)
    _many_files()
    return [_nothing_lost(), *_fan_out(1_000, target=True), *_fan_out(2_500, target=False)]


# --- 8 writers, 200 clients, 100,000 events --------------------------------------------------------------------------------
def _nothing_lost() -> Result:
    companies = [_company(f"order-{n}") for n in range(COMPANIES)]
    each = EVENTS // COMPANIES
    with _web() as (process, port):
        asked = {
            "mode": "resume",
            "port": port,
            "clients": CLIENTS,
            "each": each,
            "keys": [key for _, key in companies],
        }
        with _listeners(asked) as listeners:
            begun = time.monotonic()
            with ThreadPoolExecutor(WRITERS) as pool:
                list(pool.map(lambda n: _write([pk for pk, _ in companies], n), range(WRITERS)))
            written = time.monotonic() - begun
            found = json.loads(_line(listeners))
        seconds = time.monotonic() - begun
        memory = process.memory_info().rss / 2**20
    wrong = found["missed"] + found["repeated"] + found["reloads"] + abs(found["heard"] - each * CLIENTS)
    figures = found | {"seconds writing": written, "seconds": seconds, "rss_mb": memory}
    return Result("events lost, repeated or out of order", wrong, "", "<=", 0, figures)


def _write(tenants: list[int], n: int) -> None:
    """Write this writer's share, one commit an event; every tenth transaction is taken back."""
    share = EVENTS // WRITERS
    with psycopg.connect(_url()) as connection:
        for i in range(share):
            tenant_id = tenants[(n * share + i) % len(tenants)]
            if i % 10 == 9:
                connection.execute(_INSERT, [tenant_id, "{}"])
                connection.rollback()
            connection.execute(_INSERT, [tenant_id, json.dumps({"run": i})])
            connection.commit()


_INSERT: Final = "INSERT INTO live_event (tenant_id, name, payload) VALUES (%s, 'sync', %s)"


# --- broadcast to all while pages are served ---------------------------------------------------------------------------------
def _fan_out(each: int, *, target: bool) -> list[Result]:
    from tenants.models import Tenant

    tenant = Tenant.objects.get(slug="bench-1")
    key, cookie = _key(tenant), _session(tenant)
    with _web() as (process, port):
        asked = {"mode": "hear", "port": port, "sse": each, "ws": each, "key": key}
        with _hearing(asked | {"sse": WARM, "ws": WARM}):
            pass  # code and threads that the first of each kind need are no part of what one more costs
        held = [process.memory_info().rss]
        with _hearing(asked, lambda: held.append(process.memory_info().rss)) as listeners:
            held.append(process.memory_info().rss)
            with _pages(port, cookie) as pages:
                _broadcast(tenant.pk)
                memory = process.memory_info().rss / 2**20
                _say(listeners, BROADCASTS)
                found = json.loads(_line(listeners))
    delays = {kind: sorted(1_000 * one for one in some) for kind, some in found["delays"].items()}
    whole = sorted(delays["sse"] + delays["ws"])
    share = len(whole) / (2 * each * BROADCASTS)
    figures = {
        "delivered": share, "p50_ms": _quantile(whole, 0.5), "p95_sse_ms": _quantile(delays["sse"], 0.95),
        "p95_ws_ms": _quantile(delays["ws"], 0.95), "worst_ms": whole[-1] if whole else 0, "cut": found["lost"],
        "pages_per_second": pages["count"] / pages["seconds"], "pages_p95_ms": _quantile(sorted(pages["ms"]), 0.95),
        "bytes_per_sse": (held[1] - held[0]) // each, "bytes_per_ws": (held[2] - held[1]) // each,
    }  # fmt: skip
    name = f"{2 * each:,} streams (half WebSocket) on one process beside pages"
    p95 = _quantile(whole, 0.95)
    if not target:
        return [
            Result(
                f"{name}: p95 from commit to client",
                p95,
                "ms",
                "printed",
                figures=figures | {"rss_mb": memory},
            )
        ]
    return [
        Result(f"{name}: p95 from commit to client", p95, "ms", "<=", 500, figures),
        Result(f"{name}: share of messages delivered", 100 * share, "%", ">=", 100),
        Result(f"{name}: memory of the process", memory, "MB", "<=", 512),
    ]


def _broadcast(tenant_id: int) -> None:
    """Commit one event a second, each with the time before its commit."""
    with psycopg.connect(_url(), autocommit=True) as connection:
        for _ in range(BROADCASTS):
            connection.execute(_INSERT, [tenant_id, json.dumps({"t": time.monotonic()})])
            time.sleep(1)  # the pace of the measure; nothing is awaited


@contextmanager
def _pages(port: int, cookie: str) -> Iterator[dict[str, Any]]:
    """Read a page of the company over and over, a few readers at a time."""
    found: dict[str, Any] = {"count": 0, "ms": [], "seconds": 1.0}
    ended, begun = threading.Event(), time.monotonic()

    def read() -> None:
        door = HTTPConnection("127.0.0.1", port, timeout=60)
        while not ended.is_set():
            at = time.monotonic()
            door.request("GET", "/t/bench-1/transactions/", headers={"Host": "localhost", "Cookie": cookie})
            answer = door.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            found["ms"].append(1_000 * (time.monotonic() - at))
            found["count"] += 1
            ended.wait(0.05)

    with ThreadPoolExecutor(PAGE_READERS) as pool:
        readers = [pool.submit(read) for _ in range(PAGE_READERS)]
        try:
            yield found
        finally:
            ended.set()
            found["seconds"] = time.monotonic() - begun
    for reader in readers:
        reader.result()


def _quantile(ordered: list[float], share: float) -> float:
    return (
        statistics.quantiles(ordered, n=100, method="inclusive")[round(100 * share) - 1]
        if len(ordered) > 1
        else 0.0
    )


# --- what both need -----------------------------------------------------------------------------------------------------------
def _company(slug: str) -> tuple[int, str]:
    """Return a new company without any event so far, and a key of it."""
    from live.models import Event, Generation
    from tenants.models import Tenant

    Tenant.objects.filter(slug=slug).delete()
    tenant = Tenant.objects.create(slug=slug, name=slug)
    key = _key(tenant)
    assert not Event.objects.filter(tenant=tenant).exists()
    assert Generation.objects.get(tenant=tenant).event_number == 0
    return tenant.pk, key


def _key(tenant: Any) -> str:
    from tenants import services

    return str(services.create_api_key(tenant=tenant, name="bench", scopes=["read"], actor=None)[1])


def _session(tenant: Any) -> str:
    from django.test import Client

    from tenants.models import Membership, User

    user, _ = User.objects.get_or_create(email="bench@example.com")
    Membership.objects.get_or_create(tenant=tenant, user=user, defaults={"role": "owner"})
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


def _url() -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{SMALL}"))


def _many_files() -> None:
    """Allow as many open connections as the system does."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def _web() -> Iterator[tuple[psutil.Process, int]]:
    """Run one web process as production does."""
    from config import embedded, processes
    from config.demo.servers import answers

    port = embedded.free_port(0)
    argv = processes.web(host="127.0.0.1", port=port)
    environ = os.environ | {"DATABASE_URL": _url()} | OPEN
    process = subprocess.Popen(
        argv, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not answers(port, "/health/live"):
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"the web process ended with {process.wait(0.1)}")
        yield psutil.Process(process.pid), port
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def _hearing(
    asked: dict[str, Any], between: Callable[[], object] = lambda: None
) -> Iterator["subprocess.Popen[str]"]:
    """Run clients of both kinds; yield when they are all connected. `between` is called when those of server-sent events are."""
    with _clients(asked) as process:
        assert json.loads(_line(process))["open"]
        between()
        _say(process, "")
        assert json.loads(_line(process))["ready"]
        yield process


@contextmanager
def _listeners(asked: dict[str, Any]) -> Iterator["subprocess.Popen[str]"]:
    """Run clients that come and go; yield when they begin."""
    with _clients(asked) as process:
        assert json.loads(_line(process))["ready"]
        yield process


@contextmanager
def _clients(asked: dict[str, Any]) -> Iterator["subprocess.Popen[str]"]:
    argv = [sys.executable, "-m", "benchmarks.listeners", json.dumps(asked)]
    process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _say(process: "subprocess.Popen[str]", what: object) -> None:
    assert process.stdin is not None, "it was asked for as a pipe"
    process.stdin.write(f"{what}\n")
    process.stdin.flush()


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None, "it was asked for as a pipe"
    line = process.stdout.readline()
    assert line, "the clients ended"
    return line
