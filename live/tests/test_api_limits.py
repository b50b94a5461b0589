"""The limit of the API as callers meet it: one budget a person or key, one more a company, and headers that tell."""

import os
from typing import Any

import pytest
import redis
from django.test import Client

from live import limits
from tenants.models import Capability, Membership, Role
from tests.api import body, make_key, signed_in, with_key
from tests.cast import Cast
from tests.factories import make_sale

HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.fixture(autouse=True)
def _three_a_minute(settings: Any) -> None:
    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 3


def told(answer: Any) -> tuple[int, str, str]:
    """Return status, limit and what is left."""
    return answer.status_code, answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]


def test_the_fourth_of_three_is_refused_in_the_envelope(cast: Cast) -> None:
    client = with_key(cast.aurora)
    found = [client.get("/api/customers") for _ in range(4)]
    assert [told(answer) for answer in found] == [
        (200, "3", "2"),
        (200, "3", "1"),
        (200, "3", "0"),
        (429, "3", "0"),
    ]
    refused = found[3]
    assert body(refused)["code"] == "throttled"
    assert body(refused)["error"] is True
    wait = int(refused["Retry-After"])
    assert 1 <= wait <= 60
    assert str(wait) in body(refused)["message"]
    resets = {int(answer["X-RateLimit-Reset"]) for answer in found}
    assert len(resets) == 1, "all four speak of the moment in which the first is forgotten"


def test_cached_and_unchanged_answers_count_and_tell(cast: Cast) -> None:
    make_sale(cast.aurora, "10.00")
    client = with_key(cast.aurora)
    first = client.get("/api/sales?period=all")
    cached = client.get("/api/sales?period=all")
    unchanged = client.get("/api/sales?period=all", headers={"If-None-Match": first["ETag"]})
    assert [told(answer) for answer in (first, cached, unchanged)] == [
        (200, "3", "2"),
        (200, "3", "1"),
        (304, "3", "0"),
    ]
    assert cached["X-Cache"] == "HIT"
    assert client.get("/api/sales?period=all", headers={"If-None-Match": first["ETag"]}).status_code == 429


def test_session_and_token_of_a_person_share_a_budget(cast: Cast) -> None:
    session = signed_in(cast.ana)
    pair = body(session.post("/api/auth/token", content_type="application/json"))["data"]
    bearer = Client(headers={"Authorization": f"Bearer {pair['access']}"})
    assert told(bearer.get("/api/customers"))[2] == "1", "asking for the token was one, this another"
    assert told(session.get("/api/customers"))[2] == "0"
    assert bearer.get("/api/customers").status_code == 429
    assert session.get("/api/customers").status_code == 429


def test_a_key_and_its_tokens_share_a_budget_and_other_keys_and_people_have_theirs(cast: Cast) -> None:
    first, second = with_key(cast.aurora), with_key(cast.aurora)
    pair = body(first.post("/api/auth/token", content_type="application/json"))["data"]
    token = Client(headers={"Authorization": f"Bearer {pair['access']}"})
    assert told(token.get("/api/customers"))[2] == "1"
    assert told(first.get("/api/customers"))[2] == "0"
    assert token.get("/api/customers").status_code == 429
    for other in (second, signed_in(cast.ana), signed_in(cast.bruno), signed_in(cast.carla)):
        assert told(other.get("/api/customers"))[2] == "2"


def test_a_company_has_a_budget_of_all_its_callers(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COMPANY_SHARE", 2)
    clients = [with_key(cast.aurora) for _ in range(3)]
    for client in clients[:2]:
        assert [client.get("/api/customers").status_code for _ in range(3)] == [200] * 3
    refused = clients[2].get("/api/customers")
    assert told(refused) == (429, "6", "0"), "the company's six are used up"
    assert with_key(cast.boreal).get("/api/customers").status_code == 200, "another company's are not"
    assert signed_in(cast.carla).get("/api/customers").status_code == 200


def test_a_company_cannot_be_drowned_by_one_of_its_own_refused_callers(cast: Cast) -> None:
    client = with_key(cast.aurora)
    assert [client.get("/api/customers").status_code for _ in range(6)] == [200] * 3 + [429] * 3
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as counters:
        assert counters.llen(f"limit:api:company:{cast.aurora.pk}:60") == 3


def test_who_is_turned_away_is_counted_too(cast: Cast) -> None:
    stranger = signed_in(cast.carla)
    names = [
        stranger.get("/api/customers", headers={"X-Tenant": slug}) for slug in ("aurora", "borel", "x", "y")
    ]
    assert [answer.status_code for answer in names] == [404, 404, 404, 429]
    reader = with_key(cast.aurora, [Capability.READ])
    assert [reader.get("/api/system/status").status_code for _ in range(4)] == [403, 403, 403, 429]


def test_what_no_credential_asks_has_no_budget(cast: Cast) -> None:
    answers = [Client().get("/api/customers") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401] * 5
    assert not answers[0].has_header("X-RateLimit-Limit")


def test_pages_are_not_limited(cast: Cast) -> None:
    client = signed_in(cast.ana)
    assert [
        client.get("/t/aurora/customers/", headers={"HX-Request": "true"}).status_code for _ in range(6)
    ] == [200] * 6
    assert told(client.get("/api/customers"))[2] == "2"


def test_several_companies_of_a_person_are_one_budget_of_theirs(cast: Cast) -> None:
    Membership.objects.create(tenant=cast.boreal, user=cast.ana, role=Role.VIEWER)
    client = signed_in(cast.ana)
    left = [
        told(client.get("/api/customers", headers={"X-Tenant": slug}))
        for slug in ("aurora", "boreal", "aurora")
    ]
    assert left == [(200, "3", "2"), (200, "3", "1"), (200, "3", "0")]
    assert client.get("/api/customers", headers={"X-Tenant": "boreal"}).status_code == 429


def test_reads_stay_open_while_redis_is_away(cast: Cast, settings: Any) -> None:
    text = make_key(cast.aurora)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    client = Client(headers={"Authorization": f"Api-Key {text}"})
    answers = [client.get("/api/customers") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert answers[0]["X-RateLimit-Limit"] == "3"
    assert not answers[0].has_header("X-RateLimit-Remaining"), "nobody knows"
