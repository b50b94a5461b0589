"""One door: one ASGI application on one port.

Streams (SSE, WebSocket) run in the event loop; everything else goes to Django's WSGI handler in a thread pool, which measured two to three
times faster than Django's own ASGI handler for short pages. Health has threads of its own: it must answer when all the others are busy.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from a2wsgi import WSGIMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.wsgi import application as handler
from live import watch
from live.streams.asgi import Streams
from live.streams.door import PATH as EVENTS

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Django calls its answer HttpResponseBase; it is the iterable of bytes that WSGI wants.
pages = WSGIMiddleware(handler, workers=int(os.environ.get("WEB_THREADS", "10")))  # type: ignore[arg-type]
watched = WSGIMiddleware(handler, workers=2)  # type: ignore[arg-type]
streams = Streams(handler)
watch.begin("web")


async def application(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """Send each connection to its side of the house."""
    kind, path = scope["type"], scope.get("path", "")
    if kind == "lifespan":
        await streams.lifespan(receive, send)
    elif kind == "websocket":
        await streams.websocket(scope, receive, send)
    elif path == EVENTS:
        await streams.events(scope, receive, send)
    elif path.startswith("/health") or path == "/metrics":
        await watched(scope, receive, send)  # type: ignore[arg-type]
    else:
        await pages(scope, receive, send)  # type: ignore[arg-type]
