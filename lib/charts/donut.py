"""Parts of a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lib.charts.model import BRL, MAX_COLORS, Chart, LegendItem, Row, Svg, Table, Unit, Value, cleaned
from lib.charts.svg import label, short, tag
from lib.charts.words import word
from lib.formats import percent


@dataclass(frozen=True)
class Slice:
    """One part: its name, its value, where its rows are."""

    name: str
    value: Value
    href: str = ""


def donut(*, title: str, slices: Sequence[Slice], unit: Unit = BRL) -> Chart:
    """Return a ring with the total in the middle. More than six parts: the smallest are drawn together as others.

    Only parts above zero have a place in a ring; the table names all with their value, and the total counts the
    drawn ones.
    """
    values = cleaned([part.value for part in slices])
    drawn = _drawn_parts(slices, values, word("others", unit.locale))
    total = sum((value for _, value in drawn), Decimal(0))
    table = _table(slices, values, total, unit)
    legend = tuple(
        LegendItem(
            name,
            f"swatch s{place + 1}",
            place,
            f"{unit.short(value)} · {percent(value / total, unit.locale, 0)}",
        )
        for place, (name, value) in enumerate(drawn)
    )
    return Chart(title, _ring(title, drawn, total, unit), table, legend, empty=not drawn)


def _drawn_parts(slices: Sequence[Slice], values: Sequence[Value], others: str) -> list[tuple[str, Decimal]]:
    parts = [
        (part.name, value)
        for part, value in zip(slices, values, strict=True)
        if value is not None and value > 0
    ]
    parts.sort(key=lambda part: -part[1])
    if len(parts) <= MAX_COLORS:
        return parts
    rest = sum((value for _, value in parts[MAX_COLORS - 1 :]), Decimal(0))
    return [*parts[: MAX_COLORS - 1], (others, rest)]


def _ring(title: str, parts: Sequence[tuple[str, Decimal]], total: Decimal, unit: Unit) -> Svg:
    # pathLength lets the dashes be written as per cent of the way round; the turn starts at twelve o'clock.
    ring = {"cx": 60, "cy": 60, "r": 50, "pathLength": 100}
    arcs = [tag("circle", class_="ring-ground", **ring)]
    start = 0.0
    for place, (_, value) in enumerate(parts):
        share = float(value / total) * 100
        dash = f"{short(max(share - 0.6, 0.2))} 100"
        arcs.append(
            tag(
                "circle",
                class_=f"arc s{place + 1}",
                stroke_dasharray=dash,
                stroke_dashoffset=short(-start),
                transform="rotate(-90 60 60)",
                data_series=place,
                **ring,
            )
        )
        start += share
    middle = label(unit.short(total if parts else None), "60", "60", "ring-total", dy="0.35em")
    return tag(
        "svg", *arcs, middle, viewBox="0 0 120 120", class_="chart chart-donut", role="img", aria_label=title
    )


def _table(slices: Sequence[Slice], values: Sequence[Value], total: Decimal, unit: Unit) -> Table:
    rows = []
    for part, value in zip(slices, values, strict=True):
        share = value / total if value is not None and value > 0 else None
        rows.append(Row(part.name, (unit.exact(value), percent(share, unit.locale)), part.href))
    return Table(
        (word("item", unit.locale), word("amount", unit.locale), word("share", unit.locale)), tuple(rows)
    )
