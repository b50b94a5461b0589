"""The product's pages in a real browser: accessible, silent under the policy, light, still, and usable by keyboard."""

import gzip
from datetime import timedelta
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from config.tests import browser
from ledger.models import Account, Transaction
from lib import clock
from tenants.models import Role, Tenant, User
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

EMAIL = "ana@example.com"
PAGES = {
    "overview": "",
    "transactions": "transactions/",
    "sales": "sales/",
    "customers": "customers/",
    "products": "products/",
    "open items": "open-items/",
    "connections": "connections/",
    "runs": "runs/",
    "import": "import/",
    "settings": "settings/",
    "people": "settings/people/",
    "keys": "settings/keys/",
    "audit": "settings/audit/",
}
WATCH = """
window.shift = 0; window.lcp = 0;
new PerformanceObserver(list => list.getEntries().forEach(e => { if (!e.hadRecentInput) window.shift += e.value; }))
  .observe({type: 'layout-shift', buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(e => window.lcp = e.startTime))
  .observe({type: 'largest-contentful-paint', buffered: true});
"""


@pytest.fixture(scope="module")
def chromium():
    # Playwright's loop runs in this thread, which makes Django take the tests for asynchronous code.
    with pytest.MonkeyPatch.context() as patch, browser.chromium() as running:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield running


@pytest.fixture
def visit(chromium):
    return partial(browser.visit, chromium)


@pytest.fixture
def aurora() -> Tenant:
    """A company with rows on every page, and Ana who owns it."""
    tenant = factories.make_tenant("Aurora")
    factories.make_member(tenant, Role.OWNER, user=factories.make_user(EMAIL, password=factories.PASSWORD))
    source = factories.make_source(tenant)
    account = factories.make_account(tenant, balance="18432.77")
    customer = factories.make_customer(tenant, source=source)
    product = factories.make_product(tenant, source=source)
    today = clock.today(tenant.zone)
    for n in range(70):
        day = today - timedelta(days=n % 40)
        amount = "-80.10" if n % 3 else "250.00"
        factories.make_transaction(
            account, amount, date=day, description=f"PIX {n}", counterparty_name="MARIA SOUZA"
        )
        factories.make_sale(
            tenant, "120.00", source=source, customer=customer, items=[(product, "120.00")], date=day
        )
    factories.make_open_item(tenant, "90.00", customer=customer, due_date=today - timedelta(days=3))
    factories.make_run(factories.make_connection(tenant, name="ERP", last_good_at=clock.now()), status="done")
    return tenant


def sign_in(page: Page, base: str) -> None:
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name=login]", EMAIL)
    page.fill("input[name=password]", factories.PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/t/**")


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1024, "light"), (1440, "dark")])
def test_every_page_is_accessible_fits_and_breaks_no_policy(
    visit, live_server, aurora, width: int, theme: str
) -> None:
    findings: dict[str, list[str]] = {}
    with visit("about:blank", width=width, theme=theme) as seen:
        sign_in(seen.page, live_server.url)
        for name, path in PAGES.items():
            seen.page.goto(f"{live_server.url}/t/aurora/{path}", wait_until="networkidle")
            wide = seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")
            findings[name] = seen.axe() + (["wider than the window"] if wide else [])
        assert {name: found for name, found in findings.items() if found} == {}
        assert seen.complaints == []


def test_an_empty_company_is_accessible_and_says_what_to_do(visit, live_server) -> None:
    tenant = factories.make_tenant("Aurora")
    factories.make_member(tenant, Role.OWNER, user=factories.make_user(EMAIL, password=factories.PASSWORD))
    findings: dict[str, list[str]] = {}
    with visit("about:blank") as seen:
        sign_in(seen.page, live_server.url)
        for name, path in PAGES.items():
            seen.page.goto(f"{live_server.url}/t/aurora/{path}", wait_until="networkidle")
            findings[name] = seen.axe()
        assert {name: found for name, found in findings.items() if found} == {}
        assert seen.complaints == []


@pytest.mark.parametrize("path", ["", "transactions/"])
def test_a_first_visit_is_light_and_nothing_moves(visit, live_server, aurora, path: str) -> None:
    with visit("about:blank") as signed:
        sign_in(signed.page, live_server.url)
        cookies = signed.page.context.cookies()
    with visit("about:blank") as seen:
        seen.page.context.add_cookies(cookies)
        sizes: list[int] = []
        seen.page.on("response", lambda answer: sizes.append(len(gzip.compress(answer.body()))))
        seen.page.add_init_script(WATCH)
        seen.page.goto(f"{live_server.url}/t/aurora/{path}", wait_until="networkidle")
        assert seen.page.evaluate("window.shift") < 0.02
        assert seen.page.evaluate("window.lcp") > 0
        assert sum(sizes) < 150_000


def test_a_row_opens_in_the_drawer_under_its_own_address_and_back_closes_it(
    visit, live_server, aurora
) -> None:
    with visit("about:blank") as seen:
        sign_in(seen.page, live_server.url)
        seen.page.goto(f"{live_server.url}/t/aurora/transactions/", wait_until="networkidle")
        list_url = seen.page.url
        seen.page.locator("tbody tr").first.locator("td").first.click()
        expect(seen.page.locator("#drawer")).to_be_visible()
        expect(seen.page.locator("#drawer [data-drawer-title]")).to_have_text("MARIA SOUZA")
        assert "/list/transactions/" in seen.page.url
        seen.page.go_back()
        expect(seen.page.locator("#drawer")).not_to_be_visible()
        assert seen.page.url == list_url
        assert seen.complaints == []


def test_a_number_leads_to_the_rows_behind_it_and_they_add_up(visit, live_server, aurora) -> None:
    with visit("about:blank") as seen:
        sign_in(seen.page, live_server.url)
        seen.page.goto(f"{live_server.url}/t/aurora/?period=30d", wait_until="networkidle")
        card = seen.page.locator("article.number-card", has=seen.page.locator("a[href*='type=CREDIT']"))
        shown = card.locator(".number-value").get_attribute("title")
        card.locator("a.number-link").click()
        seen.page.wait_for_url("**/transactions/**")
        assert shown
        expect(seen.page.locator("#totals")).to_contain_text(shown.replace("\xa0", " "))


def test_a_correction_is_saved_from_the_page_of_a_record(visit, live_server, aurora) -> None:
    row = Transaction.objects.order_by("-date", "-id").first()
    assert row is not None
    with visit("about:blank") as seen:
        sign_in(seen.page, live_server.url)
        seen.page.goto(f"{live_server.url}/t/aurora/list/transactions/{row.pk}/", wait_until="networkidle")
        seen.page.fill("#edit-category", "Consultas")
        seen.page.locator("form", has=seen.page.locator("#edit-category")).locator(
            "button[type=submit]"
        ).click()
        seen.page.wait_for_load_state("networkidle")
        assert seen.complaints == []
    row.refresh_from_db()
    assert row.category_override == "Consultas"


def test_the_palette_finds_a_record_by_keyboard_alone(visit, live_server, aurora) -> None:
    with visit("about:blank") as seen:
        sign_in(seen.page, live_server.url)
        seen.page.keyboard.press("Control+k")
        seen.page.keyboard.type("maria")
        expect(seen.page.locator("[role=option]", has_text="Maria Souza").first).to_be_visible()
        seen.page.keyboard.press("ArrowDown")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_url("**/list/**")


def test_the_choice_of_the_dark_theme_is_remembered(visit, live_server, aurora) -> None:
    assert Account.objects.exists()
    with visit("about:blank") as seen:
        sign_in(seen.page, live_server.url)
        seen.page.evaluate("localStorage.setItem('theme', 'dark')")
        seen.page.reload(wait_until="networkidle")
        assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert User.objects.count() == 1
