import pytest

from sync.sandbox.deliveries import FAILURES_UNTIL_DISABLED, TRIES
from sync.sandbox.testing import SandboxServer
from sync.sandbox.tests.conftest import Client
from sync.sandbox.tests.receiver import Receiver


@pytest.fixture
def law(server: SandboxServer) -> Client:
    return Client(server, "law")


def register(client: Client, url: str, event: str = "all", **more: object) -> str:
    return str(client.bank("/webhooks", "POST", {"url": url, "event": event, **more}).json()["id"])


def test_a_created_event_carries_our_header_and_leads_to_the_line(server: SandboxServer, law: Client):
    with Receiver() as receiver:
        register(law, receiver.url, "transactions/created", headers={"X-Secret": "s3cret"})
        server.tick("sale", "law")
        event = receiver.wait_for_event("transactions/created")
    assert receiver.headers[0]["x-secret"] == "s3cret"
    assert "transactionIds" not in event
    assert event["createdTransactionsLink"].startswith("https://api.pluggy.ai/v2/transactions?accountId=")
    assert (event["clientUserId"], event["triggeredBy"]) == ("law-demo", "SYNC")
    found = law.lines(event["accountId"], f"&createdAtFrom={event['transactionsCreatedAtFrom']}")
    assert len(found) == 1
    assert found[0]["createdAt"] == event["transactionsCreatedAtFrom"]


def test_headers_are_not_shown_and_at_most_five_hooks_an_event(law: Client):
    for _ in range(5):
        hook = law.bank(
            "/webhooks", "POST", {"url": "http://127.0.0.1:1/", "event": "all", "headers": {"X-Secret": "s"}}
        ).json()
    assert "headers" not in hook
    assert law.bank("/webhooks", "POST", {"url": "http://127.0.0.1:1/", "event": "all"}).status == 400
    assert law.bank("/webhooks", "POST", {"url": "http://127.0.0.1:1/", "event": "item/error"}).status == 201
    assert law.bank("/webhooks").json()["total"] == 6


@pytest.mark.parametrize(
    "body",
    [
        {"url": "ftp://x/", "event": "all"},
        {"url": "http://127.0.0.1/", "event": "nonsense"},
        {"url": "http://a:b@127.0.0.1/", "event": "all"},
    ],
)
def test_bad_registrations(law: Client, body: dict[str, str]):
    assert law.bank("/webhooks", "POST", body).status == 400


def test_a_failing_delivery_is_repeated_and_the_hook_disabled_then_enabled(
    server: SandboxServer, law: Client
):
    with Receiver(status=500) as receiver:
        hook = register(law, receiver.url, "transactions/created")
        for number in range(1, FAILURES_UNTIL_DISABLED + 1):
            server.tick("sale", "law")
            server.drain()
            assert len(receiver.bodies) == number * TRIES
        assert len({body["eventId"] for body in receiver.bodies}) == FAILURES_UNTIL_DISABLED
        server.drain()
        assert "disabledAt" in law.bank(f"/webhooks/{hook}").json()
        server.tick("sale", "law")
        receiver.status = 200
        assert "disabledAt" not in law.bank(f"/webhooks/{hook}", "PATCH", {"enabled": True}).json()
        server.tick("sale", "law")
        assert (
            len(receiver.wait_for(FAILURES_UNTIL_DISABLED * TRIES + 1)) == FAILURES_UNTIL_DISABLED * TRIES + 1
        )


def test_a_401_is_not_repeated(server: SandboxServer, law: Client):
    with Receiver(status=401) as receiver:
        register(law, receiver.url, "transactions/created")
        server.tick("sale", "law")
        server.tick("sale", "law")
        server.drain()
    assert len({body["eventId"] for body in receiver.bodies}) == len(receiver.bodies) == 2


def test_twice(server: SandboxServer, law: Client):
    with Receiver() as receiver:
        register(law, receiver.url, "transactions/created")
        server.faults([{"kind": "webhook_twice", "times": 1}])
        server.tick("sale", "law")
        server.drain()
        server.tick("sale", "law")
        bodies = receiver.wait_for(3)
    assert len({body["eventId"] for body in bodies}) == 2
    assert bodies[0] == bodies[1]


def test_out_of_order(server: SandboxServer, law: Client):
    with Receiver() as receiver:
        register(law, receiver.url)
        server.faults([{"kind": "webhook_out_of_order", "times": 1}])
        server.tick("sale", "law")  # created, then item/updated
        bodies = receiver.wait_for(2)
    assert [body["event"] for body in bodies] == ["item/updated", "transactions/created"]


def test_a_global_and_an_item_hook_get_the_same_event_id(server: SandboxServer, law: Client):
    with Receiver() as everywhere, Receiver() as of_item:
        register(law, everywhere.url, "transactions/created")
        law.bank(f"/items/{server.company('law').pluggy.item_ids[0]}", "PATCH", {"webhookUrl": of_item.url})
        of_item.wait_for_event("item/updated")
        server.tick("sale", "law")
        one, other = (
            everywhere.wait_for_event("transactions/created"),
            of_item.wait_for_event("transactions/created"),
        )
    assert one == other
