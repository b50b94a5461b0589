"""The form of a rule in a real browser: what is typed while it is drawn anew stays, in the comparison that it was typed into."""

import pytest
from playwright.sync_api import expect

from config.tests import browser
from tenants.models import Role
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_what_is_typed_while_the_form_is_drawn_anew_stays(visit, door) -> None:
    tenant = factories.make_tenant("Aurora")
    factories.make_member(
        tenant, Role.ANALYST, user=factories.make_user("ana@example.com", password=factories.PASSWORD)
    )
    with visit("about:blank", worker=False) as seen:
        page = seen.page
        browser.sign_in(page, door.url)
        browser.go(page, f"{door.url}/t/aurora/reconciliation/rules/new/")
        rows, texts = page.locator(".rule-row"), page.locator(".rule-value input")
        for count in (2, 3):
            page.locator("button[value=row-0]").click()
            expect(rows).to_have_count(count)
            browser.settle(page)
        for n, text in enumerate(("um", "dois", "três")):
            texts.nth(n).fill(text)
        with browser.held(page, "**/rules/new/"):
            rows.nth(0).get_by_role("button").click()
            texts.nth(1).click()
            page.keyboard.press("End")
            page.keyboard.type(" e meio")
        expect(rows).to_have_count(2)
        browser.settle(page)
        assert [one.input_value() for one in texts.all()] == ["dois e meio", "três"]
        expect(texts.nth(0)).to_be_focused()
        with browser.held(page, "**/rules/new/"):
            page.locator("#rule-action").select_option("book")
            page.locator("#rule-name").click()
            page.keyboard.type("Tarifas")
        expect(page.locator("#rule-category")).to_be_visible()
        browser.settle(page)
        assert page.locator("#rule-name").input_value() == "Tarifas"
        assert [one.input_value() for one in texts.all()] == ["dois e meio", "três"]
        assert seen.complaints == []
