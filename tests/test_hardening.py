"""What every answer carries, what the door of the pages does, and who we believe to be talking to."""

import re
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory

from tenants.middleware import TrustedProxyMiddleware, client_address
from tenants.models import Membership, Role, User
from tests.addresses import addresses
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import PASSWORD, make_member, make_user
from tests.second_factor import add_to, code
from tests.world import fill, ids_of, number_apart

STRICT = {
    "default-src": "'self'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:", "font-src": "'self'",
    "connect-src": "'self'", "object-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'", "form-action": "'self'",
}  # fmt: skip


def policy_of(response: Any) -> dict[str, str]:
    """Return the content security policy by directive."""
    parts = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: value for name, _blank, value in parts}


def test_every_page_is_under_the_strict_policy(cast: Cast) -> None:
    """Whoever asks, whatever the status: no inline script or style, no other host, no frame."""
    number_apart()
    fill(cast.aurora)
    ids, seen, only_missing = ids_of(cast.aurora), 0, set()
    for client in (Client(), signed_in(cast.ana)):
        for address in addresses():
            if address.route.startswith("accounts/^") or address.route == "api/docs":
                continue
            shown: set[str] = set()  # of each kind of address one that is there, whatever its number
            for url in address.urls(slug="aurora", ids=ids):
                kind = re.sub(r"/\d+(?=/|$)", "/N", url)
                if kind in shown:
                    continue
                response = client.get(url)
                only_missing.add(kind)
                if response.status_code != 404:
                    shown.add(kind)
                assert policy_of(response) == STRICT, url
                assert response["X-Content-Type-Options"] == "nosniff", url
                assert response["Referrer-Policy"] == "same-origin", url
                assert response["X-Frame-Options"] == "DENY", url
                if url.startswith("/t/aurora/") and response.status_code == 200:
                    assert "private" in response["Cache-Control"], url
                seen += 1
                if response.get("Content-Type", "").startswith("text/html"):
                    check_markup(response.content.decode(), url)
            only_missing -= shown
    assert seen > 150
    assert {kind for kind in only_missing if kind.startswith("/t/aurora/")} == set()


def check_markup(page: str, url: str) -> None:
    """Nothing in the markup needs what the policy forbids."""
    for script in re.findall(r"<script\b[^>]*>", page):
        assert "src=" in script or 'type="application/json"' in script, f"{url}: {script}"
    assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=", page), url
    assert not re.search(r'(?:src|action)="(?:https?:)?//', page), url


def test_the_admin_has_a_policy_of_its_own(cast: Cast, settings: Any) -> None:
    settings.ADMIN_SECOND_FACTOR = False
    client = signed_in(make_user("staff@example.com", is_staff=True))
    assert policy_of(client.get("/admin/")) == {
        **STRICT,
        "script-src": "'self' 'unsafe-eval'",
        "style-src": "'self' 'unsafe-inline'",
    }
    assert policy_of(client.get("/api/docs")) == {**STRICT, "style-src": "'self' 'unsafe-inline'"}
    assert policy_of(client.get("/administrators/")) == STRICT


def test_https_is_insisted_on(settings: Any, cast: Cast) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    plain = Client().get("/accounts/login/")
    assert (plain.status_code, plain["Location"]) == (301, "https://testserver/accounts/login/")
    assert Client().get("/health/live").status_code == 200, "who watches from inside speaks plain HTTP"
    safe = Client().get("/accounts/login/", secure=True)
    assert safe["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    cookie = safe.cookies["csrftoken"]
    assert (cookie["secure"], cookie["samesite"]) == (True, "Lax")


# --- signing in ------------------------------------------------------------------------------------------------------------
def test_signing_up_is_closed(db: None) -> None:
    page = Client().get("/accounts/signup/")
    assert page.status_code == 200
    assert "password1" not in page.content.decode()
    Client().post(
        "/accounts/signup/", {"email": "x@example.com", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert not User.objects.filter(email="x@example.com").exists()


def test_signing_in_by_e_mail_keeps_a_session_in_the_database(cast: Cast) -> None:
    user = make_user("iris@example.com", password=PASSWORD)
    Membership.objects.create(tenant=cast.aurora, user=user, role=Role.VIEWER)
    client = Client()
    wrong = client.post("/accounts/login/", {"login": user.email, "password": "wrong"})
    unknown = client.post("/accounts/login/", {"login": "nobody@example.com", "password": "wrong"})
    assert wrong.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()
    entered = client.post("/accounts/login/", {"login": "IRIS@example.com", "password": PASSWORD})
    assert entered.status_code == 302
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert Session.objects.filter(session_key=cookie.value).exists()
    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$")
    client.post("/accounts/logout/")
    assert not Session.objects.filter(session_key=cookie.value).exists()


def test_five_failures_lock_the_account(cast: Cast) -> None:
    make_user("jonas@example.com", password=PASSWORD)
    login = {"login": "jonas@example.com", "password": "wrong"}
    for _ in range(5):
        Client().post("/accounts/login/", login)
    locked = Client().post("/accounts/login/", {**login, "password": PASSWORD})
    assert locked.status_code == 200
    assert "_auth_user_id" not in locked.wsgi_request.session
    # An account is locked, not the office behind its address: two members of it still come in.
    make_member(cast.aurora, user=make_user("kika@example.com", password=PASSWORD))
    other = Client().post("/accounts/login/", {"login": "kika@example.com", "password": PASSWORD})
    assert other.status_code == 302


def test_ten_failures_lock_the_address(db: None) -> None:
    for n in range(10):
        Client().post("/accounts/login/", {"login": f"guess{n}@example.com", "password": "x"})
    make_user("lia@example.com", password=PASSWORD)
    login = {"login": "lia@example.com", "password": PASSWORD}
    assert Client().post("/accounts/login/", login).status_code == 200
    assert Client(REMOTE_ADDR="198.51.100.20").post("/accounts/login/", login).status_code == 302


def test_the_second_factor_stands_between_password_and_page(cast: Cast, patient_codes: None) -> None:
    user = make_user("maya@example.com", password=PASSWORD)
    Membership.objects.create(tenant=cast.aurora, user=user, role=Role.OWNER)
    add_to(user)
    codes = RecoveryCodes.activate(user).get_unused_codes()
    client = Client()
    half = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert half["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/t/aurora/settings/").status_code == 302, "half signed in is not signed in"
    assert client.get("/api/settings").status_code == 401
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.post("/accounts/2fa/authenticate/", {"code": code()}).status_code == 302
    assert client.get("/t/aurora/settings/").status_code == 200
    for typed, works in ((codes[0], True), (codes[0], False), (codes[1], True)):
        again = Client()
        again.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        assert (again.post("/accounts/2fa/authenticate/", {"code": typed}).status_code == 302) == works


def test_a_second_factor_opens_the_admin_in_this_session_only(db: None, patient_codes: None) -> None:
    staff = make_user("nara@example.com", password=PASSWORD, is_staff=True)
    old = signed_in(staff)
    add_to(staff)
    assert old.get("/admin/").status_code == 403
    client = Client()
    client.post("/accounts/login/", {"login": staff.email, "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert client.get("/admin/").status_code == 200
    assert old.get("/admin/").status_code == 403, "an older session did not show it"
    page = old.get("/accounts/2fa/reauthenticate/?next=/admin/")
    assert page.status_code == 200


def test_forgotten_passwords_tell_nobody_who_has_an_account(db: None, mailoutbox: Any) -> None:
    make_user("olga@example.com", password=PASSWORD)
    known = Client().post("/accounts/password/reset/", {"email": "olga@example.com"})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    reset = [mail for mail in mailoutbox if "/accounts/password/reset/key/" in mail.body]
    assert [mail.to for mail in reset] == [["olga@example.com"]]


# --- who is talking ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "address"),
    [
        ([], "203.0.113.5", "198.51.100.1", "203.0.113.5"),
        (["10.0.0.0/8"], "203.0.113.5", "198.51.100.1", "203.0.113.5"),
        (["10.0.0.0/8"], "10.0.0.2", "198.51.100.1", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.2", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.2", "198.51.100.1, 10.0.0.9", "198.51.100.1"),
        (["10.0.0.0/8"], "10.0.0.2", "", "10.0.0.2"),
        (["10.0.0.0/8"], "10.0.0.2", "not-an-address", "0.0.0.0"),
        (["::1"], "::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_only_our_proxies_are_believed(
    settings: Any, trusted: list[str], peer: str, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get(
        "/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded, HTTP_X_FORWARDED_PROTO="https"
    )
    seen = []
    TrustedProxyMiddleware(lambda inner: seen.append(dict(inner.META)) or None)(request)  # type: ignore[func-returns-value]
    assert seen[0]["REMOTE_ADDR"] == address
    assert client_address(request) == address, "asking again changes nothing"
    believed = "HTTP_X_FORWARDED_PROTO" in seen[0]
    assert believed == (bool(trusted) and not peer.startswith("203."))
