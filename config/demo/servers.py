"""The servers and processes under the demo: which are its own, how each is started, when each is ready."""

import http.client
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError

from config import embedded, processes
from config.supervise import Command, Supervisor

HOST = "127.0.0.1"
SANDBOX_SEED = 7


class SettingsStale(Exception):
    """The settings of this process were read before Valkey's port was known: the command must run anew."""


@dataclass(frozen=True)
class Place:
    """Where one checkout's demo keeps its data, and whether its servers are its own."""

    home: Path
    supervisor: Supervisor

    @property
    def own_database(self) -> bool:
        """Return whether the database is the embedded one, not one that DATABASE_URL named."""
        return bool(embedded.postgres_url(self.home / "postgres") == settings.DATABASE_URL)

    @property
    def own_redis(self) -> bool:
        """Return whether Redis is the embedded Valkey, not one that REDIS_URL named."""
        return bool(embedded.valkey_url(self.home / "valkey") == settings.REDIS_URL)

    def log(self, name: str) -> Path:
        """Return where a child writes."""
        return self.home / "logs" / f"{name}.log"

    def settle(self) -> None:
        """End what a killed start left running and choose Valkey's port. Raises SettingsStale when that is another than the settings say."""
        if self.own_database:
            embedded.end_strays(self.home / "postgres")
        if self.own_redis:
            embedded.end_strays(self.home / "valkey")
            before = embedded.valkey_url(self.home / "valkey")
            embedded.valkey_command(self.home / "valkey")
            if embedded.valkey_url(self.home / "valkey") != before:
                # The first start chooses the port, and a later one leaves it when another program has it.
                raise SettingsStale

    def start_servers(self) -> None:
        """Start PostgreSQL and Valkey, those that are ours, and return when they answer. Raises ChildFailed."""
        if self.own_redis:
            self._start_valkey(self.home / "valkey")
        if self.own_database:
            self._start_postgres(self.home / "postgres")

    def _start_postgres(self, folder: Path) -> None:
        embedded.init_postgres(folder)
        argv, user = embedded.postgres_command(folder)
        command = Command(
            argv, self.log("postgres"), cwd=folder, user=user, stop_signal=signal.SIGINT, grace=60
        )
        url = embedded.postgres_url(folder)
        self.supervisor.start("postgres", command, ready=lambda: embedded.postgres_answers(url))
        embedded.ensure_database(url, "painel")

    def _start_valkey(self, folder: Path) -> None:
        command = Command(embedded.valkey_command(folder), self.log("valkey"), cwd=folder, grace=30)
        self.supervisor.start("valkey", command, ready=lambda: embedded.valkey_answers(settings.REDIS_URL))

    def start_sandbox(self, *, scale: float, live: bool) -> int:
        """Start the simulated upstreams, whose data is made at the first start, and return their port. `live`: time goes on in them."""
        port = self._sandbox_port()
        argv = [
            sys.executable,
            "-m",
            "sync.sandbox",
            "--data",
            str(self.home / "sandbox"),
            "--port",
            str(port),
        ]
        argv += ["--seed", str(SANDBOX_SEED), "--scale", str(scale), "--unlimited"]
        argv += [] if live else ["--live-seconds", "0"]
        self.supervisor.start("sandbox", Command(argv, self.log("sandbox")))
        return port

    def wait_sandbox(self, port: int) -> str:
        """Return the address of the simulated upstreams once they answer. Raises ChildFailed."""
        self.supervisor.wait_ready("sandbox", lambda: answers(port, "/control/health"), within=180)
        return f"http://{HOST}:{port}"

    def _sandbox_port(self) -> int:
        """Return the port of the last start while it is free, because the connections remember it."""
        kept = self.home / "sandbox.port"
        port = embedded.free_port(int(kept.read_text()) if kept.exists() else 0)
        kept.write_text(str(port))
        return port

    def start_worker(self) -> None:
        """Start the worker; it needs no waiting for, the rows wait for it."""
        self.supervisor.start("worker", Command(processes.worker(), self.log("worker"), grace=30))

    def finish_filling(self, upstreams: str) -> None:
        """Do run.finish_filling in a process of its own: what matching loads would stay in this one for good. Raises ChildFailed."""
        argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo", "--finish-filling", upstreams]
        self.supervisor.run("filling", Command(argv, self.log("filling")))

    def start_beat(self) -> None:
        """Start the process that asks what is due."""
        self.supervisor.start("beat", Command(processes.beat(), self.log("beat")))

    def start_web(self) -> None:
        """Start the one door."""
        argv = processes.web(host=HOST, port=settings.DEMO_PORT)
        self.supervisor.start("web", Command(argv, self.log("web"), grace=processes.WEB_GRACE + 5))

    def wait_web(self) -> None:
        """Return when the door answers. Raises ChildFailed."""
        self.supervisor.wait_ready("web", lambda: answers(settings.DEMO_PORT, "/health/live"))


def refuse_taken_port() -> None:
    """Raise CommandError when another program listens where the web process is to listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, settings.DEMO_PORT))
        except OSError as error:
            raise CommandError(
                f"Port {settings.DEMO_PORT} is not free ({error.strerror}). "
                f"Set DEMO_PORT to another one: DEMO_PORT={settings.DEMO_PORT + 1} make demo"
            ) from error


def answers(port: int, path: str) -> bool:
    """Return whether somebody answers 200 at this path."""
    door = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        door.request("GET", path, headers={"Host": "localhost"})
        return door.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        door.close()
