"""`manage.py demo` as a person uses it: real processes, in a home of their own, with a hundredth of the full story."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import psutil
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config import embedded
from config.demo import database
from config.demo.companies import PEOPLE
from config.supervise import still_alive
from tests.deployment import ROOT

SCALE = "0.01"
COUNTS = ("tenants", "transactions", "sales", "customers", "products", "open_items", "runs")
# What the test run itself set; the demo is to find an environment in which nobody set anything.
OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "JWT_SECRET",
    "FIELD_ENCRYPTION_KEYS",
    "HTTPS_ONLY",
    "DB_POOL",
)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="painel-demo-"))
    folder.chmod(0o711)
    yield folder
    left = [process for process in psutil.process_iter() if belongs(process, folder)]
    assert still_alive(left, 30) == []
    shutil.rmtree(folder)


def belongs(process: psutil.Process, folder: Path) -> bool:
    """Return whether the process serves this home: its command line or its environment names the folder."""
    try:
        return any(
            str(folder) in word for word in (*process.cmdline(), process.environ().get("PAINEL_HOME", ""))
        )
    except psutil.Error:
        return False


def environment(home: Path, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if name not in OURS}
    return {**plain, "PAINEL_HOME": str(home), "DEMO_PORT": str(embedded.free_port(0)), **more}


def once(command: list[str], home: Path, **more: str) -> dict[str, object]:
    """Run a command that ends in `demo --once --json`. Return the one object that it said on standard output."""
    done = subprocess.run(command, cwd=ROOT, env=environment(home, **more), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    told = json.loads(done.stdout)
    assert (told["tenants"], told["check_kpis"]) == (3, "ok")
    return dict(told)


class Serving:
    """A demo that serves; `lines` is what it said until it named its address."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = environment(home)
        command = [sys.executable, "manage.py", "demo", "--scale", SCALE]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stderr=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        self.read_until("Ctrl-C")

    def read_until(self, words: str) -> None:
        """Read what it says until a line holds the words."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if words in line:
                return
        raise AssertionError("".join(self.lines))

    @property
    def port(self) -> int:
        return int(self.environment["DEMO_PORT"])

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Return status and body, or 0 while nobody listens."""
        door = http.client.HTTPConnection("localhost", self.port, timeout=20)
        try:
            door.request("GET", path, headers=headers)
            answer = door.getresponse()
            return answer.status, answer.read().decode()
        except (ConnectionError, http.client.HTTPException):
            return 0, ""
        finally:
            door.close()

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: signal.Signals) -> int:
        """Send the signal and return the exit status; every child must be gone."""
        children = self.children()
        self.process.send_signal(number)
        status = self.process.wait()
        assert still_alive(children, 60) == []
        return status


@pytest.mark.drill
def test_once_does_the_whole_job_and_make_again_finds_nothing_to_add(home):
    first = once([sys.executable, "manage.py", "demo", "--once", "--json", "--scale", SCALE], home)
    assert all(int(str(first[name])) > 0 for name in COUNTS)
    matches = cast("dict[str, int]", first["matches"])
    assert matches.keys() == {"settled", "clear", "ambiguous", "none"}
    assert min(matches["settled"], matches["clear"], matches["ambiguous"]) > 0, matches
    assert {"exact", "payout"} <= cast("dict[str, int]", first["kinds"]).keys()
    again = once(["make", "demo", f"VENV={ready_venv(home)}", f"ARGS=--once --json --scale {SCALE}"], home)
    facts = [name for name in COUNTS if name != "runs"]
    assert {name: again[name] for name in facts} == {name: first[name] for name in facts}
    assert int(str(again["runs"])) > int(str(first["runs"]))


def ready_venv(home: Path) -> Path:
    """Return a .venv as make leaves it, whose Python is ours."""
    venv = home / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (venv / "bin" / "python").chmod(0o755)
    (venv / ".runtime").touch()
    return venv


@pytest.mark.drill
def test_it_serves_mends_itself_and_ends_when_told(home):
    demo = Serving(home)
    said = "".join(demo.lines)
    assert f"http://localhost:{demo.port}\n" in said
    for person in PEOPLE:
        assert person.email in said
    (key,) = re.findall(r'curl -H "Authorization: (Api-Key \S+)"', said)
    status, body = demo.get("/api/system/status", Authorization=key)
    assert (status, json.loads(body)["success"]) == (200, True)
    (web,) = [child for child in demo.children() if child.cmdline()[1:3] == ["-m", "uvicorn"]]
    web.kill()
    demo.read_until("It is started again")
    assert any("web ended with status 137" in line for line in demo.lines)
    while demo.get("/health/live")[0] != 200:
        assert demo.process.poll() is None
    assert demo.end(signal.SIGTERM) == 0
    assert not (home / "postgres" / "data" / "postmaster.pid").exists(), "PostgreSQL stopped cleanly"


@pytest.mark.drill
def test_after_kill_9_nothing_runs_on_and_the_next_start_recovers(home):
    demo = Serving(home)
    children = demo.children()
    assert len(children) > 10
    demo.process.kill()
    demo.process.wait()
    assert still_alive(children, 60) == []
    demo = Serving(home)
    # Any command of this checkout finds the demo's servers by itself.
    check = [sys.executable, "manage.py", "check_kpis", "--refresh"]
    done = subprocess.run(check, cwd=ROOT, env=environment(home), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
    assert demo.end(signal.SIGINT) == 0


@pytest.mark.drill
def test_named_servers_are_used_and_none_is_started(embedded_postgres_factory, valkey_factory, home):
    server, cache = embedded_postgres_factory(), valkey_factory()
    elsewhere = home / "named"
    command = [sys.executable, "manage.py", "demo", "--once", "--json", "--scale", "0.002"]
    once(command, elsewhere, DATABASE_URL=server.url, REDIS_URL=cache.url)
    assert {path.name for path in elsewhere.iterdir()} & {"postgres", "valkey"} == set()
    with psycopg.connect(server.url) as direct:
        assert direct.execute("select count(*) from tenants_tenant where is_demo").fetchone() == (3,)
    server.stop()
    cache.stop()


# --- what it refuses --------------------------------------------------------------------------------------------------
@pytest.fixture
def refusing(monkeypatch, tmp_path) -> Path:
    """A home for a demo that is refused before it starts anything."""
    monkeypatch.setenv("PAINEL_HOME", str(tmp_path))
    return tmp_path


def test_a_second_demo_of_the_same_home_is_refused(refusing, capfd):
    with embedded.held(refusing), pytest.raises(CommandError, match="is running already") as refusal:
        call_command("demo", once=True, json=True)
    assert json.loads(capfd.readouterr().out) == {"error": str(refusal.value)}


def test_a_taken_port_is_a_sentence_that_names_the_setting(refusing, settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings.DEMO_PORT = taken.getsockname()[1]
        with pytest.raises(CommandError) as refusal:
            call_command("demo")
    assert f"Port {settings.DEMO_PORT} is not free" in str(refusal.value)
    assert f"DEMO_PORT={settings.DEMO_PORT + 1} make demo" in str(refusal.value)


def test_json_needs_once():
    with pytest.raises(CommandError, match="give both"):
        call_command("demo", json=True)


@pytest.mark.django_db
def test_a_database_of_somebody_else_is_left_alone():
    tables = connection.introspection.table_names()
    with pytest.raises(CommandError, match=f"holds {len(tables)} tables that the demo did not make"):
        database.claim()
    assert connection.introspection.table_names() == tables


@pytest.mark.django_db
def test_its_own_database_is_known_again():
    with connection.cursor() as cursor:
        cursor.execute(f"create table {database.MARK} ()")
    database.claim()
