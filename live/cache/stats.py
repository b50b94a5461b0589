"""How well the cache works in this process: reads by resource and tier. live.measure adds them up over all processes."""

import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

RESULTS: Final = ("hits", "misses", "stale", "errors")

_lock = threading.Lock()
_counts: Counter[tuple[str, str, str]] = Counter()  # resource, result, tier


def count(resource: str, result: str, tier: str = "") -> None:
    """Count one read: a hit or a stale value out of this tier, a miss, or an error of this tier."""
    with _lock:
        _counts[resource, result, tier] += 1


def rows() -> dict[str, dict[str, int]]:
    """Return what this process counted by resource: hits, misses, old values that were served (they are hits too), errors of tiers."""
    found: dict[str, dict[str, int]] = {}
    with _lock:
        counted = list(_counts.items())
    for (resource, result, _), n in counted:
        row = found.setdefault(resource, dict.fromkeys(RESULTS, 0))
        row[result] += n
        row["hits"] += n if result == "stale" else 0
    return found


def tier_hits() -> Iterator[tuple[str, Mapping[str, str], float]]:
    """Yield how many values each tier answered in this process, for live.measure."""
    with _lock:
        counted = list(_counts.items())
    for (resource, result, tier), n in counted:
        if result in {"hits", "stale"}:
            yield "cache_tier_hits", {"resource": resource, "tier": tier, "result": result}, n


def _after_fork() -> None:
    """A child does not repeat what its parent counted."""
    global _lock
    _lock = threading.Lock()
    _counts.clear()


os.register_at_fork(after_in_child=_after_fork)
