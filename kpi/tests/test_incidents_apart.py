"""A main product or store that sinks while the whole looks as usual: found by itself, one incident for one cause, told once."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pytest
from django.utils import translation

from kpi.anomalies.silence import silences
from kpi.incidents import services, subjects, telling
from kpi.models import Anomaly, Daily, DimensionDaily
from lib import clock
from live.models import Notification
from live.notifications import catalog
from live.notifications import services as notified
from tenants.models import Tenant
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import make_product, make_source

D = Decimal
DAY = date(2026, 3, 10)


# --- pure ----------------------------------------------------------------------------------------------------------------
def test_silence_is_told_when_chance_does_not_make_it() -> None:
    often = np.array([0.0, 50, 50] * 40)  # two days of three: k zeros have the chance 3^-k
    for zeros, found in ((5, 0), (6, 1)):
        values = np.concatenate([often, np.array([50.0]), np.zeros(zeros)])
        assert len(silences(values, rarity=500)) == found, zeros
    [one] = silences(values, rarity=500)
    assert (one.kind, one.first, one.last, one.got) == ("low", 121, 126, 0.0)
    assert one.expected == pytest.approx(values[:121].mean() * 6)
    assert (one.lo, one.hi) == (200.0, 200.0)
    assert one.score == pytest.approx(6 * np.log(121 / 40) / np.log(500))
    assert silences(values, rarity=500, start=127) == []


def test_a_silence_no_longer_than_one_before_is_a_habit() -> None:
    values = np.concatenate([np.full(60, 9.0), np.zeros(7), np.full(60, 9.0), np.zeros(7)])
    assert [(one.first, one.last) for one in silences(values, rarity=500)] == [(60, 66)]
    assert [(one.first, one.last) for one in silences(np.append(values, 0.0), rarity=500)] == [
        (60, 66),
        (127, 134),
    ]
    # After two weeks it is the usual thing, and too short a past says nothing.
    assert silences(np.concatenate([np.full(60, 9.0), np.zeros(30)]), rarity=500)[0].last == 73
    assert silences(np.concatenate([np.full(55, 9.0), np.zeros(30)]), rarity=500) == []


def incident(dimension: str = "", key: str = "", *, ago: int = 0, days: int = 1, gap: int = -50, **more: Any) -> Anomaly:  # fmt: skip
    """Return an unsaved incident of so many days that ends some days before."""
    last = DAY - timedelta(days=ago)
    return Anomaly(
        dimension=dimension, key=key, first_day=last - timedelta(days=days - 1), last_day=last, expected=D(100), got=D(100 + gap),
        **({"kind": "low", "parts": []} | more),
    )  # fmt: skip


def test_what_the_whole_says_already_is_not_said_again() -> None:
    sunk = incident("product", "1", days=8)
    named = [{"dimension": "product", "key": "1", "name": "Cesta", "gap": "-50", "share": "0.7"}]
    for whole, stands in (
        (incident(days=4), False),  # most of its days
        (incident(days=3), True),
        (incident(days=1, parts=named), False),
        (incident(days=8, kind="high"), True),
        (incident(days=8, kind="missing"), False),
        (incident(days=8, ago=8), True),
    ):
        assert subjects.uncovered([sunk], [whole]) == ([sunk] if stands else []), whole


def test_of_a_product_and_its_store_the_larger_gap_stands() -> None:
    product, store = incident("product", "1", gap=-50), incident("store", "Centro", gap=-60)
    other, later = incident("product", "2", gap=-40, ago=2), incident("product", "3", gap=-30, ago=2)
    assert subjects.uncovered([product, other, store, later], []) == [store, other, later]
    grown = incident("store", "Centro", gap=70, kind="high")
    assert subjects.uncovered([product, grown], []) == [grown, product]


def test_a_holiday_explains_its_day_and_no_week() -> None:
    for days, said in ((1, True), (2, True), (3, False)):
        one = incident("product", "1", days=days)
        one.first_day, one.last_day = date(2026, 9, 7), date(2026, 9, 6) + timedelta(days=days)
        assert bool(telling.why(one)) == said, days


# --- kept ----------------------------------------------------------------------------------------------------------------
def sold(tenant: Tenant, through: date) -> None:
    """Sell about 1,000 a day for 159 days, of which one product brings 50 on two days of three, and nothing since nine days ago."""
    source = make_source(tenant)
    basket, rest = (
        make_product(tenant, f"{name} {tenant.name}", source=source) for name in ("Cesta", "Ração")
    )
    noise = np.random.default_rng(3).integers(-300, 300, 160)
    days, parts = [], []
    for ago in range(1, 160):
        day, total = through - timedelta(days=ago - 1), 1000 + int(noise[ago])
        days.append(Daily(tenant=tenant, day=day, type="SALE", currency="BRL", n=9, total=total, active_n=9, active_total=total, flow_n=9, flow_total=total))  # fmt: skip
        basket_sold = 50 if ago > 9 and ago % 3 != 2 else 0
        for product, amount in ((basket, basket_sold), (rest, total - basket_sold)):
            if amount:
                parts.append(DimensionDaily(tenant=tenant, type="SALE", dimension="product", currency="BRL", key=str(product.pk), day=day, n=1, quantity=1, total=amount))  # fmt: skip
    Daily.objects.bulk_create(days)
    DimensionDaily.objects.bulk_create(parts)


@pytest.mark.django_db
def test_a_product_that_sank_alone_is_found_and_told_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "today", lambda zone: DAY)
    tenant, through = cast.aurora, DAY - timedelta(days=1)
    for company in (tenant, cast.boreal):
        sold(company, through)
    hears = partial(notified.subscribe, tenant=tenant, event="number_unexpected", is_active=True)
    hears(user=cast.ana, filters={"measure": ["revenue", "sales"]})
    hears(user=cast.bruno, filters={"measure": ["expenses"]})
    services.judge(tenant=tenant)
    [one] = Anomaly.objects.filter(services.standing(tenant))
    assert (one.dimension, one.name, one.kind) == ("product", "Cesta Aurora", "low")
    assert (one.first_day, one.last_day) == (through - timedelta(days=8), through)
    assert (one.got, one.expected, one.lo, one.hi) == (D("0.00"), D("300.00"), D("300.00"), D("300.00"))
    told = Notification.objects.filter(tenant=tenant, event="number_unexpected")
    assert {(row.params["measure"], row.params["measure_of"]) for row in told} == {
        ("revenue", "Cesta Aurora")
    }
    with translation.override("pt-br"):
        title, _body = catalog.get("number_unexpected").written(told[0].params)
    assert title == f"Vendas · Cesta Aurora: R$\xa00,00 em {telling.days_of(one)}"
    people = told.count()
    assert people == told.values("user").distinct().count() > 0
    assert services.judge(tenant=tenant) == services.Judged(0, 0)
    assert told.count() == people
    assert {row.user for row in told} == {cast.ana}, "Bruno hears of money out only"
    assert not Anomaly.objects.filter(tenant=cast.boreal).exists()
    ana = signed_in(cast.ana)
    [row] = ana.get("/api/anomalies", headers={"X-Tenant": "aurora"}).json()["data"]["incidents"]
    assert (row["dimension"], row["key"], row["name"]) == ("product", one.key, "Cesta Aurora")
    assert "Cesta Aurora" in ana.get("/t/aurora/anomalies/").content.decode()
    # Once the company's own number says it, it is one incident; it is taken back, and comes back with the cause.
    whole = Anomaly.objects.create(
        tenant=tenant, measure="sales", kind="low", first_day=through - timedelta(days=8), last_day=through, expected=9, lo=8, hi=9, got=1,
        score=2, found_at=one.found_at, updated_at=one.found_at, feedback="real",
    )  # fmt: skip
    assert services.judge(tenant=tenant) == services.Judged(0, 1)
    assert list(Anomaly.objects.filter(services.standing(tenant))) == [whole]
