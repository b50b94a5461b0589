"""What the browser tests of numbers share: a company of Ana's, her way in, and what holds on every page."""

from collections.abc import Iterable

from playwright.sync_api import Page

from config.tests import browser
from tenants.models import Role, Tenant
from tests import factories

EMAIL = "ana@example.com"


def company() -> Tenant:
    """Return a company of which Ana is the owner."""
    tenant = factories.make_tenant("Aurora")
    factories.make_member(tenant, Role.OWNER, user=factories.make_user(EMAIL, password=factories.PASSWORD))
    return tenant


def enter(page: Page, base: str) -> None:
    """Sign in and wait for the overview."""
    browser.sign_in(page, base, EMAIL)
    browser.settle(page)


def check_pages(seen: browser.Visit, base: str, paths: Iterable[str]) -> None:
    """Sign in and open each page: accessible, no wider than the window, nothing in the console."""
    enter(seen.page, base)
    for path in paths:
        browser.go(seen.page, f"{base}/t/aurora/{path}")
        assert seen.axe() == [], path
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert seen.page.evaluate(wide) <= 0, path
    assert seen.complaints == []
