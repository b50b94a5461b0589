"""The console of staff and the API's explorer in a real browser: their policies break nothing, and nothing breaks their policies."""

import pytest
from playwright.sync_api import Page, expect

from config.tests import browser
from tests.cast import Cast
from tests.factories import PASSWORD, make_user
from tests.second_factor import add_to, code
from tests.world import World, fill

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(cast: Cast, patient_codes: None) -> World:
    """Both companies filled, and a member of staff with a second factor."""
    fill(cast.boreal)
    add_to(make_user("staff@example.com", password=PASSWORD, is_staff=True, is_superuser=True))
    return fill(cast.aurora)


def enter(page: Page, base: str) -> None:
    """Sign in as staff, by the way that staff takes: to the admin, over password and code."""
    page.goto(f"{base}/admin/")
    page.fill("input[name=login]", "staff@example.com")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/2fa/authenticate/**")
    page.fill("input[name=code]", code())
    page.press("input[name=code]", "Enter")
    page.wait_for_url("**/admin/")


def test_the_console_works_under_its_policy(visit, door, world: World) -> None:
    pages = (
        "",
        "sync/connection/",
        f"sync/connection/{world.wire.pk}/change/",
        f"sync/connection/{world.wire.pk}/credentials/",
        "sync/syncrun/",
        f"sync/syncrun/{world.run.pk}/change/",
        f"sync/rawrecord/{world.raw.pk}/change/",
        "sync/inbounddelivery/",
        "ledger/transaction/",
        f"ledger/sale/{world.sale.pk}/change/",
        "tenants/user/",
        "tenants/user/add/",
        "tenants/apikey/add/",
        "django_celery_beat/periodictask/",
        "django_celery_beat/periodictask/add/",
        "tenants/auditlog/",
    )
    with visit("about:blank") as seen:
        enter(seen.page, door.url)
        for path in pages:
            browser.go(seen.page, f"{door.url}/admin/{path}")
        assert seen.complaints == []


def test_an_action_is_one_click_away(visit, door, world: World) -> None:
    with visit("about:blank") as seen:
        page = seen.page
        enter(page, door.url)
        browser.go(page, f"{door.url}/admin/sync/connection/")
        page.locator("input.action-select").first.check()
        page.locator("select[name=action]").select_option("pause")
        with page.expect_navigation():
            page.locator("select[name=action] >> xpath=ancestor::form").evaluate("form => form.submit()")
        expect(page.get_by_text("Feito: 1")).to_be_visible()


def test_the_explorer_works_without_another_host(visit, door, world: World) -> None:
    hosts: set[str] = set()
    with visit("about:blank") as seen:
        seen.page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
        browser.go(seen.page, f"{door.url}/api/docs")
        expect(seen.page.locator(".opblock").nth(20)).to_be_visible()
        assert seen.complaints == []
    assert hosts == {door.url.split("/")[2]}
