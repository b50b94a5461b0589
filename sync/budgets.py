"""How many requests an upstream takes, kept across all processes in Redis and, while Redis is away, in this process.

The defaults are what the upstreams state; `connection.config["budget"]` replaces them (the notation of `limits`: "3/second; 30000/day").
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import structlog
from django.conf import settings
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from sync.models import Connection
from sync.providers.base import UpstreamError
from sync.providers.statement import Sentence

log = structlog.get_logger(__name__)

PATIENCE: Final = 65.0  # seconds that a run waits for its turn: a whole window of a minute
REDIS_PAUSE: Final = 5.0  # seconds without asking a Redis that did not answer
# Longer windows are counted by two counters instead of a log of every request: 30,000 entries a token would be 1 MB.
LOGGED_WINDOW: Final = 3600


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits of one upstream. `shared`: counted for the whole installation (its address), not for each token."""

    limits: str
    by_endpoint: bool = False
    shared: bool = False


RULES: Final = {
    Connection.Kind.GESTAOCLICK: Rule("3/second; 30000/day"),
    Connection.Kind.ADVBOX: Rule("30/minute"),
    Connection.Kind.PLUGGY: Rule("360/minute", by_endpoint=True, shared=True),
}
# Stricter than the rest of its upstream.
ENDPOINTS: Final = {(Connection.Kind.PLUGGY, "update_item"): "20/minute"}
# The endpoints that our clients ask, where each has a budget of its own.
_ASKED: Final = {
    Connection.Kind.PLUGGY: ("auth", "items", "accounts", "transactions", "bills", "update_item", "connect_token", "webhooks", "categories")
}  # fmt: skip


class BudgetSpent(UpstreamError):
    """The budget is used up for longer than a run waits. Nothing is wrong: it goes on after `retry_after`."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one limit: requests, and when the next one comes free. `amount` of them are allowed within `seconds`.

    `endpoint` is where the limit counts, "" for all of an upstream.
    """

    limit: str
    remaining: int
    resets_at: datetime
    amount: int = 0
    seconds: int = 0
    endpoint: str = ""


class Budget:
    """The requests that one connection may make. Equal tokens share one budget, whichever connection or process uses them."""

    def __init__(
        self,
        kind: str,
        owner: str,
        limits: str | None = None,
        *,
        patience: float = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._kind = kind
        self._rule = RULES[Connection.Kind(kind)]
        self._owner = "all" if self._rule.shared else owner
        self._raised = limits
        self._patience = patience
        self._sleep = sleep

    def spend(self, endpoint: str = "") -> None:
        """Take one request, waiting up to the patience for it. Raises BudgetSpent."""
        waited = 0.0
        for limit in self._limits(endpoint):
            while not _ask("hit", limit, self._key(endpoint)):
                wait = max(
                    _ask("get_window_stats", limit, self._key(endpoint)).reset_time - time.time(), 0.01
                )
                if waited + wait > self._patience:
                    raise self._spent(wait)
                waited += wait
                self._sleep(wait)

    def allows(self, endpoint: str = "") -> bool:
        """Return whether a request could be made at once, with a tenth of every limit to spare for the syncs."""
        return all(
            left.remaining > limit.amount // 10
            for limit, left in zip(self._limits(endpoint), self.left(endpoint), strict=True)
        )

    def left(self, endpoint: str = "") -> list[Left]:
        """Return what is left of each limit, longest window first."""
        found = []
        for limit in self._limits(endpoint):
            stats = _ask("get_window_stats", limit, self._key(endpoint))
            resets_at = datetime.fromtimestamp(stats.reset_time, UTC)
            found.append(
                Left(str(limit), stats.remaining, resets_at, limit.amount, limit.get_expiry(), endpoint)
            )
        return found

    def tightest(self) -> list[Left]:
        """Return what is left of each limit, longest window first; of endpoints with equal limits the one that has least left."""
        least: dict[str, Left] = {}
        for endpoint in _ASKED.get(Connection.Kind(self._kind), ("",)):
            for left in self.left(endpoint):
                known = least.get(left.limit)
                if known is None or left.remaining < known.remaining:
                    least[left.limit] = left
        return sorted(least.values(), key=lambda left: (-left.seconds, -left.amount))

    def _limits(self, endpoint: str) -> list[RateLimitItem]:
        text = self._raised or ENDPOINTS.get((Connection.Kind(self._kind), endpoint), self._rule.limits)
        # The longest first: a day that is used up must not cost the second's turn.
        return sorted(parse_many(text), key=lambda limit: -limit.get_expiry())

    def _key(self, endpoint: str) -> str:
        return ":".join([self._kind, self._owner, endpoint if self._rule.by_endpoint else "*"])

    def _spent(self, wait: float) -> BudgetSpent:
        kind = Connection.Kind(self._kind).label
        sentence = Sentence(
            "The requests that %(upstream)s allows are used up. It goes on by itself.", upstream=str(kind)
        )
        return BudgetSpent(sentence, retry_after=timedelta(seconds=wait))


def budget_of(connection: Connection, *, patience: float = PATIENCE) -> Budget:
    """Return the budget of a connection. Raises lib.crypto.SecretUnreadable, because equal tokens share one."""
    token = hashlib.blake2b(
        json.dumps(connection.credentials(), sort_keys=True).encode(), digest_size=12, person=b"budget"
    ).hexdigest()
    return Budget(connection.kind, token, connection.config.get("budget"), patience=patience)


class _Counters:
    """Redis, or this process for a few seconds after Redis did not answer."""

    def __init__(self) -> None:
        self._away_until = 0.0

    def ask(self, method: str, limit: RateLimitItem, key: str) -> Any:
        if settings.REDIS_URL and time.monotonic() >= self._away_until:
            try:
                return getattr(_limiter(limit, settings.REDIS_URL), method)(limit, key)
            except (RedisError, OSError) as error:
                self._away_until = time.monotonic() + REDIS_PAUSE
                log.warning("budgets_in_memory", error=type(error).__name__)
        return getattr(_limiter(limit, ""), method)(limit, key)

    def forget(self) -> None:
        """Try Redis again at once, and forget what this process counted."""
        self._away_until = 0.0
        _storage.cache_clear()


counters = _Counters()


def _ask(method: str, limit: RateLimitItem, key: str) -> Any:
    return counters.ask(method, limit, key)


def _limiter(limit: RateLimitItem, url: str) -> RateLimiter:
    strategy = (
        MovingWindowRateLimiter if limit.get_expiry() <= LOGGED_WINDOW else SlidingWindowCounterRateLimiter
    )
    return strategy(_storage(url))


@cache
def _storage(url: str) -> RedisStorage | MemoryStorage:
    if not url:
        return MemoryStorage()
    return RedisStorage(
        url,
        key_prefix="painel:budget",
        socket_connect_timeout=0.2,
        socket_timeout=0.5,
        health_check_interval=30,
    )
