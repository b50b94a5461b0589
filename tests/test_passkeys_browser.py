"""A passkey in a real browser with an authenticator of its own: added after the password, then used instead of it."""

import re

import pytest

from config.tests import browser
from tenants.models import Role
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_person_adds_a_passkey_and_comes_in_with_it(chromium, live_server):
    tenant = factories.make_tenant("Aurora")
    ana = factories.make_user("ana@example.com", password=factories.PASSWORD)
    factories.make_member(tenant, Role.VIEWER, user=ana)
    base = live_server.url.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, not to a number
    with browser.visit(chromium, f"{base}/accounts/login/") as visit:
        page = visit.page
        wire = page.context.new_cdp_session(page)
        wire.send("WebAuthn.enable")
        wire.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        page.fill("input[name=login]", ana.email)
        page.fill("input[name=password]", factories.PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/t/aurora/**")
        page.goto(f"{base}/accounts/2fa/webauthn/add/")
        page.fill(
            "input[name=password]", factories.PASSWORD
        )  # keys are added by who has just said who they are
        page.press("input[name=password]", "Enter")
        page.wait_for_url(re.compile(r"^[^?]*/2fa/webauthn/add/$"))
        browser.settle(page)
        page.get_by_label("Nome").fill("Celular")
        page.get_by_label("Sem senha").check()
        assert visit.axe() == []
        page.get_by_role("button", name="Adicionar").click()
        page.wait_for_url("**/2fa/recovery-codes/**")
        page.context.clear_cookies()
        browser.go(page, f"{base}/accounts/login/")
        page.get_by_role("button", name="Usar chave de acesso").click()
        page.wait_for_url("**/t/aurora/**")
        assert visit.complaints == []
