"""The chart on the page of a customer or product: what was sold month by month."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from lib.charts import Chart, Series, Unit, bar_chart
from lib.clock import month_end


def sales_by_month(months: Sequence[tuple[date, Decimal]], *, currency: str, url: str) -> Chart:
    """Return bars of (first day of the month, total sold), oldest first; each leads to its sales. `url` is their list, with a query."""
    locale = to_locale(get_language() or "pt-br")
    return bar_chart(
        title=_("Sales by month"),
        x=[month for month, _total in months],
        series=[Series(_("Sales"), [total for _month, total in months])],
        unit=Unit("money", currency, locale),
        by="month",
        links=[
            f"{url}&from={month.isoformat()}&to={month_end(month).isoformat()}" for month, _total in months
        ],
    )
