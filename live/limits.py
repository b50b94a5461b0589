"""How often somebody may ask: a true sliding window, counted in Redis by one script, by Redis's own clock.

Every request that was let in is an entry with its time; one that is older than the window is forgotten. So no window of this length, wherever
it begins, holds more than the limit (a counter by the minute lets twice as many through around its edge). The script is atomic and looks at
every budget of a request before it takes from any, and the clock of the asking host plays no part.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.exceptions import RedisError
from redis.retry import Retry

from lib.breaker import Breaker
from live import counters

log = structlog.get_logger(__name__)
_MICRO: Final = 1_000_000
# What all people and keys of one company may ask together, as a multiple of what one of them may: at 60 a minute this is 3,000, about a
# sixth of what one web process answers, so that no company can take the panel from the others by making keys.
COMPANY_SHARE: Final = 50

# KEYS: one list a budget, newest entry first. ARGV: window in µs, the time in µs or '' for Redis's own, then the limit of each budget.
# Returns {allowed, time, then for each budget: what is left, when the next entry leaves}, all whole numbers.
_SCRIPT: Final = """
local window, now = tonumber(ARGV[1]), tonumber(ARGV[2])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end
local stamp, allowed, left = string.format('%.0f', now), 1, {}
for i, key in ipairs(KEYS) do
    local place, entry = 0, redis.call('LINDEX', key, 0)
    while entry and tonumber(entry) > now do  -- the clock was set back: what it had counted counts as of now
        redis.call('LSET', key, place, stamp)
        place = place + 1
        entry = redis.call('LINDEX', key, place)
    end
    entry = redis.call('LINDEX', key, -1)
    while entry and tonumber(entry) <= now - window do
        redis.call('RPOP', key)
        entry = redis.call('LINDEX', key, -1)
    end
    left[i] = tonumber(ARGV[2 + i]) - redis.call('LLEN', key)
    if left[i] < 1 then allowed = 0 end
end
local answer = {allowed, now}
for i, key in ipairs(KEYS) do
    if allowed == 1 then
        redis.call('LPUSH', key, stamp)
        redis.call('PEXPIRE', key, math.ceil(window / 1000))
        left[i] = left[i] - 1
    end
    local next = left[i] > 0 and redis.call('LINDEX', key, -1) or redis.call('LINDEX', key, tonumber(ARGV[2 + i]) - 1)
    answer[#answer + 1] = math.max(left[i], 0)
    answer[#answer + 1] = (tonumber(next) or now) + window
end
return answer
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be asked in one window: its name among the counters, and how often."""

    name: str
    limit: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to let somebody in, and what is left of the budget that decides.

    `reset_at`: Unix seconds at which the next request of the window is forgotten; None, like `remaining`, while Redis is away.
    `retry_after`: whole seconds to wait, 0 when allowed. `at`: Redis's time of the decision.
    """

    allowed: bool
    limit: int
    remaining: int | None
    reset_at: float | None
    retry_after: int
    at: float | None = None

    def headers(self) -> dict[str, str]:
        """Return what an answer says about the budget; what is not known is left out."""
        found = {"X-RateLimit-Limit": str(self.limit)}
        if self.remaining is not None and self.reset_at is not None:
            found["X-RateLimit-Remaining"] = str(self.remaining)
            found["X-RateLimit-Reset"] = str(math.ceil(self.reset_at))
        return found


breaker: Final = Breaker()
_PAUSE: Final = 5  # seconds after which a closed door may be tried again while Redis is away


def hit(bucket: str, key: str, *, limit: int, seconds: int = 60, closed_when_down: bool = False) -> Verdict:
    """Count one request of `key` in `bucket` against `limit` in `seconds`, and return whether it may go on. A refused one is not counted.

    While Redis is away everybody is let in, or nobody with `closed_when_down` (doors where guessing pays).
    """
    return hit_all([Budget(f"{bucket}:{key}", limit)], seconds=seconds, closed_when_down=closed_when_down)


def hit_all(budgets: Sequence[Budget], *, seconds: int = 60, closed_when_down: bool = False) -> Verdict:
    """Count one request against every budget, or against none when one of them is used up.

    Return the verdict of the first budget that is used up, else of the first.
    """
    if not settings.REDIS_URL or not breaker.allows():
        return _unchecked(budgets[0], closed=closed_when_down)
    try:
        verdict = decide(_client(settings.REDIS_URL), budgets, seconds=seconds)
    except (RedisError, OSError) as error:
        breaker.failed()
        log.warning("limits_unreadable", error=type(error).__name__)
        return _unchecked(budgets[0], closed=closed_when_down)
    breaker.worked()
    if not verdict.allowed:
        counters.add("limit_refused", bucket=_bucket(budgets[0]))
    return verdict


def decide(
    client: redis.Redis, budgets: Sequence[Budget], *, seconds: int, now: int | None = None
) -> Verdict:
    """Ask Redis. `now` (µs) stands in for Redis's own clock. Raises RedisError."""
    found = _script()(
        keys=[f"limit:{budget.name}:{seconds}" for budget in budgets],
        args=[seconds * _MICRO, "" if now is None else now, *(budget.limit for budget in budgets)],
        client=client,
    )
    allowed, at, rest = bool(found[0]), found[1], found[2:]
    rows = [
        (budget, remaining, reset)
        for budget, remaining, reset in zip(budgets, rest[::2], rest[1::2], strict=True)
    ]
    # Refused: the budget that has nothing left and frees up last is the one to wait for.
    budget, remaining, reset = (
        rows[0] if allowed else max((row for row in rows if row[1] < 1), key=lambda row: row[2])
    )
    wait = 0 if allowed else max(1, math.ceil((reset - at) / _MICRO))
    return Verdict(allowed, budget.limit, remaining, reset / _MICRO, wait, at / _MICRO)


def _unchecked(budget: Budget, *, closed: bool) -> Verdict:
    """Return the verdict of a moment in which nobody counts, and count that there was one."""
    counters.add("limit_unchecked", bucket=_bucket(budget), door="closed" if closed else "open")
    return Verdict(not closed, budget.limit, None, None, _PAUSE if closed else 0)


def _bucket(budget: Budget) -> str:
    return budget.name.partition(":")[0]


@cache
def _client(url: str) -> redis.Redis:
    # The library would ask a dead server ten times more, and wait in between.
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(url, socket_connect_timeout=0.2, socket_timeout=0.5, retry=once)


@cache
def _script() -> Script:
    return Script(redis.Redis(), _SCRIPT)
