"""The tenant cache: exact keys that carry a generation, JSON values in several tiers, one computation a key at a time.

Dropping what is cached of a company is raising a generation, never a scan; a tier that is down is skipped, and one that comes back with old
values holds them under keys that nobody asks for. docs/cache.md tells the whole of it.

    answer = cache.remember("list", tenant_id=tenant.pk, compute=rows, params={"sort": "date"})
"""

from live.cache import stats
from live.cache.answer import Answer, State, headers
from live.cache.generation import forget_generations, generations
from live.cache.keys import digest, exact_key
from live.cache.reading import remember
from live.cache.resources import Resource, resource, resources

__all__ = [
    "Answer",
    "Resource",
    "State",
    "digest",
    "exact_key",
    "forget_generations",
    "generations",
    "headers",
    "remember",
    "resource",
    "resources",
    "stats",
]
