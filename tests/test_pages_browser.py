"""The product's pages in a real browser: accessible, silent under the policy, light, still, and usable by keyboard."""

import gzip
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Route, expect

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
    "reconciliation": "reconciliation/",
    "connections": "connections/",
    "runs": "runs/",
    "import": "import/",
    "status": "status/",
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


@pytest.mark.parametrize(
    ("width", "theme"), [(390, "dark"), (1024, "light"), (1440, "dark"), (1920, "light")]
)
def test_every_page_is_accessible_fits_and_breaks_no_policy(
    visit, door, aurora, width: int, theme: str
) -> None:
    findings: dict[str, list[str]] = {}
    with visit("about:blank", width=width, theme=theme) as seen:
        browser.sign_in(seen.page, door.url)
        for name, path in PAGES.items():
            browser.go(seen.page, f"{door.url}/t/aurora/{path}")
            wide = seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")
            findings[name] = seen.axe() + (["wider than the window"] if wide else [])
        assert {name: found for name, found in findings.items() if found} == {}
        assert seen.complaints == []


def test_an_empty_company_is_accessible_and_says_what_to_do(visit, door) -> None:
    tenant = factories.make_tenant("Aurora")
    factories.make_member(tenant, Role.OWNER, user=factories.make_user(EMAIL, password=factories.PASSWORD))
    findings: dict[str, list[str]] = {}
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        for name, path in PAGES.items():
            browser.go(seen.page, f"{door.url}/t/aurora/{path}")
            findings[name] = seen.axe()
        assert {name: found for name, found in findings.items() if found} == {}
        assert seen.complaints == []


@pytest.mark.parametrize("path", ["", "transactions/"])
def test_a_first_visit_is_light_and_nothing_moves(visit, door, aurora, path: str) -> None:
    with visit("about:blank") as signed:
        browser.sign_in(signed.page, door.url)
        cookies = signed.page.context.cookies()
    with visit("about:blank") as seen:
        seen.page.context.add_cookies(cookies)
        sizes: list[int] = []
        seen.page.on(  # what ends: the page's stream does not
            "requestfinished", lambda request: sizes.append(len(gzip.compress(request.response().body())))
        )
        seen.page.add_init_script(WATCH)
        browser.go(seen.page, f"{door.url}/t/aurora/{path}")
        assert seen.page.evaluate("window.shift") < 0.02
        assert seen.page.evaluate("window.lcp") > 0
        assert sum(sizes) < 150_000


def test_a_row_opens_in_the_drawer_under_its_own_address_and_back_closes_it(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/transactions/")
        list_url = seen.page.url
        seen.page.locator("tbody tr").first.locator("td.nowrap").first.click()
        expect(seen.page.locator("#drawer")).to_be_visible()
        expect(seen.page.locator("#drawer [data-drawer-title]")).to_have_text("MARIA SOUZA")
        assert "/list/transactions/" in seen.page.url
        seen.page.go_back()
        expect(seen.page.locator("#drawer")).not_to_be_visible()
        assert seen.page.url == list_url
        assert seen.complaints == []


def test_a_number_leads_to_the_rows_behind_it_and_they_add_up(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/?period=30d")
        card = seen.page.locator("article.number-card", has=seen.page.locator("a[href*='type=CREDIT']"))
        shown = card.locator(".number-value").get_attribute("title")
        card.locator("a.number-link").click()
        seen.page.wait_for_url("**/transactions/**")
        assert shown
        expect(seen.page.locator("#totals")).to_contain_text(shown.replace("\xa0", " "))


def test_what_the_legend_leaves_on_filters_the_rows_behind_a_bar(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/")
        legend = seen.page.locator("#cash-flow [data-series-toggle]")
        bar = seen.page.locator("#cash-flow svg a[href]").last
        whole = bar.get_attribute("href")
        legend.nth(1).click()
        assert bar.get_attribute("href") == f"{whole}&type=CREDIT"
        legend.nth(1).click()
        assert bar.get_attribute("href") == whole


def test_a_correction_is_saved_from_the_page_of_a_record(visit, door, aurora) -> None:
    row = Transaction.objects.order_by("-date", "-id").first()
    assert row is not None
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/list/transactions/{row.pk}/")
        seen.page.fill("#edit-category", "Consultas")
        seen.page.locator("form", has=seen.page.locator("#edit-category")).locator(
            "button[type=submit]"
        ).click()
        expect(seen.page.locator(".toasts .toast")).to_be_visible()
        assert seen.complaints == []
    row.refresh_from_db()
    assert row.category_override == "Consultas"


def test_saving_in_the_drawer_keeps_the_list_and_shows_the_change_in_it(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/transactions/")
        seen.page.locator("tbody tr").first.locator("th").click()
        seen.page.fill("#drawer #edit-category", "Consultas avulsas")
        seen.page.locator("#drawer form", has=seen.page.locator("#edit-category")).locator(
            "button[type=submit]"
        ).click()
        expect(seen.page.locator("#drawer .facts")).to_contain_text("Consultas avulsas")
        expect(seen.page.locator("#transactions tbody tr").first).to_contain_text("Consultas avulsas")
        expect(seen.page.locator("#drawer")).to_be_visible()
        assert seen.complaints == []


def test_the_palette_finds_a_record_by_keyboard_alone(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        seen.page.keyboard.press("Control+k")
        seen.page.keyboard.type("maria")
        expect(seen.page.locator("[role=option]", has_text="Maria Souza").first).to_be_visible()
        seen.page.keyboard.press("ArrowDown")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_url("**/list/**")


def test_the_choice_of_the_dark_theme_is_remembered(visit, door, aurora) -> None:
    assert Account.objects.exists()
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        seen.page.evaluate("localStorage.setItem('theme', 'dark')")
        browser.again(seen.page)
        assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert User.objects.count() == 1


def test_a_span_of_a_chart_is_chosen_by_dragging_and_the_page_follows(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/?from=2026-03-01&to=2026-03-11")
        drawing = seen.page.locator("#by-day svg[data-chart]")
        drawing.scroll_into_view_if_needed()
        box = drawing.bounding_box()
        assert box
        # Eleven days: the plot lies between its paddings, the third and the sixth day at 20 % and 50 % of it.
        left, right = (
            drawing.evaluate(f"element => parseFloat(getComputedStyle(element).padding{side})")
            for side in ("Left", "Right")
        )
        places = [box["x"] + left + (box["width"] - left - right) * share for share in (0.2, 0.5)]
        seen.page.mouse.move(places[0], box["y"] + 60)
        seen.page.mouse.down()
        seen.page.mouse.move(places[1], box["y"] + 60, steps=4)
        expect(seen.page.locator("#by-day .brush")).to_be_visible()
        seen.page.mouse.up()
        seen.page.wait_for_url("**/t/aurora/?from=2026-03-03&to=2026-03-06")
        assert seen.complaints == []


def test_a_span_of_a_chart_is_chosen_and_announced_by_keys_alone(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/?from=2026-03-01&to=2026-03-11")
        seen.page.locator("#by-day svg[data-chart]").focus()
        for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"):
            seen.page.keyboard.press(key)
        expect(seen.page.locator("#announcer")).to_contain_text("04/03/2026")
        seen.page.keyboard.press("Escape")
        expect(seen.page.locator("#by-day .brush")).to_have_count(0)
        for key in ("Home", "Shift+ArrowRight", "Enter"):
            seen.page.keyboard.press(key)
        seen.page.wait_for_url("**/t/aurora/?from=2026-03-01&to=2026-03-02")


def test_a_chart_is_saved_as_figures_and_as_a_picture(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        today = clock.today(aurora.zone)
        browser.go(seen.page, f"{door.url}/t/aurora/?from={today}&to={today}")
        files = {}
        for kind in ("csv", "svg", "png"):
            seen.page.click("[popovertarget=by-day-menu]")
            with seen.page.expect_download() as download:
                seen.page.click(f"#by-day [data-chart-export={kind}]")
            files[kind] = download.value.path().read_bytes()
        lines = files["csv"].decode("utf-8-sig").splitlines()
        assert len(lines) == 2
        assert ";240,00" in lines[1]
        drawing = ElementTree.fromstring(files["svg"])
        assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
        assert b"var(" not in files["svg"]
        assert files["png"].startswith(b"\x89PNG")
        assert seen.complaints == []


def test_several_rows_are_categorised_from_the_bulk_bar(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/transactions/?type=DEBIT")
        boxes = seen.page.locator("input[data-select]")
        boxes.nth(0).click()
        boxes.nth(3).click(modifiers=["Shift"])
        expect(seen.page.locator("[data-bulk-count]")).to_have_text("4")
        assert seen.axe() == []
        seen.page.click("[popovertarget=bulk-category]")
        seen.page.fill("#bulk-category-name", "Material")
        with seen.page.expect_navigation():
            seen.page.press("#bulk-category-name", "Enter")
        assert seen.page.url.endswith("/transactions/?type=DEBIT")
        assert seen.complaints == []
    assert Transaction.objects.filter(category_override="Material", ignored=False).count() == 4


def test_a_view_is_saved_opened_and_deleted(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/transactions/?type=CREDIT&sort=-amount")
        seen.page.click("[popovertarget=views]")
        seen.page.fill("#view-name", "Maiores entradas")
        seen.page.press("#view-name", "Enter")
        expect(seen.page.locator("[popovertarget=views]")).to_have_text("Maiores entradas")
        browser.go(seen.page, f"{door.url}/t/aurora/transactions/")
        seen.page.click("[popovertarget=views]")
        assert seen.axe() == []
        seen.page.click("#views a.menu-item")
        seen.page.wait_for_url("**/transactions/?type=CREDIT&sort=-amount")
        seen.page.click("[popovertarget=views]")
        seen.page.click("#views .menu-row button")
        expect(seen.page.locator("#views .menu-row")).to_have_count(0)
        assert seen.complaints == []


def test_a_column_that_was_hidden_stays_hidden(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/transactions/")
        seen.page.click("[popovertarget=transactions-options]")
        seen.page.uncheck("[data-column-toggle=category]")
        expect(seen.page.locator("th[data-column=category]")).to_be_hidden()
        browser.again(seen.page)
        expect(seen.page.locator("th[data-column=category]")).to_be_hidden()
        expect(seen.page.locator("#total")).to_be_visible()


def test_totals_that_fail_twice_say_so_and_can_be_asked_for_again(visit, door, aurora) -> None:
    with visit("about:blank", worker=False) as seen:
        browser.sign_in(seen.page, door.url)
        asked: list[str] = []

        def refuse(route: Route) -> None:
            asked.append(route.request.url)
            route.fulfill(status=500)

        seen.page.route("**/totals/**", refuse)
        seen.page.goto(f"{door.url}/t/aurora/transactions/")
        again = seen.page.locator("#totals [data-part-again]")
        expect(again).to_be_visible()
        expect(seen.page.locator("#total")).to_have_text("–")
        expect(seen.page.locator(".toasts > .toast")).to_have_count(0)
        assert len(asked) == 2
        seen.page.unroute("**/totals/**")
        again.click()
        expect(seen.page.locator("#totals")).to_contain_text("R$")
        expect(seen.page.locator("#total")).to_contain_text("R$")


@pytest.mark.parametrize("width", [1024, 1280, 1440])
def test_no_table_hides_a_figure_beside_the_window(visit, door, aurora, width: int) -> None:
    long = "FORNECEDORA DE MATERIAIS HOSPITALARES E VETERINARIOS DO VALE LTDA"
    factories.make_open_item(aurora, "-1234567.89", counterparty_name=long, description=long * 2)
    account = Account.objects.get(tenant=aurora)
    today = clock.today(aurora.zone)
    factories.make_transaction(
        account, "-1234567.89", date=today, counterparty_name=long, description=long, category=long[:60]
    )
    hidden = {}
    with visit("about:blank", width=width) as seen:
        browser.sign_in(seen.page, door.url)
        for name, path in PAGES.items():
            browser.go(seen.page, f"{door.url}/t/aurora/{path}")
            hidden[name] = seen.page.evaluate(
                "[...document.querySelectorAll('.table-scroll')].map(one => one.scrollWidth - one.clientWidth)"
            )
    assert {name: found for name, found in hidden.items() if any(found)} == {}


def test_on_a_phone_the_tab_where_one_is_can_be_seen(visit, door, aurora) -> None:
    with visit("about:blank", width=390) as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/settings/audit/")
        expect(seen.page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=0.95)


def test_on_a_phone_rows_are_cards_that_say_what_each_value_is_and_can_be_selected(
    visit, door, aurora
) -> None:
    with visit("about:blank", width=390) as seen:
        browser.sign_in(seen.page, door.url)
        browser.go(seen.page, f"{door.url}/t/aurora/open-items/")
        due = seen.page.locator("tbody td[data-label]:not([data-label=''])").first
        assert "Vencimento" in due.evaluate("cell => getComputedStyle(cell, '::before').content")
        seen.page.locator("tbody input[data-select]").first.check()
        expect(seen.page.locator("[data-bulk]")).to_be_visible()
        seen.page.locator("[data-bulk] input[data-select-all]").uncheck()
        expect(seen.page.locator("[data-bulk]")).not_to_be_visible()
