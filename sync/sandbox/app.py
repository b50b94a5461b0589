"""The sandbox as one ASGI application: finds the upstream by the first part of the path, applies faults, counts requests.

Everything is answered in one thread, one request at a time: SQLite reads take well under a millisecond, and nothing needs a lock.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote

import orjson

from sync.sandbox import advbox, control, gestaoclick, live, mutations
from sync.sandbox.clock import Clock
from sync.sandbox.companies import BY_KEY, make_companies
from sync.sandbox.deliveries import Deliveries
from sync.sandbox.faults import ANSWER_KINDS, PAGE_KINDS, ROW_KINDS, Faults
from sync.sandbox.generator.scene import Scene
from sync.sandbox.generator.story import open_scene, open_story
from sync.sandbox.http import Request, Response, read_query, reply
from sync.sandbox.limits import Limits
from sync.sandbox.pluggy import router as pluggy
from sync.sandbox.pluggy.blanks import fill_blanks
from sync.sandbox.pluggy.transactions import MOST_PER_PAGE

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_UPSTREAMS = {
    "gestaoclick": gestaoclick.handle,
    "pluggy": pluggy.handle,
    "advbox": advbox.handle,
    "control": control.handle,
}
_MAX_BODY = 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """How a sandbox runs."""

    folder: Path
    seed: int = 7
    scale: float = 1.0
    live_seconds: float = 0.0
    webhook_timeout: float = 2.0
    unlimited: bool = False


class Sandbox:
    """The application and everything it holds."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self.store = open_story(settings.folder, seed=settings.seed, scale=settings.scale, clock=clock)
        self.companies = make_companies(settings.seed)
        self.faults = Faults(settings.seed)
        self.limits = Limits(unlimited=settings.unlimited)
        self.deliveries = Deliveries(self, settings.webhook_timeout)
        self.requests: Counter[str] = Counter()
        self.key_generation = 1
        self.cursor_page_size = MOST_PER_PAGE
        self._scenes: dict[str, Scene] = {}
        self._counts: dict[tuple[str, tuple[Any, ...]], tuple[int, int]] = {}
        self._shifts: dict[str, int] = {}
        self._live: asyncio.Task[None] | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    def scene(self, company: str) -> Scene:
        """Return a company that can be played on, with its now moved to the clock's."""
        if company not in self._scenes:
            self._scenes[company] = open_scene(
                self.store, BY_KEY[company], self.store.meta("story"), self.clock
            )
        scene = self._scenes[company]
        scene.set_now((self.clock.today(), self.clock.second_of_day()))
        return scene

    def rng(self, purpose: str) -> Random:
        """Return the source of chance of a purpose."""
        return Random(f"{self.settings.seed}:{purpose}")

    def next_number(self, name: str) -> int:
        """Return the next number of a series that survives a restart."""
        number = int(self.store.meta(f"number:{name}") or 0) + 1
        self.store.set_meta(f"number:{name}", number)
        return number

    def company_by_gestaoclick(self, token: str, secret: str) -> str | None:
        """Return the key of the company with these tokens, or None."""
        for key, company in self.companies.items():
            access = company.gestaoclick
            if access and (access.access_token, access.secret_access_token) == (token, secret):
                return key
        return None

    def company_by_advbox(self, token: str) -> str | None:
        """Return the key of the company with this token, or None."""
        return next(
            (
                key
                for key, company in self.companies.items()
                if company.advbox and company.advbox.token == token
            ),
            None,
        )

    def count(self, table: str, where: str, args: list[Any]) -> int:
        """Return how many rows of `rows` or `lines` there are; they are counted once until something is written."""
        key = (table + where, tuple(args))
        known = self._counts.get(key)
        if known is None or known[0] != self.store.version:
            row = self.store.one(f"SELECT count(*) FROM {table} WHERE {where}", args)  # noqa: S608 - constants
            known = self._counts[key] = (self.store.version, int(row[0]) if row else 0)
        return known[1]

    def page_shift(
        self, request: Request, listing: str, page: int, total: int, limit: int
    ) -> tuple[int, int]:
        """Return (by how many pages the rows moved, number of pages now).

        `page_twice` acts as if a page of rows had been added in front while the client pages, `page_missing` as if one had been removed;
        either holds until the client begins the listing again.
        """
        if page == 1:
            self._shifts.pop(listing, None)
        else:
            for fault in self.faults.draw(request.upstream, request.path, request.company, PAGE_KINDS):
                self._shifts[listing] = self._shifts.get(listing, 0) + (
                    -1 if fault.kind == "page_twice" else 1
                )
        shift = self._shifts.get(listing, 0)
        return shift, max(1, -(-total // limit) - shift)

    def forget_shifts(self) -> None:
        """Let all listings stand where they are."""
        self._shifts.clear()

    def answer_faults(self, request: Request, path: str) -> Response | None:
        """Apply row faults, then return the answer of the first answer fault that replaces the real one, or None."""
        for fault in self.faults.draw(request.upstream, path, request.company, ROW_KINDS):
            mutations.apply(self, request, path, fault)
        answer: Response | None = None
        for fault in self.faults.draw(request.upstream, path, request.company, ANSWER_KINDS):
            if fault.kind in ("cut_json", "nulls"):
                request.page_faults.add(fault.kind)
            elif fault.kind == "hang":
                answer = Response(200, b"", hang=True)
            elif answer is None:
                status = int(fault.kind)
                headers = {"retry_after": str(fault.retry_after)} if status == 429 else {}
                answer = reply(
                    {"code": status, "status": "error", "message": f"simulated {status}"}, status, **headers
                )
        return answer

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        request = await _read(scope, receive)
        self.requests[f"{request.method} /{request.upstream}{request.path}"] += 1
        handler = _UPSTREAMS.get(request.upstream)
        response = handler(self, request) if handler else reply({"message": "Not found"}, 404)
        if response.hang:
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        if "nulls" in request.page_faults and response.status == 200:
            response.body = orjson.dumps(fill_blanks(orjson.loads(response.body)))
        if "cut_json" in request.page_faults:
            response.body = response.body[: len(response.body) * 2 // 3]
        headers = [(key.encode(), value.encode()) for key, value in response.headers.items()]
        if response.stream is None:
            headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send(
            {"type": "http.response.body", "body": response.body, "more_body": response.stream is not None}
        )
        for piece in response.stream or ():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if response.stream is not None:
            await send({"type": "http.response.body", "body": b""})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self.loop = asyncio.get_running_loop()
        if self.settings.live_seconds:
            self._live = asyncio.create_task(self._live_on())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._live:
            self._live.cancel()
        await self.deliveries.stop()
        self.store.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _live_on(self) -> None:
        while True:
            await asyncio.sleep(self.settings.live_seconds)
            live.tick(self)


async def _read(scope: Message, receive: Receive) -> Request:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body") or len(body) > _MAX_BODY:
            break
    upstream, _, rest = unquote(scope["path"]).lstrip("/").partition("/")
    headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
    host = headers.get("host", "127.0.0.1")
    return Request(
        method=scope["method"], upstream=upstream, path="/" + rest.rstrip("/"), base_url=f"http://{host}", query=read_query(scope["query_string"]),
        headers=headers, body=body, client=(scope.get("client") or ("",))[0],
    )  # fmt: skip
