"""Who may come in to the API: keys, tokens, sessions, and everybody who must stay out."""

import base64
import hashlib
import hmac as hmac_module
import json
import re
from datetime import timedelta
from unittest import mock

import jwt
import pytest
from django.conf import settings
from django.test import Client

from lib import clock
from tenants import keys, services, tokens
from tenants.models import ApiKey, AuditLog, Membership, Role, User
from tenants.tokens import Credential
from tests.api import body, make_key, signed_in, with_key
from tests.cast import Cast
from tests.factories import PASSWORD, make_member, make_user
from tests.second_factor import SECRET, add_to, code

STATUS = "/api/system/status"
SALES = "/api/sales"


def bearer(token: str) -> Client:
    """Return a client that comes with a token."""
    return Client(headers={"Authorization": f"Bearer {token}"})


def token_for(user: User, **changes: object) -> str:
    """Return an access token of the user whose claims were changed and which was signed with our own key."""
    text = tokens.issue(Credential(user=user))["access"]
    claims = jwt.decode(text, options={"verify_signature": False})
    return jwt.encode({**claims, **changes}, settings.JWT_SECRET, algorithm="HS256")


def test_no_credentials_and_bad_ones_are_401_in_the_envelope(cast: Cast) -> None:
    for headers in ({}, {"Authorization": "Api-Key pk_nothing_here"}, {"Authorization": "Bearer x.y.z"}):
        response = Client().get(SALES, headers=headers)
        assert response.status_code == 401
        assert body(response) | {"message": ""} == {
            "error": True,
            "message": "",
            "code": "unauthenticated",
            "details": {},
        }
        assert "Api-Key" in response["WWW-Authenticate"]


def test_a_key_opens_its_company_with_its_scopes_and_is_remembered(cast: Cast) -> None:
    text = make_key(cast.aurora, ["read"])
    assert re.fullmatch(r"pk_[a-z0-9]{12}_[\w-]{43}", text)
    row = ApiKey.objects.get(last_used_at=None)
    assert text.split("_", 2)[2] not in (row.secret_hash, row.prefix)
    client = Client(headers={"Authorization": f"Api-Key {text}"})
    assert client.get(SALES).status_code == 200
    first = ApiKey.objects.get(last_used_at__isnull=False).last_used_at
    client.get(SALES)
    assert ApiKey.objects.get().last_used_at == first, "touched at most once a minute"
    ApiKey.objects.update(last_used_at=clock.now() - timedelta(seconds=61))
    client.get(SALES)
    assert ApiKey.objects.filter(last_used_at__gte=first).exists()
    assert client.get(STATUS).status_code == 403, "reading is not operating"
    assert body(client.get(STATUS))["code"] == "permission_denied"


@pytest.mark.parametrize("shut", ["revoked", "expired", "closed"])
def test_a_key_that_was_shut_opens_nothing(cast: Cast, shut: str) -> None:
    client = with_key(cast.aurora)
    key = ApiKey.objects.get()
    pair = tokens.issue(Credential(api_key=key))
    assert bearer(pair["access"]).get(SALES).status_code == 200
    if shut == "revoked":
        services.revoke_api_key(key=key, actor=cast.ana)
    elif shut == "expired":
        ApiKey.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    else:
        services.set_active(tenant=cast.aurora, active=False, actor=None)
    assert client.get(SALES).status_code == 401
    assert bearer(pair["access"]).get(SALES).status_code == 401, "its tokens stop at once"
    again = Client().post(
        "/api/auth/token/refresh", {"refresh": pair["refresh"]}, content_type="application/json"
    )
    assert again.status_code == 401


def test_the_secret_is_compared_in_constant_time(cast: Cast) -> None:
    text = make_key(cast.aurora)
    with mock.patch("tenants.keys.hmac.compare_digest", wraps=hmac_module.compare_digest) as compared:
        assert keys.find(text) is not None
        assert keys.find(text[:-1] + ("a" if text[-1] != "a" else "b")) is None
        assert keys.find("pk_unknownunkno_secret") is None
    assert compared.call_count == 3, "an unknown prefix takes the same work"
    stored, given = compared.call_args_list[0].args
    assert stored == given == hashlib.sha256(text.split("_", 2)[2].encode()).hexdigest()


def test_a_key_names_no_other_company(cast: Cast) -> None:
    client = with_key(cast.aurora)
    assert client.get(SALES, headers={"X-Tenant": "aurora"}).status_code == 200
    assert client.get(SALES, headers={"X-Tenant": "boreal"}).status_code == 404


def test_a_key_may_not_do_more_than_who_makes_it(cast: Cast) -> None:
    bruno = Membership.objects.get(user=cast.bruno)
    from tests.factories import access_of

    with pytest.raises(services.ScopeTooWide):
        services.create_api_key(
            tenant=cast.aurora, name="x", scopes=["write"], actor=access_of(cast.bruno, bruno.tenant)
        )
    with pytest.raises(services.ScopeTooWide):
        services.create_api_key(tenant=cast.aurora, name="x", scopes=["own"], actor=None)
    assert not ApiKey.objects.exists()


def test_sessions_need_the_csrf_token_to_write(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ana)
    response = client.post("/api/system/cache/clear", {}, content_type="application/json")
    assert response.status_code == 403
    assert body(response)["error"] is True
    client.get("/accounts/login/")
    client.cookies["csrftoken"] = "a" * 32
    allowed = client.post(
        "/api/system/cache/clear", {}, content_type="application/json", headers={"X-CSRFToken": "a" * 32}
    )
    assert allowed.status_code == 200


def test_a_user_of_several_companies_names_one(cast: Cast) -> None:
    make_member(cast.boreal, Role.VIEWER, user=cast.ana)
    client = signed_in(cast.ana)
    response = client.get(SALES)
    assert response.status_code == 400
    assert body(response)["details"]["companies"] == "aurora, boreal"
    assert client.get(SALES, headers={"X-Tenant": "boreal"}).status_code == 200
    assert client.get(SALES, headers={"X-Tenant": "nowhere"}).status_code == 404
    assert signed_in(make_user()).get(SALES).status_code == 404


def test_readers_may_not_write_and_strangers_find_nothing(cast: Cast) -> None:
    change = {"date_tolerance_days": 7}
    bruno, carla = signed_in(cast.bruno), signed_in(cast.carla)
    assert bruno.get("/api/settings").status_code == 200
    assert bruno.post("/api/settings", change, content_type="application/json").status_code == 403
    assert carla.get("/api/settings", headers={"X-Tenant": "aurora"}).status_code == 404


def test_tokens_from_a_session_a_key_and_a_password(cast: Cast) -> None:
    user = make_user("dora@example.com", password=PASSWORD)
    Membership.objects.create(tenant=cast.aurora, user=user, role=Role.VIEWER)
    password = {"email": "Dora@example.com", "password": PASSWORD}
    sources = [
        signed_in(cast.ana).post("/api/auth/token", content_type="application/json"),
        with_key(cast.aurora).post("/api/auth/token", content_type="application/json"),
        Client().post("/api/auth/token", password, content_type="application/json"),
    ]
    for response in sources:
        assert response.status_code == 200, response.content
        pair = body(response)["data"]
        assert (pair["expires_in"], pair["refresh_expires_in"]) == (900, 604_800)
        assert bearer(pair["access"]).get(SALES).status_code == 200
        renewed = Client().post(
            "/api/auth/token/refresh", {"refresh": pair["refresh"]}, content_type="application/json"
        )
        assert bearer(body(renewed)["data"]["access"]).get(SALES).status_code == 200
        # Neither kind stands in for the other, and a token buys no token.
        assert bearer(pair["refresh"]).get(SALES).status_code == 401
        assert (
            bearer(pair["access"]).post("/api/auth/token", content_type="application/json").status_code == 401
        )
        wrong = Client().post(
            "/api/auth/token/refresh", {"refresh": pair["access"]}, content_type="application/json"
        )
        assert wrong.status_code == 401


def test_tokens_end_with_the_account_and_with_the_password(cast: Cast) -> None:
    pair = tokens.issue(Credential(user=cast.bruno))
    assert bearer(pair["access"]).get(SALES).status_code == 200
    cast.bruno.set_password("another battery staple")
    cast.bruno.save()
    assert bearer(pair["access"]).get(SALES).status_code == 401
    pair = tokens.issue(Credential(user=cast.bruno))
    User.objects.filter(pk=cast.bruno.pk).update(is_active=False)
    assert bearer(pair["access"]).get(SALES).status_code == 401
    again = Client().post(
        "/api/auth/token/refresh", {"refresh": pair["refresh"]}, content_type="application/json"
    )
    assert again.status_code == 401


def test_forged_and_expired_tokens_are_refused(cast: Cast) -> None:
    good = tokens.issue(Credential(user=cast.bruno))["access"]
    header, claims, signature = good.split(".")
    raw = json.loads(base64.urlsafe_b64decode(claims + "=="))

    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    forged = [
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{claims}.",
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{claims}.{signature}",
        jwt.encode(raw, settings.JWT_SECRET, algorithm="HS512"),
        jwt.encode(raw, "another secret of the same length as ours, more than fifty", algorithm="HS256"),
        f"{header}.{part({**raw, 'sub': f'user:{cast.ana.pk}'})}.{signature}",
        token_for(cast.bruno, iss="elsewhere"),
        token_for(cast.bruno, exp=int(clock.now().timestamp()) - 1),
        token_for(cast.bruno, sub="user:0"),
        token_for(cast.bruno, sub="key:1"),
        token_for(cast.bruno, sub="user:" + "9" * 30),
    ]
    claimless = {key: value for key, value in raw.items() if key != "exp"}
    forged.append(jwt.encode(claimless, settings.JWT_SECRET, algorithm="HS256"))
    assert bearer(good).get(SALES).status_code == 200
    assert bearer(token_for(cast.bruno)).get(SALES).status_code == 200, "the helper itself signs well"
    for text in forged:
        assert bearer(text).get(SALES).status_code == 401, text


def test_a_second_factor_is_asked_for(cast: Cast, patient_codes: None) -> None:
    user = make_user("edu@example.com", password=PASSWORD)
    authenticator = add_to(user)
    assert SECRET not in json.dumps(authenticator.data), "sealed at rest"
    login = {"email": user.email, "password": PASSWORD}
    post = Client().post
    missing = post("/api/auth/token", login, content_type="application/json")
    assert missing.status_code == 401
    assert body(missing)["code"] == "second_factor_required"
    wrong = post("/api/auth/token", {**login, "code": "000000"}, content_type="application/json")
    assert wrong.status_code == 401
    assert body(wrong)["code"] == "unauthenticated"
    shown = code()
    right = post("/api/auth/token", {**login, "code": shown}, content_type="application/json")
    assert right.status_code == 200, right.content
    claims = jwt.decode(body(right)["data"]["access"], options={"verify_signature": False})
    assert claims["strong"] is True
    again = post("/api/auth/token", {**login, "code": shown}, content_type="application/json")
    assert again.status_code == 401, "a code works once"


def test_failed_logins_lock_the_account_for_the_api_and_the_page_alike(cast: Cast) -> None:
    make_user("flora@example.com", password=PASSWORD)
    login = {"email": "flora@example.com", "password": "wrong"}
    answers = [Client().post("/api/auth/token", login, content_type="application/json") for _ in range(6)]
    assert [response.status_code for response in answers] == [401] * 5 + [429]
    assert answers[-1]["Retry-After"] == "300"
    assert body(answers[-1])["code"] == "throttled"
    right = Client().post("/api/auth/token", {**login, "password": PASSWORD}, content_type="application/json")
    assert right.status_code == 429, "locked for the right password too"
    page = Client().post("/accounts/login/", {"login": "flora@example.com", "password": PASSWORD})
    assert page.status_code == 200, "the form again, with a sentence"
    assert "_auth_user_id" not in page.wsgi_request.session


def test_a_deactivated_account_looks_like_a_wrong_password(cast: Cast) -> None:
    user = make_user("gil@example.com", password=PASSWORD, is_active=False)
    gone = Client().post(
        "/api/auth/token", {"email": user.email, "password": PASSWORD}, content_type="application/json"
    )
    unknown = Client().post(
        "/api/auth/token",
        {"email": "nobody@example.com", "password": PASSWORD},
        content_type="application/json",
    )
    assert (gone.status_code, body(gone)["message"]) == (unknown.status_code, body(unknown)["message"])
    assert gone.status_code == 401


def test_the_token_door_counts_knocks_by_address(cast: Cast) -> None:
    statuses = [
        Client().post("/api/auth/token", content_type="application/json").status_code for _ in range(21)
    ]
    assert statuses == [401] * 20 + [429]
    other = Client(REMOTE_ADDR="198.51.100.7")
    assert other.post("/api/auth/token", content_type="application/json").status_code == 401


def test_keys_are_audited_without_their_secret(cast: Cast) -> None:
    row, text = services.create_api_key(tenant=cast.aurora, name="ERP", scopes=["read"], actor=cast.ana)
    services.revoke_api_key(key=row, actor=cast.ana)
    services.revoke_api_key(key=row, actor=cast.ana)
    entries = list(AuditLog.objects.filter(table="tenants_apikey").order_by("id"))
    assert [(entry.action, entry.actor, entry.tenant) for entry in entries] == [
        ("create", cast.ana, cast.aurora),
        ("revoke", cast.ana, cast.aurora),
    ]
    assert text.split("_", 2)[2] not in json.dumps([[entry.before, entry.after] for entry in entries])
