"""One computation a key at a time: among the threads of this process, and through a lock in Redis among all of them.

While Redis is away every process computes for itself. A lock ends by itself, so a process that dies with it holds nobody up for long.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from redis.exceptions import RedisError

from live.cache import tiers

T = TypeVar("T")
LOCKED_MS: Final = 15_000  # milliseconds after which a lock ends by itself
PATIENCE: Final = 10.0  # seconds to wait for who computes; then it is computed here
LOOK_EVERY: Final = 0.02
_RELEASE: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
)

_lock = threading.Lock()
_running: "dict[str, Future[object]]" = {}
_renewed: set[str] = set()  # keys that are computed anew beside the answers


def in_this_process(name: str, work: Callable[[], T]) -> tuple[T, bool]:
    """Return what `work` returns and whether it ran here: whoever comes while it runs waits and gets the same, an exception too."""
    with _lock:
        running = _running.get(name)
        if running is None:
            mine: Future[object] = Future()
            _running[name] = mine
    if running is not None:
        try:
            return running.result(PATIENCE), False  # type: ignore[return-value]  # the same key, so the same type
        except TimeoutError:
            if not running.done():
                return work(), True
            raise
    try:
        found = work()
    except BaseException as error:
        mine.set_exception(error)
        raise
    else:
        mine.set_result(found)
        return found, True
    finally:
        with _lock:
            del _running[name]


def begin(name: str) -> bool:
    """Return whether nobody in this process renews the key yet; from now on somebody does, until `finish`."""
    with _lock:
        if name in _renewed:
            return False
        _renewed.add(name)
        return True


def finish(name: str) -> None:
    """Say that the key is renewed, or will not be."""
    with _lock:
        _renewed.discard(name)


class Turn:
    """The right to compute a key, among all processes. `mine` says whether it was got, or nobody can say because Redis is away."""

    def __init__(self, name: str) -> None:
        self.name, self.key = name, f"lock:{name}"
        self.token = secrets.token_hex(8)
        self.mine = self._take()

    def _take(self) -> bool:
        client = tiers.redis()
        if client is None:
            return True
        try:
            return bool(client.set(self.key, self.token, nx=True, px=LOCKED_MS))
        except (RedisError, OSError) as error:
            tiers.failed("redis", error, self.name)
            return True

    def wait(self, look: Callable[[], T | None]) -> T | None:
        """Return what `look` finds while somebody else computes; None when they gave up (the turn is then taken over) or take too long."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            time.sleep(LOOK_EVERY)
            found = look()
            if found is not None:
                return found
            self.mine = self._take()
            if self.mine:
                return None
        return None

    def end(self) -> None:
        """Give the turn back, unless it ended by itself and is somebody else's by now."""
        client = tiers.redis()
        if client is None or not self.mine:
            return
        try:
            client.eval(_RELEASE, 1, self.key, self.token)
        except (RedisError, OSError) as error:
            tiers.failed("redis", error, self.name)


def _after_fork() -> None:
    """A child waits for nobody: the threads that compute are its parent's."""
    global _lock
    _lock = threading.Lock()
    _running.clear()
    _renewed.clear()


os.register_at_fork(after_in_child=_after_fork)
