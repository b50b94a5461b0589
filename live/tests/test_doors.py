"""Doors that anybody may knock at: counted by address, refused in words, and closed where guessing pays while nobody can count."""

from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from config.testing import ValkeyServer
from live import counters as figures
from live.tests.cache_tools import breaker_of, own_valkey
from tenants import doors
from tenants.doors import Door, Refusal
from tenants.models import Membership, Role, User
from tests.api import body, make_key, signed_in, with_key
from tests.cast import Cast
from tests.factories import PASSWORD, make_user

__all__ = ["own_valkey"]
LOGIN, TOKEN = "/accounts/login/", "/api/auth/token"


@pytest.fixture
def hugo(cast: Cast) -> User:
    """Somebody with a password."""
    user = make_user("hugo@example.com", password=PASSWORD)
    Membership.objects.create(tenant=cast.aurora, user=user, role=Role.VIEWER)
    return user


def narrow(monkeypatch: pytest.MonkeyPatch, name: str, rate: str = "2/m") -> None:
    """Give the door of this view a rate that a test can reach."""
    door = doors._DOORS[name]
    monkeypatch.setitem(doors._DOORS, name, Door(door.group, rate, door.methods, door.guarded))


def enter(user: User, client: Client | None = None, **more: Any) -> Any:
    """Sign in on the page."""
    return (client or Client(**more)).post(LOGIN, {"login": user.email, "password": PASSWORD})


def by_password(user: User, **more: Any) -> Any:
    """Ask for tokens with the password."""
    sent = {"email": user.email, "password": PASSWORD}
    return Client(**more).post(TOKEN, sent, content_type="application/json")


def test_the_login_page_counts_by_address(hugo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch, "account_login")
    assert [enter(hugo).status_code for _ in range(2)] == [302, 302]
    refused = enter(hugo)
    assert refused.status_code == 429
    wait = int(refused["Retry-After"])
    assert 1 <= wait <= 60
    assert doors.come_back(wait) in refused.content.decode(), "the page says it in words"
    assert Client().get(LOGIN).status_code == 200, "looking is free"
    assert enter(hugo, REMOTE_ADDR="198.51.100.7").status_code == 302, "another address has its own count"


def test_forged_forwarding_headers_do_not_buy_another_count(
    hugo: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    narrow(monkeypatch, "account_login", "1/m")
    assert enter(hugo).status_code == 302
    assert enter(hugo, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 429
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    assert enter(hugo, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 302
    assert enter(hugo, headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}).status_code == 429


def test_neighbours_in_one_ipv6_network_are_one_address(hugo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch, "account_login", "1/m")
    assert enter(hugo, REMOTE_ADDR="2001:db8:1:1::1").status_code == 302
    assert enter(hugo, REMOTE_ADDR="2001:db8:1:1::2").status_code == 429
    assert enter(hugo, REMOTE_ADDR="2001:db8:1:2::1").status_code == 302


def test_tokens_are_refused_in_the_envelope(hugo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch, "token")
    assert [by_password(hugo).status_code for _ in range(2)] == [200, 200]
    refused = by_password(hugo)
    assert (refused.status_code, body(refused)["code"], body(refused)["details"]) == (429, "throttled", {})
    assert doors.come_back(int(refused["Retry-After"])) in body(refused)["message"]


@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        ("account_reset_password", "post", "/accounts/password/reset/"),
        ("account_reset_password_from_key", "get", "/accounts/password/reset/key/1-set-password/"),
        ("set_language", "post", "/language"),
        ("token-refresh", "post", "/api/auth/token/refresh"),
        ("pluggy-webhook", "post", "/api/webhooks/pluggy/unknown"),
        ("schema", "get", "/api/schema"),
        ("notifications:unsubscribe", "post", "/notifications/unsubscribe/guessed"),
        ("live:metrics", "get", "/metrics"),
    ],
)
def test_every_other_open_door_counts_by_address(
    db: None, name: str, method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch, name, "1/m")
    first, second = [getattr(Client(), method)(path) for _ in range(2)]
    assert first.status_code != 429
    assert second.status_code == 429
    assert 1 <= int(second["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("account_reset_password_from_key", "/accounts/password/reset/key/1-set-password/"),
        ("schema", "/api/schema"),
    ],
)
def test_head_counts_as_the_get_that_it_is(
    db: None, name: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same work, and the same answer to a guess, without a body."""
    narrow(monkeypatch, name, "2/m")
    answers = [Client().head(path), Client().get(path), Client().head(path), Client().get(path)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True, True]
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert answers[2].content == b""


def test_allauth_does_not_count_addresses_a_second_time(hugo: User) -> None:
    enter(hugo)
    Client().post("/accounts/password/reset/", {"email": hugo.email})
    keys = [key.decode() for key in caches["default"].client.get_client().keys("allauth:rl:*")]  # type: ignore[attr-defined]
    assert [key for key in keys if ":ip:" in key and "login_failed" not in key] == []
    assert len([key for key in keys if "reset_password" in key]) == 1, "by account"


def test_allauths_own_refusals_say_when_to_come_back(hugo: User) -> None:
    answers = [Client().post("/accounts/password/reset/", {"email": hugo.email}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert answers[5]["Retry-After"] == "60"


def test_words_for_a_wait() -> None:
    assert [doors.come_back(n) for n in (1, 59, 60, 61)] == [
        "Tente de novo em 1 segundo.",
        "Tente de novo em 59 segundos.",
        "Tente de novo em 1 minuto.",
        "Tente de novo em 2 minutos.",
    ]


# --- credentials that open nothing ------------------------------------------------------------------------------------------
GUESSES = ("Api-Key pk_nobody_nothing", "Bearer nonsense", "Api-Key ", "api-key pk_abcdefghijkl_0123456789")


def guess(said: str, path: str = "/api/customers", **more: Any) -> Any:
    """Come with this credential."""
    return Client(headers={"Authorization": said}, **more).get(path)


@pytest.fixture
def three_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three a minute instead of thirty."""
    assert doors.CREDENTIALS.rate == "30/m"
    monkeypatch.setattr(doors, "CREDENTIALS", Door("credentials", "3/m", methods=()))


def test_keys_and_tokens_that_open_nothing_count_by_address(cast: Cast, three_guesses: None) -> None:
    pair = body(signed_in(cast.ana).post("/api/auth/token", content_type="application/json"))["data"]
    key = make_key(cast.aurora)
    paths = ("/api/customers", "/api/events?tenant=aurora", "/api/customers", "/api/system/status")
    tries = [guess(said, path) for said, path in zip(GUESSES, paths, strict=True)]
    assert [answer.status_code for answer in tries] == [401, 401, 401, 429], "keys and tokens, wherever"
    assert body(tries[3])["code"] == "throttled"
    wait = int(tries[3]["Retry-After"])
    assert 1 <= wait <= 60
    assert str(wait) in body(tries[3])["message"]
    assert guess(f"Api-Key {key}").status_code == 200, (
        "who comes in with a good one from there is not hindered"
    )
    assert guess(f"Bearer {pair['access']}").status_code == 200
    assert signed_in(cast.bruno).get("/api/customers").status_code == 200
    assert Client().get("/api/customers").status_code == 401, "who shows nothing guesses nothing"
    assert guess(GUESSES[0], REMOTE_ADDR="198.51.100.7").status_code == 401, (
        "another address has its own count"
    )
    assert guess(GUESSES[0]).status_code == 429


def test_good_keys_never_count_as_guesses(cast: Cast, three_guesses: None) -> None:
    key = make_key(cast.aurora)
    assert [guess(f"Api-Key {key}").status_code for _ in range(5)] == [200] * 5
    assert [guess(GUESSES[0]).status_code for _ in range(4)] == [401, 401, 401, 429]


def test_guesses_are_counted_by_the_process_while_redis_is_away(
    cast: Cast, own_valkey: ValkeyServer, three_guesses: None
) -> None:
    key = make_key(cast.aurora)
    breaker_of(own_valkey, clock=lambda: 0.0)
    own_valkey.kill()
    assert [guess(GUESSES[0]).status_code for _ in range(4)] == [401, 401, 401, 429]
    assert guess(f"Api-Key {key}").status_code == 200


# --- Redis away ------------------------------------------------------------------------------------------------------------
def test_login_and_tokens_are_closed_while_redis_is_away_and_open_when_it_is_back(
    hugo: User, cast: Cast, own_valkey: ValkeyServer
) -> None:
    now = [0.0]
    breaker_of(own_valkey, clock=lambda: now[0])
    inside, key = signed_in(cast.ana), with_key(cast.aurora)
    own_valkey.kill()
    before = figures.figures().count("door_refused", why="closed")
    for refused in (enter(hugo), by_password(hugo), key.post(TOKEN, content_type="application/json")):
        assert (refused.status_code, refused["Retry-After"]) == (429, "5")
    assert figures.figures().count("door_refused", why="closed") - before == 3
    assert doors.sentence(Refusal(5, closed=True)) in enter(hugo).content.decode()
    assert body(by_password(hugo))["code"] == "closed"
    assert inside.get("/t/aurora/").status_code == 200, "who is signed in goes on"
    assert key.get("/api/customers").status_code == 200
    assert Client().post("/language", {"language": "en"}).status_code == 302, (
        "other doors count in the process meanwhile"
    )
    own_valkey.start()
    now[0] += 1
    assert enter(hugo).status_code == 302
    assert by_password(hugo).status_code == 200


def test_without_any_redis_the_process_counts_and_people_sign_in(
    hugo: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    settings.REDIS_URL = ""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    settings.CACHES = {name: {**row, "LOCATION": nowhere} for name, row in settings.CACHES.items()}
    narrow(monkeypatch, "account_login")
    client = Client()
    assert enter(hugo, client).status_code == 302
    assert client.get("/")["Location"] == "/t/aurora/"
    assert enter(hugo).status_code == 302
    assert enter(hugo).status_code == 429
    wrong = {"email": hugo.email, "password": "wrong"}
    tries = [
        Client(REMOTE_ADDR="198.51.100.9").post(TOKEN, wrong, content_type="application/json")
        for _ in range(6)
    ]
    assert [answer.status_code for answer in tries] == [401] * 5 + [429], (
        "the account's own lock-out holds as well"
    )
