"""What the tests of the cache share: a computation that counts, a clock that is moved by hand, a Valkey to be killed, a file."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import caches
from redis import Redis

from config.testing import ValkeyServer
from lib import redis_guard
from live import cache
from live.cache import generation, later, memory, reading, tiers


class Counted:
    """A computation that says how often it ran."""

    def __init__(self, value: Any = "v") -> None:
        self.value, self.runs = value, 0
        self._lock = threading.Lock()

    def __call__(self) -> Any:
        with self._lock:
            self.runs += 1
        return self.value


class Clock:
    """The clock of the cache, which goes on by itself and jumps when told to."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def time(self) -> float:
        """Return Unix seconds."""
        return time.time() + self.ahead

    def monotonic(self) -> float:
        """Return seconds that never go back by themselves."""
        return time.monotonic() + self.ahead


def redis() -> Redis:
    """Return the client of the cache itself."""
    client: Redis = caches["answers"].client.get_client(write=False)
    return client


def remember(tenant_id: int, compute: Callable[[], Any], resource: str = "list", **more: Any) -> cache.Answer:
    """Ask the cache as if a second had passed since the last look at the generations."""
    cache.forget_generations()
    return cache.remember(resource, tenant_id=tenant_id, compute=compute, **more)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the cache, to be moved."""
    found = Clock()
    for module in (reading, tiers, memory, generation):
        monkeypatch.setattr(module, "time", found)
    return found


@pytest.fixture
def own_valkey(valkey_factory: Callable[[], ValkeyServer], settings: Any) -> Iterator[ValkeyServer]:
    """A Valkey of this test's own under every cache, to be killed."""
    server = valkey_factory()
    settings.REDIS_URL = server.url
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    settings.CACHES = {name: {**row, "LOCATION": server.url} for name, row in settings.CACHES.items()}
    yield server
    server.stop()


@pytest.fixture
def cache_file(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A file of this test's own as the second tier."""
    settings.SQLITE_PATH = str(tmp_path / "cache.sqlite3")
    yield Path(settings.SQLITE_PATH)
    later.wait()


def breaker_of(server: ValkeyServer, *, clock: Callable[[], float]) -> Any:
    """Return the breaker of the server's connections, which from now on goes by this clock."""
    parts = urlsplit(server.url)
    found = redis_guard.breaker(f"{parts.hostname}:{parts.port}")
    found._clock = clock
    return found
