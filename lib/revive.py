"""Dataclasses back from JSON, by their annotations: what `orjson` wrote of them, with Decimals and dates as text."""

import types
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def revived(kind: Any, data: Any) -> Any:
    """Return the value of this type. `kind` is a dataclass, Decimal, date, str, int, bool, tuple[X, ...], tuple[X, Y], dict[str, X], or one of these
    or None. Raises TypeError for other types, KeyError where a field is missing: what was written by another program is no value of ours.
    """
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        (inner,) = (one for one in get_args(kind) if one is not types.NoneType)
        return None if data is None else revived(inner, data)
    if origin is tuple:
        return _tuple(get_args(kind), data)
    if origin is dict:
        return {key: revived(get_args(kind)[1], value) for key, value in data.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: revived(inner, data[name]) for name, inner in _fields(kind).items()})
    return _plain(kind, data)


def _tuple(kinds: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if len(kinds) == 2 and kinds[1] is ...:
        return tuple(revived(kinds[0], one) for one in data)
    return tuple(revived(kind, one) for kind, one in zip(kinds, data, strict=True))


def _plain(kind: Any, data: Any) -> Any:
    if kind is Decimal:
        return Decimal(data)
    if kind is date:
        return datetime.fromisoformat(data).date()
    if kind in (str, int, bool):
        return data
    raise TypeError(f"{kind!r} cannot be read back")


@lru_cache(maxsize=128)
def _fields(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind) if one.init}
