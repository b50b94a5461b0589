"""Recurring lines in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpi.recurrence.queries import Recurring
from tenants.models import Tenant

RHYTHMS: Final[Mapping[str, str | Promise]] = {
    "weekly": gettext_lazy("every week"),
    "fortnightly": gettext_lazy("every two weeks"),
    "monthly": gettext_lazy("every month"),
    "quarterly": gettext_lazy("every three months"),
    "yearly": gettext_lazy("once a year"),
}
_LAST: Final = 31


@dataclass(frozen=True, slots=True)
class Row:
    """A line as the page shows it: how often in words, on which day, and the address of the bank lines behind it."""

    line: Recurring
    rhythm: str
    day: str
    url: str


def rows(tenant: Tenant, lines: Iterable[Recurring]) -> list[Row]:
    """Return them for the page, in their order."""
    lists = reverse("ledger:transactions", kwargs={"slug": tenant.slug})
    return [Row(line, str(RHYTHMS[line.rhythm]), day_of(line), f"{lists}?{_asked(line)}") for line in lines]


def day_of(line: Recurring) -> str:
    """Return on which day of its period it falls, in words."""
    if line.kind == "weekday":
        return str(WEEKDAYS[line.number])
    if line.kind == "business_day":
        return _("business day %(n)d") % {"n": line.number}
    return _("last day") if line.number == _LAST else _("day %(n)d") % {"n": line.number}


def _asked(line: Recurring) -> str:
    return urlencode({"type": "DEBIT" if line.amount < 0 else "CREDIT", "q": line.name})
