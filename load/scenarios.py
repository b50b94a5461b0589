"""The two scenarios for Locust. `python -m load` drives them; `locust -f load/scenarios.py` works too (LOAD_KEYS names the file of keys)."""

import itertools
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import gevent
import websocket
from locust import FastHttpUser, User, task
from locust.exception import StopUser

EVENTS: Final = ["sync_complete", "kpi_refreshed", "reconciliation_changed"]
READS: Final = "/api/pluggy/transactions"
THINK: list[float] = [30.0, 60.0]


def keys() -> Iterator[dict[str, str]]:
    """Return keys and the slugs of their companies, round and round, so that none is asked more than its share."""
    path = os.environ.get("LOAD_KEYS")
    if not path:
        raise SystemExit("LOAD_KEYS names no file. Make one with `manage.py load_users --file keys.json`.")
    return itertools.cycle(json.loads(Path(path).read_text()))


class Listener(User):
    """A page that is open: connects, subscribes, thinks, says a heartbeat, thinks, leaves."""

    weight = 7
    host = os.environ.get("LOAD_TARGET", "http://localhost:8000")
    open_now: ClassVar[int] = 0
    most: ClassVar[int] = 0
    told: ClassVar[int] = 0
    _keys: ClassVar[Iterator[dict[str, str]] | None] = None

    @task
    def listen(self) -> None:
        """Do it once; the next arrival is another person."""
        cls = type(self)
        cls._keys = cls._keys or keys()
        who = next(cls._keys)
        try:
            socket = self._timed("ws connect", lambda: self._connect(who))
        except (OSError, websocket.WebSocketException) as error:
            raise StopUser from error
        cls.open_now += 1
        cls.most = max(cls.most, cls.open_now)
        try:
            self._timed("ws subscribe", lambda: self._ask(socket, "subscribe", {"events": EVENTS}))
            self._hear(socket, THINK[0])
            self._timed("ws heartbeat", lambda: self._ask(socket, "heartbeat", {"timestamp": time.time()}))
            self._hear(socket, THINK[1])
        except (OSError, websocket.WebSocketException, ValueError):
            pass  # counted by _timed, or by _hear as "ws cut"
        finally:
            cls.open_now -= 1
            socket.close(timeout=0)
        raise StopUser

    def _connect(self, who: dict[str, str]) -> websocket.WebSocket:
        parts = urlsplit(self.host or "")
        address = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}/ws/"
        socket = websocket.create_connection(address, timeout=30, suppress_origin=True)
        try:
            self._ask(socket, "connect", {"token": who["key"], "tenant": who["tenant"]})
        except BaseException:
            socket.close(timeout=0)
            raise
        return socket

    def _ask(self, socket: websocket.WebSocket, event: str, data: dict[str, Any]) -> None:
        """Say something and wait for its answer. Raises ValueError when it is refused."""
        socket.send(json.dumps({"event": event, "data": data}))
        while True:
            answer = json.loads(socket.recv())
            if answer["event"] == "error":
                raise ValueError(str(answer["data"]))
            if answer["event"] == event:
                return
            type(self).told += 1

    def _hear(self, socket: websocket.WebSocket, seconds: float) -> None:
        """Read what is told for so long. A stream that is cut counts as an error."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            socket.settimeout(left)
            try:
                socket.recv()
                type(self).told += 1
            except websocket.WebSocketTimeoutException:
                return
            except (OSError, websocket.WebSocketException) as error:
                self._fire("ws cut", 0.0, error)
                raise

    def _timed(self, name: str, action: Any) -> Any:
        begun = time.perf_counter()
        try:
            answer = action()
        except Exception as error:
            self._fire(name, begun, error)
            raise
        self._fire(name, begun, None)
        return answer

    def _fire(self, name: str, begun: float, error: Exception | None) -> None:
        spent = 1_000 * (time.perf_counter() - begun) if begun else 0.0
        self.environment.events.request.fire(
            request_type="WS",
            name=name,
            response_time=spent,
            response_length=0,
            exception=error,
            context={},
        )


class Reader(FastHttpUser):
    """A program that reads a list with the ETag that it holds. One read an arrival; `steady` goes on without a pause."""

    weight = 3
    host = Listener.host
    etags: ClassVar[dict[str, str]] = {}
    steady: ClassVar[bool] = False
    # What an answer is looked at by; the fault run finds stale ones so.
    seen: ClassVar[list[Any]] = []
    _keys: ClassVar[Iterator[dict[str, str]] | None] = None

    @task
    def read(self) -> None:
        """Read once."""
        cls = type(self)
        cls._keys = cls._keys or keys()
        self._read(next(cls._keys))
        if not cls.steady:
            raise StopUser
        gevent.sleep(0)

    def _read(self, who: dict[str, str]) -> None:
        headers = {"Authorization": f"Api-Key {who['key']}", "Accept-Encoding": "gzip"}
        known = self.etags.get(who["tenant"])
        if known:
            headers["If-None-Match"] = known
        begun = time.time()
        with self.client.get(READS, headers=headers, catch_response=True, name=READS) as answer:
            if answer.status_code not in (200, 304):
                answer.failure(f"{answer.status_code}: {(answer.text or '')[:200]}")
                return
            answer.success()
            etag = answer.headers.get("ETag")
            if etag:
                self.etags[who["tenant"]] = etag
            for look in self.seen:
                look(who, begun, answer)
