"""A sandbox for tests: `with SandboxServer(tmp_path) as sandbox: sandbox.url, sandbox.company("clinic").gestaoclick.access_token`."""

import asyncio
import atexit
import http.client
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Self

import orjson
import uvicorn

from sync.sandbox.app import Sandbox, Settings
from sync.sandbox.clock import Clock
from sync.sandbox.companies import Company
from sync.sandbox.generator.story import FILE_NAME, open_story


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return orjson.loads(self.body)


@cache
def _told_story(seed: int, scale: float, today: date) -> Path:
    """Return a generated file, made once a process: telling a story takes a second, copying it a few milliseconds."""
    folder = Path(tempfile.mkdtemp(prefix="sandbox-story-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    open_story(folder, seed=seed, scale=scale, clock=Clock(today)).close()
    return folder / FILE_NAME


class SandboxServer:
    """Runs the sandbox in a thread on a free port of this computer. The clock stands at 18:00 of `today` and moves with `tick()`."""

    def __init__(
        self,
        data_dir: Path,
        *,
        seed: int = 7,
        scale: float = 0.01,
        today: date = date(2026, 6, 30),
        unlimited: bool = True,
    ) -> None:
        path = Path(data_dir) / FILE_NAME
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_told_story(seed, scale, today), path)
        settings = Settings(path.parent, seed, scale, webhook_timeout=2.0, unlimited=unlimited)
        self.app = Sandbox(settings, Clock(today))
        config = uvicorn.Config(
            self.app,
            host="127.0.0.1",
            port=0,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="sandbox", daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        """Start and wait until it listens."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        """Stop and wait until it ended."""
        self._server.should_exit = True
        self._thread.join(timeout=10)

    def company(self, key: str) -> Company:
        """Return a company (`clinic`, `law`, `shop`) with its credentials."""
        return self.app.companies[key]

    @property
    def requests(self) -> dict[str, int]:
        """Return how often each `METHOD /upstream/path` was asked."""
        return dict(self.app.requests)

    def faults(self, faults: list[dict[str, Any]]) -> None:
        """Switch faults on: `[{"upstream": "pluggy", "path": "/v2/transactions", "kind": "500", "rate": 0.2, "times": 3}]`."""
        self.call("POST", "/control/faults", faults)

    def clear_faults(self) -> None:
        """Switch all faults off; rows that were kept back appear."""
        self.call("DELETE", "/control/faults")

    def tick(self, kind: str | None = None, company: str | None = None) -> dict[str, Any]:
        """Let time go on by one step: `sale`, `payment`, `expense`, `card`, `post`, or a mixture."""
        result: dict[str, Any] = self.call("POST", "/control/tick", {"kind": kind, "company": company})
        return result

    def drain(self) -> None:
        """Wait until every webhook on its way has arrived or was given up."""
        loop = self.app.loop
        assert loop is not None  # the server listens, so its loop runs
        asyncio.run_coroutine_threadsafe(self.app.deliveries.drain(), loop).result(timeout=60)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Send a request and return its JSON. Raises AssertionError when the status is 400 or more."""
        answer = self.request(method, path, body, headers)
        assert answer.status < 400, f"{method} {path}: {answer.status} {answer.body[:300]!r}"
        return answer.json() if answer.body else None

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        timeout: float = 30,
    ) -> Answer:
        """Send a request (a body that is bytes goes as it is) and return the answer whatever its status."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=timeout)
        try:
            data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
            connection.request(method, path, data, headers or {})
            answer = connection.getresponse()
            return Answer(
                answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
            )
        finally:
            connection.close()
