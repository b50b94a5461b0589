"""Segments on their page, as CSV and by API: of one company, in its words."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client

from kpi.segmenting import services
from lib import clock
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import make_customer, make_sale

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(cast: Cast) -> Client:
    """Ana of Aurora, whose company has three customers; Boreal has one of its own."""
    today = clock.today(cast.aurora.zone)
    for name, days, total, times in (
        ("Faithful", 1, "90.00", 3),
        ("=cmd|x", 3, "10.00", 1),
        ("Gone", 300, "20.00", 1),
    ):
        customer = make_customer(cast.aurora, name, phone="+55 11 90000-0000")
        for n in range(times):
            make_sale(cast.aurora, total, customer=customer, date=today - timedelta(days=days + n))
    make_sale(cast.boreal, "77.00", customer=make_customer(cast.boreal, "Elsewhere"), date=today)
    for tenant in (cast.aurora, cast.boreal):
        services.compute(tenant=tenant)
    return signed_in(cast.ana)


def test_the_page_tells_segments_and_the_customers_of_one(ana: Client):
    page = ana.get("/t/aurora/segments/").content.decode()
    assert "Campeões" in page
    assert "3 clientes com compras" in page
    assert "Faithful" not in page
    one = ana.get("/t/aurora/segments/?segment=champions").content.decode()
    assert "Faithful" in one
    assert "Elsewhere" not in one
    assert ana.get("/t/aurora/segments/?segment=friends&cursor=x").status_code == 200
    assert ana.get("/t/aurora/segments/?segment=champions&cursor=x").status_code == 200
    assert ana.get("/t/boreal/segments/").status_code == 404


def test_before_the_first_computation_the_page_says_what_comes(cast: Cast):
    page = signed_in(cast.ana).get("/t/aurora/segments/?segment=champions").content.decode()
    assert "Ainda não há segmentos" in page
    assert signed_in(cast.ana).get("/t/aurora/segments/csv/?segment=champions").status_code == 404


def test_the_customers_come_as_a_file_for_a_spreadsheet(ana: Client):
    answer = ana.get("/t/aurora/segments/csv/?segment=champions")
    text = answer.getvalue().decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(text), delimiter=";")
    assert (head[0], row[0], row[4:9]) == ("Cliente", "Faithful", ["3", "270,00", "5", "4", "4"])
    whole = "".join(
        ana.get(f"/t/aurora/segments/csv/?segment={code}").getvalue().decode()
        for code in ("promising", "new", "about_to_sleep")
    )
    assert "=cmd" not in whole.replace("'=cmd", "")
    assert ana.get("/t/aurora/segments/csv/?segment=friends").status_code == 404


def test_the_api_tells_the_same_and_answers_304(ana: Client):
    answer = ana.get("/api/segments?segment=champions&limit=1", headers={"X-Tenant": "aurora"})
    data = answer.json()["data"]
    assert (data["customers"], data["value"]) == (3, "300.00")
    assert [one["customers"] for one in data["segments"] if one["segment"] == "champions"] == [1]
    assert [(one["name"], one["monetary"], one["r"]) for one in data["members"]] == [
        ("Faithful", "270.00", 5)
    ]
    again = ana.get(
        "/api/segments?segment=champions&limit=1",
        headers={"X-Tenant": "aurora", "If-None-Match": answer["ETag"]},
    )
    assert again.status_code == 304
    for wrong in ("segment=friends", "limit=0", "limit=x", "segment=champions&cursor=x"):
        assert ana.get(f"/api/segments?{wrong}", headers={"X-Tenant": "aurora"}).status_code == 400


def test_months_that_are_over_are_one_click_away(ana: Client, cast: Cast):
    today = clock.today(cast.aurora.zone)
    this = today.replace(day=1)
    before = clock.add_months(this, -3)
    page = ana.get(f"/t/aurora/segments/?month={before:%Y-%m}").content.decode()
    assert "1 cliente com compras" in page  # who bought of late was none yet
    assert f"?month={clock.add_months(before, -1):%Y-%m}" in page
    assert f"?month={clock.add_months(before, 1):%Y-%m}" in page
    for nothing in ("1999-01", "2999-01", "9999-12", "x"):
        assert "3 clientes com compras" in ana.get(f"/t/aurora/segments/?month={nothing}").content.decode()
    head = {"headers": {"X-Tenant": "aurora"}}
    now, then = (
        ana.get(f"/api/segments{asked}", **head).json()["data"] for asked in ("", f"?month={before:%Y-%m}")
    )
    assert (now["month"], now["customers"]) == (f"{this:%Y-%m}", 3)
    assert (then["month"], then["customers"], then["reference_day"]) == (
        f"{before:%Y-%m}", 1, str(clock.add_months(before, 1)),
    )  # fmt: skip
    for wrong in ("1999-01", "x", "2026-13"):
        assert ana.get(f"/api/segments?month={wrong}", **head).status_code == 400
    assert len(ana.get(f"/t/aurora/segments/csv/?month={before:%Y-%m}").getvalue().splitlines()) == 2
