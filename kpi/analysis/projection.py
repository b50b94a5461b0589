"""Where the cash is going: the balance of the next 13 weeks from what is due, what comes again and what usually happens."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Final

from django.db.models import Q, Sum

from kpi.models import Daily, Forecast, ForecastPoint
from kpi.recurrence import queries as recurrence
from kpi.recurrence.queries import Flows, Recurring
from ledger.models import Account, OpenItem
from reconciliation.queries import with_left
from tenants.models import Tenant

WEEKS: Final = 13
# Whole weeks behind us that tell what usually happens where nothing was forecast, in spans long enough for what is paid once a month.
SPAN: Final = 4
USUAL_WEEKS: Final = 3 * SPAN
FORETOLD: Final = ("receipts", "expenses")
ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days: what is due in them, what comes again, what is expected of them, and the balance at their end. Money out is negative.

    `recurring` is what comes again and stands in no open item, so that due and recurring together are what is known. `balance_due` counts open items only,
    `balance_known` what is known; `balance_expected` the larger of what is known and what was forecast, for what is known is a part of what will come.
    Where nothing was forecast, what comes again and what usually happens beside it stand in for the forecast.
    """

    start: date
    due_in: Decimal
    due_out: Decimal
    recurring_in: Decimal
    recurring_out: Decimal
    expected_in: Decimal
    expected_out: Decimal
    balance_due: Decimal
    balance_known: Decimal
    balance_expected: Decimal


@dataclass(frozen=True, slots=True)
class Projection:
    """The balance now, the weeks, and what is overdue: nobody knows when that moves, so it is in no week.

    `source` tells what `expected` adds to what is known: forecast, usual (what four weeks brought beside what comes again, by the middle one of the past
    months) or none (nothing else is known). `recurring` are the lines that come again, those that move most first; `denied` those of which a person said that they do not.
    """

    balance: Decimal
    overdue_in: Decimal
    overdue_out: Decimal
    weeks: tuple[Week, ...]
    source: str
    recurring: tuple[Recurring, ...] = ()
    denied: tuple[Recurring, ...] = ()

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
    ahead = recurrence.ahead(tenant, starts=starts, before=USUAL_WEEKS)
    forecast = _forecast(tenant, starts)
    found = laid_out(
        balance, late=(late_in, late_out), starts=starts, due=due, recurring=ahead.weeks, standing=ahead.standing, forecast=forecast,
        usual=(ZERO, ZERO) if forecast else _usual(tenant, starts, ahead.past),
    )  # fmt: skip
    return replace(found, recurring=ahead.lines, denied=ahead.denied)


def laid_out(
    balance: Decimal,
    *,
    late: Flows,
    starts: Sequence[date],
    due: Sequence[Flows],
    recurring: Sequence[Flows],
    standing: Sequence[Flows],
    forecast: Sequence[Flows],
    usual: Flows,
) -> Projection:
    """Return the projection of these weeks: `late` is overdue; `due`, `recurring` and `forecast` ([]: there is none) are those of each week, `standing` the
    part of `due` that comes again, `usual` what a week brings beside what comes again.
    """
    found, by_due, by_known, by_expected = [], balance, balance, balance
    for n, start in enumerate(starts):
        (due_in, due_out), (again_in, again_out) = due[n], recurring[n]
        if forecast:
            usual_in, usual_out = forecast[n]
        else:
            usual_in, usual_out = (
                rest + again for rest, again in zip(usual, _plus(recurring[n], standing[n]), strict=True)
            )
        # What is known is a part of what usually comes.
        expected_in, expected_out = (
            max(due_in + again_in, usual_in),
            min(due_out + again_out, usual_out),
        )
        by_due += due_in + due_out
        by_known += due_in + due_out + again_in + again_out
        by_expected += expected_in + expected_out
        found.append(
            Week(start, due_in, due_out, again_in, again_out, expected_in, expected_out, by_due, by_known, by_expected)
        )  # fmt: skip
    source = "forecast" if forecast else "usual" if any(usual) else "none"
    return Projection(balance, *late, tuple(found), source)


def _plus(one: Flows, other: Flows) -> Flows:
    return one[0] + other[0], one[1] + other[1]


def usual_of(weeks: Sequence[Flows], recurring: Sequence[Flows]) -> Flows:
    """Return in and out of a usual week without what comes again: a part of the middle one of past spans of four weeks, since the first week that moved
    anything. Zero before there is one. The middle of single weeks would never see what is paid once a month.
    """
    begun = next((n for n, week in enumerate(weeks) if any(week)), len(weeks))
    ends = range(len(weeks), begun + SPAN - 1, -SPAN)
    if not ends:
        return ZERO, ZERO
    spans = [list(zip(weeks, recurring, strict=True))[end - SPAN : end] for end in ends]
    inward = median(max(sum((week[0] - again[0] for week, again in span), ZERO), ZERO) for span in spans)
    outward = median(min(sum((week[1] - again[1] for week, again in span), ZERO), ZERO) for span in spans)
    return (inward / SPAN).quantize(CENT), (outward / SPAN).quantize(CENT)


def foretold(
    days: Mapping[date, Decimal], totals: Mapping[date, Decimal], starts: Sequence[date]
) -> dict[int, Decimal]:
    """Return the forecast by the place of its week among `starts`: its days, such that each week from Monday on has the total foretold for it.

    The days of what moves seldom add up to more than its weeks, for none of them can be less than nothing; so a week's own forecast (Monday → `totals`)
    is believed, and shared out as its days are. Days outside of those weeks are as much too large or too small as the others together.
    """
    found, own, believed = dict(days), ZERO, ZERO
    outside = set(days)
    for monday, total in totals.items():
        week = [monday + timedelta(days=n) for n in range(7)]
        if not all(day in days for day in week):
            continue
        whole = sum((days[day] for day in week), ZERO)
        found |= {day: days[day] * total / whole if whole else total / 7 for day in week}
        outside -= set(week)
        own, believed = own + whole, believed + total
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for day, mean in found.items():
        sums[(day - starts[0]).days // 7] += mean * believed / own if day in outside and own else mean
    return {place: total.quantize(CENT) for place, total in sums.items()}


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


def _usual(tenant: Tenant, starts: list[date], recurring: Sequence[Flows]) -> Flows:
    """Return what a week usually brings beside what comes again, in and out."""
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
    return usual_of(list(zip(sums["CREDIT"], sums["DEBIT"], strict=True)), recurring)


def _forecast(tenant: Tenant, starts: list[date]) -> list[tuple[Decimal, Decimal]]:
    """Return the forecast of receipts and expenses by these weeks; [] unless both reach to the last of them."""
    points = ForecastPoint.objects.filter(
        tenant=tenant, forecast__grain__in=[Forecast.Grain.DAY, Forecast.Grain.WEEK], forecast__about=Forecast.About.COMPANY, forecast__subject="",
        forecast__currency=tenant.currency, forecast__measure__in=["receipts", "expenses"], start__gte=starts[0],
    )  # fmt: skip
    by: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(dict)
    for measure, grain, day, mean in points.values_list(
        "forecast__measure", "forecast__grain", "start", "mean"
    ):
        by[measure, grain][day] = mean
    return both_ways([foretold(by[name, "day"], by[name, "week"], starts) for name in FORETOLD], len(starts))


def both_ways(ways: Sequence[Mapping[int, Decimal]], weeks: int) -> list[Flows]:
    """Return (in, out) of each week out of both ways' forecasts; [] unless both reach to the last of them."""
    if not all(weeks - 1 in one for one in ways):
        return []
    return [(max(ways[0].get(n, ZERO), ZERO), min(ways[1].get(n, ZERO), ZERO)) for n in range(weeks)]
