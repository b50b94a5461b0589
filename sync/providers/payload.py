"""Reading the fields of an upstream record. What is absent is None or ""; what is there and cannot be read raises Unreadable.

Upstreams write numbers as JSON numbers, strings or empty strings, and array members bare or wrapped in a one-key object. JSON arrives
with Decimal numbers; raw records that were stored come back with int and str, so both are read.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lib.money import MoneyError, cents, exact
from lib.text import clean, fold
from sync.providers.base import Unreadable

_SIX_PLACES = Decimal("0.000001")
_LARGEST_UNIT = Decimal("1e12")  # DecimalField(max_digits=18, decimal_places=6)
_TRUE = frozenset({"1", "true", "sim", "s", "yes", "on"})
_FALSE = frozenset({"0", "false", "nao", "n", "no", "off"})
_NO_DATES = frozenset({"", "0000-00-00", "0000-00-00 00:00:00"})
_ISO_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*", re.ASCII)

Payload = Mapping[str, Any]


def text(payload: Payload, key: str, limit: int) -> str:
    """Return the field as a line of text for a column of `limit` characters; "" when it is absent or not a scalar."""
    value = payload.get(key)
    return "" if isinstance(value, dict | list | bool) else clean(value, limit)


def identifier(payload: Payload, *keys: str) -> str:
    """Return the first of the fields that holds an id, as text. Absent, empty and 0 are no ids: ""."""
    for key in keys:
        value = text(payload, key, 120)
        if value not in ("", "0"):
            return value
    return ""


def number(payload: Payload, key: str) -> Decimal | None:
    """Return a number written with a dot, unrounded, or None when it is absent or empty. Raises Unreadable."""
    value = payload.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return exact(value)
    except MoneyError as error:
        raise Unreadable(f"{key}: {error}") from error


def money(payload: Payload, key: str) -> Decimal | None:
    """Return an amount with two places, or None when it is absent. Raises Unreadable."""
    value = number(payload, key)
    try:
        return None if value is None else cents(value)
    except MoneyError as error:
        raise Unreadable(f"{key}: {error}") from error


def required_money(payload: Payload, key: str) -> Decimal:
    """Return an amount with two places. Raises Unreadable, also when it is absent: an unknown amount is not zero."""
    value = money(payload, key)
    if value is None:
        raise Unreadable(f"{key} is empty")
    return value


def unit_number(payload: Payload, key: str) -> Decimal | None:
    """Return a quantity or unit price with up to six places, or None when it is absent. Raises Unreadable."""
    value = number(payload, key)
    if value is None:
        return None
    if abs(value) >= _LARGEST_UNIT:
        raise Unreadable(f"{key}: out of range: {value}")
    return value.quantize(_SIX_PLACES, rounding=ROUND_HALF_EVEN)


def flag(payload: Payload, key: str) -> bool | None:
    """Return a yes or no written as "1"/"0", 1/0, true/false or "Sim"/"Não"; None when it is absent. Raises Unreadable."""
    word = fold(str(payload.get(key)) if payload.get(key) is not None else "")
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if word:
        raise Unreadable(f"{key}: neither yes nor no: {word[:40]!r}")
    return None


def day(payload: Payload, key: str) -> date | None:
    """Return a local calendar day `YYYY-MM-DD` (a time after it is left out), or None when absent. Raises Unreadable."""
    word = text(payload, key, 40)
    if word in _NO_DATES:
        return None
    try:
        return date.fromisoformat(word[:10])
    except ValueError as error:
        raise Unreadable(f"{key}: not a date: {word!r}") from error


def required_day(payload: Payload, key: str) -> date:
    """Return a local calendar day. Raises Unreadable, also when it is absent."""
    value = day(payload, key)
    if value is None:
        raise Unreadable(f"{key} is empty")
    return value


def local_instant(payload: Payload, key: str, zone: ZoneInfo) -> datetime | None:
    """Return a local `YYYY-MM-DD HH:MM:SS` as an aware instant, or None when absent. Raises Unreadable."""
    word = text(payload, key, 40)
    if word in _NO_DATES:
        return None
    try:
        moment = datetime.fromisoformat(word)
    except ValueError as error:
        raise Unreadable(f"{key}: not a local time: {word!r}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def utc_instant(payload: Payload, key: str) -> datetime | None:
    """Return an ISO 8601 instant; without an offset it is UTC. None when absent. Raises Unreadable."""
    word = text(payload, key, 40)
    if not word:
        return None
    try:
        moment = datetime.fromisoformat(word if _ISO_INSTANT.fullmatch(word) else f"{word}T00:00:00+00:00")
    except ValueError as error:
        raise Unreadable(f"{key}: not an instant: {word!r}") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def members(payload: Payload, key: str, wrapper: str) -> list[dict[str, Any]]:
    """Return the objects of an array, whether each is bare or wrapped as `{wrapper: {…}}`. Absent is empty. Raises Unreadable."""
    rows = payload.get(key) or []
    if isinstance(rows, dict):  # PHP writes a list with gaps as an object
        rows = list(rows.values())
    if not isinstance(rows, list):
        raise Unreadable(f"{key} is not a list")
    found = [
        row[wrapper] if isinstance(row, dict) and isinstance(row.get(wrapper), dict) else row for row in rows
    ]
    if not all(isinstance(row, dict) for row in found):
        raise Unreadable(f"{key} holds something that is not an object")
    return found


def part(payload: Payload, key: str) -> dict[str, Any]:
    """Return a nested object, empty when it is absent or null or something else."""
    value = payload.get(key)
    return value if isinstance(value, dict) else {}


def known(**values: Any) -> dict[str, Any]:
    """Return the values that are known, as JSON can hold them: None and "" are left out, Decimals and dates become text."""
    return {
        key: str(value)
        if isinstance(value, Decimal)
        else value.isoformat()
        if isinstance(value, date)
        else value
        for key, value in values.items()
        if value is not None and value != "" and value != {}
    }
