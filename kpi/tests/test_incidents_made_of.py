"""Numbers made of others (net, average ticket, customers) are judged by themselves, and say nothing that the others say already."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.utils import translation

from kpi.incidents import services, telling
from kpi.incidents.series import series_of
from kpi.incidents.views import why_url
from kpi.models import Anomaly
from ledger.models import Account, Sale
from lib import clock
from live.models import Notification
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import DAY, make_account, make_customer, make_sale, make_source, make_transaction

D = Decimal
DAYS = 60
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is DAY: what is unusual depends on weekdays and holidays."""
    monkeypatch.setattr(clock, "today", lambda zone: DAY)


def ago(tenant: Tenant, days: int) -> date:
    """Return the day so many days ago."""
    return clock.today(tenant.zone) - timedelta(days=days)


def standing(tenant: Tenant) -> dict[str, Anomaly]:
    """Return the incident of yesterday of each number."""
    rows = Anomaly.objects.filter(services.standing(tenant), last_day=ago(tenant, 1))
    return {one.measure: one for one in rows}


@pytest.fixture
def busy(cast: Cast) -> Tenant:
    """Two to six sales of 50 a day to as many customers, as much money in, and 50 more out; yesterday four to one customer for 70, and 50 less out than in."""
    chance = Random(1)
    tenant = cast.aurora
    source = make_source(tenant)
    account = make_account(tenant, source=source)
    customers = [make_customer(tenant, f"Cliente {n}", source=source) for n in range(6)]
    for day in range(1, DAYS + 1):
        n, each = (4, 70) if day == 1 else (chance.randint(2, 6), 50)
        for place in range(n):
            customer = customers[0 if day == 1 else place]
            make_sale(tenant, str(each), source=source, customer=customer, date=ago(tenant, day))
        make_transaction(account, str(50 * n), date=ago(tenant, day))
        make_transaction(account, str(-150 if day == 1 else -50 * n - 50), date=ago(tenant, day))
    return tenant


def test_their_days_are_those_of_the_facts(busy: Tenant):
    def last(measure: str, days: int = 2) -> tuple[D | None, ...]:
        found = series_of(busy, measure, ago(busy, 1))
        assert found
        assert len(found.values) == DAYS
        return found.values[-days:]

    assert last("net") == (D(-50), D(50))
    assert last("average_ticket") == (D(50), D(70))
    sold = last("sales", DAYS)
    assert last("active_customers", DAYS) == (*sold[:-1], D(1))
    new = last("new_customers", DAYS)
    assert (new[0], sum(filter(None, new))) == (sold[0], 6)
    Sale.objects.filter(tenant=busy, date=ago(busy, 1)).update(is_cancelled=True)
    assert last("average_ticket") == (D(50), None)


def test_they_are_judged_told_once_and_lead_to_why(busy: Tenant):
    assert services.judge(tenant=busy) is not None
    found = standing(busy)
    assert found.keys() == {"net", "average_ticket"}
    net, ticket = found["net"], found["average_ticket"]
    assert (net.kind, net.first_day, net.expected, net.got) == ("high", ago(busy, 1), D(-50), D(50))
    assert net.lo < 0
    assert (ticket.kind, ticket.expected, ticket.got) == ("high", D(50), D(70))
    assert telling.called(ticket) == "Ticket médio"
    assert "measure=net&" in why_url(net)
    told = Notification.objects.filter(tenant=busy, event="number_unexpected")
    assert told.count() == 2 * told.values("user").distinct().count() > 0
    assert services.judge(tenant=busy) == services.Judged(0, 0)


def test_what_another_number_says_by_now_is_taken_back(busy: Tenant):
    services.judge(tenant=busy)
    make_sale(busy, "9000.00", date=ago(busy, 1))
    make_transaction(Account.objects.get(tenant=busy), "9000.00", date=ago(busy, 1))
    done = services.judge(tenant=busy)
    assert done is not None
    assert (done.found, done.gone) == (2, 2)
    assert standing(busy).keys() == {"revenue", "inflow"}
    assert services.judge(tenant=busy) == services.Judged(0, 0)


def test_few_customers_are_an_incident_of_their_own(cast: Cast):
    tenant = cast.aurora
    customers = [make_customer(tenant, f"Cliente {n}") for n in range(4)]
    for day in range(1, 40):
        for place in range(4):
            make_sale(tenant, "50.00", customer=customers[place if day > 1 else 0], date=ago(tenant, day))
    services.judge(tenant=tenant)
    assert {
        measure: (one.kind, one.expected, one.got, one.parts) for measure, one in standing(tenant).items()
    } == {"active_customers": ("low", D(4), D(1), [])}
    assert telling.amount(standing(tenant)["active_customers"], D(1)) == "1"


def test_an_incident_is_told_as_the_readers_language_writes_it(cast: Cast):
    one = Anomaly(
        tenant=cast.aurora, measure="revenue", kind="low", first_day=date(2026, 11, 9), last_day=date(2026, 11, 11),
        expected=D(300000), lo=D(288800), hi=D(310000), got=D("1234.50"),
    )  # fmt: skip
    said = {}
    for language in ("pt-br", "en"):
        with translation.override(language):
            said[language] = (
                telling.called(one),
                telling.days_of(one),
                telling.happened(one).replace("\xa0", " "),
            )
    assert said == {
        "pt-br": (
            "Vendas",
            "09/11/2026 – 11/11/2026",
            "R$ 1,2 mil; o esperado era de R$ 288,8 mil a R$ 310 mil.",
        ),
        "en": ("Sales", "Nov 9, 2026 – Nov 11, 2026", "R$1.2K, expected R$288.8K to R$310K."),
    }
