"""Lines over time: actual, previous period, forecast with its band, marked points, event flags."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.charts import frame
from lib.charts.curves import Plane, curve
from lib.charts.model import (
    BRL,
    Band,
    Chart,
    Flag,
    Label,
    LegendItem,
    Mark,
    Row,
    Series,
    Svg,
    Table,
    Unit,
    Value,
    cleaned,
    colors,
)
from lib.charts.scale import fit, spread
from lib.charts.svg import label, short
from lib.charts.thinning import kept_indexes
from lib.charts.words import word

_LABEL_ROOM = 8.0  # per cent of the height that two names at the line ends need between them
_LONGEST_END_LABEL = 18


@dataclass(frozen=True)
class _Data:
    """The input of a line chart with values cleaned and padded to the positions."""

    x: Sequence[Label]
    series: Sequence[Series]
    values: list[list[Value]]
    tones: list[int]
    low: list[Value]
    high: list[Value]
    band: Band | None
    marks: Sequence[Mark]
    flags: Sequence[Flag]

    def known(self) -> list[Value]:
        return [
            value for values in (*self.values, self.low, self.high) for value in values if value is not None
        ]

    def kept(self) -> list[int]:
        remarkable = [mark.index for mark in self.marks] + [flag.index for flag in self.flags]
        return kept_indexes(self.values[0] if self.values else [None] * len(self.x), remarkable)


def line_chart(
    *,
    title: str,
    x: Sequence[Label],
    series: Sequence[Series],
    unit: Unit = BRL,
    by: frame.By = "day",
    band: Band | None = None,
    marks: Sequence[Mark] = (),
    flags: Sequence[Flag] = (),
    links: Sequence[str] = (),
) -> Chart:
    """Return lines over the positions `x`; a series that is shorter ends earlier.

    The area below is filled for a single actual series drawn from zero. `links` leads from a position to its rows.
    More than 2,000 positions are thinned; marked and flagged ones always stay.
    """
    values = [cleaned(one.values, len(x)) for one in series]
    low, high = cleaned(band.low if band else (), len(x)), cleaned(band.high if band else (), len(x))
    data = _Data(x, series, values, colors(series), low, high, band, marks, flags)
    kept = data.kept()
    table = _table(data, kept, unit, by, links)
    if not x or not series:
        return Chart(title, frame.nothing("line", title), table, empty=True)
    plane = Plane(spread(len(x)), fit(data.known(), from_zero=False), kept)
    svg = _drawn(data, plane, title, unit, by)
    named = bool(_end_names(data, plane))
    return Chart(title, svg, table, _legend(data), empty=not data.known(), named_ends=named)


def _drawn(data: _Data, plane: Plane, title: str, unit: Unit, by: frame.By) -> Svg:
    names = _end_names(data, plane)
    thinned = len(plane.kept) < len(data.x)
    return frame.outer(
        "line",
        title,
        f"{frame.gutter(plane.scale, unit)}{' ends' if names else ''}",
        frame.grid(plane.scale, unit),
        frame.periods(data.x, plane.places, unit, by),
        frame.flags(data.flags, plane.places),
        frame.stretched(*_curves(data, plane)),
        *_points(data, plane),
        *names,
        frame.cursor(),
        n=len(plane.kept),
        x=" ".join(short(plane.places[index]) for index in plane.kept) if thinned else None,
    )


def _curves(data: _Data, plane: Plane) -> list[Svg]:
    drawn = [curve(plane.band(data.low, data.high), f"band s{data.tones[-1]}")] if data.band else []
    actual = [number for number, one in enumerate(data.series) if one.role == "actual"]
    # An area that does not start at zero would tell a wrong proportion.
    if len(actual) == 1 and plane.scale.low <= 0 <= plane.scale.high:
        number = actual[0]
        drawn.append(curve(plane.area(data.values[number]), f"area s{data.tones[number]}", number))
    for number, one in enumerate(data.series):
        drawn.append(curve(plane.line(data.values[number]), f"line {one.role} s{data.tones[number]}", number))
    return drawn


def _points(data: _Data, plane: Plane) -> list[Svg]:
    found: list[Svg] = []
    for values, tone in zip(data.values, data.tones, strict=True):
        found.extend(plane.lone_dots(values, f"dot s{tone}"))
    for mark in data.marks:
        value = data.values[0][mark.index] if 0 <= mark.index < len(data.x) else None
        if value is not None:
            found.append(plane.dot(mark.index, value, "mark", 5))
    return found


def _end_names(data: _Data, plane: Plane) -> list[Svg]:
    """Return the names at the line ends, or nothing when a legend reads better."""
    if not 2 <= len(data.series) <= 4 or any(len(one.name) > _LONGEST_END_LABEL for one in data.series):
        return []
    ends = []
    for number, values in enumerate(data.values):
        run = plane.runs(values)
        if not run or run[-1][-1][0] != len(data.x) - 1:
            return []  # a name in the middle of the plot would cover other lines
        ends.append((plane.scale.down(run[-1][-1][1]), number))
    return [
        label(
            data.series[number].name,
            "100%",
            y,
            f"end-name s{data.tones[number]}",
            dx=8,
            dy="0.32em",
            data_series=number,
        )
        for y, number in _apart(sorted(ends))
    ]


def _apart(ends: list[tuple[float, int]]) -> list[tuple[float, int]]:
    placed: list[tuple[float, int]] = []
    for y, number in ends:
        placed.append((max(y, placed[-1][0] + _LABEL_ROOM) if placed else y, number))
    overflow = max(0.0, placed[-1][0] - 100) if placed else 0.0
    return [(y - overflow, number) for y, number in placed]


def _legend(data: _Data) -> tuple[LegendItem, ...]:
    items = [
        LegendItem(one.name, f"line {one.role} s{tone}", number)
        for number, (one, tone) in enumerate(zip(data.series, data.tones, strict=True))
    ]
    return (*items, LegendItem(data.band.name, f"band s{data.tones[-1]}", -1)) if data.band else tuple(items)


def _table(data: _Data, kept: Sequence[int], unit: Unit, by: frame.By, links: Sequence[str]) -> Table:
    notes = {flag.index: flag.label for flag in data.flags} | {
        mark.index: mark.sentence for mark in data.marks
    }
    rows = [
        Row(
            frame.row_label(data.x[index], unit.locale, by),
            (*(unit.exact(values[index]) for values in data.values), *_range(data, index, unit)),
            links[index] if index < len(links) else "",
            notes.get(index, ""),
        )
        for index in kept
    ]
    names = [one.name for one in data.series] + ([data.band.name] if data.band else [])
    keys = tuple(item.css for item in _legend(data))
    return Table((word("period", unit.locale), *names), tuple(rows), keys)


def _range(data: _Data, index: int, unit: Unit) -> tuple[str, ...]:
    if data.band is None:
        return ()
    low, high = data.low[index], data.high[index]
    return ("",) if low is None or high is None else (f"{unit.exact(low)} – {unit.exact(high)}",)
