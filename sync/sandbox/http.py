"""Requests and responses of the sandbox: as little of HTTP as its three upstreams need."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson


@dataclass(slots=True)
class Request:
    """A request that was read whole. `path` begins after the upstream's prefix and loses `/api` or `/api/v1` there; header names are lower case."""

    method: str
    upstream: str
    path: str
    base_url: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    client: str = ""
    company: str = ""
    page_faults: set[str] = field(default_factory=set)

    def json(self) -> dict[str, Any]:
        """Return the body as an object; an empty, broken or other body is an empty object."""
        try:
            value = orjson.loads(self.body or b"{}")
        except orjson.JSONDecodeError:
            return {}
        return value if isinstance(value, dict) else {}

    def form(self) -> dict[str, str]:
        """Return the fields of a posted HTML form."""
        return {key: values[-1] for key, values in parse_qs(self.body.decode()).items()}

    def number(self, key: str, default: int) -> int:
        """Return a whole number from the query; what is none becomes the default."""
        text = self.query.get(key, "")
        return int(text) if text.lstrip("-").isdigit() else default


@dataclass(slots=True)
class Response:
    """An answer. `hang` keeps the connection open without answering; `stream` follows the body piece by piece."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    stream: Iterator[bytes] | None = None


def reply(value: Any, status: int = 200, **headers: str) -> Response:
    """Return a JSON answer. Underscores in header names become hyphens."""
    named = {key.replace("_", "-"): text for key, text in headers.items()}
    return Response(status, orjson.dumps(value), {"content-type": "application/json; charset=utf-8"} | named)


def raw(
    body: bytes, status: int = 200, content_type: str = "application/json; charset=utf-8", **headers: str
) -> Response:
    """Return an answer whose bytes are ready."""
    named = {key.replace("_", "-"): text for key, text in headers.items()}
    return Response(status, body, {"content-type": content_type} | named)


def array(payloads: list[bytes]) -> bytes:
    """Return ready JSON texts as one JSON array, without reading them again."""
    return b"[" + b",".join(payloads) + b"]"


def read_query(text: bytes) -> dict[str, str]:
    """Return the query with the last value of each key; repeated keys are joined by commas, as lists of ids are sent both ways."""
    return {key: ",".join(values) for key, values in parse_qs(text.decode(), keep_blank_values=True).items()}
