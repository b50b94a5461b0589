"""Pages that stay true while one looks: two browsers, a broken stream, no network, a membership that ends."""

import re
from functools import partial

import pytest
from django.db import transaction
from playwright.sync_api import BrowserContext, Error, Page, expect

from config.tests import browser
from lib import clock
from live import events
from live.notifications import notify
from live.notifications import services as notifications
from tenants import services
from tenants.models import Membership, Role, Tenant
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

EMAIL = "ana@example.com"
DOT = ".side [data-live-dot]"


@pytest.fixture
def visit(chromium):
    return partial(browser.visit, chromium)


@pytest.fixture
def aurora() -> Tenant:
    """A company with one sale, and Ana who manages it."""
    tenant = factories.make_tenant("Aurora")
    factories.make_member(tenant, Role.OWNER, user=factories.make_user("dona@example.com"))
    factories.make_member(tenant, Role.MANAGER, user=factories.make_user(EMAIL, password=factories.PASSWORD))
    sell(tenant, "100.00")
    return tenant


def sell(tenant: Tenant, total: str) -> None:
    """A sale arrives, as a sync brings it."""
    with transaction.atomic():
        factories.make_sale(tenant, total, date=clock.today(tenant.zone))
        events.publish("sync_complete", tenant_id=tenant.pk)


def enter(page: Page, base: str, path: str = "") -> None:
    browser.sign_in(page, base)
    browser.go(page, f"{base}/t/aurora/{path}")


def revenue(page: Page):
    return page.locator("article.number-card", has_text="Vendas").first.locator(".number-value")


def mark(page: Page) -> None:
    """A mark that a reload would wipe away."""
    page.evaluate("window.untouched = true")


def test_two_browsers_show_the_same_change_without_a_reload(visit, door, aurora) -> None:
    with visit("about:blank") as first, visit("about:blank", width=390) as second:
        for seen in (first, second):
            enter(seen.page, door.url)
            expect(revenue(seen.page)).to_have_attribute("title", "R$\xa0100,00")
            expect(
                seen.page.locator("[data-live-dot]:visible, .phone-top [data-live-dot]").first
            ).to_have_attribute("data-state", "live")
            mark(seen.page)
        sell(aurora, "23.45")
        for seen in (first, second):
            expect(revenue(seen.page)).to_have_attribute("title", "R$\xa0123,45")
            assert seen.page.evaluate("window.untouched")
            assert seen.complaints == []


def test_two_tabs_share_one_stream_and_the_second_takes_over(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        asked: list[str] = []
        seen.page.context.on(
            "request", lambda request: asked.append(request.url) if "/api/events" in request.url else None
        )
        enter(seen.page, door.url)
        expect(seen.page.locator(DOT)).to_have_attribute("data-state", "live")
        other = seen.page.context.new_page()
        browser.go(other, f"{door.url}/t/aurora/sales/")
        expect(other.locator(DOT)).to_have_attribute("data-state", "live")
        held = len(asked)
        sell(aurora, "7.77")
        expect(other.locator("#sales tbody")).to_contain_text("7,77")
        assert len(asked) == held, "one stream a browser"
        seen.page.close()
        sell(aurora, "8.88")
        expect(other.locator("#sales tbody")).to_contain_text("8,88")
        assert len(asked) == held + 1


def test_the_totals_are_read_again_with_the_list_and_only_then(visit, door, aurora) -> None:
    with visit("about:blank", worker=False) as seen:
        asked: list[str] = []
        seen.page.on("request", lambda request: asked.append(request.url))
        enter(seen.page, door.url, "sales/")
        expect(seen.page.locator(DOT)).to_have_attribute("data-state", "live")
        for amount, shown in (("7.77", "7,77"), ("8.88", "8,88"), ("9.99", "9,99")):
            sell(aurora, amount)
            expect(seen.page.locator("#sales tbody")).to_contain_text(shown)
        browser.settle(seen.page)
        expect(seen.page.locator("#total")).to_contain_text("R$")
        readings = [url for url in asked if "/totals/" in url]
        assert len(readings) <= 4, "one at the beginning, one after each reading of the list"


def test_reading_on_one_device_lowers_the_bell_of_the_other(visit, door, aurora) -> None:
    ana = Membership.objects.get(user__email=EMAIL).user
    ids = [
        notify("invitation_accepted", tenant=aurora, params={"person": name, "role": "viewer"}, users=[ana])[
            0
        ]
        for name in ("Um", "Dois", "Três")
    ]
    with visit("about:blank") as desk, visit("about:blank", width=390) as phone:
        for seen in (desk, phone):
            enter(seen.page, door.url)
            expect(seen.page.locator("#bell .badge")).to_have_text("3")
            expect(seen.page.locator(DOT)).to_have_attribute("data-state", "live")
            mark(seen.page)
        notifications.mark_read(tenant=aurora, user=ana, pk=ids[0])
        for seen in (desk, phone):
            expect(seen.page.locator("#bell .badge")).to_have_text("2")
        desk.page.locator("#bell-side").click()
        desk.page.locator("#drawer").get_by_role("button", name="Marcar todas como lidas").click()
        expect(phone.page.locator("#bell .badge")).to_have_count(0)
        expect(phone.page.locator("#bell-phone .badge")).to_have_count(0)
        assert phone.page.evaluate("window.untouched")
        assert phone.page.locator(".toasts > .toast").count() == 0, "nothing new is announced"
        assert desk.complaints + phone.complaints == []


def test_without_a_stream_the_page_asks_by_itself_and_says_so(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        seen.page.route("**/api/events?**", lambda route: route.abort())
        enter(seen.page, door.url)
        expect(seen.page.locator(DOT)).to_have_attribute("data-state", "late")
        expect(seen.page.locator(DOT)).to_contain_text("Atrasado")
        sell(aurora, "23.45")
        expect(revenue(seen.page)).to_have_attribute("title", "R$\xa0123,45", timeout=15_000)
        seen.page.unroute("**/api/events?**")
        expect(seen.page.locator(DOT)).to_have_attribute("data-state", "live", timeout=35_000)


def test_what_somebody_types_is_not_swapped_away(visit, door, aurora) -> None:
    with visit("about:blank", worker=False) as seen:
        enter(seen.page, door.url, "sales/")
        expect(seen.page.locator(DOT)).to_have_attribute("data-state", "live")
        box = seen.page.locator("input[data-select]").first
        rows = re.compile(r"/t/aurora/sales/$")
        with browser.held(seen.page, rows):
            with seen.page.expect_request(rows):
                sell(aurora, "7.77")
            box.check()  # while the list is being read
        browser.settle(seen.page)
        sell(aurora, "8.88")
        expect(box).to_be_checked()
        box.uncheck()
        expect(seen.page.locator("#sales tbody")).to_contain_text("8,88")


def _kept_pages(page: Page) -> int:
    return page.evaluate(
        """async () => {
          let n = 0;
          for (const name of await caches.keys()) if (name !== 'painel:static') n += (await (await caches.open(name)).keys()).length;
          return n;
        }"""
    )


def _offline(context: BrowserContext, page: Page, door) -> None:
    _keep(page, door)
    context.set_offline(True)


def _keep(page: Page, door) -> None:
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    browser.go(page, f"{door.url}/t/aurora/")  # the first visit that the worker sees
    until_kept(page, "/t/aurora/")


def test_a_reload_without_network_shows_the_last_good_page_with_its_age(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        page, context = seen.page, seen.page.context
        enter(page, door.url)
        _offline(context, page, door)
        # A network without anybody behind it looks like one.
        page.add_init_script("Object.defineProperty(navigator, 'onLine', { get: () => true })")
        page.reload(wait_until="load")
        expect(revenue(page)).to_have_attribute("title", "R$\xa0100,00")
        expect(page.locator("[data-kept]")).to_be_visible()
        expect(page.locator("[data-kept] time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
        expect(page.locator(DOT)).to_have_attribute("data-state", "off")
        assert seen.axe() == []
        sell(aurora, "23.45")
        context.set_offline(False)
        expect(revenue(page)).to_have_attribute("title", "R$\xa0123,45", timeout=20_000)
        expect(page.locator("[data-kept]")).to_be_hidden()


def test_a_network_that_comes_back_is_said_long_before_the_next_heartbeat(visit, door, aurora) -> None:
    """The stream of before may live on without a word, or be dead without knowing it: it is begun anew."""
    with visit("about:blank") as seen:
        enter(seen.page, door.url)
        expect(seen.page.locator(DOT)).to_have_attribute("data-state", "live")
        seen.page.context.set_offline(True)
        expect(seen.page.locator(DOT)).to_have_attribute("data-state", "off")
        seen.page.context.set_offline(False)
        expect(seen.page.locator(DOT)).to_have_attribute("data-state", "live", timeout=15_000)


def test_signing_out_leaves_nothing_in_the_browser(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        page, context = seen.page, seen.page.context
        enter(page, door.url)
        _offline(context, page, door)
        context.set_offline(False)
        assert _kept_pages(page) > 0
        page.click("[popovertarget=user-menu]")
        page.click("form[action*=logout] button")
        page.wait_for_url("**/accounts/login/**")
        browser.until(page, f"({KEPT})().then(kept => kept.length === 0)")


def test_who_is_shut_out_sees_nothing_more(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        enter(seen.page, door.url)
        expect(seen.page.locator(DOT)).to_have_attribute("data-state", "live")
        services.revoke_member(
            membership=Membership.objects.get(user__email=EMAIL),
            actor=Membership.objects.get(role=Role.OWNER).user,
        )
        expect(seen.page.locator("body")).not_to_contain_text("R$")


KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys())
    if (name !== "painel:static")
      for (const key of await (await caches.open(name)).keys()) found.push(new URL(key.url).pathname);
  return [...new Set(found)].sort();
}"""


def until_kept(page: Page, start: str, wanted: bool = True) -> None:
    """Wait until the browser keeps a page whose path begins like this, or none."""
    browser.until(
        page,
        f"({KEPT})().then(kept => kept.some(path => path.startsWith('{start}')) === {str(wanted).lower()})",
    )


def test_what_was_kept_of_a_company_goes_with_the_right_to_see_it(visit, door, aurora) -> None:
    ana = Membership.objects.get(user__email=EMAIL)
    with visit("about:blank") as seen:
        page, context = seen.page, seen.page.context
        enter(page, door.url)
        boreal = factories.make_tenant("Boreal")
        factories.make_member(boreal, Role.MANAGER, user=ana.user)
        sell(boreal, "55.00")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        for path in ("/t/boreal/", "/t/aurora/sales/", "/t/aurora/"):
            browser.go(page, f"{door.url}{path}")
            until_kept(page, path)
        expect(page.locator(DOT)).to_have_attribute("data-state", "live")
        services.revoke_member(membership=ana, actor=Membership.objects.get(role=Role.OWNER).user)
        expect(page.locator("body")).not_to_contain_text("R$")
        until_kept(page, "/t/aurora/", False)
        assert page.evaluate(KEPT) == ["/t/boreal/"], "the other company's page stays"
        context.set_offline(True)
        page.goto(f"{door.url}/t/boreal/")
        expect(revenue(page)).to_have_attribute("title", "R$\xa055,00")
        for path in ("/t/aurora/", "/t/aurora/sales/"):
            with pytest.raises(Error, match="net::ERR_"):
                page.goto(f"{door.url}{path}")


def test_a_part_that_was_kept_does_not_take_the_place_of_its_page(visit, door, aurora) -> None:
    """They share an address."""
    with visit("about:blank") as seen:
        page, context = seen.page, seen.page.context
        enter(page, door.url)
        _keep(page, door)
        expect(page.locator(DOT)).to_have_attribute("data-state", "live")
        sell(aurora, "23.45")
        expect(revenue(page)).to_have_attribute("title", "R$\xa0123,45")
        page.wait_for_load_state("load")
        context.set_offline(True)
        page.reload(wait_until="load")
        expect(page.locator("[data-kept]")).to_be_visible()
        expect(page.locator("nav").first).to_be_attached()
