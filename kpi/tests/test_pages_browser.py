"""Analysis, segments, their edges, unexpected days and the cards in a real browser: accessible, within the policy, on a phone, with little and without any data."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from config.tests import browser
from kpi.models import Anomaly, AnomalyState, Target
from kpi.segmenting import services
from kpi.tests.browsing import check_pages, company, enter
from lib import clock
from tenants.models import Tenant
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PAGES = (
    "",
    "analysis/",
    "analysis/?measure=net",
    "segments/",
    "segments/?segment=champions",
    "segments/edges/",
    "anomalies/",
)


@pytest.fixture
def aurora() -> Tenant:
    """Some months of sales and bank lines, customers with segments, a goal, an unexpected day."""
    tenant = company()
    today = clock.today(tenant.zone)
    source = factories.make_source(tenant)
    account = factories.make_account(tenant, source=source, balance="900.00")
    product = factories.make_product(tenant, "Consulta", source=source)
    for number in range(12):
        customer = factories.make_customer(
            tenant, f"Cliente {number}", source=source, phone="+55 11 90000-0000"
        )
        for n in range(number % 4 + 1):
            day = today - timedelta(days=30 * n + number)
            factories.make_sale(
                tenant, str(20 + number), customer=customer, date=day, store="Centro", items=[(product, "20")]
            )
    for n in range(120):
        factories.make_transaction(account, str(100 + n), date=today - timedelta(days=n), category="Vendas")
    factories.make_transaction(account, "-70.00", date=today, category="Aluguel")
    factories.make_open_item(tenant, "90.00", source=source, due_date=today - timedelta(days=3))
    Target.objects.create(tenant=tenant, kpi="inflow", month=today.replace(day=1), value="5000.00")
    services.compute(tenant=tenant)
    yesterday, now = today - timedelta(days=1), clock.now()
    Anomaly.objects.create(
        tenant=tenant, measure="revenue", kind="low", first_day=yesterday, last_day=yesterday, expected=900, lo=800, hi=1000, got=100,
        score=2.5, found_at=now, updated_at=now,
        parts=[{"dimension": "product", "key": str(product.pk), "name": "Consulta", "gap": "-800.00", "share": "0.71"}],
    )  # fmt: skip
    AnomalyState.objects.create(tenant=tenant, through=yesterday, judged_at=now)
    return tenant


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_pages_are_accessible_and_fit(door, visit, aurora: Tenant, theme: str, width: int) -> None:
    with visit(f"{door.url}/accounts/login/", theme=theme, width=width) as seen:
        check_pages(seen, door.url, PAGES)


def test_pages_of_an_empty_company_say_what_comes(door, visit) -> None:
    company()
    with visit(f"{door.url}/accounts/login/", width=390) as seen:
        check_pages(seen, door.url, PAGES)


def test_a_card_opens_its_comparisons_and_leads_to_why(door, visit, aurora: Tenant) -> None:
    with visit(f"{door.url}/accounts/login/") as seen:
        page = seen.page
        enter(page, door.url)
        button = page.locator("[popovertarget=compared-inflow]")
        button.focus()
        page.keyboard.press("Enter")
        opened = page.locator("#compared-inflow")
        expect(opened).to_be_visible()
        # One or none on the first of a month.
        expect(opened).to_contain_text(re.compile("dia útil|dias úteis"))
        expect(opened).to_contain_text("Meta do mês inteiro")
        assert seen.axe() == []
        page.keyboard.press("Escape")
        expect(opened).to_be_hidden()
        page.locator(".number-card", has=button).locator(".number-why").click()
        page.wait_for_url("**/analysis/?measure=inflow&**")
        browser.settle(page)
        expect(page.locator("#why")).to_contain_text("Vendas")


def test_edges_are_tried_before_they_are_kept(door, visit, aurora: Tenant) -> None:
    with visit(f"{door.url}/accounts/login/") as seen:
        page = seen.page
        enter(page, door.url)
        browser.go(page, f"{door.url}/t/aurora/segments/edges/")
        trial = page.locator("#edges-trial")
        expect(trial).to_contain_text("Ninguém mudaria de segmento")
        page.locator("select[name=r_low]").first.select_option("1")
        page.locator("select[name=f_low]").first.select_option("1")
        page.locator("select[name=m_low]").first.select_option("1")
        expect(trial).to_contain_text("mudariam de segmento")
        browser.go(page, f"{door.url}/t/aurora/segments/edges/")
        with page.expect_navigation():
            page.locator("button[value='drop:12']").click()
        expect(page.locator(".edge-list > li")).to_have_count(12)
        expect(trial).to_contain_text("Alguém ficaria sem segmento")
        browser.go(page, f"{door.url}/t/aurora/segments/edges/")
        page.locator("select[name=segment]").first.select_option("loyal")
        page.get_by_role("button", name="Salvar estes limites").click()
        page.wait_for_url("**/t/aurora/segments/")
        expect(page.locator("#segment-list")).to_contain_text("Fiéis")
        assert seen.complaints == []


def test_an_unexpected_day_is_answered(door, visit, aurora: Tenant) -> None:
    with visit(f"{door.url}/accounts/login/", width=390) as seen:
        page = seen.page
        enter(page, door.url)
        browser.go(page, f"{door.url}/t/aurora/anomalies/")
        expect(page.locator("#anomaly-list")).to_contain_text("71% da diferença é Consulta.")
        with page.expect_navigation():
            page.get_by_role("button", name="É real").click()
        assert Anomaly.objects.get().feedback == "real"
        browser.settle(page)
        page.get_by_role("link", name="Por quê?").click()
        page.wait_for_url("**/analysis/?measure=revenue&by=product&**")
        browser.settle(page)
        expect(page.locator("#drivers")).to_contain_text("Consulta")


def test_what_the_legend_leaves_out_stays_out_when_numbers_change_and_is_part_of_the_address(
    door, visit, aurora: Tenant
) -> None:
    with visit(f"{door.url}/accounts/login/") as seen:
        page = seen.page
        enter(page, door.url)
        chart, fresh = page.locator("#cash-flow"), page.locator("#cash-flow:not([data-earlier])")
        chart.locator("[data-series-toggle='1']").click()
        assert page.url.endswith("/t/aurora/?off=cash-flow.1")
        chart.evaluate("chart => chart.setAttribute('data-earlier', '')")
        page.locator("#board").evaluate("board => htmx.trigger(board, 'live:refresh')")
        for _again in range(2):
            expect(fresh.locator("[data-series-toggle='1']")).to_have_attribute("aria-pressed", "false")
            expect(fresh.locator("[data-series-toggle='0']")).to_have_attribute("aria-pressed", "true")
            expect(fresh.locator("svg [data-series='1']:not(.is-off)")).to_have_count(0)
            browser.again(page)
        chart.locator("[data-series-toggle='1']").click()
        assert page.url.endswith("/t/aurora/")
        assert seen.complaints == []
