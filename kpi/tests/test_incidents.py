"""Incidents of a company's numbers: found, explained, told once, answered by people, taken back by later facts; of one company only."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kpi.incidents import parts, services
from kpi.incidents.series import Series, series_of
from kpi.models import Anomaly, Occasion, RecurringLine
from lib import clock
from live.models import Notification
from tenants.models import Tenant
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import (
    make_account,
    make_customer,
    make_product,
    make_sale,
    make_source,
    make_transaction,
)

D = Decimal
DAYS = 70
pytestmark = pytest.mark.django_db


def shop(tenant: Tenant) -> dict[int, list[object]]:
    """Sell the same every day, two products, until yesterday. Return the sales by how many days ago."""
    source, today = make_source(tenant), clock.today(tenant.zone)
    big, small = (make_product(tenant, name, source=source) for name in ("Ração Premium", "Coleira"))
    customer = make_customer(tenant, "Ana", source=source)
    sales: dict[int, list[object]] = {}
    for ago in range(1, DAYS + 1):
        day = today - timedelta(days=ago)
        sales[ago] = [
            make_sale(tenant, total, source=source, customer=customer, items=[(product, total)], date=day)
            for product, total in ((big, D(80 + ago % 3)), (small, D(20 + ago % 2)))
        ]
    return sales


def kept(tenant: Tenant, measure: str = "revenue") -> list[Anomaly]:
    """Return the incidents that stand, the oldest first."""
    return list(Anomaly.objects.filter(services.standing(tenant), measure=measure).order_by("first_day"))


def ago(tenant: Tenant, days: int) -> date:
    """Return the day so many days ago."""
    return clock.today(tenant.zone) - timedelta(days=days)


def test_a_sunken_product_is_found_explained_and_told_once(cast: Cast):
    tenant = cast.aurora
    sales = shop(tenant)
    sales[1][0].delete()
    assert services.judge(tenant=tenant).found == 2  # revenue, and the number of sales
    [one] = kept(tenant)
    assert (one.kind, one.first_day, one.last_day, one.got) == (
        "low",
        ago(tenant, 1),
        ago(tenant, 1),
        D("21.00"),
    )
    assert one.got < one.lo <= one.expected <= one.hi
    assert next((part["dimension"], part["name"]) for part in one.parts)[1] in {"Ração Premium", "Ana"}
    assert {part["name"]: round(D(part["share"]), 1) for part in one.parts}["Ração Premium"] == 1
    told = Notification.objects.filter(tenant=tenant, event="number_unexpected")
    people = told.values("user").distinct().count()
    assert told.count() == 2 * people > 0
    assert services.judge(tenant=tenant) == services.Judged(0, 0)
    assert told.count() == 2 * people
    assert kept(cast.boreal) == []


def test_a_day_on_which_the_company_was_closed_is_no_incident(cast: Cast):
    tenant = cast.aurora
    sales = shop(tenant)
    for sale in (*sales[1], sales[3][0]):  # nothing yesterday, and little two days before
        sale.delete()

    def closed(company: Tenant, kind: str = "free") -> None:
        for n in (1, 3):
            day = ago(company, n)
            Occasion.objects.create(tenant=company, kind=kind, label="Balanço", first_day=day, last_day=day)

    closed(cast.boreal)
    closed(tenant, "event")
    services.judge(tenant=tenant)
    found = [("low", ago(tenant, 3)), ("missing", ago(tenant, 1))]
    assert [(one.kind, one.first_day) for one in kept(tenant)] == found
    closed(tenant)
    services.judge(tenant=tenant)
    assert kept(tenant) == kept(tenant, "sales") == []
    # What sold well on such a day still stands out.
    make_sale(tenant, "900.00", date=ago(tenant, 3))
    services.judge(tenant=tenant)
    assert [(one.kind, one.first_day) for one in kept(tenant)] == [("high", ago(tenant, 3))]


def test_nothing_at_all_is_missing_data_and_not_a_fall(cast: Cast):
    tenant = cast.aurora
    sales = shop(tenant)
    for n in (1, 2):
        for sale in sales[n]:
            sale.delete()
    services.judge(tenant=tenant)
    [one] = kept(tenant)
    assert (one.kind, one.first_day, one.last_day, one.got, one.parts) == (
        "missing",
        ago(tenant, 2),
        ago(tenant, 1),
        None,
        [],
    )
    assert Notification.objects.filter(tenant=tenant, event="number_missing").exists()


def test_what_a_later_synchronisation_explains_is_taken_back(cast: Cast):
    tenant = cast.aurora
    sales = shop(tenant)
    lost = sales[5][0]
    total = lost.total
    type(lost).objects.filter(pk=lost.pk).update(total=1)
    services.judge(tenant=tenant)
    assert [one.first_day for one in kept(tenant)] == [ago(tenant, 5)]
    assert not Notification.objects.filter(tenant=tenant).exists()  # five days ago is no news
    type(lost).objects.filter(pk=lost.pk).update(total=total)
    assert services.judge(tenant=tenant).gone == 1
    assert kept(tenant) == []


def test_answers_tune_how_rare_alarms_are(cast: Cast):
    tenant = cast.aurora
    shop(tenant)[1][0].delete()
    services.judge(tenant=tenant)
    [one] = kept(tenant)
    ana, bruno = signed_in(cast.ana), signed_in(cast.bruno)
    assert services.rarity(tenant, "revenue") == 250
    url = f"/api/anomalies/{one.pk}/feedback"
    post = {"content_type": "application/json", "headers": {"X-Tenant": "aurora"}}
    assert bruno.post(url, {"feedback": "real"}, **post).status_code == 403
    assert ana.post(url, {"feedback": "perhaps"}, **post).status_code == 400
    assert ana.post(url, {"feedback": "expected"}, **post).json()["data"]["feedback"] == "expected"
    assert services.rarity(tenant, "revenue") == 400
    assert (services.rarity(tenant, "sales"), services.rarity(cast.boreal, "revenue")) == (250, 250)
    listed = ana.get("/api/anomalies?measure=revenue", headers={"X-Tenant": "aurora"}).json()["data"][
        "incidents"
    ]
    assert [(row["id"], row["feedback"], row["got"]) for row in listed] == [(one.pk, "expected", "21.00")]
    assert ana.get("/api/anomalies?measure=luck", headers={"X-Tenant": "aurora"}).status_code == 400
    page = ana.get("/t/aurora/anomalies/").content.decode()
    assert "Ração Premium" in page or "Ana" in page
    assert ana.post(f"/t/aurora/anomalies/{one.pk}/feedback/", {"feedback": ""}).status_code == 302
    assert services.rarity(tenant, "revenue") == 250


def test_what_somebody_says_while_it_is_judged_stays_said(cast: Cast, monkeypatch: pytest.MonkeyPatch):
    tenant, of_gap = cast.aurora, parts.of_gap
    shop(tenant)[1][0].delete()
    services.judge(tenant=tenant)

    def slowly(company, measure, *days):
        for one in kept(tenant, measure):
            services.say(anomaly=one, feedback="expected", actor=cast.ana)
        return of_gap(company, measure, *days)

    monkeypatch.setattr(parts, "of_gap", slowly)
    services.judge(tenant=tenant)
    assert [one.feedback for one in kept(tenant)] == ["expected"]


def test_what_comes_every_month_is_no_news_on_its_day():
    values = (*(D(50 + n % 5) for n in range(119)), D(2050))
    rent = {date(2026, 1, 1) + timedelta(days=119): D(2000)}
    for again, found in (({}, 1), (rent, 0), ({day: D(900) for day in rent}, 1)):
        series = Series(date(2026, 1, 1), values, (1,) * 120, settled=True, again=again)
        assert len(services.find(series, rarity=250, days=10)) == found


def test_a_paid_rent_is_in_the_series_of_expenses_only(cast: Cast):
    make_transaction(make_account(cast.aurora), "-1500", date=ago(cast.aurora, 1))
    for tenant in (cast.aurora, cast.boreal):
        RecurringLine.objects.create(
            tenant=tenant, code="c", party="p", name="Aluguel", rhythm="monthly", kind="day", number=5, unit=1, back=False, share=1, amount=-1450,
            paid=[[ago(tenant, 1).isoformat(), "-1450.00" if tenant == cast.aurora else "-9.00"]],
        )  # fmt: skip
    yesterday = ago(cast.aurora, 1)
    expenses, inflow = (series_of(cast.aurora, measure, yesterday) for measure in ("expenses", "inflow"))
    assert (expenses.again, expenses.values) == ({yesterday: D("1450.00")}, (D("1500.00"),))
    assert inflow is None


def test_a_company_without_history_has_no_incidents(cast: Cast):
    assert services.due() == []
    assert services.judge(tenant=cast.aurora) == services.Judged(0, 0)
    make_sale(cast.aurora, "10.00", date=ago(cast.aurora, 1))
    assert services.judge(tenant=cast.aurora) == services.Judged(0, 0)
    assert "Nada" in signed_in(cast.ana).get("/t/aurora/anomalies/").content.decode()
