"""Real servers for tests: PostgreSQL and Valkey from the wheels, which a test may kill and start again. No Django here."""

import fcntl
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL
from typing import TypeVar

import psutil
import psycopg

from config import embedded, wheels
from config.supervise import Command, Supervisor, still_alive

PREFIX = "painel-test-"
Server = TypeVar("Server", "PostgresServer", "ValkeyServer")


@dataclass
class PostgresServer:
    """A disposable PostgreSQL in `folder`; `url` names its database `painel`."""

    folder: Path
    supervisor: Supervisor = field(default_factory=Supervisor)

    @property
    def url(self) -> str:
        """Return the URL of the database, whether the server runs or not."""
        return embedded.postgres_url(self.folder)

    def start(self) -> None:
        """Start the server on its data (an empty cluster at first) and return when it takes connections."""
        embedded.init_postgres(self.folder, fast=True)
        argv, user = embedded.postgres_command(self.folder, fast=True)
        command = Command(argv, self.folder / "server.log", cwd=self.folder, user=user, stop_signal=SIGINT)
        self.supervisor.start("postgres", command, ready=lambda: embedded.postgres_answers(self.url))
        embedded.ensure_database(self.url, "painel")

    def follow(self, primary: "PostgresServer") -> None:
        """Become a streaming copy of a running server, in a folder that is not there yet, and return when it can be read from."""
        user = wheels.server_user(primary.folder)
        embedded.make_folder(self.folder)
        embedded._make_socket_folder(embedded.socket_folder(self.folder), user)
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        wheels.give(data, user)
        source = f"host={embedded.socket_folder(primary.folder)} user={embedded.SUPERUSER}"
        program = wheels.postgres_bin(self.folder, user) / "pg_basebackup"
        wheels.run(
            [str(program), "-d", source, "-D", str(data), "-R", "-X", "stream", "-c", "fast", "--no-sync"],
            user,
            self.folder,
        )
        self.start()

    def promote(self) -> None:
        """Make a copy a server of its own that can be written to, and return when it is."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")

    def stop(self) -> None:
        """Stop the server cleanly; its data stays."""
        self.supervisor.stop_all()

    def kill(self) -> None:
        """kill -9 the server, as a power cut would, and return when every process of it is gone."""
        _kill(self.supervisor, "postgres")


@dataclass
class ValkeyServer:
    """A disposable Valkey in `folder`. It keeps its port and its data over restarts."""

    folder: Path
    supervisor: Supervisor = field(default_factory=Supervisor)

    @property
    def url(self) -> str:
        """Return the URL of database 0, whether the server runs or not."""
        return embedded.valkey_url(self.folder)

    def start(self) -> None:
        """Start the server and return when it answers."""
        command = Command(embedded.valkey_command(self.folder), self.folder / "server.log")
        self.supervisor.start("valkey", command, ready=lambda: embedded.valkey_answers(self.url))

    def stop(self) -> None:
        """Stop the server cleanly; its data stays."""
        self.supervisor.stop_all()

    def kill(self) -> None:
        """kill -9 the server and return when it is gone."""
        _kill(self.supervisor, "valkey")


def _kill(supervisor: Supervisor, name: str) -> None:
    leader = psutil.Process(supervisor.pid(name))
    family = [leader, *leader.children(recursive=True)]
    leader.send_signal(SIGKILL)
    supervisor.wait()
    supervisor.stop(name)
    if still_alive(family, 30):
        raise RuntimeError(f"{name} outlived its kill")


class ServersOfOneRun:
    """The servers and the folder of one test run. `start` what the environment does not name; `close` ends and removes all.

    When the run is killed, the guards end the servers and the next run removes the folder.
    """

    def __init__(self) -> None:
        _remove_abandoned()
        # Short: a socket's path has a limit, and pytest's own folders come near it.
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        embedded.make_folder(self.folder)
        self._lock = (self.folder / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._started: list[PostgresServer | ValkeyServer] = []

    def postgres(self) -> PostgresServer:
        """Start another PostgreSQL of this run."""
        return self._start(PostgresServer(self.folder / f"pg{len(self._started)}"))

    def valkey(self) -> ValkeyServer:
        """Start another Valkey of this run."""
        return self._start(ValkeyServer(self.folder / f"vk{len(self._started)}"))

    def _start(self, server: Server) -> Server:
        self._started.append(server)
        server.start()
        return server

    def close(self) -> None:
        """Stop every server of this run and remove its folder."""
        for server in reversed(self._started):
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def _remove_abandoned() -> None:
    """Remove the folders of runs that were killed: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with (folder / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for server in folder.glob("*/"):
                    embedded.end_strays(server)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # in use, of another user, or being made at this moment
            continue
