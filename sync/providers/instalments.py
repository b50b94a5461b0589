"""Which part of how many: "PARCELA 2/6", "2 de 6", "(02/06)" in the free text of a title."""

import re

_MOST = 420  # 35 years of months
_PAIR = r"(?P<part>\d{1,3})\s*(?:/|\bde\b)\s*(?P<whole>\d{1,3})"
_SAID = re.compile(
    rf"\b(?:parcelas?|parc\.?|prest(?:a[cç][aã]o)?\.?)\s*(?:n[º°o.]*\s*)?{_PAIR}(?![\d/])", re.IGNORECASE
)
_BRACKETS = re.compile(rf"[(\[]\s*{_PAIR}\s*[)\]]", re.IGNORECASE)
_LAST = re.compile(rf"(?<![\d/.]){_PAIR}\s*$", re.IGNORECASE)
_DAY_AND_MONTH = re.compile(r"\d\d/(?:0\d|1[0-2])")


def instalment_in(text: str) -> tuple[int, int] | None:
    """Return (number, of how many) when the text names an instalment, otherwise None. 1 ≤ number ≤ whole.

    At the end of a text a bare pair counts, unless it may as well be a day and month ("05/07").
    """
    for pattern in (_SAID, _BRACKETS, _LAST):
        match = pattern.search(text)
        if match and not (pattern is _LAST and _DAY_AND_MONTH.fullmatch(match[0].strip())):
            number, whole = int(match["part"]), int(match["whole"])
            if 1 <= number <= whole <= _MOST:
                return number, whole
    return None
