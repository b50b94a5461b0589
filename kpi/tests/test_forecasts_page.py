"""The overview says what comes next, what that is worth, and why there is nothing to say."""

from datetime import timedelta
from decimal import Decimal

from kpi.models import ForecastPoint
from kpi.tests.test_forecasts_api import make
from lib import clock
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
