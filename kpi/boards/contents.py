"""What a board shows: all its tiles from one set of reads.

Ten queries at most, whatever the tiles: the board's tiles, business days and goals, generations of the cache, incidents, and five reads that
are kept until facts change (figures, series, splits, open items, people).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from kpi import comparing
from kpi.boards import catalog, courses, numbers, parts, people, reading
from kpi.boards.asking import Scope, Spans, needs_of
from kpi.boards.catalog import OptionsError
from kpi.boards.desk import Desk, NotShown
from kpi.boards.facts import Facts
from kpi.boards.records import NO_SHEET, Content
from kpi.models import Board, Tile
from lib.periods import Period
from lib.workdays import Calendar


@dataclass(frozen=True, slots=True)
class Look:
    """What a board shows, tile by tile in order, and the spans that it is about."""

    contents: list[Content]
    spans: Spans


Draw = Callable[[Desk, Tile], Content]
DRAWN: Final[Mapping[str, Draw]] = {
    "number": numbers.number, "target": numbers.target, "by_day": courses.by_day, "cash_flow": courses.cash_flow,
    "expected": courses.expected, "projection": courses.projection, "by_dimension": parts.by_dimension, "drivers": parts.drivers,
    "concentration": parts.concentration, "ageing": people.ageing, "cohorts": people.cohorts, "segments": people.segments,
    "anomalies": people.anomalies, "text": people.text,
}  # fmt: skip


def contents(
    board: Board, *, period: Period, today: date, locale: str, scope: Scope | None = None, comparison: str = ""
) -> list[Content]:  # fmt: skip
    """Return what each tile shows, in the order of tiles, for who may follow no links: of the dimension of `scope` its one value alone.

    `comparison` is the board's own unless named. Text is in the active language. A tile that cannot be shown says why (`problem`); no other
    tile suffers from it.
    """
    return look(board, period=period, today=today, locale=locale, scope=scope, comparison=comparison).contents


def look(
    board: Board,
    *,
    period: Period,
    today: date,
    locale: str,
    scope: Scope | None = None,
    comparison: str = "",
    choose: Callable[[Scope], str] | None = None,
    tiles: Sequence[Tile] | None = None,
    settings: reading.Settings | None = None,
) -> Look:
    """Return `contents` with its spans. `choose` returns the address that shows the board for one value of a dimension: pictures then lead to
    what is behind them, and of the dimension of `scope` all values are shown, the chosen one marked. `tiles` are the board's and `settings` the
    company's unless given.
    """
    asked = list(board.tiles.all() if tiles is None else tiles)
    good, wrong = _checked(asked)
    needs = needs_of(good)
    known = settings or reading.settings_of(board.tenant)
    spans = _spans(period, comparison or board.compare, known.calendar, today)
    drawn = spans.drawn
    # Goals are the company's: of one value alone there is none.
    shape = None if scope else known.goals.reads(drawn, today)
    facts = Facts(
        reading.read(board.tenant, needs=needs, spans=spans, scope=scope, stamp=known.stamp, shape=shape)
    )
    goals = known.goals.shaped(facts.days, drawn, today) if shape else known.goals
    desk = Desk(
        tenant=board.tenant, locale=locale, facts=facts, spans=spans, calendar=known.calendar, goals=goals, occasions=known.occasions if choose else (),
        anomalies=reading.anomalies(board.tenant) if "anomalies" in needs.pieces else (), scope=scope, choose=choose,
    )  # fmt: skip
    return Look([wrong.get(tile.pk) or _drawn(desk, tile) for tile in asked], spans)


def _spans(period: Period, comparison: str, calendar: Calendar, today: date) -> Spans:
    known = comparison if comparison in comparing.COMPARISONS else comparing.COMPARISONS[0]
    return Spans(period, known, comparing.spans_of(period.until(today), known, calendar), today)


def _checked(tiles: Iterable[Tile]) -> tuple[list[Tile], dict[int, Content]]:
    """Return the tiles whose options are known, completed; and for the others what they show instead (another version may have stored them)."""
    good, wrong = [], {}
    for tile in tiles:
        try:
            tile.options = catalog.checked(tile.kind, tile.options)
        except OptionsError:
            sentence = _("This tile is of a kind that is not known here. Remove it, or add it anew.")
            wrong[tile.pk] = Content(tile.pk, "", "", NO_SHEET, problem=sentence)
        else:
            good.append(tile)
    return good, wrong


def _drawn(desk: Desk, tile: Tile) -> Content:
    try:
        return DRAWN[tile.kind](desk, tile)
    except NotShown as reason:
        name = catalog.name_of(tile.kind, tile.options)
        return Content(tile.pk, name, "", NO_SHEET, problem=str(reason), soon=reason.soon)
