"""The overview says what comes next, what that is worth, and why there is nothing to say."""

from datetime import timedelta
from decimal import Decimal

from kpi.forecasts import services
from kpi.forecasts.expected import Expected, Range, expected
from kpi.models import Daily, ForecastPoint
from kpi.pictures import Pictures
from kpi.tests.test_forecasts_api import make
from lib import clock
from live import cache
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import make_sale


def page(cast: Cast) -> str:
    """Return the overview of Aurora."""
    return signed_in(cast.ana).get("/t/aurora/").content.decode()


def test_the_days_to_come_stand_beside_their_error(cast: Cast) -> None:
    today = clock.today(cast.aurora.zone)
    make_sale(cast.aurora, "30.00", date=today - timedelta(days=1))
    assert "expected-next" not in page(cast)
    row = make(cast.aurora, made_at=clock.now())
    week = make(cast.aurora, made_at=clock.now(), grain="week", mean="770.00")
    ForecastPoint.objects.filter(forecast=row).update(start=today)
    ForecastPoint.objects.filter(forecast=week).update(start=today + timedelta(days=3))
    make(cast.boreal, mean="99999.00")
    ForecastPoint.objects.filter(tenant=cast.aurora, forecast=row).update(mean=Decimal("1500.00"))
    make_sale(cast.aurora, "1.00", date=today)
    forget(cast)
    shown = page(cast)
    assert "R$\xa01,5\xa0mil em vendas esperados nos próximos 1 dias" in shown
    assert "um dia errou 10% em média, e 80% dos dias ficaram dentro da faixa" in shown
    assert "R$\xa0770,00" in shown
    assert "99.999" not in shown


def test_a_run_that_ends_is_seen_at_the_next_look(cast: Cast) -> None:
    tenant, today = cast.aurora, clock.today(cast.aurora.zone)
    Daily.objects.bulk_create(
        Daily(
            tenant=tenant, day=today - timedelta(days=ago), type="CREDIT", currency="BRL", n=1, total=7, active_n=1, active_total=7,
            flow_n=1, flow_total=7,
        )
        for ago in range(1, 61)
    )  # fmt: skip
    row = make(tenant, made_at=clock.now(), measure="receipts", mean="99.00")
    ForecastPoint.objects.filter(forecast=row).update(start=today)

    def means() -> list[Decimal]:
        cache.forget_generations(tenant.pk)  # as every process does when it hears of a change
        found = expected(tenant, sells=False, today=today)
        return [one.mean for one in found.ahead] if found else []

    assert means() == [Decimal(99)]
    ForecastPoint.objects.filter(forecast=row).update(mean=1)
    assert means() == [Decimal(99)], "nobody said that anything had changed"
    assert services.compute(tenant=tenant) is not None
    assert means() == [Decimal(7)] * 28


def test_a_series_that_is_too_wild_says_so(cast: Cast) -> None:
    make_sale(cast.aurora, "30.00", date=clock.today(cast.aurora.zone))
    make(cast.aurora, made_at=clock.now(), verdict="too_wild")
    shown = page(cast)
    assert "Sem previsão por dia" in shown
    assert "expected-next" not in shown


def forget(cast: Cast) -> None:
    """Let the pages see what changed, as every write of facts does."""
    from live import cache, events

    events.publish("facts_changed", tenant_id=cast.aurora.pk)
    cache.forget_generations()


def test_past_days_of_the_picture_lead_to_their_rows(cast: Cast) -> None:
    day = clock.today(cast.aurora.zone)
    found = Expected(
        "sales", "ok", Decimal("0.1"), Decimal("0.8"), [(day - timedelta(days=1), Decimal(30))],
        [Range(day, Decimal(29), Decimal(20), Decimal(40))], [],
    )  # fmt: skip
    past, ahead = Pictures(tenant=cast.aurora, locale="pt_BR").expected(found).table.rows
    span = f"from={day - timedelta(days=1)}&to={day - timedelta(days=1)}"
    assert (past.href, ahead.href) == (f"/t/aurora/sales/?status=counted&{span}", "")
