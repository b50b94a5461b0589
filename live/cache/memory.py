"""The memory of this process as a tier: the last one that is asked, and for a second the first, as generations are held for a second.

What was used longest ago goes first when it is full.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from live.cache.answer import Stored

HELD_SECONDS: Final = 1.0


@dataclass(slots=True)
class _Held:
    stored: Stored
    until: float  # Unix seconds
    seen: float  # on the monotonic clock: when it was computed or came out of a shared tier


class MemoryTier:
    """Values by key, at most `limit` bytes of them together. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._bytes = 0

    def get(self, name: str, *, now: float) -> Stored | None:
        """Return the value, unless its time is over (`now` and `until` are Unix seconds)."""
        with self._lock:
            found = self._held.get(name)
            if found is None:
                return None
            if found.until <= now:
                self._drop(name)
                return None
            self._held.move_to_end(name)
            return found.stored

    def recent(self, name: str) -> Stored | None:
        """Return the value if it was computed here, or came out of a tier that processes share, within the last second."""
        found = self._held.get(name)
        return found.stored if found and time.monotonic() - found.seen < HELD_SECONDS else None

    def put(self, name: str, stored: Stored, *, until: float) -> None:
        """Hold the value; one that would push out a quarter of all others is not held."""
        with self._lock:
            self._drop(name)
            if len(stored.body) > self.limit // 4:
                return
            self._held[name] = _Held(stored, until, time.monotonic())
            self._bytes += len(stored.body)
            while self._bytes > self.limit:
                self._drop(next(iter(self._held)))

    def items(self) -> list[tuple[str, int]]:
        """Return every key with the size of its value in bytes."""
        with self._lock:
            return [(name, len(found.stored.body)) for name, found in self._held.items()]

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._held.clear()
            self._bytes = 0

    def _drop(self, name: str) -> None:
        found = self._held.pop(name, None)
        if found:
            self._bytes -= len(found.stored.body)
