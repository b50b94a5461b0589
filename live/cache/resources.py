"""What is cached: the resources with their time to live, and the generations that drop them (the table of docs/cache.md)."""

import re
from dataclasses import dataclass
from typing import Final

from django.conf import settings

GROUPS: Final = ("facts", "recon", "settings")
NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of cached answer: its name in keys, its time to live in seconds, and the groups whose change drops it."""

    name: str
    ttl: int
    groups: tuple[str, ...]

    @property
    def stale_for(self) -> int:
        """Return the seconds after `ttl` in which the old value is still served while one worker computes the new one."""
        return self.ttl // 2

    @property
    def kept_for(self) -> int:
        """Return the seconds after which a tier may forget the value."""
        return self.ttl + self.stale_for


# The setting that holds the time to live, and the groups.
_ROWS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "settings": ("CACHE_TTL_SETTINGS", ("settings",)),
    "accounts": ("CACHE_TTL_ACCOUNTS", ("facts",)),
    "txns": ("CACHE_TTL_TXNS", ("facts",)),
    "customers": ("CACHE_TTL_CUSTOMERS", ("facts",)),
    "recon": ("CACHE_TTL_RECON", ("recon", "facts")),
    "kpis": ("CACHE_TTL_MONTHS", ("facts",)),
    "board": ("CACHE_TTL_KPIS", ("facts", "recon", "settings")),
    "list": ("CACHE_TTL_LISTS", ("facts",)),
    "details": ("CACHE_TTL_DETAILS", ("facts",)),
}


def resources() -> dict[str, Resource]:
    """Return every cached resource that has a row of its own, by name."""
    return {name: resource(name) for name in _ROWS}


def resource(name: str) -> Resource:
    """Return the resource of this name. One without a row lives for CACHE_TTL_SECONDS and is dropped by any change.

    Raises ValueError for what cannot be a name.
    """
    setting, groups = _ROWS.get(name, ("CACHE_TTL_SECONDS", GROUPS))
    if name not in _ROWS and not NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a cached resource")
    return Resource(name, getattr(settings, setting), groups)
