"""Goals, own days, alerts and webhooks in a real browser: accessible, within the policy, on a phone, empty too; an alert is written and tried."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from config.tests import browser
from kpi.alerts import judging
from kpi.models import AlertRule, Occasion, Target
from kpi.tests.browsing import check_pages, company, enter
from lib import clock
from live.models import HookDelivery, HookEndpoint
from tenants.models import Tenant
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PAGES = (
    "alerts/",
    "alerts/new/?kpi=revenue&kind=change&limit=20",
    "alerts/new/?kpi=cash_balance&limit=20",
    "alerts/history/",
    "alerts/webhooks/",
    "targets/",
    "occasions/",
)


@pytest.fixture
def aurora() -> Tenant:
    """Sales of three months with two bad days, a goal, an own day, an alert that told, a webhook that failed."""
    tenant = company()
    today, source = clock.today(tenant.zone), factories.make_source(tenant)
    for n in range(1, 90):
        factories.make_sale(
            tenant,
            "50" if n in {2, 30} else "200",
            source=source,
            store="Centro",
            date=today - timedelta(days=n),
        )
    Target.objects.create(tenant=tenant, kpi="revenue", month=today.replace(day=1), value=9000)
    Occasion.objects.create(tenant=tenant, kind="free", label="Balanço", first_day=today, last_day=today)
    AlertRule.objects.create(
        tenant=tenant,
        kpi="revenue",
        kind="absolute",
        way="below",
        limit=100,
        window="day",
        starts_on=today - timedelta(days=9),
    )
    judging.judge(tenant=tenant)
    hook = HookEndpoint.objects.create(tenant=tenant, url="https://example.com/x", label="ERP", secret="")
    HookDelivery.objects.create(
        tenant=tenant,
        endpoint=hook,
        event="alert.fired",
        body="{}",
        state="failed",
        attempts=8,
        status=503,
        problem="503",
    )
    return tenant


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_pages_are_accessible_and_fit(door, visit, aurora: Tenant, theme: str, width: int) -> None:
    rule, hook = AlertRule.objects.get(), HookEndpoint.objects.get()
    more = (
        f"alerts/{rule.pk}/",
        f"alerts/{rule.pk}/edit/",
        f"alerts/webhooks/{hook.pk}/",
        f"occasions/{Occasion.objects.get().pk}/",
    )
    with visit(f"{door.url}/accounts/login/", theme=theme, width=width) as seen:
        check_pages(seen, door.url, (*PAGES, *more))


def test_pages_of_an_empty_company_say_what_comes(door, visit) -> None:
    company()
    with visit(f"{door.url}/accounts/login/", width=390) as seen:
        check_pages(seen, door.url, PAGES)


def test_a_card_leads_to_an_alert_that_is_tried_while_it_is_written(door, visit, aurora: Tenant) -> None:
    with visit(f"{door.url}/accounts/login/", worker=False) as seen:
        page = seen.page
        enter(page, door.url)
        page.locator("a.number-alert[href$='kpi=revenue']").click()
        page.wait_for_url("**/alerts/new/?kpi=revenue")
        browser.settle(page)
        page.locator("input[name=limit]").fill("100")
        page.locator("input[name=limit]").press("Tab")
        form = page.locator("#alert-editor")
        expect(form).to_contain_text("Nos últimos 90 dias teria avisado 2 vezes:")
        browser.settle(page)
        page.locator("select[name=dimension]").select_option("store")
        expect(page.locator("select[name=key]")).to_have_value("Centro")
        browser.settle(page)
        limit = page.locator("input[name=limit]")
        with browser.held(page, "**/alerts/new/**"):
            page.locator("select[name=kind]").select_option("streak")
            limit.clear()
            limit.press_sequentially("3")  # while the form is being drawn anew
        expect(page.locator("select[name=window]")).to_contain_text("semanas")
        browser.settle(page)
        expect(limit).to_have_value("3")
        expect(limit).to_be_focused()
        page.locator("select[name=way]").select_option("zero")
        expect(form).to_contain_text("em zero por")
        assert seen.axe() == []
        page.get_by_role("button", name="Salvar").last.click()
        page.wait_for_url("**/alerts/*/")
        assert AlertRule.objects.latest("id").key == "Centro"
        assert seen.complaints == []
