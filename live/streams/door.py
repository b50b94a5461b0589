"""The admission to a stream: the API's own view decides, in a thread, with every check and header that any other answer has."""

import io
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import HttpResponseBase

PATH: Final = "/api/events"
# A compressed stream would wait in a buffer; conditions are for answers that end.
_LEFT_OUT: Final = {
    b"accept-encoding",
    b"if-none-match",
    b"if-modified-since",
    b"content-length",
    b"content-type",
}
_HOP: Final = {b"content-length", b"connection", b"transfer-encoding", b"keep-alive"}
Scope = Mapping[str, Any]
Header = tuple[bytes, bytes]


def ask(pages: BaseHandler, scope: Scope) -> HttpResponseBase:
    """Return Django's answer to the request that opens a stream: an EventStream, or why not. Blocks; gives its connection back."""
    headers = [pair for pair in scope["headers"] if pair[0] not in _LEFT_OUT]
    request_started.send(sender=BaseHandler, scope=scope)
    response = pages.get_response(ASGIRequest({**scope, "headers": headers}, io.BytesIO()))
    response.close()
    return response


def headers_of(response: HttpResponseBase) -> list[Header]:
    """Return the answer's headers and cookies without those that belong to a connection."""
    found = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    found += [
        (b"set-cookie", morsel.output(header="").strip().encode()) for morsel in response.cookies.values()
    ]
    return [pair for pair in found if pair[0] not in _HOP]


def handshake(scope: Scope, *, token: str, tenant: str, last_seen: str, with_cookies: bool) -> Scope:
    """Return the request that stands for a WebSocket's `connect`: the same door, with the token where there is one."""
    headers = [pair for pair in scope["headers"] if with_cookies or pair[0] != b"cookie"]
    if token:
        word = "Api-Key" if token.startswith("pk_") else "Bearer"
        headers = [pair for pair in headers if pair[0] != b"authorization"]
        headers.append((b"authorization", f"{word} {token}".encode("latin-1", "replace")))
    asked = {name: value for name, value in (("tenant", tenant), ("last_event_id", last_seen)) if value}
    query = urlencode(asked).encode() or scope.get("query_string", b"")
    scheme = {"ws": "http", "wss": "https"}.get(scope.get("scheme", "ws"), scope.get("scheme"))
    changed = {"type": "http", "method": "GET", "path": PATH, "raw_path": PATH.encode(), "scheme": scheme}
    return {**scope, **changed, "query_string": query, "headers": headers}
