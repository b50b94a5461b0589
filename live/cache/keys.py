"""Exact keys: `tenant:{id}:{resource}:{generation}[:{part}][:{hash}]`. Everything that an answer depends on is in its key."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from live.cache.resources import Resource

DIGEST_BYTES: Final = 20
# Never as long as a digest's 40 digits, so that the two cannot be mistaken for each other.
PART: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def exact_key(key: str, prefix: str, version: int) -> str:
    """Return the key as it is: Django's KEY_FUNCTION without prefix and version."""
    return key


def digest(params: Mapping[str, Any]) -> str:
    """Return a deterministic hash of validated parameters, whatever their order. Dates and Decimals count like their text."""
    text = orjson.dumps(dict(params), option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.blake2b(text, digest_size=DIGEST_BYTES).hexdigest()


def key(
    row: Resource,
    *,
    tenant_id: int,
    generations: Mapping[str, int],
    params: Mapping[str, Any] | None = None,
    part: str = "",
) -> str:
    """Return the exact key of an answer. `part` stands in the clear (a month); `params` are hashed. Raises ValueError for an odd part."""
    generation = ".".join([str(generations[group]) for group in row.groups])
    name = f"tenant:{tenant_id}:{row.name}:{generation}"
    if part:
        if not PART.fullmatch(part):
            raise ValueError(f"{part!r} cannot stand in a key")
        name = f"{name}:{part}"
    return f"{name}:{digest(params)}" if params else name


def taken_apart(name: str) -> tuple[int, str]:
    """Return the company's id and the resource that a key names."""
    _, tenant_id, resource, _ = name.split(":", 3)
    return int(tenant_id), resource
