"""Where the limits of the open doors are counted: in Redis, and in this process while Redis is away.

Who counts here gets an answer in any case, and asks `away()` whether it was this process's own: a door where guessing pays is closed then
(`tenants.doors`). Sessions do not use this: what one process remembers another could not forget.
"""

from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

_away = False


def away() -> bool:
    """Return whether Redis did not answer the last time somebody counted. (A dead one costs nothing: `lib.redis_guard`.)"""
    return _away


def _or_memory(name: str) -> Callable[..., Any]:
    """Return the cache method `name` that asks Redis and, when Redis does not answer, this process."""

    def method(self: "RedisOrMemory", *args: Any, **kwargs: Any) -> Any:
        global _away
        try:
            found = getattr(RedisCache, name)(self, *args, **kwargs)
        except (RedisError, OSError) as error:
            _away = True
            log.warning("counters_in_memory", error=type(error).__name__)
            return getattr(self.memory, name)(*args, **kwargs)
        _away = False
        return found

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
