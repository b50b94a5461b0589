"""Webhooks with a valid token that mean harm, and addresses that lead into our own network."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client

from ledger.models import Account, Sale, Transaction
from lib import clock, crypto
from sync import budgets, inbox, reading, runner, services
from sync.models import Connection, InboundDelivery, Webhook
from sync.providers.base import UpstreamError
from sync.tests.support import connect, due_now, tenant_of
from tests.factories import make_connection, make_tenant

pytestmark = pytest.mark.django_db
SECRET = "s" * 43


def hook(connection: Connection, token: str = "t" * 43) -> Webhook:
    return Webhook.objects.create(
        tenant=connection.tenant,
        connection=connection,
        token_hash=inbox.hash_of(token),
        secret=crypto.seal({"value": SECRET}),
        url="https://painel.example.com/api/webhooks/pluggy/…",
    )


def deliver(body: Any, *, token: str = "t" * 43, **headers: str) -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {inbox.SECRET_HEADER: SECRET} | headers
    answer = Client().post(
        f"/api/webhooks/pluggy/{token}", data, content_type="application/json", headers=given
    )
    return answer.status_code


class Listener:
    """A door into our own network: counts who knocks."""

    def __init__(self) -> None:
        self.knocks = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                one, _peer = self._socket.accept()
            except OSError:
                return
            self.knocks += 1
            one.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def inside() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one_row():
    hook(make_connection(make_tenant(), "pluggy"))
    start, answers = threading.Barrier(4), []

    def send() -> None:
        start.wait()
        try:
            answers.append(deliver({"event": "item/updated", "eventId": "same"}))
        finally:
            database.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [200] * 4
    assert InboundDelivery.objects.count() == 1


def test_an_id_that_comes_again_with_another_body_changes_nothing():
    hook(make_connection(make_tenant(), "pluggy"))
    for item in ("first", "second"):
        assert deliver({"event": "item/updated", "eventId": "same", "itemId": item}) == 200
    assert InboundDelivery.objects.get().body["itemId"] == "first"


def test_two_companies_may_get_the_same_id_and_see_their_own():
    for slug, token in (("Aurora", "a" * 43), ("Boreal", "b" * 43)):
        hook(make_connection(make_tenant(slug), "pluggy"), token)
        assert deliver({"event": "item/updated", "eventId": "same", "itemId": slug}, token=token) == 200
    rows = InboundDelivery.objects.select_related("tenant")
    assert {row.tenant.name: row.body["itemId"] for row in rows} == {"Aurora": "Aurora", "Boreal": "Boreal"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"event": "item/updated"', 400),
        (b'{"event": "item/updated", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"event": 7}', 400),
        (b'{"event": "a\\u0000b"}', 200),
        (b'{"event": "' + b"x" * 255_000 + b'"}', 200),
        (b'{"event": "' + b"x" * 262_144 + b'"}', 413),
        (b"\x00" * 10, 400),
        (b"", 400),
    ],
)
def test_a_body_that_is_none_is_refused_and_the_rest_is_stored(body, status):
    hook(make_connection(make_tenant(), "pluggy"))
    assert deliver(body) == status
    assert InboundDelivery.objects.count() == (status == 200)


@pytest.mark.parametrize("length", ["", "-5", "many", "9" * 30])
def test_a_length_that_lies_breaks_nothing(length):
    hook(make_connection(make_tenant(), "pluggy"))
    answer = Client(raise_request_exception=False).generic(
        "POST", f"/api/webhooks/pluggy/{'t' * 43}", b'{"event": "x"}', CONTENT_LENGTH=length,
        headers={inbox.SECRET_HEADER: SECRET},
    )  # fmt: skip
    assert answer.status_code in {200, 400, 413}


def test_a_link_in_a_notice_leads_nowhere_but_to_pluggy(sandbox, inside):
    connection = connect(sandbox, tenant_of(sandbox, "clinic"), "pluggy")
    runner.run_due_now()
    hook(connection)
    account = Account.objects.filter(source=connection.source).order_by("pk")[0]
    for n, host in enumerate((f"127.0.0.1:{inside.port}", f"api.pluggy.ai@127.0.0.1:{inside.port}")):
        body = {
            "event": "transactions/created", "eventId": f"e{n}", "itemId": connection.config["item_ids"][0],
            "accountId": account.external_id, "transactionsCreatedAtFrom": "2026-01-01T00:00:00.000Z",
            "createdTransactionsLink": f"http://{host}/v2/transactions?accountId={account.external_id}",
        }  # fmt: skip
        assert deliver(body) == 200
    lines = Transaction.objects.filter(void_at=None).count()
    assert inbox.process_pending() == 2
    assert inside.knocks == 0
    assert Transaction.objects.filter(void_at=None).count() == lines


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:{port}", "http://localhost:{port}", "http://[::ffff:127.0.0.1]:{port}", "https://192.0.0.8", "https://[64:ff9b::a00:1]"],
)  # fmt: skip
def test_an_upstream_at_a_private_address_is_refused(address, inside, settings):
    settings.ALLOW_PRIVATE_UPSTREAMS = False
    connection = make_connection(
        make_tenant(), "pluggy", config={"base_url": address.format(port=inside.port), "item_ids": ["item-1"]}
    )
    connection.set_credentials({"client_id": "a", "client_secret": "b"})
    connection.save()
    with pytest.raises(UpstreamError):
        services.test_connection(connection=connection)
    due_now(connection)
    runner.run_due_now()
    connection.refresh_from_db()
    assert connection.state == Connection.State.NEEDS_PERSON
    assert inside.knocks == 0


def test_a_budget_that_is_used_up_is_not_overdrawn_for_one_record(sandbox):
    tenant = tenant_of(sandbox, "clinic")
    connection = connect(sandbox, tenant, "gestaoclick")
    runner.run_due_now()
    connection.refresh_from_db()
    connection.config |= {"budget": "20/minute"}
    connection.save()
    sale = Sale.objects.filter(tenant=tenant, void_at=None)[0]
    known = reading.refresh(tenant, sale, timedelta(days=30))
    later = clock.now()
    assert reading.refresh(tenant, sale, timedelta()) > later
    budget = budgets.budget_of(connection)
    while budget.left()[0].remaining:
        budget.spend("vendas")
    asked = dict(sandbox.requests)
    told = reading.refresh(tenant, sale, timedelta())
    assert known < told < clock.now()
    assert dict(sandbox.requests) == asked
    assert budget.left()[0].remaining == 0
