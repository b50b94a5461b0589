"""Writing SVG by hand: escaped attributes and text, short numbers, nothing else."""

import re
from html import escape

from lib.charts.model import Svg

# XML has no way to write these at all, escaped or not.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def text(value: str) -> Svg:
    """Return a text as safe markup."""
    return Svg(escape(_NOT_XML.sub("", value), quote=True))


def tag(name: str, *children: Svg, **attributes: str | int | float | None) -> Svg:
    """Return an element. `class_` writes `class`, underscores become hyphens, None leaves an attribute out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not children:
        return Svg(f"<{name}{written}/>")
    return Svg(f"<{name}{written}>{''.join(children)}</{name}>")


def label(
    content: str, x: float | str, y: float | str, css: str, **attributes: str | int | float | None
) -> Svg:
    """Return a text element. Its position is in per cent (float) or as written (str); dx and dy are pixels."""
    return tag("text", text(content), x=_place(x), y=_place(y), class_=css, **attributes)


def percent(value: float) -> str:
    """Return a position: `12.5%`."""
    return f"{short(value)}%"


def short(value: float) -> str:
    """Return a number with at most two decimals and no trailing zeros."""
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def _place(value: float | str) -> str:
    return value if isinstance(value, str) else percent(value)


def _plain(value: str | int | float) -> str:
    return short(value) if isinstance(value, float) else str(value)
