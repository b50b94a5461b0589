"""The components in a real browser: accessible, silent under the policy, and usable by keyboard alone."""

import re

import pytest
from django.urls import path
from playwright.sync_api import Dialog, expect

from config.styleguide import styleguide
from config.tests import browser
from config.urls import urlpatterns as product

urlpatterns = [*product, path("styleguide", styleguide, name="styleguide")]
pytestmark = [pytest.mark.e2e, pytest.mark.urls(__name__), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def guide(door):
    return f"{door.url}/styleguide"


@pytest.mark.parametrize(
    ("width", "theme"), [(390, "light"), (390, "dark"), (1024, "dark"), (1440, "light"), (1920, "dark")]
)
def test_every_width_and_theme_is_accessible_and_fits(visit, guide, width, theme):
    with visit(guide, width=width, theme=theme) as seen:
        assert seen.axe() == []
        assert seen.complaints == []
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_moves_while_the_page_loads_and_it_is_light(visit, guide):
    with visit("about:blank") as seen:
        sizes: list[int] = []
        seen.page.on(
            "response", lambda answer: sizes.append(len(answer.body())) if "/static/" in answer.url else None
        )
        seen.page.add_init_script(
            "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(e => window.shift += e.value))"
            ".observe({type: 'layout-shift', buffered: true})"
        )
        browser.go(seen.page, guide)
        assert seen.page.evaluate("window.shift") < 0.02
    # Uncompressed; gzip makes about a quarter of it, and the limit for the first visit is 150 KB compressed.
    assert sum(sizes) < 300_000


def test_a_chart_tells_its_points_by_arrow_keys_and_its_legend_switches_series(visit, guide):
    with visit(guide) as seen:
        chart = seen.page.locator("#charts svg[data-chart=line]").first
        chart.focus()
        seen.page.keyboard.press("End")
        expect(seen.page.locator(".tooltip")).to_contain_text("21/11/2026")
        expect(seen.page.locator(".tooltip")).to_contain_text("Mês passado")
        seen.page.locator("#charts [data-series-toggle='1']").first.click()
        chart.focus()
        seen.page.keyboard.press("Home")
        expect(seen.page.locator(".tooltip")).not_to_contain_text("Mês passado")
        seen.page.keyboard.press("Escape")
        expect(seen.page.locator(".tooltip")).to_be_hidden()
        assert seen.complaints == []


def test_a_row_opens_in_the_drawer_under_its_own_address_and_back_closes_it(visit, guide):
    with visit(guide) as seen:
        page, drawer = seen.page, seen.page.locator("#drawer")
        page.locator("#sample tbody tr").nth(1).locator("td.num").click()
        expect(page.locator("[data-drawer-title]")).to_be_focused()
        assert page.url.endswith("?row=2")
        page.keyboard.press("j")
        expect(page.locator("[data-drawer-title]")).to_contain_text("Cielo")
        assert page.url.endswith("?row=3")
        page.go_back()
        expect(drawer).to_be_hidden()
        assert page.url == guide
        expect(page.locator("#sample tbody tr").nth(2).locator("a")).to_be_focused()
        assert seen.complaints == []


def test_unsaved_work_in_the_drawer_is_asked_about(visit, guide):
    with visit(guide) as seen:
        asked: list[str] = []

        def refuse(dialog: Dialog) -> None:
            asked.append(dialog.message)
            dialog.dismiss()

        seen.page.locator("#sample tbody tr").first.locator("td.num").click()
        seen.page.locator("#row-note").fill("a note")
        seen.page.once("dialog", refuse)
        seen.page.keyboard.press("Escape")
        expect(seen.page.locator("#drawer")).to_be_visible()
        seen.page.once("dialog", lambda dialog: dialog.accept())
        seen.page.keyboard.press("Escape")
        expect(seen.page.locator("#drawer")).to_be_hidden()
        assert asked == ["Há mudanças que não foram salvas. Sair mesmo assim?"]


def test_the_palette_finds_a_page_without_accents_and_goes_there(visit, guide):
    with visit(guide) as seen:
        seen.page.keyboard.press("Control+k")
        field = seen.page.locator("#palette input")
        expect(field).to_be_focused()
        field.fill("zzz")
        expect(seen.page.locator("[data-palette-none]")).to_be_visible()
        label = seen.page.locator(".side .nav-item[href='#ledger:transactions'] span").inner_text()
        field.fill(label.replace("ç", "c").replace("õ", "o").lower())
        expect(seen.page.locator("#palette [role=option]")).to_have_count(1)
        seen.page.keyboard.press("Enter")
        expect(seen.page).to_have_url(re.compile("#ledger:transactions$"))


def test_the_theme_is_remembered_without_a_flash(visit, guide):
    with visit(guide, theme="dark") as seen:
        seen.page.evaluate("document.querySelector('[data-theme-set=light]').click()")
        seen.page.reload()
        assert seen.page.evaluate("document.documentElement.dataset.theme") == "light"
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(250, 249, 247)"


def test_columns_and_selection_of_a_table(visit, guide):
    with visit(guide) as seen:
        page = seen.page
        page.locator("#sample tbody input[data-select]").nth(0).click()
        page.locator("#sample tbody input[data-select]").nth(3).click(modifiers=["Shift"])
        expect(page.locator("#sample [data-bulk]")).to_contain_text("4")
        page.locator("[popovertarget='sample-options']").click()
        page.locator("#sample-options [data-column-toggle='category']").uncheck()
        expect(page.locator("#sample th[data-column='category']")).to_be_hidden()
        page.reload()
        expect(page.locator("#sample th[data-column='category']")).to_be_hidden()


def test_what_cannot_be_undone_wants_its_name_typed(visit, guide):
    with visit(guide) as seen:
        seen.page.locator("[data-dialog-open='sample-confirm']").first.click()
        button = seen.page.locator("#sample-confirm [data-match-submit]")
        expect(button).to_be_disabled()
        seen.page.locator("#sample-confirm [data-must-match]").fill("Itaú")
        expect(button).to_be_enabled()
        seen.page.keyboard.press("Escape")
        expect(seen.page.locator("#sample-confirm")).to_be_hidden()


def test_on_a_phone_the_navigation_is_a_sheet(visit, guide):
    with visit(guide, width=390) as seen:
        side = seen.page.locator("#side")
        expect(side).to_be_hidden()
        seen.page.locator("[popovertarget='side']").click()
        expect(side).to_be_visible()
        seen.page.keyboard.press("Escape")
        expect(side).to_be_hidden()


def test_a_file_that_is_too_large_is_named_and_left_out(visit, guide):
    with visit(guide) as seen:
        zone = seen.page.locator("#statements")
        zone.evaluate("element => element.dataset.maxBytes = '10'")
        files = [
            {"name": "pequeno.ofx", "mimeType": "text/plain", "buffer": b"12345"},
            {"name": "grande.ofx", "mimeType": "text/plain", "buffer": b"1" * 50},
        ]
        zone.locator("input").set_input_files(files)
        expect(seen.page.locator("#statements-list .file")).to_have_count(1)
        expect(seen.page.locator("#statements-list")).to_contain_text("pequeno.ofx")
        expect(seen.page.locator("[data-dropzone-error]")).to_contain_text("grande.ofx")
        expect(seen.page.locator("[data-needs-file]")).to_be_enabled()
