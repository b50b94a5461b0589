"""What every tile is drawn from: the company, the facts that were read, the spans, and who looks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from kpi.analysis.pictures import DIMENSIONS, Drawing
from kpi.boards.asking import Scope, Spans
from kpi.boards.facts import Facts
from kpi.models import Anomaly, Tile
from kpi.occasions.queries import Told
from kpi.pictures import Pictures
from kpi.targets.goals import Goals
from lib import formats
from lib.charts import Chart, Unit, unlinked
from lib.periods import Period
from lib.workdays import Calendar
from tenants.models import Tenant

_FEW: Final = 1  # days of which a period is told as one


class NotShown(Exception):
    """A tile has nothing to show, for a reason that was foreseen. The message says it to people. `soon`: it is being made."""

    def __init__(self, message: str, *, soon: bool = False) -> None:
        super().__init__(message)
        self.soon = soon


@dataclass(frozen=True, slots=True)
class Desk:
    """`choose` returns the address that shows the whole board for one value; None: nobody may follow links from here (a document, a public page).

    `occasions` are what the company says of its days: for its own pages, not for whoever has a link.
    """

    tenant: Tenant
    locale: str
    facts: Facts
    spans: Spans
    calendar: Calendar
    goals: Goals
    occasions: Sequence[Told]
    anomalies: Sequence[Anomaly]
    scope: Scope | None
    choose: Callable[[Scope], str] | None

    @property
    def pictures(self) -> Pictures:
        """Return the pictures of the overview."""
        return Pictures(tenant=self.tenant, locale=self.locale)

    @property
    def drawing(self) -> Drawing:
        """Return the pictures of the analysis page."""
        return Drawing(self.tenant, self.locale)

    @property
    def money(self) -> Unit:
        """Return money of the company, written for the reader."""
        return Unit("money", self.tenant.currency, self.locale)

    def linked(self, chart: Chart) -> Chart:
        """Return the chart with its links only for who may follow them."""
        return chart if self.choose else unlinked(chart)

    def short(self, amount: Decimal) -> str:
        """Return an amount as sentences have it."""
        return formats.money_short(abs(amount), self.tenant.currency, self.locale)

    def share(self, ratio: Decimal) -> str:
        """Return a share as sentences have it."""
        return formats.percent(ratio, self.locale, places=0)

    def span(self, period: Period) -> str:
        """Return the days of a period for people."""
        first, last = (formats.day(day, self.locale) for day in (period.start, period.last))
        return first if period.days == _FEW else f"{first} – {last}"

    def now(self) -> str:
        """Return that something is of today, whatever the period."""
        return _("on %(day)s") % {"day": formats.day(self.spans.today, self.locale)}

    @property
    def scope_query(self) -> str:
        """Return what filters a list by the board's one value; "" where no list can be."""
        if self.scope is None or not self.scope.key or self.scope.dimension == "payment":
            return ""
        return urlencode({self.scope.dimension: self.scope.key})

    def only_whole(self) -> None:
        """Raise NotShown where the board shows one value of a dimension, and this cannot be told apart by it."""
        if self.scope:
            name = str(DIMENSIONS[self.scope.dimension]).lower()
            raise NotShown(
                _("This is not kept by %(dimension)s, so it is shown for the whole company only.")
                % {"dimension": name}
            )

    def needs_other(self, dimension: str) -> None:
        """Raise NotShown where the board shows one value of this dimension: beside itself there is nothing to tell apart."""
        if self.scope and self.scope.dimension == dimension:
            name = str(DIMENSIONS[dimension]).lower()
            raise NotShown(
                _("With this filter there is nothing left to compare by %(dimension)s.") % {"dimension": name}
            )

    def needs_type(self, kind: str) -> None:
        """Raise NotShown where the value that the board is about is one of sales and this is money in the bank, or the other way."""
        if self.scope and self.scope.sells != (kind == "SALE"):
            self.only_whole()

    def needs_split(self, kind: str, dimension: str) -> None:
        """Raise NotShown where the board's one value cannot be split by this dimension."""
        self.needs_type(kind)
        if self.scope and self.scope.dimension != dimension and not self.spans.may_split(self.facts.to_split):
            raise NotShown(
                _(
                    "So much happened in this period that for one of them alone this is told for up to three months. Choose a shorter one."
                )
            )


def own_title(tile: Tile, usual: str) -> str:
    """Return the title that a person gave the tile, or the usual one."""
    return str(tile.options.get("title") or usual)
