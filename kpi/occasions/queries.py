"""Reading occasions: in a span, as flags of a chart, as days on which the company was closed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kpi.models import Occasion
from kpi.occasions import holidays
from lib.charts import Flag
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Told:
    """An occasion as a chart needs it."""

    label: str
    first: date
    last: date


def within(tenant: Tenant, first: date, last: date) -> list[Occasion]:
    """Return the occasions that touch the days from `first` through `last`, the earliest first. One query."""
    rows = Occasion.objects.filter(tenant=tenant, first_day__lte=last, last_day__gte=first)
    return list(rows.order_by("first_day", "id"))


def free_days(tenant: Tenant, first: date, last: date) -> frozenset[date]:
    """Return the days from `first` through `last` on which the company was, or will be, closed. One query."""
    rows = Occasion.objects.filter(
        tenant=tenant, kind=Occasion.Kind.FREE, first_day__lte=last, last_day__gte=first
    ).values_list("first_day", "last_day")
    return frozenset(
        day
        for begins, ends in rows
        for n in range((min(ends, last) - max(begins, first)).days + 1)
        for day in (max(begins, first) + timedelta(days=n),)
    )


def flags(days: Sequence[date], occasions: Iterable[Told]) -> list[Flag]:
    """Return a flag on the first drawn day of each occasion, and on national holidays while the days are few; those of one day share it."""
    found: dict[int, list[str]] = {}
    national = [Told(name, day, day) for day, name in holidays.among(days)]
    for one in (*occasions, *national):
        place = next((n for n, day in enumerate(days) if one.first <= day <= one.last), None)
        if place is not None:
            found.setdefault(place, []).append(one.label)
    return [Flag(place, " · ".join(labels)) for place, labels in sorted(found.items())]


def flags_by_month(months: Sequence[date], occasions: Iterable[Told]) -> list[Flag]:
    """Return the flags of a chart whose positions are months (their first days): each in the month in which it begins."""
    found: dict[int, list[str]] = {}
    for one in occasions:
        first = one.first.replace(day=1)
        if first in months:
            found.setdefault(list(months).index(first), []).append(one.label)
    return [Flag(place, " · ".join(labels)) for place, labels in sorted(found.items())]
