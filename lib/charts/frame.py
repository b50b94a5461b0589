"""What all charts with axes share: the outer element, grid, tick labels, period labels and hit areas."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from lib import formats
from lib.charts.model import Flag, Label, Svg, Unit
from lib.charts.scale import Scale, every, round_step
from lib.charts.svg import label, percent, tag

By = Literal["day", "month", "count"]  # count: the first, second … n-th, as digits

_GUTTERS = ((4, "gutter-s"), (7, "gutter-m"), (10, "gutter-l"))
# Per cent of the width that a letter of a flag's name takes, where names are shown at all.
_FLAG_LETTER = 0.75
_NARROW = 40  # characters that fit side by side below a plot on a phone


def outer(kind: str, title: str, css: str, *children: Svg, **data: str | int | None) -> Svg:
    """Return the outer element of a chart. It can be focused; arrow keys then move its cursor (charts.js)."""
    attributes = {f"data-{name.replace('_', '-')}": value for name, value in data.items()}
    return tag(
        "svg",
        *children,
        class_=f"chart chart-{kind} {css}".strip(),
        role="group",
        aria_label=title,
        tabindex=0,
        data_chart=kind,
        **attributes,
    )


def stretched(*children: Svg) -> Svg:
    """Return the layer for curves: 1000 by 100 units stretched over the plot, strokes keep their width."""
    return tag(
        "svg",
        *children,
        viewBox="0 0 1000 100",
        preserveAspectRatio="none",
        class_="plot",
        aria_hidden="true",
    )


def grid(scale: Scale, unit: Unit) -> Svg:
    """Return the horizontal lines with their values; the baseline is stronger than the others."""
    lines = [_grid_line(scale.down(tick), zero=tick == 0) for tick in scale.ticks]
    values = [
        label(unit.tick(tick), "0", scale.down(tick), "tick-y", dx=-10, dy="0.32em") for tick in scale.ticks
    ]
    return tag("g", *lines, *values, class_="axis", aria_hidden="true")


def gutter(scale: Scale, unit: Unit) -> str:
    """Return the class that keeps enough room for the longest value on the left."""
    longest = max(len(unit.tick(tick)) for tick in scale.ticks)
    return next((css for most, css in _GUTTERS if longest <= most), "gutter-xl")


def periods(x: Sequence[Label], places: Sequence[float], unit: Unit, by: By, most: int = 8) -> Svg:
    """Return the labels below the plot: at most `most`, every second one only where there is room unless all of them fit a phone."""
    stride = every(len(x), most)
    drawn = _round_places(x, most) if by == "count" else range(0, len(x), stride)
    texts = {index: axis_label(x, index, unit.locale, by, first=index == 0) for index in drawn}
    crowded = by != "count" and len(texts) * (1 + max(map(len, texts.values()), default=0)) > _NARROW
    labels = [
        label(
            text,
            places[index],
            "100%",
            "tick-x minor" if crowded and (index // stride) % 2 else "tick-x",
            dy=20,
        )
        for index, text in texts.items()
    ]
    return tag("g", *labels, class_="axis", aria_hidden="true")


def _round_places(x: Sequence[Label], most: int) -> list[int]:
    """Return the places of the first and of round numbers: 1, 20, 40, 60."""
    counts = [int(str(one)) for one in x]
    step = round_step(Decimal(counts[-1]) / most) if counts else 1
    return [index for index, n in enumerate(counts) if index == 0 or n % step == 0]


def flags(found: Sequence[Flag], places: Sequence[float]) -> Svg:
    """Return events as thin lines with a dot on top, in the order of the positions; those carry their name that have room for it."""
    drawn = [flag for flag in found if 0 <= flag.index < len(places)]
    parts: list[Svg] = []
    taken = 0.0
    for flag in drawn:
        place = places[flag.index]
        x = percent(place)
        parts.append(tag("line", class_="flag", x1=x, x2=x, y1=0, y2="100%"))
        parts.append(tag("circle", class_="flag-dot", cx=x, cy=0, r=3))
        late, length = place > 70, len(flag.label) * _FLAG_LETTER + 2
        first, last = (place - length, place) if late else (place, place + length)
        if first >= taken and not any(first < places[one.index] < last for one in drawn if one is not flag):
            taken = last
            css = "flag-label late" if late else "flag-label"
            parts.append(label(flag.label, place, "0", css, dx=-8 if late else 8, dy=4))
    return tag("g", *parts, class_="flags", aria_hidden="true")


def cursor() -> Svg:
    """Return the empty cross-hair that charts.js moves."""
    hair = tag("line", class_="hair", x1="0", x2="0", y1="0", y2="100%")
    return tag("g", hair, class_="cursor", aria_hidden="true")


def hits(count: int, links: Sequence[str]) -> Svg:
    """Return one invisible column a position; it is a link where one is known (the twin table has it for readers)."""
    width = 100 / count
    parts = []
    for index in range(count):
        area = tag("rect", class_="hit", x=percent(index * width), y="0", width=percent(width), height="100%")
        href = links[index] if index < len(links) else ""
        parts.append(tag("a", area, href=href, tabindex=-1) if href else area)
    return tag("g", *parts, class_="hits", aria_hidden="true")


def axis_label(x: Sequence[Label], index: int, locale: str, by: By, *, first: bool) -> str:
    """Return the short label of a position; a month names its year in January, and at the start unless a January is near: two long
    labels side by side would run into each other."""
    value = x[index]
    if isinstance(value, str):
        return value
    if by == "day":
        return formats.day_short(value, locale)
    written = formats.month_short(value, locale)
    near = any(isinstance(later, date) and later.month == 1 for later in x[1:4])
    return written if value.month == 1 or (first and not near) else written.split(" ")[0]


def row_label(value: Label, locale: str, by: By) -> str:
    """Return the full label of a position for the table twin and the tooltip."""
    if isinstance(value, date):
        return formats.day_long(value, locale) if by == "day" else formats.month(value, locale)
    return value


def named(x: Sequence[Label]) -> str:
    """Return the class of a chart over names instead of times: their labels are longer, and each of them counts."""
    return "named" if any(isinstance(value, str) for value in x) else ""


def nothing(kind: str, title: str) -> Svg:
    """Return the picture of a chart without positions: an empty plot of the usual size."""
    line = tag("line", class_="grid zero", x1="0", x2="100%", y1="100%", y2="100%")
    return tag("svg", line, class_=f"chart chart-{kind} is-empty", role="img", aria_label=title)


def _grid_line(y: float, *, zero: bool) -> Svg:
    place = percent(y)
    return tag("line", class_="grid zero" if zero else "grid", x1="0", x2="100%", y1=place, y2=place)
