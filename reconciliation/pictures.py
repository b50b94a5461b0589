"""Quality as charts."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from lib.charts import Chart, Series, Unit, bar_chart, line_chart
from reconciliation.quality import Week


def _unit(kind: str) -> Unit:
    return Unit(kind, locale=to_locale(get_language() or "pt-br"))  # type: ignore[arg-type]  # one of its kinds


def agreed(weeks: Sequence[Week]) -> Chart:
    """Return by week which share of suggestions was right, and which needed a choice."""
    return line_chart(
        title=_("Suggestions that were right"),
        x=[week.start for week in weeks],
        series=[
            Series(_("right"), [week.precision for week in weeks]),
            Series(_("needed a choice"), [week.ambiguous_share for week in weeks]),
        ],
        unit=_unit("percent"),
    )


def settled(weeks: Sequence[Week]) -> Chart:
    """Return by week how many lines were settled, by how much work."""
    return bar_chart(
        title=_("Lines settled"),
        x=[week.start for week in weeks],
        series=[
            Series(_("without a person"), [Decimal(week.untouched) for week in weeks]),
            Series(
                _("with one keystroke"),
                [Decimal(week.settled - week.untouched - week.by_hand) for week in weeks],
            ),
            Series(_("linked by hand"), [Decimal(week.by_hand) for week in weeks]),
        ],
        unit=_unit("number"),
        by="day",
        stacked=True,
    )


def waited(weeks: Sequence[Week]) -> Chart:
    """Return by week how many hours a line waited until it was settled, the middle one."""
    return bar_chart(
        title=_("Hours until a line was settled"),
        x=[week.start for week in weeks],
        series=[
            Series(
                _("hours"),
                [None if week.hours is None else Decimal(str(round(week.hours, 1))) for week in weeks],
            )
        ],
        unit=_unit("number"),
        by="day",
    )
