"""The charts of the pages: which series go into which picture, and the sentence above it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpi.calculations import change
from kpi.forecasts.expected import Expected
from kpi.plan import Plan
from kpi.queries import Card, MonthFlow
from lib import formats
from lib.charts import Band, Chart, Series, Unit, bar_chart, line_chart, sparkline
from lib.clock import month_end
from lib.periods import Period
from tenants.models import Tenant

DayTotals = Sequence[tuple[date, Decimal]]
Beside = Sequence[tuple[date | None, Decimal | None]]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Draws for one company and one reader's language."""

    tenant: Tenant
    locale: str
    plan: Plan = field(default_factory=Plan)

    @property
    def unit(self) -> Unit:
        """Return money of the company, written for the reader."""
        return Unit("money", self.tenant.currency, self.locale)

    def spark(self, card: Card, period: Period) -> Chart:
        """Return the small line of a card: one point a day."""
        unit = Unit("number", locale=self.locale) if card.kpi.unit == "count" else self.unit
        days = [period.start + timedelta(days=n) for n in range(len(card.spark))]
        return sparkline(title=str(card.kpi.label), values=list(card.spark), x=days, unit=unit)

    def cash_flow(self, months: Sequence[MonthFlow]) -> Chart:
        """Return money in and out by month with the net as a line; each month leads to its lines."""
        return bar_chart(
            title=self._cash_flow_title(months),
            x=[month.month for month in months],
            series=[
                Series(_("Received"), [month.inflow for month in months], color=1, filter="type=CREDIT"),
                Series(_("Expenses"), [month.outflow for month in months], color=2, filter="type=DEBIT"),
            ],
            unit=self.unit,
            by="month",
            stacked=True,
            line=Series(_("Net"), [month.net for month in months]),
            links=[self._lines(month.month) for month in months],
            flags=self.plan.month_flags,
            goals=self.cash_goals(),
        )

    def cash_goals(self) -> list[Series]:
        """Return the goals that the months of the cash flow have: of what is received, and the limit of what is spent."""
        return [
            Series(name, goal, role="goal")
            for code, name in (("inflow", _("Goal received")), ("expenses", _("Limit of expenses")))
            if (goal := self.plan.by_month.get(code))
        ]

    def _cash_flow_title(self, months: Sequence[MonthFlow]) -> str:
        known = [month for month in months if month.inflow or month.outflow]
        if not known:
            return _("Cash flow by month")
        net = sum((month.net for month in known), Decimal(0))
        amount = formats.money_short(abs(net), self.tenant.currency, self.locale)
        if net >= 0:
            sentence = ngettext(
                "In %(months)d month %(amount)s more came in than went out",
                "In %(months)d months %(amount)s more came in than went out",
                len(known),
            )
        else:
            sentence = ngettext(
                "In %(months)d month %(amount)s more went out than came in",
                "In %(months)d months %(amount)s more went out than came in",
                len(known),
            )
        return sentence % {"months": len(known), "amount": amount}

    def _lines(self, month: date) -> str:
        url = reverse("ledger:transactions", kwargs={"slug": self.tenant.slug})
        return f"{url}?flow=1&from={month.isoformat()}&to={month_end(month).isoformat()}"

    def expected(self, found: Expected) -> Chart:
        """Return the last weeks by day and the next ones as expected, with the band that holds 80 % of what comes; past days lead to their rows."""
        past, ahead = list(found.past), list(found.ahead)
        nothing: list[Decimal | None] = [None] * len(past)
        sells = found.measure == "sales"
        total = sum((one.mean for one in ahead), Decimal(0))
        told = {"amount": formats.money_short(total, self.tenant.currency, self.locale), "days": len(ahead)}
        title = (
            _("%(amount)s of sales expected in the next %(days)d days")
            if sells
            else _("%(amount)s expected to come in over the next %(days)d days")
        )
        return line_chart(
            title=title % told,
            x=[*(day for day, _total in past), *(one.start for one in ahead)],
            series=[
                Series(_("Sales") if sells else _("Received"), [value for _day, value in past]),
                Series(_("Expected"), [*nothing, *(one.mean for one in ahead)], role="forecast"),
            ],
            unit=self.unit,
            by="day",
            links=self._day_rows([day for day, _total in past], sells=sells),
            band=Band(
                _("8 of 10 days lie here"),
                [*nothing, *(one.low for one in ahead)],
                [*nothing, *(one.high for one in ahead)],
            ),
        )

    def sales(self, now: DayTotals, before: Beside, total: Decimal | None = None) -> Chart:
        """Return sales by day beside the days they are compared with, matched by position; each day leads to its sales.

        `total` is what the compared days hold, where they are not all among `before`.
        """
        titles = _Titles(
            _("Sales by day"),
            _("Sales %(share)s above the compared period"),
            _("Sales %(share)s below the compared period"),
            _("Sales equal to the compared period"),
        )
        return self._by_day(now, before, total, _("Sales"), titles, sells=True)

    def received(self, now: DayTotals, before: Beside, total: Decimal | None = None) -> Chart:
        """Return money in by day like `sales`; each day leads to its lines."""
        titles = _Titles(
            _("Received by day"),
            _("Received %(share)s more than in the compared period"),
            _("Received %(share)s less than in the compared period"),
            _("Received as much as in the compared period"),
        )
        return self._by_day(now, before, total, _("Received"), titles, sells=False)

    def _by_day(
        self,
        now: DayTotals,
        before: Beside,
        whole: Decimal | None,
        name: str,
        titles: "_Titles",
        *,
        sells: bool,
    ) -> Chart:
        values = [total for _day, total in now]
        earlier = [total for _day, total in before][: len(values)]
        padded = [*earlier, *[None] * (len(values) - len(earlier))]
        whole = sum((total for total in earlier if total is not None), Decimal(0)) if whole is None else whole
        return line_chart(
            title=titles.of(change(sum(values, Decimal(0)), whole), self.locale),
            x=[day for day, _total in now],
            series=[
                Series(name, values),
                Series(_("Compared period"), padded, role="previous"),
                *([Series(_("Goal"), self.plan.by_day, role="goal")] if self.plan.by_day else []),
            ],
            flags=self.plan.day_flags,
            unit=self.unit,
            by="day",
            links=self._day_rows([day for day, _total in now], sells=sells),
        )

    def _day_rows(self, days: Sequence[date], *, sells: bool) -> list[str]:
        """Return where each day leads: to its sales, or to its lines of money in."""
        name, query = (
            ("ledger:sales", "status=counted") if sells else ("ledger:transactions", "type=CREDIT&flow=1")
        )
        url = reverse(name, kwargs={"slug": self.tenant.slug})
        return [f"{url}?{query}&from={day.isoformat()}&to={day.isoformat()}" for day in days]


@dataclass(frozen=True, slots=True)
class _Titles:
    """What a chart by day is called: without a comparison, and with one by its outcome."""

    plain: str
    above: str
    below: str
    equal: str

    def of(self, moved: Decimal | None, locale: str) -> str:
        if moved is None:
            return self.plain
        if not moved:
            return self.equal
        return (self.above if moved > 0 else self.below) % {"share": formats.percent(abs(moved), locale)}
