"""The light theme in plain numbers, for what is seen outside the page. A test holds it equal to `static/css/tokens.css`."""

from typing import Final

LIGHT: Final[dict[str, str]] = {
    "surface": "#ffffff",
    "sunken": "#f3f1ed",
    "press": "#ebe8e3",
    "line": "#e7e3dd",
    "line-control": "#8f887d",
    "text": "#1f1d1a",
    "text-soft": "#575249",
    "text-faint": "#6f695f",
    "accent": "#0f6b64",
    "good": "#1c6b3c",
    "bad": "#b3261e",
    "bad-line": "#efb8b3",
    "bad-tint": "#fdeeec",
    "warn": "#855200",
    "series-0": "#a29a8e",
    "series-1": "#0f766e",
    "series-2": "#c2871b",
    "series-3": "#3577dd",
    "series-4": "#c9306f",
    "series-5": "#54432c",
    "series-6": "#a384c4",
    "series-7": "#1f1d1a",
    "shade-0": "#f3f1ed",
    "shade-1": "#d5ebe7",
    "shade-2": "#a3d3cc",
    "shade-3": "#66b3a9",
    "shade-4": "#2b8c81",
    "shade-5": "#0c5a53",
}


def tone(classes: frozenset[str]) -> str:
    """Return the colour of the series that the classes name (`s0` to `s7`); that of text where they name none, or a goal (`s8`)."""
    found = next(
        (name for name in classes if len(name) == 2 and name[0] == "s" and name[1] in "01234567"), None
    )
    return LIGHT[f"series-{found[1]}"] if found else LIGHT["text-soft"]
