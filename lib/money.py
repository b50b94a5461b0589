"""Money: Decimal with two places, positive in, negative out. What cannot be read raises; it never becomes zero."""

import re
from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")
LIMIT = Decimal("1e16")  # DecimalField(max_digits=18, decimal_places=2)

_NOISE = re.compile(r"[\s\u00a0\u202f]|R\$|BRL")
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")


class MoneyError(ValueError):
    """The text is not an amount, or is ambiguous, or does not fit. The message shows the text."""


def cents(value: Decimal) -> Decimal:
    """Return the amount rounded half-even to two places. Raises MoneyError when it is not finite or does not fit 18 digits."""
    if not value.is_finite() or abs(value) >= LIMIT:
        raise MoneyError(f"amount out of range: {value}")
    rounded = value.quantize(CENT, rounding=ROUND_HALF_EVEN)
    if abs(rounded) >= LIMIT:  # 9999999999999999.999 rounds up to a digit too many
        raise MoneyError(f"amount out of range: {value}")
    return rounded


def exact(value: object) -> Decimal:
    """Return a JSON number or dotted string ("1250.00", 12, Decimal) as it is. Raises MoneyError for anything else.

    For upstreams whose format is known to use a dot. JSON must be read with a Decimal hook: a float is refused.
    """
    if isinstance(value, bool | float):
        raise MoneyError(f"not a decimal amount: {value!r}")
    if isinstance(value, int | Decimal):
        number = Decimal(value)
    else:
        word = str(value).strip()
        if not _PLAIN.fullmatch(word):
            raise MoneyError(f"not a decimal amount: {value!r}")
        number = Decimal(word)
    if not number.is_finite() or abs(number) >= LIMIT:
        raise MoneyError(f"amount out of range: {value!r}")
    return number


def parse(text: str) -> Decimal:
    """Return the amount a person or a bank file wrote, in either decimal style: "1.234,56", "1,234.56", "-1234.5", "R$ 12".

    The last separator is the decimal one when one or two digits follow it, otherwise separators group thousands; a group that does not
    have three digits is refused. Raises MoneyError.
    """
    word = _NOISE.sub("", text.strip())
    sign = (
        -1
        if word.startswith("-") or word.endswith("-") or (word.startswith("(") and word.endswith(")"))
        else 1
    )
    word = word.strip("+-()")
    whole, decimal = _split(word)
    if not re.fullmatch(r"\d+|\d{1,3}(?:[.,]\d{3})+", whole) or len(set(re.findall(r"[.,]", whole))) > 1:
        raise MoneyError(f"not an amount: {text!r}")
    return cents(sign * Decimal(f"{re.sub('[.,]', '', whole)}.{decimal or '0'}"))


def _split(word: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.*?)[.,](\d{1,2})", word)
    if not match:
        return word, ""
    whole, decimal = match.groups()
    return whole or "0", decimal
