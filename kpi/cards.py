"""A number card in words: what it is compared with, by how many business days, and where to look why it changed."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpi.calculations import Number
from kpi.catalog import Kpi, Unit
from kpi.comparing import GOAL, Compared
from kpi.queries import Board, Card
from lib import formats
from lib.periods import PRESETS, Period
from lib.workdays import Days
from tenants.models import Tenant

BESIDE: Final = ("last_year", GOAL)  # what stands on the card itself, where it is not the chosen one


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison of a card: its numbers (`one`), and the same in words. `days` says how many business days it has."""

    one: Compared
    short: str
    exact: str
    whole: str
    span: str
    days: str


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes for one company and one reader's language."""

    tenant: Tenant
    locale: str

    def lines(self, board: Board, card: Card) -> list[Line]:
        """Return every comparison of a card in words, the chosen one first."""
        return [self._line(card.kpi, one, board.days) for one in card.comparisons]

    def _line(self, kpi: Kpi, one: Compared, now: Days) -> Line:
        first, last = (formats.day(day, self.locale) for day in (one.period.start, one.period.last))
        return Line(
            one,
            self.short(kpi, one.previous),
            self.exact(kpi, one.previous),
            self.exact(kpi, one.whole) if one.whole is not None else "",
            f"{first} – {last}",
            "" if one.key == GOAL else days_said(one.days, now),
        )

    def short(self, kpi: Kpi, value: Number) -> str:
        """Return a value as a card has it."""
        if kpi.unit == Unit.MONEY:
            return formats.money_short(_decimal(value), self.tenant.currency, self.locale)
        return self.exact(kpi, value)

    def exact(self, kpi: Kpi, value: Number) -> str:
        """Return a value with everything that it has."""
        if kpi.unit == Unit.MONEY:
            return formats.money(_decimal(value), self.tenant.currency, self.locale)
        if kpi.unit == Unit.PERCENT:
            return formats.percent(_decimal(value), self.locale)
        return formats.number(value, self.locale)


def _decimal(value: Number) -> Decimal | None:
    return None if value is None else Decimal(value)


def days_said(then: Days, now: Days) -> str:
    """Return how many business days and free days there were, and how many there are now where those are others."""
    business = ngettext("%(n)d business day", "%(n)d business days", then.business) % {"n": then.business}
    free = ngettext("%(n)d free", "%(n)d free", then.free) % {"n": then.free}
    if then == now:
        return _("%(business)s and %(free)s, as now") % {"business": business, "free": free}
    now_said = _("now %(business)d and %(free)d") % {"business": now.business, "free": now.free}
    return _("%(business)s and %(free)s; %(now)s") % {"business": business, "free": free, "now": now_said}


def words(tenant: Tenant, board: Board, card: Card, locale: str) -> dict[str, Any]:
    """Return what a card says beside its number: `chosen` and `beside` lines, all `lines`, and `why_url` ("" where nothing tells why)."""
    lines = Writing(tenant, locale).lines(board, card)
    chosen = next((line for line in lines if line.one.key == board.comparison), None)
    return {
        "lines": lines,
        "chosen": chosen,
        "beside": [line for line in lines if line.one.key in BESIDE and line is not chosen],
        "why_url": why_url(tenant.slug, board.period, card.kpi, board.comparison),
    }


def why_url(slug: str, period: Period, kpi: Kpi, comparison: str) -> str:
    """Return the analysis that splits the change of a number; "" for one that cannot be split."""
    if not kpi.split:
        return ""
    span = (
        {"period": period.key}
        if period.key in PRESETS
        else {"from": period.start.isoformat(), "to": period.last.isoformat()}
    )
    query = urlencode({"measure": kpi.split, **span, "compare": comparison})
    return f"{reverse('kpi:analysis', kwargs={'slug': slug})}?{query}#why"
