"""Recognising a judgement: by which lines and items it holds, and by everything that it says."""

import hashlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import orjson


def signature(lines: Iterable[int], items: Iterable[int]) -> str:
    """Return what names this set of lines and items, whatever the amounts."""
    return _short([sorted(lines), sorted(items)])


def digest(
    *,
    kind: str,
    verdict: str,
    score: int,
    reasons: Any,
    ranks: Mapping[int, int],
    lines: Mapping[int, Decimal],
    items: Mapping[int, Decimal],
    adjustments: Mapping[str, Decimal],
) -> str:
    """Return what changes as soon as anything that a person would see changes."""
    parts = [sorted((key, str(amount)) for key, amount in part.items()) for part in (lines, items)]
    differences = sorted((name, str(amount)) for name, amount in adjustments.items())
    return _short([kind, verdict, score, reasons, sorted(ranks.items()), *parts, differences])


def _short(value: Any) -> str:
    return hashlib.blake2b(orjson.dumps(value, default=str), digest_size=16).hexdigest()
