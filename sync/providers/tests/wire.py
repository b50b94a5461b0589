"""An upstream that exists only in a function: the real `lib.http.Client` over `httpx2.MockTransport`, for one quirk at a time."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx2

from lib import http, jsontext

START = datetime(2026, 7, 14, 15, 0, tzinfo=UTC)
Answer = tuple[int, Any] | tuple[int, Any, Mapping[str, str]]


class Wire:
    """Counts and keeps what was asked. `handler` gets (method, path, query, body) and returns (status, JSON or bytes[, headers])."""

    def __init__(self, handler: Callable[[str, str, dict[str, str], Any], Answer]) -> None:
        self.handler = handler
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.headers: list[dict[str, str]] = []
        self.spent: list[str] = []
        self.now = START

    def open(self, base_url: str, **options: Any) -> http.Client:
        """Return the way out; waiting between attempts costs no time."""
        client = partial(
            http.Client, transport=httpx2.MockTransport(self._answer), sleep=lambda seconds: None
        )
        return client(base_url, **options)

    def spend(self, endpoint: str) -> None:
        """Count a request of the budget."""
        self.spent.append(endpoint)

    def clock(self) -> datetime:
        """Return what time it is on this wire."""
        return self.now

    def later(self, **delta: float) -> None:
        """Let time pass."""
        self.now += timedelta(**delta)

    def options(self) -> dict[str, Any]:
        """Return what every provider takes besides credentials, config and batch size."""
        return {"http": self.open, "spend": self.spend, "now": self.clock}

    def queries(self, path: str) -> list[dict[str, str]]:
        """Return the queries of the requests to a path, in order."""
        return [query for _, asked, query, _ in self.asked if asked == path]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        body = jsontext.loads(request.content) if request.content else None
        question = (request.method, request.url.path, dict(request.url.params), body)
        self.asked.append(question)
        self.headers.append(dict(request.headers))
        status, answer, *rest = self.handler(*question)
        content = answer if isinstance(answer, bytes) else jsontext.canonical(answer)
        return httpx2.Response(status, content=content, headers=rest[0] if rest else {})
