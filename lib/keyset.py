"""Keyset pagination: a page costs the same at any depth, because it starts at a key and never counts what it skips."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

Row = TypeVar("Row")


class CursorError(ValueError):
    """The cursor in the URL was not made by this list."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows, with the cursors of its neighbours (None at the ends)."""

    rows: list[Row]
    next: str | None
    previous: str | None


def paginate(
    queryset: QuerySet[Any], *, order: Sequence[str], limit: int, cursor: str | None = None
) -> Page[Any]:
    """Return the page of `queryset` that `cursor` names, in `order` (Django's notation, "-date"), at most `limit` rows.

    `order` must end with a unique column and all its columns must be NOT NULL and point the same way, so that one index row comparison
    serves it. Works on model instances and on `.values()`. Raises CursorError.
    """
    descending = order[0].startswith("-")
    assert all(name.startswith("-") == descending for name in order), (
        "one direction, or no index can serve the comparison"
    )
    names = [name.lstrip("-") for name in order]
    backwards, key = _decode(cursor, queryset.model, names) if cursor else (False, None)
    flip = descending != backwards
    if key is not None:
        queryset = queryset.filter(_after(names, key, less=flip))
    found = list(queryset.order_by(*(f"-{name}" if flip else name for name in names))[: limit + 1])
    more, rows = len(found) > limit, found[:limit]
    if backwards:
        rows.reverse()
    forward_exists = more if not backwards else bool(rows)
    back_exists = key is not None if not backwards else more
    return Page(
        rows=rows,
        next=_encode(rows[-1], names, backwards=False) if rows and forward_exists else None,
        previous=_encode(rows[0], names, backwards=True) if rows and back_exists else None,
    )


def page_at(cursor: str | None, read: Callable[[str | None], Page[Row]]) -> Page[Row]:
    """Return the page that a person's link names; the first one where the link was made by another list."""
    try:
        return read(cursor or None)
    except CursorError:
        return read(None)


def _after(names: Sequence[str], key: Sequence[Any], *, less: bool) -> Q:
    """Return (a, b) < (x, y) spelled so that the planner uses the index: a <= x AND (a < x OR b < y)."""
    compare = "lt" if less else "gt"
    condition = Q()
    for position in range(len(names)):
        equal = Q(**dict(zip(names[:position], key[:position], strict=True)))
        condition |= equal & Q(**{f"{names[position]}__{compare}": key[position]})
    return Q(**{f"{names[0]}__{compare}e": key[0]}) & condition


def _encode(row: Any, names: Sequence[str], *, backwards: bool) -> str:
    values = [row[name] if isinstance(row, dict) else _attribute(row, name) for name in names]
    packed = json.dumps(
        [int(backwards), *[value if isinstance(value, int) else str(value) for value in values]]
    )
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def _attribute(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _decode(cursor: str, model: type[Model], names: Sequence[str]) -> tuple[bool, list[Any]]:
    try:
        packed = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        backwards, *values = packed
        if len(values) != len(names):
            raise CursorError(_("This page link belongs to another list. Start again from the first page."))
        return bool(backwards), [
            _value(model, name, value) for name, value in zip(names, values, strict=True)
        ]
    except CursorError:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        InvalidOperation,
        OverflowError,
        binascii.Error,
        UnicodeDecodeError,
        RecursionError,
    ) as error:
        raise CursorError(_("This page link cannot be read. Start again from the first page.")) from error


def _value(model: type[Model], name: str, value: Any) -> Any:
    """Return the cursor's text as the column's type; a value of another type never reaches the database."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return _text(value)
    if isinstance(field, models.DateTimeField):
        # In UTC: a moment that has none (the year 1 east of Greenwich) has no place in the database either.
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    if isinstance(field, models.DateField):
        return date.fromisoformat(str(value))
    if isinstance(field, models.DecimalField):
        number = Decimal(str(value))
        if not number.is_finite() or abs(number.adjusted()) > field.max_digits:
            raise ValueError(value)
        return number
    if isinstance(field, models.IntegerField | models.ForeignKey):
        number_ = int(value)
        if abs(number_) >= 2**63:
            raise ValueError(value)
        return number_
    return _text(value)


def _text(value: Any) -> str:
    """Return the text of a cursor. Raises ValueError for what PostgreSQL has no text for: NUL and lone surrogates."""
    text = str(value)
    text.encode()
    if "\x00" in text:
        raise ValueError(value)
    return text
