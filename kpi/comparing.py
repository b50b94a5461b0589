"""What a number is compared with: spans in which as many business days had passed, the company's own free days, and its goal so far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.calculations import Number, change, ratio, turned
from kpi.catalog import Kpi
from kpi.models import Occasion
from kpi.targets.goals import Goals
from lib import workdays
from lib.periods import Period
from lib.workdays import Calendar, Days
from tenants.models import Tenant

COMPARISONS: Final = ("previous", "last_year", "same_weekdays", "calendar")
GOAL: Final = "target"
LABELS: Final[Mapping[str, str | Promise]] = {
    "previous": _("Previous period"),
    "last_year": _("Last year"),
    "same_weekdays": _("Same weekdays"),
    "calendar": _("Same calendar days"),
    GOAL: pgettext_lazy("of a number", "Goal"),
}
WHY: Final[Mapping[str, str | Promise]] = {
    "previous": _("Up to the same business day of the period before, so that holidays and weekends do not decide."),
    "last_year": _("Up to the same business day a year before; Carnival and Easter stand where they stood."),
    "same_weekdays": _("Moved back by whole weeks: the same weekdays, whatever holidays were among them."),
    "calendar": _("The same days of the calendar, whatever weekdays and holidays they were."),
    GOAL: _("The part of the goal that belongs to the days that have passed, as weeks usually go here."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """A number beside what it was in another span, or beside the part of its goal that belongs to the days that have passed.

    `change` is a ratio (0.12 is 12 % more), None where there is none; `difference` the amount instead, where the sign turned. `per_day` is the change of
    the amount a business day, where the spans have not as many. `days` are those of `period`. `whole`: the goal of the whole months.
    """

    key: str
    period: Period
    days: Days
    previous: Number
    change: Decimal | None
    difference: Number = None
    per_day: Decimal | None = None
    whole: Number = None

    @property
    def label(self) -> str | Promise:
        """Return what people call this comparison."""
        return LABELS[self.key]

    @property
    def why(self) -> str | Promise:
        """Return the sentence that says which days these are."""
        return WHY[self.key]


def compared_with(period: Period, comparison: str, calendar: Calendar) -> Period:
    """Return the span that `period` is compared with. Raises KeyError for an unknown comparison."""
    found = {
        "previous": lambda: workdays.before(period, calendar),
        "last_year": lambda: workdays.year_before(period, calendar),
        "same_weekdays": period.same_weekdays,
        "calendar": period.previous,
    }[comparison]()
    return Period(comparison, found.start, found.end)


def calendar(tenant: Tenant) -> Calendar:
    """Return the company's business days. One query over its own free days."""
    free = Occasion.objects.filter(tenant=tenant, kind=Occasion.Kind.FREE)
    return calendar_of(free.values_list("first_day", "last_day"))


def calendar_of(spans: Iterable[tuple[date, date]]) -> Calendar:
    """Return the calendar of a company that is closed on these spans of days, both ends included."""
    return Calendar(
        frozenset(first + timedelta(days=n) for first, last in spans for n in range((last - first).days + 1))
    )


def with_goal(
    kpi: Kpi, value: Number, *, goals: Goals, until: Period, calendar: Calendar, today: date
) -> Compared | None:
    """Return a number beside the part of its goal that belongs to the days until now; of a state, beside the goal of this month. None without one."""
    span = Period(GOAL, today, today + timedelta(days=1)) if kpi.now else until
    due = goals.due(kpi, span)
    if due is None or value is None:
        return None
    return Compared(
        GOAL, span, calendar.days(span), due, moved_by(kpi, value, due), difference(value, due), whole=goals.whole(kpi, span)
    )  # fmt: skip


def beside(kpi: Kpi, key: str, value: Number, previous: Number, spans: "Spans") -> Compared:
    """Return a number beside what it was."""
    then = spans.days[key]
    moved = moved_by(kpi, value, previous)
    daily = None
    if kpi.series and then.business != spans.now.business:
        daily = moved_by(kpi, ratio(value, spans.now.business), ratio(previous, then.business))
    return Compared(key, spans.others[key], then, previous, moved, difference(value, previous), daily)


def moved_by(kpi: Kpi, value: Number, previous: Number) -> Decimal | None:
    """Return the change as a ratio; of money out, which is negative, that of its size."""
    return change(_size(value), _size(previous)) if kpi.by_size else change(value, previous)


def difference(value: Number, previous: Number) -> Number:
    """Return value − previous where the sign turned, of which no ratio says anything; else None."""
    if value is None or previous is None or not turned(value, previous):
        return None
    return value - previous


def _size(value: Number) -> Number:
    if value is None:
        return None
    return -value if value < 0 else value


@dataclass(frozen=True, slots=True)
class Spans:
    """The span of a board up to today, the spans it is compared with (each once), and how many days each has."""

    now: Days
    others: Mapping[str, Period]
    days: Mapping[str, Days]


def spans_of(period: Period, chosen: str, calendar: Calendar) -> Spans:
    """Return what a period is compared with, the chosen span first. A comparison whose days another one already has is left out."""
    found: dict[str, Period] = {}
    for key in sorted(COMPARISONS, key=lambda key: key != chosen):
        span = compared_with(period, key, calendar)
        if all((span.start, span.end) != (had.start, had.end) for had in found.values()):
            found[key] = span
    return Spans(calendar.days(period), found, {key: calendar.days(span) for key, span in found.items()})
