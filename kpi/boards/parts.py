"""Tiles that split a number: by store, seller, product …; what its change consists of; who carries the sales."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from kpi.analysis import drivers as why
from kpi.analysis.concentration import Concentration
from kpi.analysis.pictures import DIMENSIONS, MEASURES, rows_url
from kpi.boards.asking import Scope
from kpi.boards.desk import Desk, NotShown, own_title
from kpi.boards.facts import TYPES, Part, Split
from kpi.boards.records import Cell, Choices, Column, Content, Sheet
from kpi.models import Tile
from lib.charts import Chart, Series, Slice, Step, bar_chart, donut, waterfall

ZERO: Final = Decimal(0)
PARTS: Final = 5  # of a change that are told by name
MOVED: Final = 8  # whose change was read (board_splits.sql)
WORTH_SAYING: Final = Decimal(
    "0.05"
)  # of the whole: who makes less is no finding, nor is that one alone makes all of it


def by_dimension(desk: Desk, tile: Tile) -> Content:
    """Return the largest parts of a measure. Expenses are sizes. Placeholders of nobody in particular are not ranked."""
    measure, dimension = tile.options["measure"], tile.options["by"]
    rows, split = _rows(desk, measure, dimension), desk.facts.split(TYPES[measure], dimension)
    rows = rows[: int(tile.options["most"])]
    if not rows:
        raise NotShown(_("Nothing in this period."))
    size = _size(measure)
    names = [_name(part) for part in rows]
    values = [size * part.total for part in rows]
    shares = [part.total / split.whole if split.whole else None for part in rows]
    title = _title(desk, measure, dimension, names[0], shares[0])
    columns = (
        Column(str(DIMENSIONS[dimension]), "text"),
        Column(str(MEASURES[measure]), "money"),
        Column(_("Share"), "percent"),
    )
    links = tuple(
        rows_url(desk.tenant, measure=measure, dimension=dimension, key=part.key, period=desk.spans.period) for part in rows
    )  # fmt: skip
    choices = _choices(desk, dimension, rows)
    return Content(
        tile.pk, own_title(tile, title), desk.span(desk.spans.period), Sheet(columns, tuple(zip(names, values, shares, strict=True)), links),
        chart=_drawn(desk, tile.options["shape"], title, names, values, choices), choices=choices,
        href=reverse("kpi:analysis", kwargs={"slug": desk.tenant.slug}) + f"?measure={measure}&by={dimension}",
    )  # fmt: skip


def _rows(desk: Desk, measure: str, dimension: str) -> list[Part]:
    """Return the parts to rank. Of the dimension that the board is about: all where one may choose another one, else that one alone."""
    desk.needs_split(TYPES[measure], dimension)
    parts = desk.facts.split(TYPES[measure], dimension).parts
    if desk.scope and desk.scope.dimension == dimension and desk.choose is None:
        return [part for part in parts if part.key == desk.scope.key and part.total]
    ranked = [
        part for part in parts if part.total and not part.is_nobody and (part.key or dimension != "customer")
    ]
    return sorted(ranked, key=lambda part: (-_size(measure) * part.total, part.key))


def _choices(desk: Desk, dimension: str, rows: Sequence[Part]) -> Choices | None:
    if desk.choose is None:
        return None
    urls = tuple(desk.choose(Scope(dimension, part.key)) for part in rows)
    here = desk.scope is not None and desk.scope.dimension == dimension
    chosen = next(
        (n for n, part in enumerate(rows) if desk.scope and here and part.key == desk.scope.key), None
    )
    return Choices(urls, chosen)


def _title(desk: Desk, measure: str, dimension: str, name: str, share: Decimal | None) -> str:
    said = {"measure": MEASURES[measure], "dimension": str(DIMENSIONS[dimension]).lower(), "name": name}
    if share is None or not WORTH_SAYING <= share < 1 or (desk.scope and desk.scope.dimension == dimension):
        return _("%(measure)s by %(dimension)s") % said
    return _("%(measure)s by %(dimension)s: %(name)s makes %(share)s") % (said | {"share": desk.share(share)})


def _drawn(
    desk: Desk, shape: str, title: str, names: list[str], values: list[Decimal], choices: Choices | None
) -> Chart | None:
    if shape == "ranking":
        return None
    urls = choices.urls if choices else [""] * len(names)
    if shape == "donut":
        slices = [Slice(name, value, url) for name, value, url in zip(names, values, urls, strict=True)]
        return donut(title=title, slices=slices, unit=desk.money)
    return bar_chart(
        title=title,
        x=[_short(name) for name in names],
        series=[Series(title, values)],
        unit=desk.money,
        links=urls,
    )


def _short(name: str, most: int = 18) -> str:
    """Return a name that fits below a bar; the table twin has no other, so it stays recognisable."""
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def _apart(names: Sequence[str], most: int = 12) -> list[str]:
    """Return short names that still differ: of those that begin alike, the last words are kept ("Ração…750 ml")."""
    shown = [_short(name, most) for name in names]
    return [
        _ended(name, most) if shown.count(short) > 1 and len(name) > most else short
        for name, short in zip(names, shown, strict=True)
    ]


def _ended(name: str, most: int) -> str:
    tail = name[-7:]
    if " " in tail and name[-8] != " ":
        tail = tail.split(" ", 1)[1]
    tail = tail.lstrip(" -–")
    return f"{name[: most - len(tail) - 1].rstrip()}…{tail}"


def _name(part: Part) -> str:
    return (part.name or part.key) if part.key else _("not told")


def _size(measure: str) -> int:
    return -1 if measure == "expenses" else 1


def drivers(desk: Desk, tile: Tile) -> Content:
    """Return what the change to the compared period consists of: the parts that moved most, the others together."""
    measure, dimension = tile.options["measure"], tile.options["by"]
    kind = TYPES[measure]
    desk.needs_split(kind, dimension)
    desk.needs_other(dimension)
    if not desk.facts.knows_all(kind, desk.spans.compared):
        raise NotShown(_("There is nothing to compare with: data does not reach back that far."))
    found = _moved(desk.facts.split(kind, dimension), measure, dimension)
    title = (
        desk.drawing.why(found)
        if found.parts
        else _("%(measure)s: no change") % {"measure": MEASURES[measure]}
    )
    links = [
        rows_url(desk.tenant, measure=measure, dimension=dimension, key=part.key, period=desk.spans.period)
        for part in found.parts
    ]
    names = _apart([part.name for part in found.parts])
    steps = [
        Step(_("Before"), found.before, total=True),
        *(Step(name, part.difference, href=link) for name, part, link in zip(names, found.parts, links, strict=True)),
        *([Step(_("Others"), found.others)] if found.others_count else []),
        *([Step(_("no name"), found.unnamed.difference)] if found.unnamed and found.unnamed.difference else []), Step(_("Now"), found.now, total=True),
    ]  # fmt: skip
    columns = (
        Column(str(DIMENSIONS[dimension]), "text"), *(Column(name, "money") for name in (_("Now"), _("Before"), _("Difference"))), Column(_("Share of what moved"), "percent"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (part.name, part.now, part.before, part.difference, found.share(part)) for part in found.parts
    ]
    if found.others_count:
        rows.append((_("Others"), None, None, found.others, None))
        links.append("")
    if one := found.unnamed:
        rows.append((one.name, one.now, one.before, one.difference, found.share(one)))
        links.append("")
    return Content(
        tile.pk, own_title(tile, title), f"{desk.span(desk.spans.period)} / {desk.span(desk.spans.compared)}",
        Sheet(columns, tuple(rows), tuple(links)), chart=desk.linked(waterfall(title=title, steps=steps, unit=desk.money)),
        href=reverse("kpi:analysis", kwargs={"slug": desk.tenant.slug}) + f"?measure={measure}&by={dimension}",
    )  # fmt: skip


def _moved(split: Split, measure: str, dimension: str) -> why.Drivers:
    size = _size(measure)
    moved = sorted((part for part in split.parts if part.moved <= MOVED), key=lambda part: part.moved)
    largest = [part for part in moved if part.key and not part.is_nobody][:PARTS]
    parts = tuple(why.Part(part.key, _name(part), size * part.total, size * part.earlier) for part in largest)
    # Who bought without a name explains nothing: told apart where it is much, else among the others.
    nobody = [part for part in moved if part.is_nobody or not part.key]
    sums = (size * sum((getattr(part, name) for part in nobody), ZERO) for name in ("total", "earlier"))
    unnamed = why.Part("", why.nobody_of(dimension), *sums) if nobody else None
    now, before = size * split.whole, size * split.whole_earlier
    told = (*parts, unnamed) if unnamed else parts
    others = now - before - sum((part.difference for part in told), ZERO)
    gained = (split.gross + now - before) / 2
    return why.Drivers(
        measure, dimension, now, before, parts, others, max(0, split.keys - len(parts) - len(nobody)), gained, now - before - gained, unnamed,
    )  # fmt: skip


def concentration(desk: Desk, tile: Tile) -> Content:
    """Return how few customers or products make most of the sales."""
    dimension = tile.options["by"]
    desk.needs_split("SALE", dimension)
    desk.needs_other(dimension)
    curve = desk.facts.curve(dimension)
    if curve is None:
        raise NotShown(_("No sales in this period"))
    counts = {"A": curve.a, "B": curve.b, "C": curve.keys - curve.a - curve.b}
    chart = desk.drawing.concentration(Concentration(dimension, curve.whole, ZERO, counts, (), curve.points))
    parts = [part for part in _rows(desk, "revenue", dimension) if part.key and part.total > 0][:10]
    columns = (
        Column(str(DIMENSIONS[dimension]), "text"),
        Column(_("Sales"), "money"),
        Column(_("Share"), "percent"),
    )
    rows = tuple((_name(part), part.total, part.total / curve.whole) for part in parts)
    links = tuple(
        rows_url(desk.tenant, measure="revenue", dimension=dimension, key=part.key, period=desk.spans.period)
        for part in parts
    )
    return Content(
        tile.pk, own_title(tile, chart.title), desk.span(desk.spans.period), Sheet(columns, rows, links), chart=desk.linked(chart),
        href=reverse("kpi:analysis", kwargs={"slug": desk.tenant.slug}) + f"?abc={dimension}",
    )  # fmt: skip
