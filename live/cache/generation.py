"""Generations: how often each group of a company's data has changed. They stand in every key, so a change drops what was cached before it.

They are PostgreSQL columns that commit with the change. A process holds them for a second at most; NOTIFY makes it forget them at once.
"""

import threading
import time
from typing import Final

from live.cache.resources import GROUPS

HELD_SECONDS: Final = 1.0
MOST_HELD: Final = 10_000  # companies; then all of them are asked again

_lock = threading.Lock()
_held: dict[int, tuple[float, dict[str, int]]] = {}
_forgotten = 0  # how often somebody said that something has changed


def generations(tenant_id: int, *, fresh: bool = False) -> dict[str, int]:
    """Return the tenant's generation of each group, at most a second old (`fresh`: asked now). A company without a row has zeros."""
    held = _held.get(tenant_id)
    now = time.monotonic()
    if held and not fresh and now - held[0] < HELD_SECONDS:
        return held[1]
    asked_at = _forgotten
    found = _read(tenant_id)
    with _lock:
        if len(_held) >= MOST_HELD:
            _held.clear()
        # What changed while the database was asked may be missing in its answer: that answer is used once and not held.
        if asked_at == _forgotten:
            _held[tenant_id] = (now, found)
    return found


def forget_generations(tenant_id: int | None = None) -> None:
    """Drop what this process holds of one company, or of all, so that the next read asks the database."""
    global _forgotten
    with _lock:
        _forgotten += 1
        if tenant_id is None:
            _held.clear()
        else:
            _held.pop(tenant_id, None)


def _read(tenant_id: int) -> dict[str, int]:
    from live.models import (
        Generation,
    )  # Django's cache settings name this package before models can be imported

    row = Generation.objects.filter(tenant_id=tenant_id).values_list(*GROUPS).first()
    return dict(zip(GROUPS, row or (0, 0, 0), strict=True))
