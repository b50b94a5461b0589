"""Names of worksheets: what the format allows, each once."""

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 31
# Besides what the format forbids, what XML cannot write: a name is an attribute there.
_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_APART: Final = re.compile(r"[^\S\xa0\u202f]+")
_LOOSE: Final = re.compile(r"[^\W\d_A-Z]{1,2}|\W+")  # "de", "of", a dash: nothing ends with one
_TAKEN: Final = "history"  # Excel keeps this one for itself


def sheet_names(titles: Iterable[str], *, taken: Iterable[str] = ()) -> list[str]:
    """Return a valid name for each title, told apart without regard to case: `Vendas`, `Vendas (2)`."""
    used = {_TAKEN, *(name.casefold() for name in taken)}
    names = []
    for title in titles:
        stem = _cut(_FORBIDDEN.sub(" ", title), LONGEST) or "–"
        name, n = stem, 1
        while name.casefold() in used:
            n += 1
            ending = f" ({n})"
            name = (_cut(stem, LONGEST - len(ending)) or "–") + ending
        used.add(name.casefold())
        names.append(name)
    return names


def _cut(text: str, most: int) -> str:
    """Return as many whole words as fit, a first one that is longer in part. Glued by no-break spaces they stay together: without its "mil" an amount is another one."""
    words = [" ".join(word.split()) for word in _APART.split(text)]
    # An apostrophe at either end would end the quotation in a reference.
    whole = " ".join(word for word in words if word).strip("' ")
    if len(whole) <= most:
        return whole
    kept: list[str] = []
    for word in filter(None, words):
        if len(" ".join([*kept, word])) > most:
            break
        kept.append(word)
    while len(kept) > 1 and _LOOSE.fullmatch(kept[-1]):
        kept.pop()
    return " ".join(kept).rstrip(" ,;–·'").lstrip("' ") or whole[:most].strip("' ")
