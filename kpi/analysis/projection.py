"""Where the cash is going: the balance of the next 13 weeks from what is due and from what usually happens."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Final

from django.db.models import Q, Sum

from kpi.models import Daily, Forecast, ForecastPoint
from ledger.models import Account, OpenItem
from reconciliation.queries import with_left
from tenants.models import Tenant

WEEKS: Final = 13
USUAL_WEEKS: Final = (
    8  # whole weeks behind us whose median is what usually happens, where nothing was forecast
)
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days: what is due in them, what is expected of them, and the balance at their end. Money out is negative.

    `due` balances count open items only; `expected` ones the larger of what is due and what was forecast, for what is due is a part of
    what will come.
    """

    start: date
    due_in: Decimal
    due_out: Decimal
    expected_in: Decimal
    expected_out: Decimal
    balance_due: Decimal
    balance_expected: Decimal


@dataclass(frozen=True, slots=True)
class Projection:
    """The balance now, the weeks, and what is overdue: nobody knows when that moves, so it is in no week.

    `source` tells what `expected` comes from: forecast, usual (the median of past weeks) or none (nothing is known).
    """

    balance: Decimal
    overdue_in: Decimal
    overdue_out: Decimal
    weeks: tuple[Week, ...]
    source: str

    @property
    def short_on(self) -> date | None:
        """Return the first week at whose end the expected balance is below zero."""
        return next((week.start for week in self.weeks if week.balance_expected < 0), None)


def projection(tenant: Tenant, *, today: date, weeks: int = WEEKS) -> Projection | None:
    """Return the projection, or None for a company no bank of which tells a balance. Weeks begin today."""
    accounts = Account.objects.filter(tenant=tenant, currency=tenant.currency, void_at=None)
    balance = accounts.exclude(kind=Account.Kind.CARD).aggregate(total=Sum("balance"))["total"]
    if balance is None:
        return None
    starts = [today + timedelta(weeks=n) for n in range(weeks)]
    late_in, late_out, due = _due(tenant, today, starts)
    usual, source = _usual(tenant, starts)
    return laid_out(balance, late=(late_in, late_out), starts=starts, due=due, usual=usual, source=source)


def laid_out(
    balance: Decimal,
    *,
    late: tuple[Decimal, Decimal],
    starts: list[date],
    due: list[tuple[Decimal, Decimal]],
    usual: list[tuple[Decimal, Decimal]],
    source: str,
) -> Projection:
    """Return the projection of these weeks: `late` is overdue, `due` and `usual` are (in, out) of each week."""
    found, by_due, by_expected = [], balance, balance
    for n, start in enumerate(starts):
        due_in, due_out = due[n]
        expected_in, expected_out = max(due_in, usual[n][0]), min(due_out, usual[n][1])
        by_due += due_in + due_out
        by_expected += expected_in + expected_out
        found.append(Week(start, due_in, due_out, expected_in, expected_out, by_due, by_expected))
    return Projection(balance, *late, tuple(found), source)


def _due(
    tenant: Tenant, today: date, starts: list[date]
) -> tuple[Decimal, Decimal, list[tuple[Decimal, Decimal]]]:
    """Return what is overdue, in and out, and what falls due in each week."""
    open_now = OpenItem.objects.filter(
        tenant=tenant, currency=tenant.currency, status__in=["open", "partial"], void_at=None, ignored=False,
        due_date__lt=starts[-1] + timedelta(weeks=1),
    )  # fmt: skip
    rows = with_left(open_now).values("due_date").annotate(
        inward=Sum("left", filter=Q(direction="receivable"), default=ZERO),
        outward=Sum("left", filter=Q(direction="payable"), default=ZERO),
    )  # fmt: skip
    sums: dict[int, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for row in rows:
        week = (row["due_date"] - today).days // 7 if row["due_date"] >= today else -1
        sums[week][0] += row["inward"]
        sums[week][1] += row["outward"]
    return sums[-1][0], sums[-1][1], [(sums[n][0], sums[n][1]) for n in range(len(starts))]


def _usual(tenant: Tenant, starts: list[date]) -> tuple[list[tuple[Decimal, Decimal]], str]:
    """Return money in and out of each week as forecast, else as the median of the last weeks; and which of the two it is."""
    forecast = _forecast(tenant, starts)
    if forecast:
        return forecast, "forecast"
    first = starts[0] - timedelta(weeks=USUAL_WEEKS)
    days = Daily.objects.filter(
        tenant=tenant,
        currency=tenant.currency,
        type__in=["CREDIT", "DEBIT"],
        day__gte=first,
        day__lt=starts[0],
    )
    sums: dict[str, list[Decimal]] = {"CREDIT": [ZERO] * USUAL_WEEKS, "DEBIT": [ZERO] * USUAL_WEEKS}
    for kind, day, total in days.values_list("type", "day", "flow_total"):
        sums[kind][(day - first).days // 7] += total
    usual = median(sums["CREDIT"]), median(sums["DEBIT"])
    return [usual] * len(starts), "usual" if any(usual) else "none"


def _forecast(tenant: Tenant, starts: list[date]) -> list[tuple[Decimal, Decimal]]:
    """Return the daily forecast of receipts and expenses summed by these weeks; [] unless both reach to the last of them."""
    points = ForecastPoint.objects.filter(
        tenant=tenant, forecast__grain=Forecast.Grain.DAY, forecast__about=Forecast.About.COMPANY, forecast__subject="",
        forecast__currency=tenant.currency, forecast__measure__in=["receipts", "expenses"], start__gte=starts[0],
    )  # fmt: skip
    sums: dict[str, dict[int, Decimal]] = {"receipts": defaultdict(Decimal), "expenses": defaultdict(Decimal)}
    for measure, day, mean in points.values_list("forecast__measure", "start", "mean"):
        sums[measure][(day - starts[0]).days // 7] += mean
    whole = all(len(starts) - 1 in one for one in sums.values())
    return (
        [(max(sums["receipts"][n], ZERO), min(sums["expenses"][n], ZERO)) for n in range(len(starts))]
        if whole
        else []
    )
