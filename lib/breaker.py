"""A circuit breaker: what does not answer is left alone for a moment instead of being waited for by everybody."""

import threading
import time
from collections.abc import Callable


class Breaker:
    """Remembers that something did not answer. While it is open nobody asks; after `pause` seconds one caller tries again."""

    def __init__(self, pause: float = 1.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause, self._clock = pause, clock
        self._lock = threading.Lock()
        self._closed_from: float | None = None  # None: it answers

    @property
    def is_open(self) -> bool:
        """Return whether the last one who asked got no answer."""
        return self._closed_from is not None

    def allows(self) -> bool:
        """Return whether to ask now. Of all callers after the pause only one is told to; the others wait for what it finds."""
        if self._closed_from is None:
            return True
        with self._lock:
            now = self._clock()
            if self._closed_from is None or now >= self._closed_from:
                self._closed_from = now + self._pause
                return True
            return False

    def failed(self) -> None:
        """Open: it did not answer."""
        self._closed_from = self._clock() + self._pause

    def worked(self) -> None:
        """Close: it answered."""
        self._closed_from = None
