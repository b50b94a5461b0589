"""Many clients of the streams in one process of their own: `python -m benchmarks.listeners '{"mode": …}'`. Says "ready", reads a line, answers JSON.

Mode `hear`: so many clients of both kinds; the delay of everything that carries a time `t` (the system's monotonic clock). Says "open" when those
of server-sent events are there, and reads a line before it opens the others; after "ready" the line says how many times each client is to hear.
Mode `resume`: clients of server-sent events that hang up at random and come back with the last number; what they missed or got twice.
"""

import asyncio
import json
import random
import re
import struct
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import uvloop

HOST: Final = "127.0.0.1"
QUIET: Final = 3.0  # seconds without a message after which none is awaited any more
AT_ONCE: Final = 40  # connections that are opened at the same time
TIME: Final = re.compile(rb'"t": ?([0-9.]+)')
EVENT: Final = re.compile(rb"id: (\d+)\nevent: (\w+)\n")


class Ear(asyncio.Protocol):
    """One client of either kind: remembers the delay of what it hears."""

    def __init__(self, hello: bytes, *, socket: bool, delays: list[float]) -> None:
        self.hello, self.socket, self.delays = hello, socket, delays
        self.rest = b""
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.welcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False
        self.heard = 0
        self.wire: Any = None

    def connection_made(self, transport: Any) -> None:
        """Ask."""
        self.wire = transport
        transport.write(self.hello)

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember that the server hung up."""
        self.lost = True
        for future in (self.open, self.welcome):
            if not future.done():
                future.set_exception(ConnectionError("closed before it was open"))
                future.exception()  # who does not wait for it is not asked to

    def data_received(self, data: bytes) -> None:
        """Take times out of what came."""
        now = time.monotonic()
        data = self.rest + data
        if not self.open.done():
            return self._opened(data)
        if self.socket:
            data, self.rest = self._frames(data)
        else:
            data, _, self.rest = data.rpartition(b"\n\n")
        if not self.welcome.done() and (not self.socket or b'"connect"' in data):
            self.welcome.set_result(None)
        for found in TIME.finditer(data):
            self.heard += 1
            self.delays.append(now - float(found.group(1)))
        return None

    def _opened(self, data: bytes) -> None:
        self.rest = data
        if (b"\r\n\r\n" if self.socket else b"event: heartbeat") in data:
            status = data.split(b" ", 2)[1]
            good = status == (b"101" if self.socket else b"200")
            if good:
                self.open.set_result(None)
            else:
                self.open.set_exception(ConnectionError(data[:300].decode(errors="replace")))
            self.rest = b""

    def _frames(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the texts of whole frames and what is left; answer pings."""
        texts = []
        while len(data) >= 2:
            size, start = data[1] & 127, 2
            if size == 126:
                size, start = struct.unpack("!H", data[2:4])[0] if len(data) >= 4 else 1 << 20, 4
            if len(data) < start + size:
                break
            body, kind = data[start : start + size], data[0] & 15
            data = data[start + size :]
            if kind == 9:
                self.wire.write(masked(body, 10))
            elif kind == 1:
                texts.append(body)
        return b"".join(texts), data

    def say(self, event: str, **data: Any) -> None:
        """Send a message."""
        self.wire.write(masked(json.dumps({"event": event, "data": data}).encode(), 1))


def masked(body: bytes, kind: int) -> bytes:
    """Return a frame as a client sends it; a mask of zeros changes nothing."""
    size = bytes([128 | len(body)]) if len(body) < 126 else b"\xfe" + struct.pack("!H", len(body))
    return bytes([128 | kind]) + size + b"\0\0\0\0" + body


def request(asked: dict[str, Any], path: str, more: str = "") -> bytes:
    """Return the bytes of a request."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Api-Key {asked['key']}\r\n{more}\r\n".encode()


UPGRADE: Final = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n"
)


async def hear(asked: dict[str, Any]) -> dict[str, Any]:
    """Open all clients, say "ready", listen until a line comes, and return what was heard."""
    delays: dict[str, list[float]] = {"sse": [], "ws": []}
    gate, loop = asyncio.Semaphore(AT_ONCE), asyncio.get_running_loop()

    async def one(kind: str) -> Ear:
        socket = kind == "ws"
        hello = request(asked, "/ws/", UPGRADE) if socket else request(asked, "/api/events")
        async with gate:
            _, ear = await loop.create_connection(
                lambda: Ear(hello, socket=socket, delays=delays[kind]), HOST, asked["port"]
            )
            await ear.open
            if socket:
                ear.say("connect", token=asked["key"], events=["sync"])
                await ear.welcome
            return ear

    begun = time.monotonic()
    ears = await asyncio.gather(*(one("sse") for _ in range(asked["sse"])))
    print(json.dumps({"open": True}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    ears += await asyncio.gather(*(one("ws") for _ in range(asked["ws"])))
    print(json.dumps({"ready": True, "seconds": time.monotonic() - begun}), flush=True)
    line = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    while not line.done():
        await asyncio.wait({line}, timeout=20)
        for ear in ears:
            if ear.socket and not ear.lost:
                ear.say("heartbeat", timestamp=0)
    await _all_heard(ears, int(line.result()))
    return {"delays": delays, "lost": sum(ear.lost for ear in ears)}


async def _all_heard(ears: list[Ear], times: int) -> None:
    """Return when every client that is still there has heard so much, or nobody hears anything more."""
    before = -1
    while any(ear.heard < times and not ear.lost for ear in ears):
        heard = sum(ear.heard for ear in ears)
        if heard == before:
            return
        before = heard
        await asyncio.sleep(QUIET)


@dataclass(slots=True)
class Tally:
    """What one client of `resume` saw."""

    heard: int = 0
    missed: int = 0
    repeated: int = 0
    resumed: int = 0
    reloads: int = 0


async def resume(asked: dict[str, Any]) -> dict[str, Any]:
    """Listen with clients that leave at random until each has heard its company's last event."""
    clients = [(key, n) for n in range(asked["clients"]) for key in [asked["keys"][n % len(asked["keys"])]]]
    print(json.dumps({"ready": True}), flush=True)
    tallies = await asyncio.gather(*(_come_and_go(asked, key, n) for key, n in clients))
    names = ("heard", "missed", "repeated", "resumed", "reloads")
    return {name: sum(getattr(tally, name) for tally in tallies) for name in names}


async def _come_and_go(asked: dict[str, Any], key: str, n: int) -> Tally:
    chance, tally, last = random.Random(n), Tally(), 0
    while last < asked["each"]:
        more = f"Last-Event-ID: {last}\r\n"
        reader, writer = await asyncio.open_connection(HOST, asked["port"], limit=1 << 20)
        writer.write(request({"key": key}, "/api/events", more))
        last = await _listen(reader, tally, last, chance.randint(50, 3_000), asked["each"])
        writer.close()
        tally.resumed += 1
    return tally


async def _listen(reader: asyncio.StreamReader, tally: Tally, last: int, most: int, end: int) -> int:
    """Hear at most so many events; return the last number."""
    rest = b""
    while most > 0 and last < end:
        data = await reader.read(65_536)
        if not data:
            return last
        rest += data
        whole, _, rest = rest.rpartition(b"\n\n")
        for found in EVENT.finditer(whole + b"\n\n"):
            if found.group(2) == b"heartbeat":
                continue
            number = int(found.group(1))
            tally.reloads += found.group(2) == b"reload"
            tally.missed += max(0, number - last - 1)
            tally.repeated += number <= last
            tally.heard += 1
            last, most = max(last, number), most - 1
            if most <= 0:
                return last  # what is left in the buffer was never seen: it must come again
    return last


MODES: Final[dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]]] = {
    "hear": hear,
    "resume": resume,
}

if __name__ == "__main__":
    what = json.loads(sys.argv[1])
    print(json.dumps(uvloop.run(MODES[what["mode"]](what))), flush=True)  # type: ignore[arg-type]
