"""How a balance came from one amount to another, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lib.charts import frame
from lib.charts.bars import bar, bar_width
from lib.charts.model import BRL, Chart, Row, Svg, Table, Unit, Value, cleaned
from lib.charts.scale import Scale, centers, fit
from lib.charts.svg import label, percent, tag
from lib.charts.words import word

_BELOW = Decimal("0.3")  # of what the levels span, left free below the lowest when the axis is cut


@dataclass(frozen=True)
class Step:
    """One bar. A total stands on zero and sets the level; any other amount moves the level up or down."""

    name: str
    amount: Value
    total: bool = False
    href: str = ""


def waterfall(*, title: str, steps: Sequence[Step], unit: Unit = BRL) -> Chart:
    """Return the steps as floating bars with their amounts. An unknown step leaves the level as it is.

    Small steps on large totals would be lines: then the axis begins near the lowest level, the totals are drawn broken, and a note says so.
    """
    amounts = cleaned([step.amount for step in steps])
    head = (word("item", unit.locale), word("amount", unit.locale))
    rows = tuple(Row(s.name, (unit.exact(value),), s.href) for s, value in zip(steps, amounts, strict=True))
    table = Table(head, rows)
    if not steps:
        return Chart(title, frame.nothing("waterfall", title), table, empty=True)
    spans = _spans(steps, amounts)
    scale = _scale(steps, spans)
    places = centers(len(steps))
    svg = frame.outer(
        "bars",
        title,
        f"{frame.gutter(scale, unit)} chart-waterfall named",
        frame.hits(len(steps), [step.href for step in steps]),
        frame.grid(scale, unit),
        frame.periods([step.name for step in steps], places, unit, "month", most=12),
        tag("g", *_bars(steps, amounts, spans, places, scale, unit), class_="bars", aria_hidden="true"),
        *_cuts(steps, places, scale, unit),
        n=len(steps),
    )
    return Chart(title, svg, table, empty=all(amount is None for amount in amounts))


def _spans(steps: Sequence[Step], amounts: Sequence[Value]) -> list[tuple[Decimal, Decimal]]:
    """Return where each bar starts and ends."""
    level = Decimal(0)
    spans = []
    for step, amount in zip(steps, amounts, strict=True):
        start = Decimal(0) if step.total and amount is not None else level
        level = start + (amount or Decimal(0))
        spans.append((start, level))
    return spans


def _scale(steps: Sequence[Step], spans: Sequence[tuple[Decimal, Decimal]]) -> Scale:
    """Return a scale from zero, or one that begins below the levels where they lie close together, far above zero."""
    levels = [end for _start, end in spans]
    low, high = min(levels), max(levels)
    if steps[0].total and 0 < low < high:
        near = fit([low - (high - low) * _BELOW, high], from_zero=False)
        if near.low > 0:
            return near
    return fit([edge for span in spans for edge in span], from_zero=True)


def _cuts(steps: Sequence[Step], places: Sequence[float], scale: Scale, unit: Unit) -> list[Svg]:
    """Return the breaks of the totals and the note, where the axis does not begin at zero."""
    if scale.low <= 0:
        return []
    half = bar_width(len(steps), 1) / 2 + 1
    ends = [
        (percent(place - half), percent(place + half))
        for step, place in zip(steps, places, strict=True)
        if step.total and step.amount is not None
    ]
    breaks = [tag("line", class_="cut", x1=x1, x2=x2, y1="94%", y2="89%") for x1, x2 in ends]
    note = label(word("cut", unit.locale) % unit.tick(scale.low), 50.0, "100%", "cut-note", dy=-6)
    return [tag("g", *breaks, note, class_="cuts", aria_hidden="true")]


def _bars(
    steps: Sequence[Step],
    amounts: Sequence[Value],
    spans: Sequence[tuple[Decimal, Decimal]],
    places: Sequence[float],
    scale: Scale,
    unit: Unit,
) -> list[Svg]:
    width = bar_width(len(steps), 1)
    parts = []
    for index, (step, amount, (start, end)) in enumerate(zip(steps, amounts, spans, strict=True)):
        if amount is None:
            continue
        css = "bar total" if step.total else f"bar {'down' if amount < 0 else 'up'}"
        top, bottom = scale.down(max(start, end)), scale.down(min(start, end))
        parts.append(bar(places[index] - width / 2, width, top, bottom, css))
        parts.append(label(unit.short(amount), places[index], top, "bar-value", dy=-6))
        if index + 1 < len(steps):
            level = percent(scale.down(end))
            x1, x2 = percent(places[index] + width / 2), percent(places[index + 1] - width / 2)
            parts.append(tag("line", class_="join", x1=x1, x2=x2, y1=level, y2=level))
    return parts
