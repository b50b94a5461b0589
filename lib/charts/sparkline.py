"""A line without axes, beside a number."""

from collections.abc import Sequence

from lib.charts.curves import Plane, curve
from lib.charts.model import BRL, Chart, Label, Row, Svg, Table, Unit, Value, cleaned
from lib.charts.scale import Scale, fit, spread
from lib.charts.svg import tag
from lib.charts.words import word


def sparkline(*, title: str, values: Sequence[Value], x: Sequence[Label] = (), unit: Unit = BRL) -> Chart:
    """Return the course of a number, its last known point marked. The table twin has `x` as labels where given."""
    data = cleaned(values)
    labels = [str(x[index]) if index < len(x) else str(index + 1) for index in range(len(data))]
    rows = tuple(Row(name, (unit.exact(value),)) for name, value in zip(labels, data, strict=True))
    table = Table((word("period", unit.locale), title), rows)
    known = [value for value in data if value is not None]
    return Chart(title, _drawn(title, data, _tight(known)), table, empty=not known)


def _drawn(title: str, data: list[Value], scale: Scale) -> Svg:
    plane = Plane(spread(len(data)) if data else [], scale, range(len(data)))
    runs = plane.runs(data)
    last = [plane.dot(*runs[-1][-1], "dot s1", 3)] if runs else []
    plot = tag(
        "svg",
        curve(plane.area(data), "area s1"),
        curve(plane.line(data), "line actual s1"),
        viewBox="0 0 1000 100",
        preserveAspectRatio="none",
        class_="plot",
    )
    return tag("svg", plot, *last, class_="chart chart-spark", role="img", aria_label=title)


def _tight(known: Sequence[Value]) -> Scale:
    """Return a scale from the lowest to the highest value: a spark line shows the course, not the size."""
    numbers = [value for value in known if value is not None]
    if not numbers or min(numbers) == max(numbers):
        return fit(numbers, from_zero=True)
    return Scale(min(numbers), max(numbers), ())
