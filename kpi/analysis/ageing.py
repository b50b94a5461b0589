"""How old what is owed is: open amounts by days past their due date."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Case, CharField, Count, Sum, Value, When

from ledger.models import OpenItem
from reconciliation.queries import with_left
from tenants.models import Tenant

# Code, and from how many to how many days late; None is without end. What is not late yet has negative days.
BUCKETS: Final[tuple[tuple[str, int | None, int | None], ...]] = (
    ("later", None, -31), ("next_30", -30, 0), ("late_30", 1, 30), ("late_60", 31, 60), ("late_90", 61, 90), ("older", 91, None),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bucket:
    """One age: the due dates it spans (both included; None: without end), how many items, and what is left of them (payables negative)."""

    code: str
    first: date | None
    last: date | None
    n: int
    left: Decimal

    @property
    def late(self) -> bool:
        """Return whether the due date has passed."""
        return self.code not in {"later", "next_30"}


def ageing(tenant: Tenant, *, direction: str, today: date) -> list[Bucket]:
    """Return every age of what is open, the youngest first, empty ones included. One query over the open items."""
    spans = {code: _span(low, high, today) for code, low, high in BUCKETS}
    ages = [When(**_within(*spans[code]), then=Value(code)) for code, _low, _high in BUCKETS]
    open_now = OpenItem.objects.filter(
        tenant=tenant,
        currency=tenant.currency,
        direction=direction,
        status__in=["open", "partial"],
        void_at=None,
        ignored=False,
    )
    rows = (
        with_left(open_now)
        .annotate(age=Case(*ages, output_field=CharField()))
        .values("age")
        .annotate(n=Count("pk"), sum=Sum("left"))
        .values_list("age", "n", "sum")
    )
    found = {age: (n, total) for age, n, total in rows}
    return [Bucket(code, *spans[code], *found.get(code, (0, Decimal(0)))) for code, _low, _high in BUCKETS]


def aged(items: Iterable[tuple[date, int, Decimal]], *, today: date) -> list[Bucket]:
    """Return the ages of (due date, how many, what is left), for who has read them already."""
    spans = {code: _span(low, high, today) for code, low, high in BUCKETS}
    found = {code: (0, Decimal(0)) for code in spans}
    for due, n, left in items:
        code = next(
            code
            for code, (first, last) in spans.items()
            if (first is None or first <= due) and (last is None or due <= last)
        )
        found[code] = (found[code][0] + n, found[code][1] + left)
    return [Bucket(code, *spans[code], *found[code]) for code, _low, _high in BUCKETS]


def _span(low: int | None, high: int | None, today: date) -> tuple[date | None, date | None]:
    """Return first and last due date of so many days late."""
    return (
        None if high is None else today - timedelta(days=high),
        None if low is None else today - timedelta(days=low),
    )


def _within(first: date | None, last: date | None) -> dict[str, date]:
    return {name: day for name, day in (("due_date__gte", first), ("due_date__lte", last)) if day}
