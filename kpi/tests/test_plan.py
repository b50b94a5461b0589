"""Goals and own days beside the numbers: progress on cards, lines and flags on charts, forecasts remembered."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kpi.forecasts import services as forecasts
from kpi.forecasts.facts import Days
from kpi.models import Forecast, ForecastPoint, Foretold, Occasion
from kpi.targets import services as targets
from lib import clock
from lib.periods import preset
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import access_of, make_sale, make_source

D = Decimal
pytestmark = pytest.mark.django_db


def sell_daily(cast: Cast, total: str, first: date, last: date) -> None:
    """Sell the same every day."""
    source = make_source(cast.aurora)
    for n in range((last - first).days + 1):
        make_sale(cast.aurora, total, source=source, date=first + timedelta(days=n))


def test_the_overview_says_how_far_a_goal_is_and_draws_it(cast: Cast):
    tenant, today = cast.aurora, clock.today(cast.aurora.zone)
    period = preset("month", today)
    sell_daily(cast, "100.00", period.start - timedelta(days=100), today)
    whole = clock.month_end(today).day
    targets.save(access=access_of(cast.ana, tenant), changes={("revenue", period.start): D(200) * whole})
    Occasion.objects.create(tenant=tenant, label="Nova tabela", first_day=period.start, last_day=period.start)
    page = signed_in(cast.bruno).get("/t/aurora/").content.decode().replace("\xa0", "")
    assert f"{round(D(period.days) / whole * 50)}% da meta" in page
    if today.day > 1:
        assert "no ritmo para" in page
    assert 'class="line goal s8"' in page
    assert "Nova tabela" in page
    other = signed_in(cast.carla).get("/t/boreal/").content.decode()
    assert "Nova tabela" not in other
    assert "da meta" not in other
    assert 'alerts/new/?kpi=revenue"' in signed_in(cast.ana).get("/t/aurora/").content.decode()
    assert "alerts/new/" not in page, "who may not change anything is not invited"


def test_what_had_been_expected_of_a_day_is_kept_when_it_becomes_known(cast: Cast):
    tenant, day = cast.aurora, date(2026, 3, 10)
    made = Forecast.objects.create(
        tenant=tenant, measure="sales", grain="day", about="company", currency="BRL", through=day - timedelta(days=1),
        made_at=clock.now(), model="x", verdict="ok",
    )  # fmt: skip
    for n in range(3):
        ForecastPoint.objects.create(
            tenant=tenant,
            forecast=made,
            start=day + timedelta(days=n),
            mean=15 + n,
            lo80=13,
            hi80=17,
            lo95=12,
            hi95=18,
        )
    known: Any = Days("sales", "company", "", "", day, (D(1), D(2)))
    forecasts._keep(tenant, known, Forecast.Grain.DAY, None)
    assert list(Foretold.objects.filter(tenant=tenant).values_list("day", "mean").order_by("day")) == [
        (day, D(15)),
        (day + timedelta(days=1), D(16)),
    ]
    forecasts._keep(tenant, known, Forecast.Grain.DAY, None)
    assert Foretold.objects.count() == 2
