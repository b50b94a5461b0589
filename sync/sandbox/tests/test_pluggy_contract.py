from typing import Any

import pytest

from sync.sandbox.testing import SandboxServer
from sync.sandbox.tests.conftest import Client
from sync.sandbox.tests.contract import problems, served_paths, template, unknown_fields

COMPANIES = ("clinic", "law", "shop")
NOWHERE = "00000000-0000-4000-8000-000000000000"


def check(client: Client, path: str, method: str = "GET", body: Any = None, status: int = 200) -> Any:
    answer = client.bank(path, method, body)
    assert answer.status == status, answer.body
    found = answer.json()
    shown = found["results"] if template(path) == "/categories" else found  # see test_categories_…
    assert problems(method, template(path), status, shown) == []
    return found


@pytest.mark.parametrize("company", COMPANIES)
def test_every_reading_answer(shared: SandboxServer, company: str):
    client = Client(shared, company)
    for item_id in shared.company(company).pluggy.item_ids:
        check(client, f"/items/{item_id}")
        check(client, f"/identity?itemId={item_id}")
        for account in check(client, f"/accounts?itemId={item_id}")["results"]:
            check(client, f"/accounts/{account['id']}")
            check(client, f"/accounts/{account['id']}/balance")
            check(client, f"/accounts/{account['id']}/statements")
            page = check(client, f"/transactions?accountId={account['id']}&pageSize=500")
            check(client, f"/v2/transactions?accountId={account['id']}")
            check(client, f"/transactions/{page['results'][0]['id']}")
            for bill in check(client, f"/bills?accountId={account['id']}")["results"]:
                check(client, f"/bills/{bill['id']}")


def test_connectors_and_one_category(shared: SandboxServer):
    client = Client(shared, "shop")
    check(client, "/connectors")
    check(client, "/connectors/629")
    check(client, "/categories/05070000")


def test_categories_come_in_a_page_although_the_schema_says_array(shared: SandboxServer):
    # The document contradicts itself: a bare array in its schema, a page in its example; the live service answers a page.
    found = check(Client(shared, "shop"), "/categories")
    assert set(found) == {"page", "total", "totalPages", "results"}
    assert all(unknown_fields("Category", category) == set() for category in found["results"])


def test_every_writing_answer(server: SandboxServer):
    client, item_id = Client(server, "law"), server.company("law").pluggy.item_ids[0]
    account = client.account_ids()["bradesco"]
    check(client, "/connect_token", "POST", {"options": {"clientUserId": "x"}})
    line = client.lines(account)[0]
    check(client, f"/transactions/{line['id']}", "PATCH", {"categoryId": "07000000"})
    hook = check(
        client,
        "/webhooks",
        "POST",
        {"url": "http://127.0.0.1:1/x", "event": "all", "headers": {"a": "b"}},
        201,
    )
    check(client, f"/webhooks/{hook['id']}")
    check(client, "/webhooks")
    check(client, f"/webhooks/{hook['id']}", "PATCH", {"enabled": False})
    check(client, f"/webhooks/{hook['id']}", "DELETE")
    item = check(
        client,
        "/items",
        "POST",
        {"connectorId": 0, "parameters": {"user": "user-ok", "password": "password-ok"}},
    )
    check(client, f"/items/{item['id']}")
    check(client, f"/items/{item_id}/disable-auto-sync", "PATCH")
    check(client, f"/items/{item_id}", "PATCH", {})
    server.call("POST", "/control/items", {"item_id": item_id, "status": "WAITING_USER_INPUT"})
    check(client, f"/items/{item_id}")
    check(client, f"/items/{item_id}/mfa", "POST", {"token": "123456"})
    server.call("POST", "/control/items", {"item_id": item_id, "status": "LOGIN_ERROR"})
    check(client, f"/items/{item_id}")
    check(client, f"/items/{item_id}", "DELETE")


def test_every_refusal(shared: SandboxServer):
    client = Client(shared, "clinic")
    check(client, f"/items/{NOWHERE}", status=404)
    check(client, f"/accounts/{NOWHERE}", status=404)
    check(client, f"/transactions/{NOWHERE}", status=404)
    check(client, f"/bills/{NOWHERE}", status=404)
    check(client, "/connectors/99999", status=404)
    check(client, "/v2/transactions?accountId=x", status=400)
    check(client, "/transactions", status=400)
    check(client, "/items", "POST", {"connectorId": 0, "parameters": {"user": "user-ok"}}, 400)
    check(client, "/webhooks", "POST", {"url": "x", "event": "all"}, 400)
    check(client, "/connect_token", "POST", {"itemId": NOWHERE}, 404)
    wrong = shared.request("POST", "/pluggy/auth", {"clientId": NOWHERE, "clientSecret": "x"})
    assert problems("POST", "/auth", 401, wrong.json()) == []
    missing = shared.request("POST", "/pluggy/connect_token", {})
    assert problems("POST", "/connect_token", missing.status, missing.json()) == []


def test_the_contract_is_about_what_is_served(shared: SandboxServer):
    client = Client(shared, "law")
    for method, path in served_paths():
        concrete = path.replace("{id}", "05070000" if "categories" in path else NOWHERE)
        answer = client.bank(concrete, method, {}) if method != "GET" or path != "/auth" else None
        assert answer is not None
        assert answer.json().get("message") != "Not Found", (method, path)


def test_known_extra_fields_only(shared: SandboxServer):
    # The published schema leaves a few fields out that its clients and its examples know.
    client = Client(shared, "shop")
    item = client.bank(f"/items/{shared.company('shop').pluggy.item_ids[0]}").json()
    assert unknown_fields("Item", item) == {
        "clientUserId",
        "hasResourcesPendingAuthorization",
        "resourcesCollectedAt",
    }
    assert unknown_fields("Connector", item["connector"]) == {"isSandbox"}
    for account in client.account_ids().values():
        assert unknown_fields("Account", client.bank(f"/accounts/{account}").json()) == set()
        assert all(unknown_fields("Transaction", line) == set() for line in client.lines(account))
