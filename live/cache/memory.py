"""The memory of this process as a tier: what was used longest ago goes first when it is full."""

import threading
from collections import OrderedDict


class MemoryTier:
    """Values by key, at most `limit` bytes of them together. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    def get(self, name: str, *, now: float) -> bytes | None:
        """Return the value, unless its time is over (`now` and `until` are Unix seconds)."""
        with self._lock:
            found = self._held.get(name)
            if found is None:
                return None
            if found[0] <= now:
                self._drop(name)
                return None
            self._held.move_to_end(name)
            return found[1]

    def put(self, name: str, value: bytes, *, until: float) -> None:
        """Hold the value; one that would push out a quarter of all others is not held."""
        with self._lock:
            self._drop(name)
            if len(value) > self.limit // 4:
                return
            self._held[name] = (until, value)
            self._bytes += len(value)
            while self._bytes > self.limit:
                self._drop(next(iter(self._held)))

    def items(self) -> list[tuple[str, int]]:
        """Return every key with the size of its value in bytes."""
        with self._lock:
            return [(name, len(value)) for name, (_, value) in self._held.items()]

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._held.clear()
            self._bytes = 0

    def _drop(self, name: str) -> None:
        found = self._held.pop(name, None)
        if found:
            self._bytes -= len(found[1])
