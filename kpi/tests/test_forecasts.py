"""Stored forecasts: out of the rollups, of whole days only, of one company, with signs as in the ledger."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from kpi.forecasts import facts, services
from kpi.models import Daily, Forecast, ForecastPoint, Occasion
from lib import clock
from lib.workdays import national
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import make_product, make_sale, make_source

TODAY = date(2026, 3, 21)


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr(clock, "today", lambda zone: TODAY)


def day(tenant: Tenant, kind: str, ago: int, total: str, currency: str = "BRL") -> None:
    """Put a total into the rollup, as its triggers would."""
    amount = Decimal(total)
    Daily.objects.create(
        tenant=tenant, day=TODAY - timedelta(days=ago), type=kind, currency=currency,
        n=1, total=amount, active_n=1, active_total=amount, flow_n=1, flow_total=amount,
    )  # fmt: skip


def test_series_are_of_whole_days_and_own_currency(cast: Cast) -> None:
    for ago, total in ((0, "9"), (1, "5"), (3, "7")):
        day(cast.aurora, "CREDIT", ago, total)
    day(cast.aurora, "DEBIT", 2, "-4")
    day(cast.aurora, "CREDIT", 2, "1000", "USD")
    day(cast.boreal, "SALE", 1, "50")
    found = {each.measure: each for each in facts.series(cast.aurora)}
    assert set(found) == {"receipts", "expenses"}
    receipts = found["receipts"]
    assert (receipts.start, receipts.totals) == (date(2026, 3, 18), (Decimal(7), Decimal(0), Decimal(5)))
    assert found["expenses"].totals == (Decimal(-4), Decimal(0))


def test_a_silence_longer_than_ever_before_is_no_zero(cast: Cast) -> None:
    for ago in (30, 20, 10):
        day(cast.aurora, "CREDIT", ago, "5")
        day(cast.aurora, "DEBIT", ago + 5, "-5")
    found = {each.measure: each.through for each in facts.series(cast.aurora)}
    assert found == {"receipts": date(2026, 3, 20), "expenses": date(2026, 3, 6)}


def test_weeks_that_nobody_told_of_are_no_zeros(cast: Cast) -> None:
    """A bank that was not connected for a month, and little since; nothing between is zero unless the company was closed."""
    told = [ago for ago in range(1, 90) if not 6 <= ago <= 35]
    for ago in told:
        day(cast.aurora, "CREDIT", ago, str(10 + (TODAY - timedelta(days=ago)).weekday()))
        day(cast.aurora, "SALE", ago, "5")
    (receipts, sales) = sorted(facts.series(cast.aurora), key=lambda each: each.measure)
    assert (len(receipts.totals), receipts.through) == (89, TODAY - timedelta(days=1))
    assert list(receipts.totals) == [
        Decimal(10 + (receipts.start + timedelta(days=n)).weekday()) for n in range(89)
    ]
    assert set(sales.totals) == {Decimal(5)}
    closed = frozenset(TODAY - timedelta(days=ago) for ago in range(6, 36))
    (rested, _sales) = sorted(facts.series(cast.aurora, closed), key=lambda each: each.measure)
    assert sum(1 for total in rested.totals if total == 0) == 30


def test_days_between_rare_rows_stay_zeros(cast: Cast) -> None:
    for ago in range(1, 90, 4):
        day(cast.aurora, "CREDIT", ago, "8")
    (receipts,) = facts.series(cast.aurora)
    assert (receipts.totals.count(Decimal(0)), len(receipts.totals)) == (66, 89)


def test_only_whole_months_count() -> None:
    days = facts.Days("sales", "company", "", "", date(2026, 1, 30), tuple(Decimal(n) for n in range(40)))
    assert days.through == date(2026, 3, 10)
    assert facts.by_month(days) == ([date(2026, 2, 1)], [float(sum(range(2, 30)))])


def test_main_products_and_stores_have_their_own(cast: Cast) -> None:
    source = make_source(cast.aurora)
    bath, food = (make_product(cast.aurora, name, source=source) for name in ("Banho", "Ração"))
    yesterday = TODAY - timedelta(days=1)
    common = {"source": source, "date": yesterday}
    make_sale(cast.aurora, "30", items=[(bath, "10"), (food, "20")], store="Centro", **common)
    make_sale(cast.aurora, "5", items=[(bath, "5")], store="Norte", **common)
    make_sale(cast.aurora, "90", items=[(bath, "90")], store="Norte", is_cancelled=True, **common)
    found = [(each.about, each.name, each.totals) for each in facts.series(cast.aurora)]
    assert found == [
        ("company", "", (Decimal(35),)),
        ("store", "Centro", (Decimal(30),)),
        ("store", "Norte", (Decimal(5),)),
        ("product", "Ração", (Decimal(20),)),
        ("product", "Banho", (Decimal(15),)),
    ]


def test_a_forecast_is_kept_once_and_knows_what_it_is_worth(cast: Cast) -> None:
    for ago in range(1, 61):
        day(cast.aurora, "DEBIT", ago, "-7.50")
        day(cast.boreal, "SALE", ago, "1")
    assert services.due() == [cast.aurora, cast.boreal]
    made = services.compute(tenant=cast.aurora)
    assert (made.kept, made.unsaid) == (3, 2)
    assert services.due() == [cast.boreal]
    assert services.compute(tenant=cast.aurora) == made
    kept = {each.grain: each for each in Forecast.objects.all()}
    assert {each.tenant for each in kept.values()} == {cast.aurora}
    assert {grain: each.verdict for grain, each in kept.items()} == {
        "day": "ok", "week": "too_short", "month": "too_short",
    }  # fmt: skip
    assert (kept["day"].model, kept["day"].covered80, kept["day"].origins) == ("constant", 1.0, 2)
    points = ForecastPoint.objects.filter(tenant=cast.aurora)
    assert (points.count(), points.first().start) == (90, TODAY)
    assert {(p.mean, p.lo80, p.hi95) for p in points} == {(Decimal("-7.50"),) * 3}


def test_a_free_day_to_come_is_expected_to_bring_less(cast: Cast) -> None:
    """Closed on its own free days as on holidays: what those of the past cost is expected of the next one, of this company's alone."""
    closed = [TODAY - timedelta(days=n) for n in (20, 41, 62, 83, 105, 127, 148, 169, 190)]
    nothing = {*closed, *national(2025), *national(2026)}
    worked = [day for n in range(1, 220) if (day := TODAY - timedelta(days=n)) not in nothing]
    Daily.objects.bulk_create(
        Daily(
            tenant=cast.aurora, day=one, type="SALE", currency="BRL", n=1, total=100, active_n=1, active_total=100, flow_n=1,
            flow_total=100 + one.day % 3,
        )
        for one in worked
    )  # fmt: skip
    ahead, other = TODAY + timedelta(days=4), TODAY + timedelta(days=11)  # Wednesdays
    for tenant, day in [(cast.aurora, one) for one in (*closed, ahead)] + [(cast.boreal, other)]:
        Occasion.objects.create(tenant=tenant, kind="free", label="Folga", first_day=day, last_day=day)
    services.compute(tenant=cast.aurora)
    means = dict(ForecastPoint.objects.filter(forecast__grain="day").values_list("start", "mean"))
    assert means[ahead] < 30
    assert means[other] > 90


def test_what_is_no_longer_main_is_dropped_and_the_next_day_is_due(cast: Cast, monkeypatch) -> None:
    sale = make_sale(
        cast.aurora, "30", items=[(make_product(cast.aurora), "30")], date=TODAY - timedelta(days=5)
    )
    assert services.compute(tenant=cast.aurora).kept == 6
    sale.items.all().delete()
    assert services.compute(tenant=cast.aurora).kept == 3
    assert Forecast.objects.count() == 3
    Forecast.objects.update(made_at="2026-03-21T12:00:00Z")
    assert cast.aurora not in services.due()
    monkeypatch.setattr(clock, "today", lambda zone: TODAY + timedelta(days=1))
    assert cast.aurora in services.due()


def test_a_computation_that_is_killed_half_way_is_due_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ago in range(1, 6):
        day(cast.aurora, "CREDIT", ago, "5")
        day(cast.boreal, "CREDIT", ago, "5")
    keep = services._keep

    def killed(*asked: Any) -> None:
        keep(*asked)
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(services, "_keep", killed)
        with pytest.raises(SystemExit):
            services.compute(tenant=cast.aurora)
    assert services.compute(tenant=cast.boreal) == services.Made(3, 3)
    assert services.due() == [cast.aurora]


def test_the_command_says_what_came_of_it(cast: Cast, capsys) -> None:
    day(cast.aurora, "CREDIT", 1, "5")
    call_command("forecast", tenant=cast.aurora.slug)
    assert capsys.readouterr().out.startswith(f"{cast.aurora.slug}: 3 forecasts, 3 not worth drawing, ")
    assert Forecast.objects.filter(tenant=cast.aurora).count() == 3
