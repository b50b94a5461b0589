"""What this process counts: sums, times in fixed buckets, and gauges that are asked when somebody looks. Thread-safe; no Django, no waiting.

A count costs one to two microseconds. Names are ours and labels come from short fixed lists (a route's name, never a path; a provider,
never an address), so the number of series is bounded; a mistake there is bounded too, by MAX_SERIES.
"""

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

# A series: its name, then its labels in alphabetical order.
Key = tuple[str, *tuple[tuple[str, str], ...]]
# Upper bounds in milliseconds; what is longer falls into one more bucket without a bound.
BUCKETS: Final = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000)
MAX_SERIES: Final = 4_000
WINDOW: Final = 60.0  # seconds that `recent` looks back


@dataclass(slots=True)
class Times:
    """How long something took: how many fell into each bucket, and the sum in milliseconds."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    sum_ms: float = 0.0

    @property
    def n(self) -> int:
        """Return how many were measured."""
        return sum(self.buckets)

    @property
    def mean(self) -> float | None:
        """Return the mean in milliseconds; None when nothing was measured."""
        return self.sum_ms / self.n if self.n else None

    @property
    def p95(self) -> float | None:
        """Return the milliseconds below which 95 % lie; None when nothing was measured."""
        return self.quantile(0.95)

    def add(self, other: "Times", sign: int = 1) -> "Times":
        """Add (or with -1 take away) the other's figures, and return this."""
        self.buckets = [
            mine + sign * theirs for mine, theirs in zip(self.buckets, other.buckets, strict=True)
        ]
        self.sum_ms += sign * other.sum_ms
        return self

    def copy(self) -> "Times":
        """Return the same figures, apart from these."""
        return Times(list(self.buckets), self.sum_ms)

    def quantile(self, share: float) -> float | None:
        """Return the milliseconds below which this share lies, between the bounds of its bucket; None when nothing was measured.

        What lies above the last bound is told as that bound: the true value is larger.
        """
        wanted, seen = share * self.n, 0
        if not self.n:
            return None
        for position, count in enumerate(self.buckets[:-1]):
            if count and seen + count >= wanted:
                low = BUCKETS[position - 1] if position else 0
                return low + (BUCKETS[position] - low) * max(0.0, wanted - seen) / count
            seen += count
        return float(BUCKETS[-1])


@dataclass(slots=True)
class Figures:
    """Sums and times, by series."""

    counts: dict[Key, float] = field(default_factory=dict)
    times: dict[Key, Times] = field(default_factory=dict)

    def copy(self) -> "Figures":
        """Return the same figures, apart from these."""
        return Figures(dict(self.counts), {key: times.copy() for key, times in self.times.items()})

    def add(self, other: "Figures", sign: int = 1) -> "Figures":
        """Add (or with -1 take away) the other's figures, and return this."""
        for key, n in other.counts.items():
            self.counts[key] = self.counts.get(key, 0) + sign * n
        for key, times in other.times.items():
            self.times.setdefault(key, Times()).add(times, sign)
        return self

    def count(self, name: str, **labels: str) -> float:
        """Return the sum over all series of this name that carry these labels."""
        return sum(n for key, n in self.counts.items() if _is(key, name, labels))

    def time(self, name: str, **labels: str) -> Times:
        """Return the times of all series of this name that carry these labels, together."""
        found = Times()
        for key, times in self.times.items():
            if _is(key, name, labels):
                found.add(times)
        return found

    def without_labels(self) -> "Figures":
        """Return the sums by name alone."""
        found = Figures()
        for key, n in self.counts.items():
            found.counts[key[0],] = found.counts.get((key[0],), 0) + n
        for key, times in self.times.items():
            found.times.setdefault((key[0],), Times()).add(times)
        return found


def _is(key: Key, name: str, labels: Mapping[str, str]) -> bool:
    return key[0] == name and labels.items() <= dict(key[1:]).items()


Follower = Callable[[], Iterable[tuple[str, Mapping[str, str], float]]]
_lock = threading.Lock()
_figures = Figures()
_gauges: dict[str, Callable[[], float | None]] = {}
_followed: list[Follower] = []
_window: deque[tuple[float, Figures]] = deque([(time.monotonic(), Figures())])


def add(name: str, n: float = 1, /, **labels: str) -> None:
    """Count something that happened."""
    key: Key = (name, *sorted(labels.items()))
    with _lock:
        before = _figures.counts.get(key)
        if before is None and len(_figures.counts) >= MAX_SERIES:
            key, before = ("series_refused",), _figures.counts.get(("series_refused",))
        _figures.counts[key] = (before or 0) + n


def observe(name: str, milliseconds: float, /, **labels: str) -> None:
    """Count how long something took."""
    key: Key = (name, *sorted(labels.items()))
    position = bisect_left(BUCKETS, milliseconds)
    with _lock:
        times = _figures.times.get(key)
        if times is None:
            if len(_figures.times) >= MAX_SERIES:
                key = ("series_refused",)
            times = _figures.times.setdefault(key, Times())
        times.buckets[position] += 1
        times.sum_ms += milliseconds


def gauge(name: str, function: Callable[[], float | None]) -> None:
    """Say whom to ask for a value of now (open streams, bytes of memory); None is "unknown". The same name again replaces it."""
    _gauges[name] = function


def follow(function: Follower) -> None:
    """Add counts that somebody else keeps: `function` returns (name, labels, count since the process began)."""
    if function not in _followed:
        _followed.append(function)


def figures() -> Figures:
    """Return what this process counted since it began."""
    with _lock:
        found = _figures.copy()
    for function in _followed:
        for name, labels, n in function():
            found.counts[name, *sorted(labels.items())] = n
    return found


def gauges() -> dict[str, float]:
    """Return what every gauge says now; one that does not know is left out."""
    asked = {name: function() for name, function in list(_gauges.items())}
    return {name: float(value) for name, value in asked.items() if value is not None}


def tick() -> None:
    """Remember the figures of now, so that `recent` can tell what is new. Called every few seconds."""
    moment = time.monotonic()
    _window.append((moment, figures()))
    # The oldest one that is at least WINDOW old stays: it is what the last minute is compared with.
    while len(_window) > 1 and moment - _window[1][0] >= WINDOW:
        _window.popleft()


def recent() -> tuple[float, Figures]:
    """Return the seconds (about the last minute, less after the start) and what was counted in them.

    Differences of monotonic readings: a clock that is set does not move them.
    """
    began, before = _window[0]
    return time.monotonic() - began, figures().add(before, -1)


def forget() -> None:
    """Begin anew: a child process does not repeat what its parent counted."""
    global _lock, _figures, _window
    # A thread of the parent may have held the lock at the moment of the fork; nobody here would ever give it back.
    _lock, _figures, _window = threading.Lock(), Figures(), deque([(time.monotonic(), Figures())])
