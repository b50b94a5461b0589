"""Tiles of customers and of what wants attention: who comes back, segments, open items by age, incidents; and words."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from kpi.analysis.ageing import aged
from kpi.analysis.cohorts import MONTHS
from kpi.analysis.pictures import AGES
from kpi.boards.desk import Desk, NotShown, own_title
from kpi.boards.records import NO_SHEET, Column, Content, Sheet
from kpi.incidents import telling
from kpi.models import Tile
from kpi.segmenting.words import WORDS
from kpi.segments.edges import SEGMENTS

ZERO: Final = Decimal(0)


def ageing(desk: Desk, tile: Tile) -> Content:
    """Return what is open by age, of receivables or of payables (as sizes)."""
    desk.only_whole()
    if not desk.facts.has_items:
        raise NotShown(_("No source tells of open items yet."))
    direction = tile.options["direction"]
    rows = [(due, n, left) for way, due, n, left in desk.facts.items if way == direction]
    buckets = aged(rows, today=desk.spans.today)
    chart = desk.drawing.ageing(buckets, direction)
    columns = (Column(_("Age"), "text"), Column(_("Items"), "count"), Column(_("Open"), "money"))
    links = tuple(row.href for row in chart.table.rows)
    sheet = Sheet(columns, tuple((str(AGES[one.code]), one.n, abs(one.left)) for one in buckets), links)
    return Content(
        tile.pk, own_title(tile, chart.title), desk.now(), sheet, chart=desk.linked(chart),
        href=f"{reverse('ledger:open_items', kwargs={'slug': desk.tenant.slug})}?direction={direction}&status=unsettled",
    )  # fmt: skip


def cohorts(desk: Desk, tile: Tile) -> Content:
    """Return which share of each month's new customers bought in the months after."""
    desk.only_whole()
    found = desk.facts.cohorts(desk.spans.today)
    if not found:
        raise NotShown(_("In the last %(n)d months nobody bought for the first time.") % {"n": MONTHS})
    chart = desk.drawing.cohorts(found)
    longest = max(len(one.kept) for one in found)
    columns = (
        Column(_("First purchase"), "month"),
        Column(_("Customers"), "count"),
        *(Column(f"+{n}", "percent") for n in range(1, longest)),
    )
    rows = tuple((one.month, one.size, *(one.share(n) for n in range(1, longest))) for one in found)
    return Content(
        tile.pk, own_title(tile, chart.title), desk.now(), Sheet(columns, rows), chart=desk.linked(chart),
        href=reverse("kpi:analysis", kwargs={"slug": desk.tenant.slug}),
    )  # fmt: skip


def segments(desk: Desk, tile: Tile) -> Content:
    """Return how many customers each segment has, what they bought, and how it moved since the end of last month."""
    desk.only_whole()
    if desk.facts.segments_as_of is None:
        raise NotShown(_("Customer segments are made every night once there are sales."))
    moves = desk.facts.segment_moves
    known = any(before for _now, before, *_rest in moves)
    rows = [row for code in SEGMENTS if (row := _segment(code, moves, known)) is not None]
    if not rows:
        raise NotShown(_("No customer bought anything yet."))
    whole = sum(row[1] for row in rows)
    best = max(rows, key=lambda row: (row[1], str(row[0])))
    told = {"share": desk.share(Decimal(best[1]) / whole), "name": best[0]}
    columns = (
        Column(_("Segment"), "text"), Column(_("Customers"), "count"), Column(_("Since last month"), "change"), Column(_("Value"), "money"),
    )  # fmt: skip
    page = reverse("kpi:segments", kwargs={"slug": desk.tenant.slug})
    return Content(
        tile.pk, own_title(tile, _("%(share)s of customers: %(name)s") % told), desk.now(),
        Sheet(columns, tuple(row[:4] for row in rows), tuple(f"{page}?segment={row[4]}" for row in rows)), href=page,
    )  # fmt: skip


def _segment(
    code: str, moves: Sequence[tuple[str, str, int, Decimal]], known: bool
) -> tuple[str, int, int | None, Decimal, str] | None:
    here = [row for row in moves if row[0] == code]
    had = sum(row[2] for row in moves if row[1] == code)
    n = sum(row[2] for row in here)
    if not n and not had:
        return None
    return str(WORDS[code].name), n, n - had if known else None, sum((row[3] for row in here), ZERO), code


def anomalies(desk: Desk, tile: Tile) -> Content:
    """Return the newest numbers that nobody expected, with what carries the gap."""
    if desk.scope:  # products and stores have incidents of their own, but only the main ones: no list here would read as "all is well"
        raise NotShown(_("Unexpected numbers are listed only where the board shows the whole company."))
    page = reverse("kpi:anomalies", kwargs={"slug": desk.tenant.slug})
    columns = (Column(_("Day"), "text"), Column(_("Number"), "text"), Column(_("What happened"), "text"))
    rows = tuple((telling.days_of(one), telling.called(one), telling.happened(one)) for one in desk.anomalies)
    title = _("Unexpected numbers") if rows else _("Nothing unexpected")
    return Content(
        tile.pk, own_title(tile, title), desk.now(), Sheet(columns, rows, (page,) * len(rows)), href=page,
        problem="" if rows else _("Nothing so far. Each day is looked at once it is over."),
    )  # fmt: skip


def text(_desk: Desk, tile: Tile) -> Content:
    """Return the words of a person."""
    return Content(tile.pk, own_title(tile, ""), str(tile.options.get("text", "")), NO_SHEET)
