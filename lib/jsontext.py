"""JSON with exact numbers: read into Decimal, written back digit by digit. A float never holds money on the way."""

import json
from decimal import Decimal
from typing import Any

import orjson

# PostgreSQL's jsonb refuses numbers that its numeric type cannot hold; one beyond this is kept as text.
_WIDEST = 300


def loads(text: str | bytes) -> Any:
    """Return the value with every fraction as Decimal. Raises ValueError for what is no JSON, NaN, Infinity or nested too deep."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("JSON nested too deep") from error


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def canonical(value: Any) -> bytes:
    """Return the value as UTF-8 JSON with sorted keys and exact numbers: equal values give equal bytes, which jsonb accepts.

    What PostgreSQL cannot store is replaced: NUL in texts by U+FFFD, a lone surrogate by "?", a number out of range by its text.
    """
    try:
        text = orjson.dumps(value, default=_exact, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a lone surrogate, or an integer of more than 64 bits
        return canonical(_storable(value))
    return canonical(_storable(value)) if b"\\u0000" in text and _has_nul(value) else text


def _exact(value: Any) -> Any:
    if isinstance(value, Decimal):
        plain = value.is_finite() and abs(value.adjusted()) <= _WIDEST
        return orjson.Fragment(str(value)) if plain else str(value)
    raise ValueError(f"{type(value).__name__} is no JSON")


def _has_nul(value: Any) -> bool:
    """Return whether a text holds NUL; the six characters backslash-u-0000 may also stand in a text as they are."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(item) for pair in value.items() for item in pair)
    return isinstance(value, list | tuple) and any(_has_nul(item) for item in value)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode() if value else value
    if isinstance(value, dict):
        return {_storable(str(key)): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63:
        return Decimal(value)
    return value
