"""How much room a label takes, and what of it is written where there is less."""

from textwrap import wrap
from typing import Final

SIZE: Final = 12  # pixels; the style sheet's --text-12
_LETTER: Final = 6.9  # pixels that a letter of SIZE takes at most on average
_SMALL_LETTER: Final = 6.2  # in names of several letters
_BETWEEN: Final = 6  # pixels that two labels keep free


def width_of(content: str) -> float:
    """Return about how wide a text is; real metrics would need the font's file read for a margin."""
    return len(content) * _LETTER


def shortened(content: str, room: float) -> str:
    """Return the text, shortened where it would run into its neighbour."""
    most = max(int(room / _LETTER), 2)
    return content if len(content) <= most else content[: most - 1].rstrip() + "…"


def wrapped(label: str, room: float) -> list[str]:
    """Return a label below the plot in at most two lines; a month that is too long goes without its year."""
    most = max(int((room - _BETWEEN) / _SMALL_LETTER), 3)
    if len(label) <= most:
        return [label]
    stem, _blank, last = label.rpartition(" ")
    if stem and len(last) == 4 and last.isdigit():
        return [stem]
    lines = wrap(label, most, break_long_words=False)
    if len(lines) > 2:
        lines = [lines[0], " ".join(lines[1:])]
    return [line if len(line) <= most else line[: most - 1].rstrip() + "…" for line in lines]
