import base64
import json

import pytest

from sync.sandbox.pluggy.keys import API_KEY_SECONDS, ExpiredKey, InvalidKey, make_key, read_key
from sync.sandbox.testing import SandboxServer
from sync.sandbox.tests.conftest import Client


def test_a_key_is_a_readable_jwt_of_two_hours(shared: SandboxServer):
    text = Client(shared, "clinic").key["X-API-KEY"]
    head, body, _ = text.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["alg"] == "HS256"
    assert claims["exp"] - claims["iat"] == API_KEY_SECONDS == 7200


def test_a_key_expires():
    key = make_key(7, {"company": "law"}, 60, now=1_000)
    assert read_key(7, key, now=1_059)["company"] == "law"
    with pytest.raises(ExpiredKey):
        read_key(7, key, now=1_060)


@pytest.mark.parametrize("key", ["", "x", "a.b.c", make_key(8, {}, 60)])
def test_a_key_of_somebody_else_is_invalid(key: str):
    with pytest.raises(InvalidKey):
        read_key(7, key)


def test_missing_invalid_and_expired_over_http(server: SandboxServer):
    client = Client(server, "law")
    item, old = f"/pluggy/items/{server.company('law').pluggy.item_ids[0]}", client.key
    assert server.request("GET", item).status == 403
    assert server.request("GET", item, headers={"X-API-KEY": "x.y.z"}).status == 403
    assert server.request("GET", item, headers=old).status == 200
    server.call("POST", "/control/expire_keys")
    assert server.request("GET", item, headers=old).status == 401
    assert server.request("GET", item, headers=client.key).status == 200


def test_a_company_does_not_see_the_other(shared: SandboxServer):
    law, shop = Client(shared, "law"), Client(shared, "shop")
    item, account = shared.company("shop").pluggy.item_ids[0], shop.account_ids()["bb"]
    assert law.bank(f"/items/{item}").status == 404
    assert law.bank(f"/accounts?itemId={item}").status == 404
    assert law.bank(f"/accounts/{account}").status == 404
    # As upstream: an unknown account has no transactions, which is no proof that nothing moved.
    assert law.bank(f"/v2/transactions?accountId={account}").json() == {"results": [], "next": None}


def test_limits_and_their_headers(tmp_path):
    with SandboxServer(tmp_path, unlimited=False) as server:
        client, item = Client(server, "law"), server.company("law").pluggy.item_ids[0]
        key = client.key
        answers = [server.request("PATCH", f"/pluggy/items/{item}", {}, key) for _ in range(21)]
        assert [answer.status for answer in answers].count(429) == 1
        assert answers[-1].headers["ratelimit-limit"] == "20"
        assert 0 < int(answers[-1].headers["retry-after"]) <= 60
        assert answers[-1].json()["code"] == 429
