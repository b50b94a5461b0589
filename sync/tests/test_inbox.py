"""The webhook inbox: verified, stored once, answered at once, processed from the row."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ledger.models import BankConnection, Transaction
from lib import clock, crypto
from sync import inbox, runner, services
from sync.models import Connection, InboundDelivery, SyncRun, Webhook
from sync.providers.base import UpstreamError
from sync.services import webhooks
from sync.tests.support import bank_differences, connect, tenant_of
from tenants import doors
from tests.factories import make_connection, make_tenant

pytestmark = pytest.mark.django_db
Status = InboundDelivery.Status
TOKEN, SECRET = "t" * 43, "s" * 43


@pytest.fixture
def webhook():
    connection = make_connection(make_tenant(), "pluggy", config={"item_ids": ["item-1"]})
    return Webhook.objects.create(
        tenant=connection.tenant,
        connection=connection,
        token_hash=inbox.hash_of(TOKEN),
        secret=crypto.seal({"value": SECRET}),
        url="https://painel.example.com/api/webhooks/pluggy/…",
    )


@pytest.fixture
def handler(monkeypatch):
    """Put a handler in the place of Pluggy's; it gets what the test appends and keeps what it was given."""
    given: list[InboundDelivery] = []
    answers: list[Any] = []

    def handle(delivery: InboundDelivery) -> bool:
        given.append(delivery)
        answer = answers.pop(0) if answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setitem(inbox._handlers, "pluggy", handle)
    handle.given, handle.answers = given, answers
    return handle


def deliver(client: Client, body: Any, *, token: str = TOKEN, secret: str = SECRET, **options: Any) -> Any:
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    headers = {inbox.SECRET_HEADER: secret}
    return client.post(
        f"/api/webhooks/pluggy/{token}", data, content_type="application/json", headers=headers, **options
    )


def event(number: int = 1, name: str = "item/updated", **fields: Any) -> dict[str, Any]:
    return {"event": name, "eventId": f"event-{number}", "itemId": "item-1", **fields}


def test_a_delivery_is_stored_once_however_often_it_comes(client, webhook):
    for _ in range(3):
        answer = deliver(client, event())
        assert (answer.status_code, answer.json()) == (200, {"received": True})
    row = InboundDelivery.objects.get()
    assert (row.tenant, row.connection, row.event, row.status) == (
        webhook.tenant, webhook.connection, "item/updated", Status.PENDING,
    )  # fmt: skip
    assert row.body == event()


def test_without_an_event_id_the_body_itself_tells_repeats_apart(client, webhook):
    for body in ({"event": "all"}, {"event": "all"}, {"event": "all", "x": 1}):
        assert deliver(client, body).status_code == 200
    assert InboundDelivery.objects.count() == 2


@pytest.mark.parametrize(
    ("options", "body", "status"),
    [
        ({"token": "unknown"}, event(), 404),
        ({"secret": ""}, event(), 401),
        ({"secret": "wrong"}, event(), 401),
        ({"secret": "é"}, event(), 401),
        ({}, "{", 400),
        ({}, "[]", 400),
        ({}, '{"no": "event"}', 400),
        ({}, b"\xff\xfe", 400),
        ({}, {"event": "x" * 300_000}, 413),
    ],
)
def test_what_is_not_a_delivery_is_refused_and_not_stored(client, webhook, options, body, status):
    assert deliver(client, body, **options).status_code == status
    assert InboundDelivery.objects.count() == 0


def test_only_post_is_taken(client, webhook):
    assert client.get(f"/api/webhooks/pluggy/{TOKEN}").status_code == 405


def test_too_many_from_one_address_wait(client, webhook, monkeypatch):
    monkeypatch.setitem(doors._DOORS, "pluggy-webhook", doors.Door("sync.webhooks.pluggy", "2/m"))
    answers = [deliver(client, event(n)) for n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "throttled"
    assert 1 <= int(answers[2]["Retry-After"]) <= 60


def test_a_rotated_webhook_is_heard_for_a_while(client, webhook):
    Webhook.objects.update(retired_at=clock.now() - timedelta(hours=1))
    assert deliver(client, event(1)).status_code == 200
    Webhook.objects.update(retired_at=clock.now() - timedelta(days=4))
    assert deliver(client, event(2)).status_code == 404


def test_another_companys_token_and_secret_do_not_mix(client, webhook):
    other = make_connection(make_tenant("Boreal"), "pluggy")
    Webhook.objects.create(
        tenant=other.tenant,
        connection=other,
        token_hash=inbox.hash_of("other-token"),
        secret=crypto.seal({"value": "other-secret"}),
        url="https://painel.example.com/",
    )
    assert deliver(client, event(), token="other-token").status_code == 401
    assert deliver(client, event(), token="other-token", secret="other-secret").status_code == 200
    assert deliver(client, event()).status_code == 200
    rows = InboundDelivery.objects.values_list("tenant", "delivery_id")
    assert set(rows) == {(other.tenant_id, "event-1"), (webhook.tenant_id, "event-1")}


def test_text_that_postgresql_cannot_hold_is_replaced(client, webhook):
    assert deliver(client, '{"event": "x", "eventId": "1", "text": "a\\u0000b\\ud800"}').status_code == 200
    assert InboundDelivery.objects.get().body["text"] == "a\ufffdb?"


def test_processing_settles_each_delivery_once(client, webhook, handler):
    handler.answers += [True, False]
    deliver(client, event(1))
    deliver(client, event(2))
    assert inbox.process_pending() == 2
    assert inbox.process_pending() == 0
    assert [row.delivery_id for row in handler.given] == ["event-1", "event-2"]
    assert list(InboundDelivery.objects.order_by("pk").values_list("status", flat=True)) == [
        "done",
        "ignored",
    ]


def test_a_failure_is_tried_again_later_and_given_up_in_the_end(client, webhook, handler):
    handler.answers += [UpstreamError("busy", retry_after=timedelta(minutes=30))] + [KeyError("x")] * 20
    deliver(client, event())
    assert inbox.process_pending() == 0
    row = InboundDelivery.objects.get()
    assert (row.status, row.error, row.attempts) == (Status.PENDING, "busy", 1)
    assert row.next_try_at - clock.now() > timedelta(minutes=29)
    for _ in range(inbox.MOST_ATTEMPTS):
        InboundDelivery.objects.update(next_try_at=clock.now())
        inbox.process_pending()
    row.refresh_from_db()
    assert (row.status, row.attempts, row.error) == (Status.FAILED, inbox.MOST_ATTEMPTS, "KeyError")
    inbox.replay(row)
    handler.answers.clear()
    assert inbox.process_pending() == 1
    row.refresh_from_db()
    assert row.status == Status.DONE


def test_a_delivery_of_a_worker_that_died_is_found_again(client, webhook, handler):
    deliver(client, event())
    assert inbox._claim() is not None
    assert inbox.process_pending() == 0
    InboundDelivery.objects.update(next_try_at=clock.now())
    assert inbox.process_pending() == 1


def test_apps_above_bring_their_own_handlers(client, webhook, monkeypatch):
    heard: list[str] = []
    monkeypatch.setattr(inbox, "_handlers", dict(inbox._handlers))

    def hear(delivery: InboundDelivery) -> bool:
        heard.append(delivery.source)
        return True

    inbox.register("whatsapp", hear)
    InboundDelivery.objects.create(tenant=webhook.tenant, source="whatsapp", delivery_id="1", body={})
    InboundDelivery.objects.create(tenant=webhook.tenant, source="unknown", delivery_id="1", body={})
    inbox.process_pending()
    assert heard == ["whatsapp"]
    assert InboundDelivery.objects.get(source="unknown").status == Status.IGNORED


def test_news_of_a_bank_ask_for_a_run_and_wake_a_connection_that_needed_a_person(client, webhook):
    Connection.objects.update(state=Connection.State.NEEDS_PERSON, state_reason="sign in")
    deliver(client, event(1))
    deliver(client, event(2, itemId="somebody-elses"))
    deliver(client, event(3, name="connector/status_updated"))
    inbox.process_pending()
    run = SyncRun.objects.get()
    assert (run.reason, run.status) == (SyncRun.Reason.WEBHOOK, SyncRun.Status.QUEUED)
    statuses = list(InboundDelivery.objects.order_by("pk").values_list("status", flat=True))
    assert statuses == ["done", "ignored", "ignored"]


@pytest.mark.django_db(transaction=True)
def test_pluggys_notices_from_registering_to_rotated(sandbox, live_server, settings):
    """Registered at Pluggy, created, changed, deleted and re-keyed lines arrive; twice and out of order; checked and rotated."""
    settings.PUBLIC_URL = live_server.url
    tenant = tenant_of(sandbox, "clinic")
    connection = connect(sandbox, tenant, "pluggy")
    runner.run_due_now()
    assert list(bank_differences(sandbox, tenant)) == []
    assert webhooks.check_webhooks() == 1
    assert webhooks.check_webhooks() == 0
    row = Webhook.objects.get()
    assert row.upstream_id
    assert "…" in row.url

    sandbox.app.deliveries.timeout = 30.0  # nobody gives up only because this computer is busy
    sandbox.faults([{"kind": "webhook_out_of_order", "rate": 0.3}, {"kind": "webhook_twice", "rate": 0.5}])
    for kind in ("payment", "expense", "card", "post"):
        for _ in range(3):
            sandbox.tick(kind, "clinic")
    sandbox.clear_faults()
    for fault in ("changed_rows", "vanished_rows", "new_id_rows"):
        sandbox.faults(
            [{"kind": fault, "upstream": "pluggy", "path": "/v2/transactions", "times": 1, "rows": 2}]
        )
        item = connection.config["item_ids"][0]
        sandbox.call("POST", "/control/items", {"item_id": item, "status": "UPDATED"})
        services.request_sync(connection=connection, reason=SyncRun.Reason.PERSON)
        runner.run_due_now()
        sandbox.clear_faults()
    sandbox.drain()
    while inbox.process_pending():
        pass
    runner.run_due_now()
    log = sandbox.app.deliveries.log
    sent = [entry["eventId"] for entry in log]
    assert {entry["status"] for entry in log} == {200}
    assert len(sent) > len(set(sent)) == InboundDelivery.objects.count() >= 12
    assert set(InboundDelivery.objects.values_list("status", flat=True)) <= {"done", "ignored"}
    assert list(bank_differences(sandbox, tenant)) == []

    Webhook.objects.update(created_at=clock.now() - timedelta(days=31))
    assert webhooks.check_webhooks() == 1
    old, new = Webhook.objects.order_by("pk")
    assert old.retired_at is not None
    assert new.retired_at is None
    assert new.token_hash != old.token_hash
    hooks = [hook["id"] for hook in sandbox.app.store.children("webhook", "clinic")]
    assert hooks == [new.upstream_id]

    sandbox.call(
        "POST", "/control/items", {"item_id": connection.config["item_ids"][0], "status": "LOGIN_ERROR"}
    )
    sandbox.drain()
    inbox.process_pending()
    runner.run_due_now()
    assert BankConnection.objects.get(void_at=None).status == "LOGIN_ERROR"

    services.remove(connection=connection)
    assert sandbox.app.store.children("webhook", "clinic") == []
    assert Transaction.objects.filter(void_at=None).exists()


def test_a_disabled_webhook_is_replaced(sandbox, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    connection = connect(sandbox, tenant_of(sandbox, "law"), "pluggy")
    assert webhooks.check_webhooks() == 1
    hook = sandbox.app.store.children("webhook", "law")[0]
    sandbox.app.store.put(
        "webhook", hook["id"], "law", "law", hook | {"disabledAt": "2026-01-01T00:00:00.000Z"}
    )
    assert webhooks.check_webhooks() == 1
    assert [row["id"] for row in sandbox.app.store.children("webhook", "law")] == [
        Webhook.objects.get(connection=connection, retired_at=None).upstream_id
    ]


def test_without_a_public_address_no_webhook_is_registered(sandbox):
    connect(sandbox, tenant_of(sandbox, "law"), "pluggy")
    assert webhooks.check_webhooks() == 0
    assert sandbox.requests.get("POST /pluggy/webhooks", 0) == 0
