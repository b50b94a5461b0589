"""Paths in the stretched layer (1000 by 100 units): lines, the area below a line, the band between two."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lib.charts.model import Svg, Value
from lib.charts.scale import Scale
from lib.charts.svg import percent, short, tag

Run = list[tuple[int, Decimal]]


@dataclass(frozen=True)
class Plane:
    """Where things are: a place in per cent for each position, the vertical scale, and which positions are drawn."""

    places: Sequence[float]
    scale: Scale
    kept: Sequence[int]

    def spot(self, index: int, value: Decimal) -> str:
        """Return a point of a path."""
        return f"{short(self.places[index] * 10)} {short(self.scale.down(value))}"

    def runs(self, values: Sequence[Value]) -> list[Run]:
        """Return the unbroken stretches of known values among the drawn positions."""
        found: list[Run] = [[]]
        for index in self.kept:
            value = values[index]
            if value is None:
                found.append([])
            else:
                found[-1].append((index, value))
        return [run for run in found if run]

    def line(self, values: Sequence[Value]) -> str:
        """Return the path data of a line; a gap lifts the pen."""
        return "".join("M" + "L".join(self.spot(*point) for point in run) for run in self.runs(values))

    def area(self, values: Sequence[Value]) -> str:
        """Return the path data of the area between a line and the baseline, one shape a run."""
        base = short(self.scale.zero)
        shapes = []
        for run in (run for run in self.runs(values) if len(run) > 1):
            first, last = short(self.places[run[0][0]] * 10), short(self.places[run[-1][0]] * 10)
            shapes.append(f"M{first} {base}L{'L'.join(self.spot(*point) for point in run)}L{last} {base}Z")
        return "".join(shapes)

    def band(self, low: Sequence[Value], high: Sequence[Value]) -> str:
        """Return the path data of the shape between two lines, where both are known."""
        both = [above if below is not None else None for below, above in zip(low, high, strict=True)]
        shapes = []
        for run in self.runs(both):
            back = [(index, low[index] or Decimal(0)) for index, _ in reversed(run)]
            shapes.append("M" + "L".join(self.spot(*point) for point in [*run, *back]) + "Z")
        return "".join(shapes)

    def dot(self, index: int, value: Decimal, css: str, radius: int) -> Svg:
        """Return a round point outside the stretched layer, where circles stay round."""
        return tag(
            "circle", class_=css, cx=percent(self.places[index]), cy=percent(self.scale.down(value)), r=radius
        )

    def lone_dots(self, values: Sequence[Value], css: str) -> list[Svg]:
        """Return a dot for each value between two gaps, where a line would have no length."""
        return [self.dot(*run[0], css, 3) for run in self.runs(values) if len(run) == 1]


def curve(data: str, css: str, series: int | None = None) -> Svg:
    """Return a path whose stroke keeps its width; `series` ties it to a legend entry."""
    return tag("path", d=data, class_=css, vector_effect="non-scaling-stroke", data_series=series)
