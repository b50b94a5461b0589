"""Where the limits of the open doors are counted: in Redis, and in this process while Redis is away.

A login must neither fail nor lose its lock-out because the cache is down. Sessions do not use this: what one process remembers another
could not forget.
"""

from collections.abc import Callable
from typing import Any, Final

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from redis.exceptions import RedisError

from lib.breaker import Breaker

log = structlog.get_logger(__name__)

# Open: Redis did not answer the last time somebody counted. It is left alone for a second then, so that a dead one costs nothing.
breaker: Final = Breaker()


def _or_memory(name: str) -> Callable[..., Any]:
    """Return the cache method `name` that asks Redis and, when Redis does not answer, this process."""

    def method(self: "RedisOrMemory", *args: Any, **kwargs: Any) -> Any:
        if breaker.allows():
            try:
                found = getattr(RedisCache, name)(self, *args, **kwargs)
            except (RedisError, OSError) as error:
                breaker.failed()
                log.warning("counters_in_memory", error=type(error).__name__)
            else:
                breaker.worked()
                return found
        return getattr(self.memory, name)(*args, **kwargs)

    return method


class RedisOrMemory(RedisCache):  # type: ignore[misc]  # django-redis has no types
    """The cache of allauth, django-ratelimit and the admin: small counters and marks that may be lost but must always answer."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.memory = LocMemCache("counters", {"TIMEOUT": params.get("TIMEOUT", 300), "MAX_ENTRIES": 20_000})

    add = _or_memory("add")
    get = _or_memory("get")
    set = _or_memory("set")
    delete = _or_memory("delete")
    incr = _or_memory("incr")
    touch = _or_memory("touch")
    has_key = _or_memory("has_key")
