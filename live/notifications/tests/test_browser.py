"""Notifications in a real browser: the bell follows, the drawer opens, the tone waits for a touch; accessible and by keyboard."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.tests import browser
from live.models import Notification, NotificationPreference
from live.notifications import notify
from tenants.models import Role, Tenant, User
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

EMAIL = "ana@example.com"
# Counts tones instead of sounding them.
SILENT = """
window.tones = 0;
window.AudioContext = class {
  currentTime = 0; destination = {};
  async resume() {}
  createOscillator() { return { frequency: {}, connect: (next) => next, start: () => window.tones++, stop() {} }; }
  createGain() { const gain = { setValueAtTime() {}, exponentialRampToValueAtTime() {} }; return { gain, connect: (next) => next }; }
};
"""


@pytest.fixture
def ana() -> User:
    user: User = factories.make_user(EMAIL, password=factories.PASSWORD)
    factories.make_member(factories.make_tenant("Aurora"), Role.OWNER, user=user)
    return user


def tell(user: User, person: str, severity: str | None = None) -> int:
    tenant = Tenant.objects.get(slug="aurora")
    params = {"person": person, "role": "viewer"}
    return notify("invitation_accepted", tenant=tenant, params=params, users=[user], severity=severity)[0]


def sign_in(page: Page, base: str) -> None:
    # The page's own stream is another test's matter, and this test's server has none.
    page.route("**/api/events**", lambda route: route.fulfill(status=204))
    page.goto(f"{base}/accounts/login/")
    page.fill("input[name=login]", EMAIL)
    page.fill("input[name=password]", factories.PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/t/**")


def ring(page: Page) -> None:
    """Do what the live stream does when an event arrives."""
    page.evaluate("htmx.trigger(document.getElementById('bell'), 'live:refresh')")


def test_what_arrives_counts_shows_and_opens(visit: Any, live_server: Any, ana: User) -> None:
    with visit("about:blank") as seen:
        sign_in(seen.page, live_server.url)
        expect(seen.page.locator("#bell .badge")).to_have_count(0)
        tell(ana, "Zoé")
        ring(seen.page)
        expect(seen.page.locator("#bell .badge")).to_have_text("1")
        expect(seen.page.locator(".toasts > .toast.info")).to_contain_text("Zoé aceitou o convite")
        assert seen.axe() == []
        ring(seen.page)
        expect(seen.page.locator("#bell .badge")).to_have_text("1")
        expect(seen.page.locator(".toasts > .toast.info")).to_have_count(1)
        seen.page.locator(".toasts > .toast.info a").click()
        seen.page.wait_for_url("**/t/aurora/settings/people/")
        expect(seen.page.locator("#bell .badge")).to_have_count(0)


def test_the_drawer_by_keyboard_alone(visit: Any, live_server: Any, ana: User) -> None:
    for name in ("Um", "Dois", "Três"):
        tell(ana, name)
    with visit("about:blank") as seen:
        sign_in(seen.page, live_server.url)
        seen.page.locator("#bell-side").focus()
        seen.page.keyboard.press("Enter")
        drawer = seen.page.locator("#drawer")
        expect(drawer.locator(".told-item")).to_have_count(3)
        expect(drawer.locator("[data-drawer-title]")).to_be_focused()
        assert seen.axe() == []
        drawer.locator(".told-item").first.locator("button").focus()
        seen.page.keyboard.press("Enter")
        expect(drawer.locator(".told-item.is-unread")).to_have_count(2)
        expect(seen.page.locator("#bell .badge")).to_have_text("2")
        drawer.get_by_role("button", name="Marcar todas como lidas").click()
        expect(drawer.locator(".told-item.is-unread")).to_have_count(0)
        expect(seen.page.locator("#bell .badge")).to_have_count(0)
        seen.page.keyboard.press("Escape")
        expect(drawer).not_to_be_visible()
        expect(seen.page.locator("#notification-list")).to_have_count(0)
    assert not Notification.objects.filter(read_at=None).exists()


def test_a_tone_sounds_once_after_a_touch_and_only_when_wanted(
    visit: Any, live_server: Any, ana: User
) -> None:
    tenant = Tenant.objects.get(slug="aurora")
    with visit("about:blank") as seen:
        seen.page.add_init_script(SILENT)
        sign_in(seen.page, live_server.url)
        NotificationPreference.objects.create(tenant=tenant, user=ana, sound_enabled=True)
        seen.page.reload(wait_until="networkidle")
        tell(ana, "Um")
        ring(seen.page)
        expect(seen.page.locator("#bell .badge")).to_have_text("1")
        assert seen.page.evaluate("tones") == 0, "nobody has touched the page"
        seen.page.keyboard.press("Shift")
        tell(ana, "Dois")
        ring(seen.page)
        expect(seen.page.locator("#bell .badge")).to_have_text("2")
        browser.until(seen.page, "tones === 2")
        NotificationPreference.objects.update(sound_enabled=False)
        tell(ana, "Três")
        ring(seen.page)
        expect(seen.page.locator("#bell .badge")).to_have_text("3")
        assert seen.page.evaluate("tones") == 2


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1024, "light"), (1440, "dark")])
def test_the_pages_are_accessible_and_fit(
    visit: Any, live_server: Any, ana: User, width: int, theme: str
) -> None:
    findings: dict[str, list[str]] = {}
    with visit("about:blank", width=width, theme=theme) as seen:
        sign_in(seen.page, live_server.url)
        for state in ("empty", "full"):
            for path in ("notifications/", "notifications/?unread=1", "settings/notifications/"):
                seen.page.goto(f"{live_server.url}/t/aurora/{path}", wait_until="networkidle")
                wide = seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")
                findings[f"{state} {path}"] = seen.axe() + (["wider than the window"] if wide else [])
            tell(ana, "Fornecedora de Materiais Hospitalares e Veterinários do Vale " * 2, "critical")
            tell(ana, "Zoé")
        assert {name: found for name, found in findings.items() if found} == {}
        assert seen.complaints == []


def test_wishes_are_saved_from_the_page(visit: Any, live_server: Any, ana: User) -> None:
    with visit("about:blank") as seen:
        sign_in(seen.page, live_server.url)
        seen.page.goto(f"{live_server.url}/t/aurora/settings/notifications/", wait_until="networkidle")
        seen.page.uncheck("input[value=role_changed]")
        seen.page.check("input[name=email]")
        seen.page.check("input[value=daily]")
        seen.page.fill("input[name=quiet_from]", "22:00")
        seen.page.fill("input[name=quiet_until]", "07:00")
        seen.page.locator("#main form button[type=submit]").click()
        expect(seen.page.locator(".toasts > .toast")).to_be_visible()
        expect(seen.page.locator("input[value=role_changed]")).not_to_be_checked()
        expect(seen.page.locator("input[value=daily]")).to_be_checked()
        expect(seen.page.locator("input[name=quiet_until]")).to_have_value("07:00")
        assert seen.complaints == []
