"""Bars over periods: grouped or stacked, up and down from zero, with an optional line above them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lib.charts import frame
from lib.charts.curves import Plane, curve
from lib.charts.model import (
    BRL,
    Chart,
    Flag,
    Label,
    LegendItem,
    Row,
    Series,
    Svg,
    Table,
    Unit,
    Value,
    cleaned,
    colors,
)
from lib.charts.scale import centers, fit, stacked_extremes
from lib.charts.svg import percent, tag
from lib.charts.words import word

_FILLED = 0.64  # share of its column that a group of bars covers
_WIDEST = 8.0  # per cent of the plot; two bars in a year view would otherwise be walls
_GAP = 0.08  # share of a bar left free beside its neighbour in a group


@dataclass(frozen=True)
class _Data:
    """The input of a bar chart with values cleaned and padded to the positions."""

    x: Sequence[Label]
    series: Sequence[Series]
    values: list[list[Value]]
    tones: list[int]
    line: Series | None
    line_values: list[Value]
    stacked: bool
    forecast_from: int
    goals: Sequence[Series]
    goal_values: list[list[Value]]

    def extremes(self) -> list[Value]:
        single = [value for values in self.values for value in values]
        aimed = [value for values in self.goal_values for value in values]
        return [*(stacked_extremes(self.values) if self.stacked else single), *self.line_values, *aimed]

    def known(self) -> bool:
        return any(value is not None for values in (*self.values, self.line_values) for value in values)


def bar_chart(
    *,
    title: str,
    x: Sequence[Label],
    series: Sequence[Series],
    unit: Unit = BRL,
    by: frame.By = "month",
    stacked: bool = False,
    line: Series | None = None,
    forecast_from: int | None = None,
    flags: Sequence[Flag] = (),
    links: Sequence[str] = (),
    goals: Sequence[Series] = (),
) -> Chart:
    """Return bars from a zero baseline, negative ones below it.

    `goals` are marked across the columns, each value a short line at its height. `line` is drawn over the bars (the net of money in and out, or the period before). Positions from `forecast_from` on are
    shown as expected, not as facts. `links` leads from a position to the rows behind it.
    """
    values = [cleaned(one.values, len(x)) for one in series]
    over = cleaned(line.values, len(x)) if line else []
    until = len(x) if forecast_from is None else forecast_from
    aims = [cleaned(one.values, len(x)) for one in goals]
    data = _Data(x, series, values, colors(series), line, over, stacked, until, goals, aims)
    table = _table(data, unit, by, flags, links)
    if not x or not series:
        return Chart(title, frame.nothing("bars", title), table, empty=True)
    plane = Plane(centers(len(x)), fit(data.extremes(), from_zero=True), range(len(x)))
    svg = frame.outer(
        "bars",
        title,
        f"{frame.gutter(plane.scale, unit)} {frame.named(x)}".strip(),
        frame.hits(len(x), links),
        frame.grid(plane.scale, unit),
        frame.periods(x, plane.places, unit, by, most=12),
        tag("g", *_bars(data, plane), class_="bars stacked" if stacked else "bars", aria_hidden="true"),
        *_line(data, plane),
        *_goals(data, plane),
        frame.flags(flags, plane.places),
        n=len(x),
    )
    return Chart(title, svg, table, _legend(data), empty=not data.known())


def bar(x: float, width: float, top: float, bottom: float, css: str, series: int | None = None) -> Svg:
    """Return one bar; all four numbers are per cent of the plot, `top` and `bottom` in any order."""
    height = abs(bottom - top)
    return tag(
        "rect",
        class_=css,
        x=percent(x),
        y=percent(min(top, bottom)),
        width=percent(width),
        height=percent(height),
        rx=2,
        data_series=series,
    )


def bar_width(count: int, beside: int) -> float:
    """Return the width of one bar in per cent when `count` columns hold `beside` bars each."""
    return min(_FILLED * 100 / count, _WIDEST * beside) / beside


def _bars(data: _Data, plane: Plane) -> list[Svg]:
    return [part for index in range(len(data.x)) for part in _column(data, plane, index)]


def _column(data: _Data, plane: Plane, index: int) -> list[Svg]:
    beside = 1 if data.stacked else len(data.series)
    width = bar_width(len(data.x), beside)
    up, down = Decimal(0), Decimal(0)
    parts = []
    for number, values in enumerate(data.values):
        value = values[index]
        if value is None:
            continue
        start = (up if value > 0 else down) if data.stacked else Decimal(0)
        up, down = (up + value, down) if value > 0 else (up, down + value)
        left = plane.places[index] - width * beside / 2 + (0 if data.stacked else number * width)
        inner = width * (1 - _GAP) if beside > 1 else width
        css = _css(data, number, value, expected=index >= data.forecast_from)
        parts.append(bar(left, inner, plane.scale.down(start + value), plane.scale.down(start), css, number))
    return parts


def _css(data: _Data, number: int, value: Decimal, *, expected: bool) -> str:
    # Red says "below zero" only where colour does not already say which series it is.
    tone = "neg" if value < 0 and len(data.series) == 1 else f"s{data.tones[number]}"
    return f"bar {tone}{' expected' if expected else ''}"


def _line(data: _Data, plane: Plane) -> list[Svg]:
    if data.line is None:
        return []
    css = f"line over {data.line.role} s{0 if data.line.role == 'previous' else 7}"
    dots = plane.lone_dots(data.line_values, css.replace("line", "dot"))
    number = len(data.series)
    return [frame.stretched(curve(plane.line(data.line_values), css, number)), *dots]


def _goals(data: _Data, plane: Plane) -> list[Svg]:
    """Return a short line across the column for each value of each goal."""
    half = bar_width(len(data.x), 1) / 2 * (1 + _GAP)
    first = len(data.series) + (data.line is not None)
    return [
        tag(
            "line",
            class_="goal",
            x1=percent(plane.places[index] - half),
            x2=percent(plane.places[index] + half),
            y1=percent(plane.scale.down(value)),
            y2=percent(plane.scale.down(value)),
            data_series=first + number,
        )
        for number, values in enumerate(data.goal_values)
        for index, value in enumerate(values)
        if value is not None
    ]


def _legend(data: _Data) -> tuple[LegendItem, ...]:
    items = [
        LegendItem(one.name, f"swatch s{tone}", number, filter=one.filter)
        for number, (one, tone) in enumerate(zip(data.series, data.tones, strict=True))
    ]
    if data.line is not None:
        css = f"line over {data.line.role} s{0 if data.line.role == 'previous' else 7}"
        items.append(LegendItem(data.line.name, css, len(items)))
    for goal in data.goals:
        items.append(LegendItem(goal.name, "line goal s8", len(items)))
    return tuple(items)


def _table(data: _Data, unit: Unit, by: frame.By, flags: Sequence[Flag], links: Sequence[str]) -> Table:
    notes = {flag.index: flag.label for flag in flags}
    columns = [*data.values, *([data.line_values] if data.line else []), *data.goal_values]
    rows = [
        Row(
            frame.row_label(label, unit.locale, by),
            tuple(unit.exact(values[index]) for values in columns),
            links[index] if index < len(links) else "",
            notes.get(index, ""),
        )
        for index, label in enumerate(data.x)
    ]
    names = [one.name for one in data.series] + ([data.line.name] if data.line else [])
    names += [one.name for one in data.goals]
    keys = tuple(item.css for item in _legend(data))
    return Table((word("period", unit.locale), *names), tuple(rows), keys)
