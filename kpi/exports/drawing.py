"""A chart as a picture of its own: a fixed size in pixels, the colours of the light theme, margins and type written into it.

The page's drawing has positions in per cent, a stretched layer and class names; renderers outside browsers know neither the
style sheet nor strokes that keep their width. So every part is written anew with numbers.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import pi
from typing import Final

from kpi.exports.labels import SIZE, shortened, width_of, wrapped
from kpi.exports.looks import WIDE_ONLY, look
from kpi.exports.palette import LIGHT, tone
from lib.charts import Chart, LegendItem, Svg
from lib.charts.svg import tag, text

FONT: Final = "Inter, system-ui, sans-serif"
WIDE: Final = 560  # from here on a drawing has room for names, values and every label
_LINE: Final = 13  # from one line of a label to the next
_EDGE: Final = 16  # what a picture of its own leaves free around
_ROW: Final = 20  # height of a row of the legend
_SPOT: Final = re.compile(r"(-?[\d.]+) (-?[\d.]+)")
_ACROSS: Final = frozenset({"x", "x1", "x2", "cx", "width"})
_DOWN: Final = frozenset({"y", "y1", "y2", "cy", "height"})


@dataclass(frozen=True, slots=True)
class _Box:
    """Where the plot stands in the picture."""

    left: float
    top: float
    width: float
    height: float
    wide: bool

    def across(self, value: str) -> float:
        """Return a length or place along the width, given in per cent or units."""
        return float(value[:-1]) / 100 * self.width if value.endswith("%") else float(value)

    def down(self, value: str) -> float:
        """Return a length or place along the height."""
        return float(value[:-1]) / 100 * self.height if value.endswith("%") else float(value)

    def path(self, data: str) -> str:
        """Return path data of the stretched layer (1000 by 100) in pixels of the plot."""
        return _SPOT.sub(
            lambda spot: (
                f"{_px(float(spot[1]) * self.width / 1000)} {_px(float(spot[2]) * self.height / 100)}"
            ),
            data,
        )


def kind_of(chart: Chart) -> str:
    """Return what is drawn: line, bars, waterfall, donut, heat or spark."""
    classes = _classes(_read(chart))
    if "chart-waterfall" in classes:
        return "waterfall"
    return next(name.removeprefix("chart-") for name in classes if name.startswith("chart-"))


def standalone(chart: Chart, *, width: int, height: int, title: bool = False) -> Svg:
    """Return the picture as SVG that needs nothing else, with its legend and, if asked for, its title.

    A chart without values is an empty plot: say so beside it.
    """
    edge = _EDGE if title else 0
    parts = _drawn(chart, width - 2 * edge, height - 2 * edge, title=title)
    return tag(
        "svg",
        tag("rect", width=width, height=height, fill=LIGHT["surface"]),
        tag("g", *parts, transform=f"translate({edge} {edge})"),
        xmlns="http://www.w3.org/2000/svg", width=width, height=height, viewBox=f"0 0 {width} {height}",
        font_family=FONT, font_size=SIZE, role="img", aria_label=chart.title,
    )  # fmt: skip


def _drawn(chart: Chart, width: int, height: int, *, title: bool) -> list[Svg]:
    root, kind = _read(chart), kind_of(chart)
    parts = [_title(chart.title, width)] if title else []
    top = 34.0 if title else 0.0
    if kind == "donut":
        return [*parts, *_donut(root, chart.legend, width, height, top)]
    # One name says nothing that the title does not.
    if len(chart.legend) > 1 and not (chart.named_ends and width >= WIDE):
        drawn, top = _legend(chart.legend, width, top)
        parts += drawn
    return parts + _plot(root, kind, width, height, top)


def _read(chart: Chart) -> ET.Element:
    return ET.fromstring(chart.svg)  # noqa: S314 - drawn by lib.charts, every text in it escaped


def _classes(element: ET.Element) -> frozenset[str]:
    return frozenset(element.get("class", "").split())


def _px(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


# --- plots with axes -------------------------------------------------------------------------------------------------------
def _plot(root: ET.Element, kind: str, width: int, height: int, top: float) -> list[Svg]:
    box = _box(root, kind, width, height, top)
    drawn = list(_walk(root, box, stacked=False))
    return [tag("g", *drawn, transform=f"translate({_px(box.left)} {_px(box.top)})")]


def _box(root: ET.Element, kind: str, width: int, height: int, top: float) -> _Box:
    if kind == "spark":
        return _Box(0, top + 4, width - 4, height - top - 7, wide=False)
    wide = width >= WIDE
    left = 14 + max((width_of(label) for label in _labels(root, "tick-y")), default=20.0)
    ends = [width_of(label) for label in _labels(root, "end-name")] if wide else []
    # The last label stands in the middle of the last place, which may be the edge.
    last = max((width_of(label) for label in _labels(root, "tick-x")[-1:]), default=0.0)
    right = max(12 + max(ends) if ends else 20.0, last / 2 + 4 if kind == "line" else 0.0)
    above = 4.0 if kind == "heat" else 10.0
    box = _Box(left, top + above, width - left - right, height - top - above - 28, wide)
    groups = [group for group in root.iter("g") if _places(group, box)]
    tall = any(
        len(wrapped(label, _room(group, box))) > 1 for group in groups for label in _labels(group, "tick-x")
    )
    return replace(box, height=box.height - _LINE) if tall else box


def _labels(root: ET.Element, css: str) -> list[str]:
    return [one.text or "" for one in root.iter("text") if css in _classes(one)]


def _walk(element: ET.Element, box: _Box, *, stacked: bool) -> Iterator[Svg]:
    room = _room(element, box)
    values: list[tuple[float, float]] = []
    for child in element:
        classes = _classes(child)
        if classes & {"hits", "cursor"} or (not box.wide and classes & WIDE_ONLY):
            continue
        if child.tag in {"g", "svg"}:
            yield from _walk(child, box, stacked=stacked or "stacked" in classes)
        elif child.tag == "text":
            if "bar-value" not in classes or _is_free(child, box, values):
                yield from _text(child, classes, box, room)
        elif child.tag != "path" or child.get("d"):
            yield tag(child.tag, **_placed(child, box), **look(classes, stacked=stacked))


def _placed(element: ET.Element, box: _Box) -> dict[str, str | int | float | None]:
    found: dict[str, str | int | float | None] = {}
    for name, value in element.attrib.items():
        if name in _ACROSS:
            found[name] = _px(box.across(value))
        elif name in _DOWN:
            found[name] = _px(box.down(value))
        elif name in {"r", "rx"}:
            found[name] = value
        elif name == "d":
            found[name] = box.path(value)
    return found


def _is_free(value: ET.Element, box: _Box, drawn: list[tuple[float, float]]) -> bool:
    """Return whether the amount on a bar would not run into the one before, and remember it then."""
    x, y = box.across(value.get("x", "0")), box.down(value.get("y", "0"))
    half = width_of(value.text or "") / 2
    if drawn and x - half < drawn[-1][0] and abs(y - drawn[-1][1]) < SIZE:
        return False
    drawn.append((x + half, y))
    return True


def _text(element: ET.Element, classes: frozenset[str], box: _Box, room: float) -> Iterator[Svg]:
    x = box.across(element.get("x", "0")) + float(element.get("dx", "0"))
    y = box.down(element.get("y", "0")) + _shift(element.get("dy", "0"))
    content = element.text or ""
    for line in wrapped(content, room) if "tick-x" in classes else [content]:
        yield tag("text", text(line), x=_px(x), y=_px(y), **look(classes))
        y += _LINE


def _shift(value: str) -> float:
    return float(value.removesuffix("em")) * SIZE if value.endswith("em") else float(value)


def _room(group: ET.Element, box: _Box) -> float:
    """Return how wide a label below the plot may be: as far as to its neighbour."""
    return min((after - before for before, after in pairwise(_places(group, box))), default=box.width)


def _places(group: ET.Element, box: _Box) -> list[float]:
    return [
        box.across(one.get("x", "0"))
        for one in group
        if "tick-x" in _classes(one) and (box.wide or not _classes(one) & WIDE_ONLY)
    ]


# --- rings -----------------------------------------------------------------------------------------------------------------
def _donut(root: ET.Element, legend: Sequence[LegendItem], width: int, height: int, top: float) -> list[Svg]:
    side = min(height - top - 16, width * 0.42, 240.0)
    parts = []
    for part in root:
        if part.tag == "text":
            parts.append(
                tag("text", text(part.text or ""), x=60, y=64.4, fill=LIGHT["text"], font_size=12.5, font_weight=600, text_anchor="middle")
            )  # fmt: skip
        else:
            parts.append(_arc(part))
    place = f"translate(8 {_px(top + (height - top - side) / 2)}) scale({_px(side / 120)})"
    left = side + 36
    rows = [_named(item, n, width - left - 12) for n, item in enumerate(legend)]
    start = top + max((height - top - len(rows) * 24) / 2, 0)
    return [
        tag("g", *parts, transform=place),
        tag("g", *(row for pair in rows for row in pair), transform=f"translate({_px(left)} {_px(start)})"),
    ]


def _arc(part: ET.Element) -> Svg:
    """Return one arc; `pathLength`, which few renderers know, is worked into the dashes."""
    around = 2 * pi * float(part.get("r", "50")) / 100
    classes = _classes(part)
    dashes = [float(one) * around for one in part.get("stroke-dasharray", "").split()]
    offset = part.get("stroke-dashoffset")
    return tag(
        "circle",
        cx=60, cy=60, r=50, fill="none", stroke_width=15, transform=part.get("transform"),
        stroke=LIGHT["press"] if "ring-ground" in classes else tone(classes),
        stroke_dasharray=" ".join(map(_px, dashes)) or None,
        stroke_dashoffset=_px(float(offset) * around) if offset else None,
    )  # fmt: skip


def _named(item: LegendItem, n: int, width: float) -> list[Svg]:
    value = tag(
        "text", text(item.text), x=_px(width), y=n * 24 + 16, fill=LIGHT["text-soft"], text_anchor="end"
    )
    name = shortened(item.name, width - 20 - width_of(item.text) - 12)
    label = tag("text", text(name), x=18, y=n * 24 + 16, fill=LIGHT["text"])
    return [_key(item, 0, n * 24 + 12), label, value]


# --- legend and title ------------------------------------------------------------------------------------------------------
def _legend(items: Sequence[LegendItem], width: int, top: float) -> tuple[list[Svg], float]:
    """Return the drawn entries and where the plot may begin."""
    parts: list[Svg] = []
    x, y = 4.0, top + 12
    for item in items:
        name = shortened(item.name, width / 2)
        needed = 36 + width_of(name)
        if x > 4 and x + needed > width:
            x, y = 4.0, y + _ROW
        parts.append(_key(item, x, y))
        parts.append(tag("text", text(name), x=_px(x + 20), y=_px(y + 4), fill=LIGHT["text-soft"]))
        x += needed
    return parts, y + 12


def _key(item: LegendItem, x: float, y: float) -> Svg:
    classes = frozenset(item.css.split())
    colour = tone(classes)
    if "swatch" in classes:
        return tag("rect", x=_px(x + 2), y=_px(y - 5), width=10, height=10, rx=2, fill=colour)
    if "band" in classes:
        return tag("rect", x=_px(x), y=_px(y - 5), width=14, height=10, rx=2, fill=colour, fill_opacity=0.22)
    dashed = "4 3" if classes & {"previous", "forecast"} else "1 4" if "goal" in classes else None
    return tag(
        "line", x1=_px(x), x2=_px(x + 14), y1=_px(y), y2=_px(y), stroke=colour, stroke_width=2 if dashed else 3,
        stroke_dasharray=dashed,
    )  # fmt: skip


def _title(content: str, width: int) -> Svg:
    shown = shortened(content, (width - 16) * SIZE / 15)
    return tag("text", text(shown), x=4, y=20, fill=LIGHT["text"], font_size=15, font_weight=600)
