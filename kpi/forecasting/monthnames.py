"""Periods that name their month: `Jan 2010`, `2010 Jan`, `jan/10`, `05-Jan-2010`, in English and Portuguese, short or whole."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

_LONG: Final = (
    "january february march april may june july august september october november december".split(),
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro".split(),
)
_SHORT: Final = tuple([name[:3] for name in names] for names in _LONG)
_NAME: Final = r"(?P<b>[^\W\d_]{3,9})"
_FORMS: Final = (
    re.compile(rf"(?:(?P<d>\d\d?)[-/. ])?{_NAME}\.?[-/. ](?P<y>\d{{4}}|\d\d)"),
    re.compile(rf"(?P<y>\d{{4}})[-/. ]?{_NAME}(?:[-/. ](?P<d>\d\d?))?"),
)
# Two digits of a year as POSIX reads them (strptime %y): 69 to 99 are of the last century.
_TURN: Final = 69


def numbered(labels: Sequence[str]) -> tuple[list[str], Callable[[str], str]] | None:
    """Return the labels as `01/2010` or `05/01/2010`, and the way back into the hand of the last one; None where no month is named."""
    for form in _FORMS:
        found = [form.fullmatch(label) for label in labels]
        for names in (*_SHORT, *_LONG):
            known = [match for match in found if match and match["b"].lower() in names]
            if len(known) == len(labels):
                return [_number(match, names) for match in known], partial(
                    _named, hand=known[-1], names=names
                )
    return None


def _number(match: re.Match[str], names: Sequence[str]) -> str:
    year = (
        int(match["y"])
        if len(match["y"]) == 4
        else int(match["y"]) + (1900 if int(match["y"]) >= _TURN else 2000)
    )
    day = f"{match['d']}/" if match["d"] else ""
    return f"{day}{names.index(match['b'].lower()) + 1:02d}/{year:04d}"


def _named(text: str, hand: re.Match[str], names: Sequence[str]) -> str:
    *day, month, year = text.split("/")
    name = names[int(month) - 1]
    written = name.upper() if hand["b"].isupper() else name.title() if hand["b"].istitle() else name
    parts = {"y": year[-len(hand["y"]) :], "b": written, "d": day[0] if day else None}
    told, at = "", 0
    for start, end, value in sorted(
        (*hand.span(part), value) for part, value in parts.items() if value is not None
    ):
        told += hand.string[at:start] + value
        at = end
    return told + hand.string[at:]
