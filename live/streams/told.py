"""Events as clients get them. No Django here."""

import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

# These are for one person only: the payload's `user`.
PERSONAL: Final = frozenset({"notification", "membership_changed"})
# After these a list that is asked with `?since=` answers what changed.
DELTA: Final = frozenset({"sync_complete", "facts_changed", "reconciliation_changed"})
RETRY_MS: Final = (
    1_000,
    4_000,
)  # between these an EventSource waits before it comes back, so that not all come at once
DRAIN_MS: Final = (200, 3_000)  # the same when a process is being replaced


@dataclass(slots=True)
class Told:
    """One event of a company. `age_ms`: how old it was when it was read at `read_at` (monotonic seconds).

    Written once for each way it is carried, however many clients get it.
    """

    number: int
    name: str
    payload: Mapping[str, Any]
    age_ms: float
    read_at: float = field(default_factory=time.monotonic)
    _sse: bytes = b""
    _frame: str = ""

    def is_for(self, user_id: int | None) -> bool:
        """Return whether this person (None: an API key) may hear of it."""
        return self.name not in PERSONAL or (user_id is not None and self.payload.get("user") == user_id)

    def age_now(self) -> float:
        """Return how many milliseconds ago it was committed."""
        return self.age_ms + 1_000 * (time.monotonic() - self.read_at)

    def data(self) -> dict[str, Any]:
        """Return the payload with `age_ms`, the event's age when the server read it."""
        return {**self.payload, "age_ms": round(self.age_ms)}

    @property
    def sse(self) -> bytes:
        """Return it as a server-sent event."""
        if not self._sse:
            self._sse = sse(self.name, self.data(), self.number)
        return self._sse

    @property
    def frame(self) -> str:
        """Return it as a WebSocket message: `data_update` with what changed and whether lists can answer the change alone."""
        if not self._frame:
            body = {"type": self.name, "data": self.data(), "delta": self.name in DELTA}
            self._frame = frame("data_update", body, self.number)
        return self._frame


def sse(name: str, data: Any, number: int) -> bytes:
    """Return one server-sent event; `number` is what the client names when it comes back."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, name.encode(), orjson.dumps(data, default=str))


def sse_events(events: Iterable[Told], user_id: int | None) -> bytes:
    """Return those events that this person may hear."""
    return b"".join(told.sse for told in events if told.is_for(user_id))


def heartbeat(*, live: bool) -> dict[str, Any]:
    """Return the data of a heartbeat. `live` is false while events may be late, because the database cannot be heard."""
    return {"timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"), "live": live}


def sse_retry(within: tuple[int, int] = RETRY_MS) -> bytes:
    """Return how long an EventSource waits before it comes back: at random, so that a thousand do not come at once."""
    return b"retry: %d\n\n" % random.randint(*within)  # noqa: S311 - spreads load, hides nothing


def frame(event: str, data: Any, number: int | None = None) -> str:
    """Return one WebSocket message: `{"event", "data"}`, with `id` when it moves the client's place in the log."""
    body = {"event": event, "data": data} if number is None else {"event": event, "id": number, "data": data}
    return orjson.dumps(body, default=str).decode()
