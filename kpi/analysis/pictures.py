"""The charts of the analysis page, each with the sentence that it shows."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kpi.analysis.ageing import Bucket
from kpi.analysis.cohorts import Cohort
from kpi.analysis.concentration import Concentration
from kpi.analysis.drivers import COUNTS, SHARES, Drivers
from kpi.analysis.projection import Projection
from lib import formats
from lib.charts import Chart, Flag, Series, Unit, bar_chart, heatmap, line_chart
from lib.periods import Period
from tenants.models import Tenant

AGES: Final[dict[str, str | Promise]] = {
    "later": gettext_lazy("due later"),
    "next_30": gettext_lazy("due in 30 days"),
    "late_30": gettext_lazy("1–30 days late"),
    "late_60": gettext_lazy("31–60"),
    "late_90": gettext_lazy("61–90"),
    "older": gettext_lazy("over 90"),
}
MEASURES: Final[dict[str, str | Promise]] = {
    "revenue": gettext_lazy("Sales"),
    "inflow": gettext_lazy("Received"),
    "expenses": gettext_lazy("Expenses"),
}
NAMES: Final[dict[str, str | Promise]] = MEASURES | {
    "sales_count": gettext_lazy("Number of sales"),
    "net": gettext_lazy("Net"),
    "average_ticket": gettext_lazy("Average ticket"),
    "active_customers": gettext_lazy("Active customers"),
    "new_customers": gettext_lazy("New customers"),
    "reconciled_share": gettext_lazy("Reconciled"),
}
DIMENSIONS: Final[dict[str, str | Promise]] = {
    "product": gettext_lazy("Product"),
    "customer": gettext_lazy("Customer"),
    "store": gettext_lazy("Store"),
    "seller": gettext_lazy("Seller"),
    "channel": gettext_lazy("Channel"),
    "payment": gettext_lazy("Payment"),
    "category": gettext_lazy("Category"),
    "account": gettext_lazy("Account"),
}


class Drawing:
    """Draws for one company and one reader's language."""

    def __init__(self, tenant: Tenant, locale: str) -> None:
        """Remember for whom."""
        self.tenant, self.locale = tenant, locale
        self.unit = Unit("money", tenant.currency, locale)

    def why(self, found: Drivers) -> str:
        """Return the sentence above the parts of a change."""
        if not found.difference:
            return _("%(measure)s: no change") % {"measure": NAMES[found.measure]}
        up = found.difference > 0
        said = {"measure": NAMES[found.measure], "amount": self._size(found, found.difference)}
        first = max(found.parts, key=lambda part: part.difference * (1 if up else -1), default=None)
        if first is None or not first.difference or (first.difference > 0) != up:
            return (_("%(measure)s: %(amount)s more") if up else _("%(measure)s: %(amount)s less")) % said
        said |= {"name": first.name, "part": self._size(found, first.difference)}
        if up:
            return _("%(measure)s: %(amount)s more; %(name)s alone brought %(part)s") % said
        return _("%(measure)s: %(amount)s less; %(name)s alone took %(part)s") % said

    def against(self, found: Drivers) -> str:
        """Return what went up and what went down in one sentence; "" where everything moved the same way."""
        if not found.gained or not found.lost:
            return ""
        sizes = {"up": self._size(found, found.gained), "down": self._size(found, found.lost)}
        return _("%(up)s more here and %(down)s less there.") % sizes

    def _size(self, found: Drivers, value: Decimal) -> str:
        if found.measure in COUNTS:
            return formats.number(abs(value), self.locale)
        if found.measure in SHARES:
            return formats.percent(abs(value), self.locale)
        return formats.money_short(abs(value), self.tenant.currency, self.locale)

    def concentration(self, found: Concentration) -> Chart:
        """Return the share of the whole that the first n carriers reach."""
        count = found.counts["A"]
        if found.dimension == "customer":
            sentence = ngettext(
                "%(n)s customer carries 80%% of sales", "%(n)s customers carry 80%% of sales", count
            )
        else:
            sentence = ngettext(
                "%(n)s product carries 80%% of sales", "%(n)s products carry 80%% of sales", count
            )
        return line_chart(
            title=sentence % {"n": formats.number(count, self.locale)}
            if count
            else _("No sales in this period"),
            x=[str(n) for n, _share in found.curve],
            series=[Series(_("Share of sales"), [share for _n, share in found.curve])],
            unit=Unit("percent", locale=self.locale),
            by="count",
        )

    def ageing(self, buckets: Sequence[Bucket], direction: str) -> Chart:
        """Return what is open by age; each age leads to its items."""
        late = sum((bucket.left for bucket in buckets if bucket.late), Decimal(0))
        amount = formats.money_short(abs(late), self.tenant.currency, self.locale)
        if direction == "receivable":
            title = _("%(amount)s to receive are late") if late else _("Nothing to receive is late")
        else:
            title = _("%(amount)s to pay are late") if late else _("Nothing to pay is late")
        url = reverse("ledger:open_items", kwargs={"slug": self.tenant.slug})
        return bar_chart(
            title=title % {"amount": amount},
            x=[str(AGES[bucket.code]) for bucket in buckets],
            series=[
                Series(
                    _("Open"),
                    [abs(bucket.left) for bucket in buckets],
                    color=1 if direction == "receivable" else 2,
                )
            ],
            unit=self.unit,
            by="month",
            links=[f"{url}?direction={direction}&status=unsettled{_due(bucket)}" for bucket in buckets],
        )

    def cohorts(self, found: Sequence[Cohort]) -> Chart:
        """Return the share of each month's new customers that bought in the months after."""
        longest = max((len(cohort.kept) for cohort in found), default=1)
        second = [(cohort.kept[1], cohort.size) for cohort in found if len(cohort.kept) > 2]
        size = sum(n for _kept, n in second)
        title = _("Who comes back, by month of the first purchase")
        if size:
            share = formats.percent(Decimal(sum(kept for kept, _n in second)) / size, self.locale)
            title = _("%(share)s of new customers bought again in the month after") % {"share": share}
        return heatmap(
            title=title,
            rows=[f"{cohort.month:%m/%y} · {cohort.size}" for cohort in found],
            columns=[f"+{n}" for n in range(1, longest)],
            values=[[cohort.share(n) for n in range(1, longest)] for cohort in found],
            unit=Unit("percent", locale=self.locale),
        )

    def projection(self, found: Projection) -> Chart:
        """Return the balance at the end of each week: with what is expected, and with what is known only."""
        short = found.short_on
        if short:
            title = _("Cash may run short in the week of %(day)s") % {"day": formats.day(short, self.locale)}
        else:
            last = formats.money_short(found.weeks[-1].balance_expected, self.tenant.currency, self.locale)
            title = _("In 90 days there may be %(amount)s in cash") % {"amount": last}
        expected = [week.balance_expected for week in found.weeks]
        known = [week.balance_known for week in found.weeks]
        again = any(week.balance_known != week.balance_due for week in found.weeks)
        named = _("Only what is due or recurring") if again else _("Only what is due")
        place = next((n for n, week in enumerate(found.weeks) if week.start == short), None)
        return line_chart(
            title=title,
            x=[week.start + timedelta(days=6) for week in found.weeks],
            series=[Series(_("Expected"), expected), Series(named, known, role="previous")],
            unit=self.unit,
            by="day",
            flags=[Flag(place, _("below zero"))] if place is not None else [],
            links=[self._due_in(week.start) for week in found.weeks],
        )

    def _due_in(self, start: date) -> str:
        """Return the open items that fall due in the week from a day on."""
        url = reverse("ledger:open_items", kwargs={"slug": self.tenant.slug})
        end = start + timedelta(days=6)
        return f"{url}?status=unsettled&from={start.isoformat()}&to={end.isoformat()}"


def _due(bucket: Bucket) -> str:
    parts = (("from", bucket.first), ("to", bucket.last))
    return "".join(f"&{name}={day.isoformat()}" for name, day in parts if day)


def rows_url(tenant: Tenant, *, measure: str, dimension: str, key: str, period: Period) -> str:
    """Return the list behind one part of a number; "" where no list can be filtered like it."""
    if not key or dimension == "payment":
        return ""
    name, query = {
        "inflow": ("transactions", "type=CREDIT&flow=1"),
        "expenses": ("transactions", "type=DEBIT&flow=1"),
        "net": ("transactions", "flow=1"),
        "reconciled_share": ("transactions", "flow=1"),
    }.get(measure, ("sales", "status=counted"))
    span = {"from": period.start.isoformat(), "to": period.last.isoformat()}
    return f"{reverse(f'ledger:{name}', kwargs={'slug': tenant.slug})}?{query}&{urlencode({dimension: key} | span)}"
