"""Amounts as banks write them."""

import re
from decimal import Decimal
from typing import Literal

from lib.money import MoneyError, cents

DecimalMark = Literal[",", "."]

_LONGEST = 40
_AMOUNT = re.compile(
    r"(?P<open>\()?(?P<sign>[-+])?(?:R\$)?(?P<inner>[-+])?(?P<number>[0-9.,]*[0-9])(?P<close>\))?(?P<after>[-+])?(?P<side>[DC])?",
    re.IGNORECASE | re.ASCII,
)
_GROUPED = re.compile(r"[0-9]*|[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,3}(?:,[0-9]{3})+", re.ASCII)
_AMBIGUOUS = re.compile(r"[^0-9]*[1-9][0-9]{0,2}[.,][0-9]{3}", re.ASCII)
_SHOWS_MARK = re.compile(r".*[0-9]([.,])[0-9]{1,2}\s*[-+)DC]?\s*", re.IGNORECASE | re.ASCII)


def parse_amount(text: str, decimal: DecimalMark | None = None) -> Decimal:
    """Return the signed amount with two places. Raises MoneyError for everything that is not clearly one.

    Reads `1.234,56`, `1,234.56`, `-1234.5`, `+ 12`, `R$ 12,00`, `12,00-`, `(12,00)`, `12,00 D` and zeros past the cents. `decimal` is the
    file's decimal mark, where known: it alone decides `1.234`, which otherwise groups thousands (see `is_ambiguous`).
    """
    match = _AMOUNT.fullmatch(_squeeze(text)) if len(text) <= 4 * _LONGEST else None
    if not match or bool(match["open"]) != bool(match["close"]):
        raise MoneyError(f"not an amount: {text[:_LONGEST]!r}")
    side = (match["side"] or "").upper()
    signs = [
        sign
        for sign in (match["sign"], match["inner"], match["after"], "-" if match["open"] else None)
        if sign
    ]
    if len(signs) > 1 or (side == "C" and "-" in signs):
        raise MoneyError(f"two signs: {text!r}")
    magnitude = _magnitude(match["number"], decimal)
    return -magnitude if magnitude and ("-" in signs or side == "D") else magnitude


def is_ambiguous(text: str) -> bool:
    """Return whether one separator before exactly three digits leaves open what it means: 1.234 may be thousands or decimals."""
    return len(text) <= 4 * _LONGEST and bool(_AMBIGUOUS.fullmatch(_squeeze(text)))


def decimal_mark(texts: list[str]) -> DecimalMark | None:
    """Return the decimal mark of these amounts, as far as any shows it and all that do agree; otherwise None."""
    marks = {match[1] for text in texts if (match := _SHOWS_MARK.fullmatch(text[-_LONGEST:]))}
    return "," if marks == {","} else "." if marks == {"."} else None


def _squeeze(text: str) -> str:
    """Return the text without blanks: padding, and no-break ones between thousands."""
    return "".join(text.split()).replace("−", "-")


def _magnitude(number: str, decimal: DecimalMark | None) -> Decimal:
    number = re.sub(r"^0+(?=[0-9])", "", number)
    whole, fraction = _split(number, decimal)
    # No rounding: a bank's amount has cents, so digits past them mean that this is no amount or was split at the wrong mark.
    if not _GROUPED.fullmatch(whole) or fraction[2:].strip("0"):
        raise MoneyError(f"not an amount: {number!r}")
    return cents(Decimal(f"{re.sub('[.,]', '', whole) or '0'}.{fraction[:2] or '0'}"))


def _split(number: str, decimal: DecimalMark | None) -> tuple[str, str]:
    """Return the whole part, still grouped, and the decimals. The last separator is the decimal one unless three digits follow it."""
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return number, ""
    whole, mark, tail = number[:last], number[last], number[last + 1 :]
    other = "," if mark == "." else "."
    groups = len(tail) == 3 and other not in whole and mark != decimal and whole.strip("0") != ""
    return (number, "") if groups else (whole, tail)
