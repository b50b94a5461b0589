"""A real web process under test, and clients of its streams."""

import http.client
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from config import embedded, processes

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 30.0  # seconds after which a test gives up waiting; a busy machine takes its time
START = 90.0


def database_url() -> str:
    """Return the URL of the database that this test writes to."""
    return urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}"))


@dataclass
class Web:
    """One web process as production runs it. Use as a context manager; `env` is added to this process's environment."""

    env: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def __enter__(self) -> Self:
        self.port = self.port or embedded.free_port(0)
        self._log = tempfile.TemporaryFile()
        environment = (
            os.environ | {"DATABASE_URL": database_url(), "REDIS_URL": settings.REDIS_URL} | self.env
        )
        argv = processes.web(host="127.0.0.1", port=self.port)
        self.process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=self._log, stderr=self._log)
        try:
            self._wait()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        print(self.log())  # noqa: T201 - pytest shows it with a failure
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._log.close()

    def log(self) -> str:
        """Return what the process wrote so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _wait(self) -> None:
        until = time.monotonic() + START
        while True:
            assert self.process.poll() is None, self.log()
            try:
                status, _headers, _body = self.get("/health/live")
                assert status == 200, self.log()
                return
            except OSError:
                assert time.monotonic() < until, self.log()

    def get(self, path: str, *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of an answer that ends."""
        door = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            door.request(method, path, headers={"Host": "localhost", **headers})
            answer = door.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            door.close()

    def stream(self, path: str = "/api/events", **headers: str) -> "Stream":
        """Return an open stream of server-sent events. Fails when it is refused."""
        return Stream(self.port, path, headers)


@dataclass(frozen=True, slots=True)
class Message:
    """One server-sent event."""

    name: str
    number: int | None
    data: Any


class Stream:
    """A client of `/api/events` that reads when it is asked to."""

    def __init__(self, port: int, path: str, headers: dict[str, str], *, buffer: int = 0) -> None:
        self._door = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        if buffer:
            self._door.sock = socket.socket()
            self._door.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            self._door.sock.settimeout(PATIENCE)
            self._door.sock.connect(("127.0.0.1", port))
        self._door.request(
            "GET", path, headers={"Host": "localhost", "Accept": "text/event-stream", **headers}
        )
        self.answer = self._door.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.retry: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def local_port(self) -> int:
        """Return our end's port."""
        assert self._door.sock is not None, "the answer is open"
        return int(self._door.sock.getsockname()[1])

    def close(self) -> None:
        """Hang up."""
        self.answer.close()
        self._door.close()

    def messages(self) -> Iterator[Message]:
        """Yield what comes, heartbeats too, until the server ends the stream. Raises TimeoutError when nothing comes for long."""
        fields: dict[str, str] = {}
        while line := self.answer.readline():
            text = line.decode().rstrip("\n")
            if text:
                name, _, value = text.partition(": ")
                fields[name] = value
                continue
            if "retry" in fields:
                self.retry.append(int(fields.pop("retry")))
            if fields:
                number = int(fields["id"]) if "id" in fields else None
                yield Message(fields["event"], number, json.loads(fields["data"]))
                fields = {}

    def next(self, *, heartbeats: bool = False) -> Message:
        """Return the next message that is no heartbeat."""
        for message in self.messages():
            if heartbeats or message.name != "heartbeat":
                return message
        raise EOFError("the stream ended")

    def take(self, count: int) -> list[Message]:
        """Return the next messages that are no heartbeats."""
        return [self.next() for _ in range(count)]
