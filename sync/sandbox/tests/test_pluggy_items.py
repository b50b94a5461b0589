import re
from urllib.parse import parse_qs, urlsplit

import pytest

from sync.sandbox.testing import SandboxServer
from sync.sandbox.tests.conftest import Client
from sync.sandbox.tests.receiver import Receiver

GOOD = {"user": "user-ok", "password": "password-ok"}


def create(
    client: Client, connector: int, parameters: dict[str, str], receiver: Receiver, **more: object
) -> str:
    body = {
        "connectorId": connector,
        "parameters": parameters,
        "webhookUrl": receiver.url,
        "clientUserId": "tenant-1",
        **more,
    }
    answer = client.bank("/items", "POST", body)
    assert (answer.status, answer.json()["status"]) == (200, "UPDATING")
    return str(answer.json()["id"])


def test_a_new_item_gets_an_account_with_a_year_of_lines(server: SandboxServer):
    client = Client(server, "law")
    with Receiver() as receiver:
        item_id = create(client, 0, GOOD, receiver)
        created = receiver.wait_for_event("transactions/created")
    assert receiver.bodies[0]["event"] == "item/created"
    assert created["clientUserId"] == "tenant-1"
    item = client.bank(f"/items/{item_id}").json()
    assert (item["status"], item["executionStatus"]) == ("UPDATED", "SUCCESS")
    account = client.bank(f"/accounts?itemId={item_id}").json()["results"][0]
    lines = client.lines(account["id"])
    assert len(lines) > 40
    sums = next(
        row
        for row in server.call("GET", "/control/accounts")["accounts"]
        if row["account_id"] == account["id"]
    )
    assert sums["opening_cents"] + sum(round(line["amount"] * 100) for line in lines) == round(
        account["balance"] * 100
    )


@pytest.mark.parametrize(
    ("user", "status", "code"),
    [
        ("user-locked", "LOGIN_ERROR", "ACCOUNT_LOCKED"),
        ("user-error", "OUTDATED", "UNEXPECTED_ERROR"),
        ("user-unavailable", "OUTDATED", "SITE_NOT_AVAILABLE"),
        ("user-logged", "LOGIN_ERROR", "ALREADY_LOGGED_IN"),
        ("user-account-need-actions", "LOGIN_ERROR", "ACCOUNT_NEEDS_ACTION"),
        ("user-nobody", "LOGIN_ERROR", "INVALID_CREDENTIALS"),
    ],
)
def test_error_users(server: SandboxServer, user: str, status: str, code: str):
    client = Client(server, "law")
    with Receiver() as receiver:
        item_id = create(client, 0, {"user": user, "password": "password-ok"}, receiver)
        event = receiver.wait_for_event("item/error")
    assert event["error"]["code"] == code
    item = client.bank(f"/items/{item_id}").json()
    assert (item["status"], item["executionStatus"], item["error"]["code"]) == (status, code, code)
    assert client.bank(f"/accounts?itemId={item_id}").json()["results"] == []


def test_a_code_is_asked_for_and_answered(server: SandboxServer):
    client = Client(server, "law")
    with Receiver() as receiver:
        item_id = create(client, 1, GOOD, receiver)
        receiver.wait_for_event("item/waiting_user_input")
        assert client.bank(f"/items/{item_id}").json()["parameter"]["name"] == "token"
        client.bank(f"/items/{item_id}/mfa", "POST", {"token": "123456"})
        receiver.wait_for_event("item/updated")
    assert client.bank(f"/items/{item_id}").json()["status"] == "UPDATED"


def test_a_wrong_code_fails(server: SandboxServer):
    client = Client(server, "law")
    with Receiver() as receiver:
        item_id = create(client, 1, GOOD, receiver)
        receiver.wait_for_event("item/waiting_user_input")
    assert (
        client.bank(f"/items/{item_id}/mfa", "POST", {"token": "000000"}).json()["error"]["code"]
        == "INVALID_CREDENTIALS_MFA"
    )


def test_refresh_conflicts_while_one_runs(server: SandboxServer):
    client, item_id = Client(server, "law"), server.company("law").pluggy.item_ids[0]
    assert client.bank(f"/items/{item_id}", "PATCH", {}).json()["status"] == "UPDATING"
    assert client.bank(f"/items/{item_id}", "PATCH", {}).status == 409


def test_new_credentials_repair_an_item(server: SandboxServer):
    client, item_id = Client(server, "law"), server.company("law").pluggy.item_ids[0]
    server.call("POST", "/control/items", {"item_id": item_id, "status": "LOGIN_ERROR"})
    assert client.bank(f"/items/{item_id}").json()["error"]["code"] == "INVALID_CREDENTIALS"
    with Receiver() as receiver:
        client.bank(f"/items/{item_id}", "PATCH", {"parameters": GOOD, "webhookUrl": receiver.url})
        receiver.wait_for_event("item/updated")
    item = client.bank(f"/items/{item_id}").json()
    assert item["status"] == "UPDATED"
    assert "error" not in item


def test_avoid_duplicates(server: SandboxServer):
    client = Client(server, "law")
    with Receiver() as receiver:
        create(client, 0, GOOD, receiver)
        answer = client.bank(
            "/items", "POST", {"connectorId": 0, "parameters": GOOD, "avoidDuplicates": True}
        )
    assert (answer.status, answer.json()["codeDescription"]) == (409, "ITEM_USER_ALREADY_EXISTS")


def test_a_removed_and_reconnected_bank_has_the_same_lines_under_new_ids(server: SandboxServer):
    client, old_item = Client(server, "law"), server.company("law").pluggy.item_ids[0]
    old_account = client.account_ids()["bradesco"]
    before = client.lines(old_account)
    assert client.bank(f"/items/{old_item}", "DELETE").json() == {"count": 1}
    assert client.lines(old_account) == []
    with Receiver() as receiver:
        item_id = create(client, 628, GOOD, receiver)
        receiver.wait_for_event("transactions/created")
    account = client.bank(f"/accounts?itemId={item_id}").json()["results"][0]
    after = client.lines(account["id"])
    plain = [
        sorted((line["date"], line["amount"], line["description"]) for line in lines)
        for lines in (before, after)
    ]
    assert plain[0] == plain[1]
    assert not {line["id"] for line in before} & {line["id"] for line in after}
    truth = {row["line_id"] for row in server.call("GET", "/control/truth?company=law")["lines"]}
    assert truth >= {line["id"] for line in after}
    server.tick("sale", "law")
    assert len(client.lines(account["id"])) == len(after) + 1


def _open_page(server: SandboxServer, client: Client, callback: str, **body: object) -> tuple[str, str]:
    token = client.bank("/connect_token", "POST", body or {"options": {"clientUserId": "tenant-9"}}).json()[
        "accessToken"
    ]
    return token, server.request(
        "GET", f"/pluggy/connect?connectToken={token}&callback={callback}"
    ).body.decode()


def _submit(server: SandboxServer, token: str, callback: str, fields: str) -> dict[str, list[str]]:
    body = f"connectToken={token}&callback={callback}&{fields}".encode()
    answer = server.request(
        "POST", "/pluggy/connect", body, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status == 303
    return parse_qs(urlsplit(answer.headers["location"]).query)


CALLBACK = "http://localhost:8000/back?state=s1"


def test_the_connect_page_leads_back_with_the_item(server: SandboxServer):
    client = Client(server, "clinic")
    token, page = _open_page(server, client, "http://localhost:8000/back")
    assert "<script" not in page
    assert not re.search(r"\son\w+=", page)
    result = _submit(
        server, token, CALLBACK, "connectorId=612&user=user-ok&password=password-ok&action=connect"
    )
    assert result["state"] == ["s1"]
    item = client.bank(f"/items/{result['itemId'][0]}").json()
    assert (item["status"], item["clientUserId"], item["connector"]["name"]) == (
        "UPDATED",
        "tenant-9",
        "Nubank Empresas",
    )


def test_the_connect_page_leads_back_with_the_error(server: SandboxServer):
    client = Client(server, "clinic")
    token, _ = _open_page(server, client, CALLBACK)
    assert _submit(server, token, CALLBACK, "connectorId=612&user=user-locked&password=password-ok")[
        "error"
    ] == ["ACCOUNT_LOCKED"]
    assert _submit(server, token, CALLBACK, "action=cancel")["error"] == ["CANCELLED"]


def test_the_connect_page_reconnects_an_item(server: SandboxServer):
    client, item_id = Client(server, "clinic"), server.company("clinic").pluggy.item_ids[0]
    server.call("POST", "/control/items", {"item_id": item_id, "status": "LOGIN_ERROR"})
    token, page = _open_page(server, client, CALLBACK, itemId=item_id)
    assert "Reconectar" in page
    assert page.count("<option") == 1
    assert _submit(server, token, CALLBACK, "user=user-ok&password=password-ok") == {
        "state": ["s1"],
        "itemId": [item_id],
    }
    assert client.bank(f"/items/{item_id}").json()["status"] == "UPDATED"


def test_the_connect_page_refuses_strangers(server: SandboxServer):
    client = Client(server, "clinic")
    token, _ = _open_page(server, client, CALLBACK)
    assert (
        server.request("GET", f"/pluggy/connect?connectToken={token}&callback=http://evil.example/").status
        == 400
    )
    assert (
        server.request(
            "GET", f"/pluggy/connect?connectToken={client.key['X-API-KEY']}&callback={CALLBACK}"
        ).status
        == 400
    )
    assert server.request("GET", f"/pluggy/connect?connectToken=x&callback={CALLBACK}").status == 403
