"""Names of worksheets: what the format allows, each once."""

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 31
# Besides what the format forbids, what XML cannot write: a name is an attribute there.
_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_TAKEN: Final = "history"  # Excel keeps this one for itself


def sheet_names(titles: Iterable[str], *, taken: Iterable[str] = ()) -> list[str]:
    """Return a valid name for each title, told apart without regard to case: `Vendas`, `Vendas (2)`."""
    used = {_TAKEN, *(name.casefold() for name in taken)}
    names = []
    for title in titles:
        # An apostrophe at either end would end the quotation in a reference.
        stem = " ".join(_FORBIDDEN.sub(" ", title).split()).strip("'")[:LONGEST].strip("' ") or "–"
        name, n = stem, 1
        while name.casefold() in used:
            n += 1
            ending = f" ({n})"
            name = stem[: LONGEST - len(ending)].rstrip("' ") + ending
        used.add(name.casefold())
        names.append(name)
    return names
