"""Pages without a stream and pages that nobody looks at: how often they ask, when they read again, when they admit a failure.

The browser's clock is moved by hand; every request of static/js/live.js is written down with the page's own time.
"""

import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from config.tests import browser
from lib import clock
from tenants.models import Tenant
from tests import factories
from tests.test_live_browser import DOT, _keep, aurora, enter, sell, until_kept, visit

__all__ = ["aurora", "visit"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

WRITE_DOWN = """() => {
  const ask = window.fetch;
  window.asked = [];
  window.fetch = (address, ...rest) => {
    window.asked.push([new URL(address, location).pathname, performance.now()]);
    const answer = ask(address, ...rest);
    window.answered = answer.catch(() => {});
    return answer;
  };
}"""
# What the tab that holds the stream tells the others when the server cannot hear the database.
DEAF = """() => {
  const { liveKey, liveNumber } = document.body.dataset;
  const message = { name: "heartbeat", id: 0, data: { live: false }, number: Number(liveNumber) };
  new BroadcastChannel(`painel-live:${liveKey}`).postMessage(message);
}"""
LOOK_AWAY = """(away) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => away });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
STREAM, POLL = "/api/events", "/health/live"
LIST = re.compile(r"/t/aurora/sales/(\?.*)?$")


def open_page(page: Page, base: str, path: str = "") -> None:
    """Open a page of the company under a clock that can be moved."""
    page.clock.install()
    page.add_init_script(f"({WRITE_DOWN})()")
    enter(page, base, path)


def look_away(page: Page, away: bool) -> None:
    page.evaluate(LOOK_AWAY, away)


def times(page: Page, what: str) -> list[float]:
    """Return at which seconds of the page's time it asked for this."""
    return [at / 1_000 for path, at in page.evaluate("window.asked") if path == what]


def pass_by(page: Page, seconds: int) -> None:
    """Let so many seconds go by, each with the answers to what was asked in it."""
    for _ in range(seconds):
        page.clock.fast_forward(1_000)
        page.evaluate("async () => { await window.answered; }")


def pauses(at: list[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(at)]


def test_without_a_stream_a_page_asks_often_and_a_hidden_one_seldom(visit, door, aurora: Tenant) -> None:
    with visit("about:blank", worker=False) as seen:
        page = seen.page
        page.route("**/api/events?**", lambda route: route.abort())
        open_page(page, door.url)
        expect(page.locator(DOT)).to_have_attribute("data-state", "late")
        pass_by(page, 120)
        shown = pauses(times(page, POLL))
        assert len(shown) >= 5
        assert all(10 <= pause < 30 for pause in shown), shown
        look_away(page, True)
        already = len(times(page, POLL))
        pass_by(page, 140)
        hidden = pauses(times(page, POLL)[already:])
        assert hidden
        assert all(60 <= pause < 90 for pause in hidden), hidden
        tries = pauses(times(page, STREAM))
        for number, pause in enumerate(tries):
            wanted = min(2**number, 30)
            assert 0.8 * wanted <= pause < 1.2 * wanted + 5, f"attempt {number} after {pause} s"
        assert len(tries) >= 6, "1, 2, 4, 8, 16 and 30 seconds"


def test_who_looks_again_after_a_minute_sees_what_is_true_now(visit, door, aurora: Tenant) -> None:
    with visit("about:blank", worker=False) as seen:
        page, read = seen.page, []
        open_page(page, door.url, "sales/")
        expect(page.locator(DOT)).to_have_attribute("data-state", "live")
        factories.make_sale(aurora, "7.77", date=clock.today(aurora.zone))  # without a word about it
        page.on(
            "request", lambda request: read.append(request.url) if request.headers.get("hx-request") else None
        )
        look_away(page, True)
        page.clock.fast_forward(30_000)
        look_away(page, False)
        page.evaluate("fetch('/health/live')")
        assert read == [], "what is half a minute old is not read again"
        look_away(page, True)
        page.clock.fast_forward(31_000)
        look_away(page, False)
        expect(page.locator("#sales tbody")).to_contain_text("7,77")


def test_a_part_that_fails_is_asked_for_once_more_before_the_page_says_so(
    visit, door, aurora: Tenant
) -> None:
    with visit("about:blank", worker=False) as seen:
        page, asked = seen.page, []
        open_page(page, door.url, "sales/")
        expect(page.locator(DOT)).to_have_attribute("data-state", "live")

        def fail(route) -> None:
            asked.append(route.request.headers.get("hx-target"))
            route.fulfill(status=500, body="")

        page.route(LIST, fail)
        sell(aurora, "7.77")
        expect(page.locator(DOT)).to_have_attribute("data-state", "late")
        assert asked == ["list-rows", "list-rows"]
        expect(page.locator("#sales tbody")).to_contain_text("100,00")
        page.unroute(LIST)
        sell(aurora, "8.88")
        expect(page.locator("#sales tbody")).to_contain_text("8,88")
        expect(page.locator(DOT)).to_have_attribute("data-state", "live")


def test_a_kept_record_that_is_opened_without_network_says_its_age(visit, door, aurora: Tenant) -> None:
    with visit("about:blank") as seen:
        page = seen.page
        enter(page, door.url)
        _keep(page, door)
        browser.go(page, f"{door.url}/t/aurora/sales/")
        cell, drawer = page.locator("tbody tr").first.locator("td.nowrap").first, page.locator("#drawer")
        cell.click()
        expect(drawer).to_contain_text("100,00")
        until_kept(page, "/t/aurora/list/sales/")
        page.keyboard.press("Escape")
        expect(drawer).not_to_be_visible()
        page.context.set_offline(True)
        cell.click()
        expect(drawer).to_contain_text("100,00")
        expect(page.locator("[data-kept] time")).to_have_text(re.compile(r"^\d\d:\d\d$"))


def test_while_the_server_itself_hears_nothing_the_page_asks_at_each_heartbeat(
    visit, door, aurora: Tenant
) -> None:
    with visit("about:blank", worker=False) as seen:
        enter(seen.page, door.url, "sales/")
        expect(seen.page.locator(DOT)).to_have_attribute("data-state", "live")
        factories.make_sale(aurora, "7.77", date=clock.today(aurora.zone))  # without a word about it
        seen.page.evaluate(DEAF)
        expect(seen.page.locator(DOT)).to_have_attribute("data-state", "late")
        expect(seen.page.locator("#sales tbody")).to_contain_text("7,77")
