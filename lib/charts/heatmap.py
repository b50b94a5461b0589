"""A grid of shades: weekday by hour, cohort by month."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from itertools import cycle

from lib import formats
from lib.charts.frame import outer
from lib.charts.model import BRL, Chart, Row, Svg, Table, Unit, Value, cleaned
from lib.charts.scale import every
from lib.charts.svg import label, percent, tag
from lib.charts.words import word

_SHADES = 5
_MOST_COLUMN_LABELS = 12
_DARK = frozenset({"h4", "h5", "n3", "n4", "n5"})  # shades on which a figure is light


def heatmap(
    *,
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[Value]],
    unit: Unit = BRL,
) -> Chart:
    """Return one cell for each row and column in five shades of its size; below zero in shades of red.

    Zero has the ground colour, an unknown value is hatched. `values` is one sequence a row.
    """
    data = [cleaned(values[index] if index < len(values) else (), len(columns)) for index in range(len(rows))]
    most = max((abs(value) for line in data for value in line if value is not None), default=Decimal(0))
    parts = [*_cells(data, most), *_shares(data, most, unit), *_labels(rows, columns)]
    table = Table(
        (word("item", unit.locale), *columns),
        tuple(
            Row(name, tuple(unit.exact(value) for value in line))
            for name, line in zip(rows, data, strict=True)
        ),
    )
    empty = all(value is None for line in data for value in line)
    # The height follows the number of rows; the style sheet has one class for each up to 24.
    svg = outer("heat", title, f"rows-{min(len(rows), 24)}", *parts, n=len(columns), rows=len(rows))
    return Chart(title, svg, table, empty=empty)


def _cells(data: Sequence[Sequence[Value]], most: Decimal) -> list[Svg]:
    cells = []
    for row, line in enumerate(data):
        for column, value in enumerate(line):
            cells.append(
                tag(
                    "rect",
                    class_=f"cell {_shade(value, most)}",
                    x=percent(column * 100 / len(line)),
                    y=percent(row * 100 / len(data)),
                    width=percent(100 / len(line)),
                    height=percent(100 / len(data)),
                    data_row=row,
                    data_column=column,
                )
            )
    return [tag("g", *cells, class_="cells", aria_hidden="true")]


def _shares(data: Sequence[Sequence[Value]], most: Decimal, unit: Unit) -> list[Svg]:
    """Return the shares inside their cells, where there are so few columns that they fit; amounts are too long for any cell."""
    if unit.kind != "percent" or not data or len(data[0]) > _MOST_COLUMN_LABELS:
        return []
    parts = [
        label(
            formats.percent(value, unit.locale, places=0),
            (column + 0.5) * 100 / len(line),
            (row + 0.5) * 100 / len(data),
            "cell-value on-dark" if _shade(value, most) in _DARK else "cell-value",
            dy="0.34em",
        )
        for row, line in enumerate(data)
        for column, value in enumerate(line)
        if value is not None
    ]
    return [tag("g", *parts, class_="cell-values", aria_hidden="true")]


def _labels(rows: Sequence[str], columns: Sequence[str]) -> list[Svg]:
    stride = every(len(columns), _MOST_COLUMN_LABELS)
    side = [
        label(name, "0", (row + 0.5) * 100 / len(rows), "tick-y", dx=-10, dy="0.32em")
        for row, name in enumerate(rows)
    ]
    below = [
        label(columns[index], (index + 0.5) * 100 / len(columns), "100%", css, dy=18)
        for index, css in zip(range(0, len(columns), stride), cycle(("tick-x", "tick-x minor")), strict=False)
    ]
    return [tag("g", *side, *below, class_="axis", aria_hidden="true")]


def _shade(value: Value, most: Decimal) -> str:
    if value is None:
        return "unknown"
    if value == 0:
        return "h0"
    level = int((abs(value) * _SHADES / most).to_integral_value(ROUND_CEILING))
    return f"{'h' if value > 0 else 'n'}{min(max(level, 1), _SHADES)}"
