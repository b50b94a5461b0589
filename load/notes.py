"""What a run notes while it lasts: every request with its time, and of answers what the cache said."""

import json
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_VERSION: Final = re.compile(r'"description":"v(\d+)"')  # what load.faults writes


@dataclass(slots=True)
class PhaseNotes:
    """One phase: milliseconds by kind, errors by their text, what X-Cache said, requests by second."""

    name: str
    begun: float
    seconds: float = 0.0
    websockets: int = 0
    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    cache: Counter[str] = field(default_factory=Counter)


class Notes:
    """Notes by phase; `answers` keeps which version (begun, ended, version) was read of the company that somebody changes, to find stale ones."""

    def __init__(self) -> None:
        self.phases: list[PhaseNotes] = []
        self.answers: list[tuple[float, float, int]] = []
        self._versions: dict[str, int] = {}

    def begin(self, name: str) -> None:
        """Begin a phase."""
        self.phases.append(PhaseNotes(name, time.time()))

    def end(self, *, websockets: int) -> None:
        """End it; `websockets` were open at once at most."""
        self.phases[-1].seconds = time.time() - self.phases[-1].begun
        self.phases[-1].websockets = websockets

    def request(self, *, name: str, response_time: float, exception: BaseException | None, **_: Any) -> None:
        """Note a request; Locust calls it."""
        if not self.phases:
            return
        phase = self.phases[-1]
        phase.spent[name].append(round(response_time, 2))
        if exception is not None:
            phase.errors[f"{name}: {str(exception)[:120] or type(exception).__name__}"] += 1

    def answer(self, who: dict[str, str], begun: float, answer: Any) -> None:
        """Note what the cache said of an answer; a 304 was answered from what is known without computing it."""
        said = answer.headers.get("X-Cache") or ("HIT" if answer.status_code == 304 else "none")
        self.phases[-1].cache[said] += 1
        if who.get("watched"):
            self._watch(begun, answer)

    def _watch(self, begun: float, answer: Any) -> None:
        """Note which version of the watched line an answer shows; a 304 shows what the ETag stood for."""
        etag = answer.headers.get("ETag") or ""
        found = _VERSION.search(answer.text or "") if answer.status_code == 200 else None
        if found:
            self._versions[etag] = int(found[1])
        if etag in self._versions:
            self.answers.append((begun, time.time(), self._versions[etag]))

    def write(self, path: str) -> None:
        """Write everything as JSON."""
        found = {
            "phases": [
                {
                    "name": one.name,
                    "begun": one.begun,
                    "seconds": one.seconds,
                    "websockets": one.websockets,
                    "spent": one.spent,
                    "errors": one.errors,
                    "cache": one.cache,
                }
                for one in self.phases
            ],
            "answers": self.answers,
        }
        Path(path).write_text(json.dumps(found))
