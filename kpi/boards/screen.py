"""A board as a page draws it: which tile is a card, a picture, a ranking, a table or words, and every figure as text."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from kpi import cards
from kpi.boards import catalog
from kpi.boards.contents import Look
from kpi.boards.records import Cell, Column, Content, Sheet
from kpi.catalog import Kpi
from kpi.models import Tile
from kpi.pictures import Pictures
from kpi.queries import Board as Numbers
from kpi.queries import Card
from lib import formats
from tenants.models import Tenant

_BRUSHED: Final = frozenset({"by_day", "cash_flow"})
_SCREEN: Final = 5  # steps of height that a screen on the wall shows at once
_COLUMNS: Final = 12
_WORTH_SAYING: Final = Decimal("0.001")  # of the whole, left out of a ranking


@dataclass(frozen=True, slots=True)
class Shown:
    """One tile on a page. `view` says what it is: card, chart, ranking, single (a ranking of one), table, news, words or problem; `data` is what that needs."""

    tile: Tile
    name: str
    content: Content
    view: str
    data: Mapping[str, Any]
    width: int
    height: int

    @property
    def icon(self) -> str:
        """Return the sign of its kind in the catalog."""
        kind = catalog.KINDS.get(self.tile.kind)
        return kind.icon if kind else "info"

    @property
    def css(self) -> str:
        """Return the classes of its size and kind."""
        return f"w{self.width} h{self.height} is-{self.view}"


def numbers_of(look: Look, currency: str) -> Numbers:
    """Return what cards say beside their number: period, comparison and business days, without cards."""
    spans = look.spans
    return Numbers(
        spans.period, spans.compared, spans.comparison, currency, (), (), spans.beside.now, spans.beside.days[spans.comparison],
    )  # fmt: skip


def shown(
    tenant: Tenant, tiles: Sequence[Tile], look: Look, locale: str, *, inside: bool, alert_url: Callable[[Card], str] | None = None
) -> list[Shown]:  # fmt: skip
    """Return the tiles for a page. `inside` the company links lead on; outside nothing does. `alert_url` returns where one asks to be told of a number."""
    draw = _Screen(tenant, look, locale, inside, alert_url)
    return [draw.one(tile, content) for tile, content in zip(tiles, look.contents, strict=True)]


def lowered(tiles: Sequence[Shown]) -> list[Shown]:
    """Return the tiles for reading: a row in which nothing has anything to show is one step high, whatever its tiles are where they are arranged."""
    found: list[Shown] = []
    for row in _rows(tiles):
        nothing = all(one.view == "problem" for one in row)
        found += [replace(one, height=1) for one in row] if nothing else row
    return found


def screens(tiles: Sequence[Shown]) -> list[list[Shown]]:
    """Return the tiles in as many screens as a wall needs, none higher than it shows at once: rows stay together, in order.

    Nobody on the way past reads why there is nothing to show: such tiles are left out, and their row is shared by the others. So is a row of numbers
    of which none is known.
    """
    found: list[list[Shown]] = []
    used = _SCREEN
    for row in map(_without_problems, _rows(tiles)):
        if all(one.content.card is not None and one.content.card.value is None for one in row):
            continue
        height = max(one.tile.height for one in row)
        if used + height > _SCREEN:
            found.append([])
            used = 0
        found[-1] += row
        used += height
    return found


def _without_problems(row: list[Shown]) -> list[Shown]:
    good = [one for one in row if one.view != "problem"]
    wide = _COLUMNS // len(good) if good and len(good) < len(row) else 0
    return [replace(one, width=wide) for one in good] if wide in catalog.WIDTHS else good


def _rows(tiles: Sequence[Shown]) -> Iterator[list[Shown]]:
    row: list[Shown] = []
    for one in tiles:
        if sum(each.width for each in row) + one.width > _COLUMNS:
            yield row
            row = []
        row.append(one)
    if row:
        yield row


class _Screen:
    """Draws for one look at one company's board."""

    def __init__(
        self, tenant: Tenant, look: Look, locale: str, inside: bool, alert_url: Callable[[Card], str] | None
    ) -> None:
        self.tenant, self.look, self.locale, self.inside, self.alert_url = (
            tenant,
            look,
            locale,
            inside,
            alert_url,
        )
        self.numbers = numbers_of(look, tenant.currency)

    def one(self, tile: Tile, content: Content) -> Shown:
        """Return one tile."""
        view, data = self._view(tile, content)
        return Shown(
            tile, catalog.name_of(tile.kind, tile.options), content, view, data, tile.width, tile.height
        )

    def _view(self, tile: Tile, content: Content) -> tuple[str, Mapping[str, Any]]:
        if content.problem:
            return "problem", {}
        if tile.kind == "text":
            return "words", {}
        if content.card:
            return "card", {"one": self._card(tile, content, content.card)}
        if tile.kind == "by_dimension" and len(content.sheet.rows) == 1:
            return "single", {"row": self._ranking(content)[0], **_rest(content)}
        if content.chart:
            donut = tile.options.get("shape") == "donut"
            return "chart", {
                "brush": self.inside and tile.kind in _BRUSHED,
                "layout": "donut" if donut else "",
            }
        if tile.kind == "by_dimension":
            return "ranking", {"rows": self._ranking(content), **_rest(content)}
        if tile.kind == "anomalies":
            return "news", {"rows": self._table(content.sheet)}
        return "table", {"columns": content.sheet.columns, "rows": self._table(content.sheet)}

    def _card(self, tile: Tile, content: Content, card: Card) -> dict[str, Any]:
        pictures = Pictures(tenant=self.tenant, locale=self.locale)
        said = cards.words(self.tenant, self.numbers, card, self.locale)
        if not self.inside:
            said |= {"why_url": "", "lines": []}
        return {
            "card": card, "kpi": _called(card.kpi, content.title), "href": content.href if self.inside else "", "id": f"tile-{tile.pk}",
            "spark": pictures.spark(card, self.look.spans.period) if card.spark else None, "alert_url": self.alert_url(card) if self.alert_url else "", **said,
        }  # fmt: skip

    def _ranking(self, content: Content) -> list[dict[str, Any]]:
        choices, links = content.choices, content.sheet.links
        largest = max(
            (abs(row[1]) for row in content.sheet.rows if isinstance(row[1], Decimal)), default=Decimal(0)
        )
        return [
            {
                "name": name, "value": value, "share": share, "whole": largest, "size": abs(value) if isinstance(value, Decimal) else None,
                "choose": choices.urls[n] if choices else "", "chosen": choices is not None and choices.chosen == n,
                "href": links[n] if self.inside and links else "",
            }
            for n, (name, value, share) in enumerate(content.sheet.rows)
        ]  # fmt: skip

    def _table(self, sheet: Sheet) -> list[dict[str, Any]]:
        return [
            {
                "href": sheet.links[n] if self.inside and sheet.links else "",
                "cells": [(self.text(column, cell), column.unit, column.name) for column, cell in zip(sheet.columns, row, strict=True)],
            }
            for n, row in enumerate(sheet.rows)
        ]  # fmt: skip

    def text(self, column: Column, cell: Cell) -> str:
        """Return one value as people read it."""
        return written(column, cell, self.tenant.currency, self.locale)


def _rest(content: Content) -> dict[str, Decimal | None]:
    """Return what a ranking leaves out: its amount and its share of the whole; None where that is nothing, or where parts have the other sign."""
    rows = [(value, share) for _name, value, share in content.sheet.rows if isinstance(value, Decimal)]
    shares = [share for _value, share in rows if isinstance(share, Decimal)]
    left = 1 - sum(shares, Decimal(0))
    if len(shares) < len(rows) or not rows or left < _WORTH_SAYING or not shares[0]:
        return {"rest": None, "rest_share": None}
    return {"rest": rows[0][0] / shares[0] * left, "rest_share": left}


def written(column: Column, cell: Cell, currency: str, locale: str) -> str:
    """Return one value of a sheet as people read it; unknown is a dash."""
    if cell is None or isinstance(cell, str):
        return cell if cell is not None else "–"
    if isinstance(cell, date):
        return formats.month(cell, locale) if column.unit == "month" else formats.day(cell, locale)
    if column.unit == "count":
        return formats.number(cell, locale)
    if column.unit == "change":
        return formats.change(cell, locale)
    value = Decimal(cell)
    return (
        formats.percent(value, locale) if column.unit == "percent" else formats.money(value, currency, locale)
    )


def _called(kpi: Kpi, title: str) -> Kpi:
    """Return the KPI under the title that a person gave its tile."""
    return kpi if str(kpi.label) == title else replace(kpi, label=title)
