"""Reading what the workbench sends. What cannot be used is an error in the words of the person who typed it."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from lib import money
from reconciliation.models import MatchAdjustment
from reconciliation.screens import LESSENING

LONGEST_ID: Final = 18  # digits; more do not fit the column


@dataclass(frozen=True, slots=True)
class Split:
    """A link by hand: shares of items and differences by kind, signed like the ledger."""

    items: dict[int, Decimal | None] = field(default_factory=dict)
    adjustments: dict[str, Decimal] = field(default_factory=dict)


def number(text: str) -> int | None:
    """Return an id, None for what is none."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else None


def numbers(text: str) -> list[int]:
    """Return the ids of a list with commas, leaving out what is none."""
    return [pk for part in text.split(",") if (pk := number(part)) is not None]


def key_of(data: QueryDict) -> str:
    """Return the form's idempotency key, "" when it has none that could be kept."""
    key = data.get("key", "")
    return key if re.fullmatch(r"[\x21-\x7e]{1,150}", key) else ""


def split_of(data: QueryDict, *, sign: int) -> Split:
    """Return what the editor says. `sign` is the line's: people write amounts without one. Raises ValidationError."""
    items: dict[int, Decimal | None] = {}
    for text, share in zip(data.getlist("item"), data.getlist("share"), strict=False):
        pk = number(text)
        if pk is None or pk in items:
            raise ValidationError(_("An item is named twice."))
        items[pk] = sign * _amount(share) if share.strip() else None
    adjustments: dict[str, Decimal] = {}
    for kind, text in zip(data.getlist("kind"), data.getlist("difference"), strict=False):
        if not text.strip():
            continue
        if kind in adjustments:
            raise ValidationError(_("A difference is named twice."))
        adjustments[kind] = sign * difference(kind, _amount(text))
    return Split(items, adjustments)


def difference(kind: str, amount: Decimal) -> Decimal:
    """Return a difference as it counts towards a payment: what lessens it is negative, however it was typed. Rounding keeps its sign."""
    if kind == MatchAdjustment.Kind.ROUNDING:
        return amount
    return -abs(amount) if kind in LESSENING else abs(amount)


def _amount(text: str) -> Decimal:
    try:
        return money.parse(text)
    except money.MoneyError as error:
        raise ValidationError(_("“%(value)s” is not an amount.") % {"value": text[:40]}) from error
