"""Writing goals: single ones, a row from a spreadsheet, last year's with a change."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kpi.catalog import BY_CODE, Kpi, Unit
from kpi.models import Target
from kpi.targets import queries
from lib import money
from lib.clock import add_months
from live import events
from tenants import audit
from tenants.access import Access
from tenants.models import Tenant

YEARS: Final = (1990, 2100)
LARGEST: Final = Decimal(10) ** 15
_LARGEST_CHANGE: Final = Decimal(1_000)  # per cent
_PLACES: Final = {Unit.MONEY: Decimal("0.01"), Unit.COUNT: Decimal(1), Unit.PERCENT: Decimal("0.0001")}
Changes = Mapping[tuple[str, date], Decimal | None]


@transaction.atomic
def save(*, access: Access, changes: Changes) -> int:
    """Keep goals by number and month in the number's own sign; None forgets one. Return how many are other than before.

    Raises ValidationError for a number without goals, a day that is no month's first, or a value that is too large.
    """
    for (code, month), value in changes.items():
        _check(code, month, value)
    # One at a time: two who keep the same goals in another order would wait for each other.
    Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=access.tenant.pk)
    rows = Target.objects.filter(
        tenant=access.tenant,
        kpi__in={code for code, _m in changes},
        month__in={month for _c, month in changes},
    )
    before = {(row.kpi, row.month): row.value for row in rows}
    moved = {key: value for key, value in changes.items() if before.get(key) != value}
    if not moved:
        return 0
    gone = [key for key, value in moved.items() if value is None]
    for code, month in gone:
        Target.objects.filter(tenant=access.tenant, kpi=code, month=month).delete()
    kept = [
        Target(tenant=access.tenant, kpi=code, month=month, value=value)
        for (code, month), value in moved.items()
        if value is not None
    ]
    Target.objects.bulk_create(
        kept,
        update_conflicts=True,
        unique_fields=["tenant", "kpi", "month"],
        update_fields=["value", "updated_at"],
    )
    _tell(access, before, moved)
    return len(moved)


def _check(code: str, month: date, value: Decimal | None) -> None:
    kpi = BY_CODE.get(code)
    if kpi is None or kpi.now:
        names = ", ".join(one.code for one in queries.KPIS)
        raise ValidationError({"kpi": _("Use one of: %(names)s.") % {"names": names}})
    if month.day != 1 or not YEARS[0] <= month.year <= YEARS[1]:
        raise ValidationError({"month": _("Write the month as 2026-03.")})
    if value is not None and (not value.is_finite() or abs(value) >= LARGEST):
        raise ValidationError({"value": _("This number is too large.")})
    if value is not None and not _fits(kpi, value):
        raise ValidationError(
            {"value": _("Goals of %(kpi)s are not written like this.") % {"kpi": kpi.label}}
        )


def _fits(kpi: Kpi, value: Decimal) -> bool:
    """Return whether a number can have such a value: counts are whole, shares lie between 0 and 1, what is money out is not above zero."""
    if kpi.unit == Unit.COUNT:
        return value == value.to_integral_value()
    return 0 <= value <= 1 if kpi.unit == Unit.PERCENT else not (kpi.by_size and value > 0)


def _tell(access: Access, before: Mapping[tuple[str, date], Decimal], moved: Changes) -> None:
    said = {f"{code} {month:%Y-%m}": value for (code, month), value in moved.items()}
    old = {f"{code} {month:%Y-%m}": before.get((code, month)) for code, month in moved}
    audit.record(
        tenant=access.tenant, action="targets.change", row=access.tenant, actor=access,
        before={name: _text(value) for name, value in old.items()},
        after={name: _text(value) for name, value in said.items()},
    )  # fmt: skip
    events.publish("settings_changed", tenant_id=access.tenant.pk)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize(), "f")


def copy_year(*, access: Access, year: int, percent: Decimal) -> int:
    """Give a year the goals of the year before, changed by so many per cent, where it has none yet. Return how many were made."""
    if not percent.is_finite() or not -100 < percent <= _LARGEST_CHANGE:
        raise ValidationError({"percent": _("Use a number between −99 and 1,000.")})
    had = queries.of_year(access.tenant, year)
    factor = 1 + percent / 100
    changes: dict[tuple[str, date], Decimal | None] = {}
    for (code, month), value in queries.of_year(access.tenant, year - 1).items():
        later = add_months(month, 12)
        if (code, later) not in had and code in BY_CODE:
            changes[code, later] = rounded(BY_CODE[code], value * factor)
    return save(access=access, changes=changes) if changes else 0


def rounded(kpi: Kpi, value: Decimal) -> Decimal:
    """Return a goal in the smallest unit of its number; no share is above 1."""
    found = value.quantize(_PLACES[kpi.unit], rounding=ROUND_HALF_EVEN)
    return min(found, Decimal(1)) if kpi.unit == Unit.PERCENT else found


def read(kpi: Kpi, text: str) -> Decimal | None:
    """Return the goal that a person wrote for a number, None for an empty cell. Raises ValidationError."""
    word = text.replace("%", "").strip()
    if not word:
        return None
    try:
        value = money.parse(word)
    except money.MoneyError as error:
        raise ValidationError(_("“%(text)s” is no number.") % {"text": text.strip()[:30]}) from error
    if kpi.unit == Unit.COUNT and value != value.to_integral_value():
        raise ValidationError(_("“%(text)s” is no whole number.") % {"text": text.strip()[:30]})
    if kpi.unit == Unit.PERCENT and not 0 <= value <= 100:
        raise ValidationError(_("“%(text)s” is no share from 0 to 100 %%.") % {"text": text.strip()[:30]})
    return queries.stored(kpi, value)


def row_of(kpi: Kpi, text: str) -> list[Decimal | None]:
    """Return up to twelve goals of a copied row (or column) of a spreadsheet, January first; an empty cell is None. Raises ValidationError."""
    line = text.strip("\r\n")
    parts = re.split(r"\t|;|\r?\n", line) if re.search(r"[\t;\n]", line) else line.split()
    if len(parts) > 12:
        raise ValidationError(_("That is %(n)d cells; a year has twelve months.") % {"n": len(parts)})
    return [read(kpi, part) for part in parts]
