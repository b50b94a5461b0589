"""Pure calculations over frozen rows: comparisons, shares, like-for-like changes. No database, no clock, no request."""

from dataclasses import dataclass
from decimal import Decimal

Number = Decimal | int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What happened in a period, and what stands open now, in one currency. None: unknown, because nothing tells.

    `inflow`, `revenue` and receivables are positive; `outflow` and payables negative.
    """

    inflow: Decimal | None = None
    outflow: Decimal | None = None
    revenue: Decimal | None = None
    sales: int | None = None
    active_customers: int | None = None
    new_customers: int | None = None
    cash: Decimal | None = None
    receivables_open: Decimal | None = None
    receivables_overdue: Decimal | None = None
    payables_open: Decimal | None = None
    payables_overdue: Decimal | None = None
    lines: int | None = None
    lines_settled: int | None = None


def plus(*parts: Decimal | None) -> Decimal | None:
    """Return the sum, or None when a part is unknown: a sum of what is known would look like the whole."""
    total = Decimal(0)
    for part in parts:
        if part is None:
            return None
        total += part
    return total


def ratio(part: Number, whole: Number) -> Decimal | None:
    """Return part/whole, or None when one is unknown or there is no whole to divide: unknown is not zero."""
    if part is None or not whole:
        return None
    return Decimal(part) / Decimal(whole)


def change(now: Number, before: Number) -> Decimal | None:
    """Return the relative change (0.12 is 12 % more), or None when there is nothing to compare with.

    Measured against the size of what was, so that a smaller loss is an improvement and not a fall. Between a loss and a gain there is
    no ratio that means anything.
    """
    if now is None or before is None or not before or turned(now, before):
        return None
    return (Decimal(now) - Decimal(before)) / abs(Decimal(before))


def turned(now: Decimal | int, before: Decimal | int) -> bool:
    """Return whether a number went from below zero to above it, or the other way."""
    return (now > 0 > before) or (now < 0 < before)
