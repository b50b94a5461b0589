"""What a company says of itself: goals for this year, days of its own, and alerts, of which the first have fired."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from config.demo import companies
from kpi.alerts import judging, queries, services
from kpi.analysis import sums
from kpi.models import AlertRule, Daily, Monthly, Target
from kpi.occasions import services as occasions
from kpi.targets import services as targets
from lib import clock
from lib.clock import add_months
from lib.periods import Period
from lib.workdays import Calendar
from tenants import access as doors
from tenants.access import Access
from tenants.models import Tenant, User

GROWTH: Final = Decimal("1.08")  # that the goals ask for, against the mean month of the last year
BEST: Final = 5  # customers among whom one who left is looked for,
NEARLY: Final = Decimal("0.8")
LARGE: Final = Decimal("0.01")  # each with at least this share of all sales
WATCHED: Final = timedelta(days=30)  # for how long the alerts have been there
_GOALS: Final = {"revenue": "SALE", "inflow": "CREDIT", "expenses": "DEBIT"}
Wish = dict[str, Any]


def plan(tenants: Mapping[str, Tenant]) -> None:
    """Give every company that has none its goals, own days and alerts, and judge these once."""
    ana = User.objects.get(email=companies.PEOPLE[0].email)
    for tenant in tenants.values():
        if Target.objects.filter(tenant=tenant).exists():
            continue
        access = doors.enter(user=ana, slug=tenant.slug)
        today = clock.today(tenant.zone)
        _goals(access, today)
        _own_days(access, today)
        for wish in _wishes(tenant, today):
            rule = services.create(access=access, fields=wish)
            AlertRule.objects.filter(pk=rule.pk).update(starts_on=today - WATCHED)
        judging.judge(tenant=tenant)


def _goals(access: Access, today: date) -> None:
    changes: dict[tuple[str, date], Decimal | None] = {}
    for code, kind in _GOALS.items():
        past = add_months(today.replace(day=1), -12)
        rows = Monthly.objects.filter(
            tenant=access.tenant, currency=access.tenant.currency, type=kind, month__gte=past, month__lt=today.replace(day=1)
        )  # fmt: skip
        totals = list(rows.values_list("flow_total", flat=True))
        if any(totals):
            factor = 1 if code == "expenses" else GROWTH
            mean = sum(totals, Decimal(0)) / len(totals) * factor
            goal = Decimal(round(mean, -3)) or Decimal(1_000).copy_sign(mean)
            changes |= {(code, date(today.year, month, 1)): goal for month in range(1, 13)}
    if changes:
        targets.save(access=access, changes=changes)


def _own_days(access: Access, today: date) -> None:
    prices = today - timedelta(days=18)
    recess = {
        "kind": "free",
        "label": "Recesso de fim de ano",
        "first_day": date(today.year, 12, 24),
        "last_day": date(today.year + 1, 1, 1),
    }
    occasions.create(
        access=access,
        fields={"kind": "event", "label": "Nova tabela de preços", "first_day": prices, "last_day": prices},
    )
    occasions.create(access=access, fields=recess)
    paid = _paid_on(today.replace(day=1))
    occasions.create(
        access=access,
        fields={"kind": "event", "label": "Dia de pagamento", "first_day": paid, "last_day": paid},
    )


def _paid_on(month: date) -> date:
    """Return the fifth business day of a month, by which wages are paid."""
    works = Calendar().works
    days = (day for n in range(31) if works(day := month + timedelta(days=n)))
    return next(islice(days, 4, None))


def _wishes(tenant: Tenant, today: date) -> list[Wish]:
    """Return a customer who left and a product that sells no more, or sales that fell, as happened lately; the goal; the cash.

    Of a company that sells nothing it is a day on which much was spent.
    """
    sells = Monthly.objects.filter(tenant=tenant, type=_GOALS["revenue"]).exists()
    fell: list[Wish | None] = [wish for wish in (_left(tenant, today), _sold_out(tenant, today)) if wish]
    fell = fell or [_fallen(tenant, today) if sells else _spent(tenant, today)]
    behind: Wish = {
        "kpi": "revenue" if sells else "inflow", "kind": "target", "limit": Decimal("0.1"), "window": "month",
    }  # fmt: skip
    cash: Wish = {"kpi": "cash_balance", "kind": "absolute", "way": "below", "limit": Decimal(10_000)}
    return [*(wish for wish in fell if wish), behind, cash]


def _left(tenant: Tenant, today: date) -> Wish | None:
    """Return to be told of a large customer who has bought nothing for two months; None where nobody large left."""
    span = Period("range", today - timedelta(days=180), today - timedelta(days=60))
    found = sums.by_key(tenant, kind="SALE", dimension="customer", span=span)
    large = sum((one.total for one in found.values()), Decimal(0)) * LARGE
    best = sorted(
        (key for key in found if key and found[key].total >= large), key=lambda key: -found[key].total
    )
    for key in best[:BEST]:
        for weeks in (8, 7):  # the eighth may end today
            wish: Wish = {
                "kpi": "revenue", "dimension": "customer", "key": key, "kind": "streak", "way": "zero", "limit": Decimal(weeks), "window": "week",
            }  # fmt: skip
            trial = queries.tried(tenant, services.condition_of(tenant, wish))
            if any(one.ended_on is None for one in trial.incidents):
                return wish
    return None


def _sold_out(tenant: Tenant, today: date) -> Wish | None:
    span = Period("range", today - timedelta(days=120), today - timedelta(days=30))
    found = sums.by_key(tenant, kind="SALE", dimension="product", span=span)
    for key in sorted((key for key in found if key), key=lambda key: -found[key].total)[:8]:
        wish: Wish = {
            "kpi": "revenue", "dimension": "product", "key": key, "kind": "streak", "way": "zero", "limit": Decimal(3), "window": "day",
        }  # fmt: skip
        if _fired_lately(tenant, wish, today):
            return wish
    return None


def _fallen(tenant: Tenant, today: date) -> Wish | None:
    for kpi in ("revenue", "inflow"):
        for share in ("0.4", "0.3", "0.2", "0.1"):
            wish: Wish = {
                "kpi": kpi, "kind": "change", "way": "below", "limit": Decimal(share), "window": "week", "compare": "same_weekdays",
            }  # fmt: skip
            if _fired_lately(tenant, wish, today):
                return wish
    return None


def _spent(tenant: Tenant, today: date) -> Wish | None:
    """Return to be told of a day that costs nearly what the dearest one of the last week did."""
    days = Daily.objects.filter(
        tenant=tenant, currency=tenant.currency, type="DEBIT", day__gte=today - judging.NEWS, day__lt=today
    )
    dearest = max((abs(total) for total in days.values_list("flow_total", flat=True)), default=Decimal(0))
    limit = Decimal(round(dearest * NEARLY, -3))
    wish: Wish = {"kpi": "expenses", "kind": "absolute", "way": "above", "limit": limit, "window": "day"}
    return wish if limit and _fired_lately(tenant, wish, today) else None


def _fired_lately(tenant: Tenant, wish: Wish, today: date) -> bool:
    trial = queries.tried(tenant, services.condition_of(tenant, wish))
    return any(judging.is_news(one.day, today) for one in trial.incidents)
