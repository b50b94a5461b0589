"""Webhooks out, against a real receiver: signed so that anybody can check it, retried with the same id, stopped after a day, never sent inwards."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from lib import clock, crypto, http, network
from live import hooks
from live.hooks import sending, services
from live.models import HookDelivery, HookEndpoint, Notification
from tests.cast import Cast
from tests.factories import access_of

HURRY = http.Patience(connect=1, read=0.3, total=0.5, attempts=1, max_bytes=1024)
State = HookDelivery.State


class Receiver(ThreadingHTTPServer):
    """Answers with what it is told to, and remembers what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.let_go = threading.Event()
        self.page = b""  # what an answer brings along
        self.packed = ""

    @property
    def url(self) -> str:
        """Return the address of the receiver."""
        return f"http://127.0.0.1:{self.server_port}/painel/?key=1"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(
            ({name.lower(): value for name, value in self.headers.items()} | {"path": self.path}, body)
        )
        status = self.server.answers.pop(0) if self.server.answers else 204
        if status == 0:  # says nothing until the test is over
            self.server.let_go.wait(20)
            return
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/inside")
        if self.server.packed:
            self.send_header("Content-Encoding", self.server.packed)
        self.send_header("Content-Length", str(len(self.server.page)))
        self.end_headers()
        self.wfile.write(self.server.page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.ALLOW_PRIVATE_UPSTREAMS = True
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.let_go.set()
    server.shutdown()
    server.server_close()
    thread.join()


def endpoint(cast: Cast, url: str, **more: Any) -> tuple[HookEndpoint, str]:
    """Return an endpoint of Aurora and its secret."""
    return services.create(access=access_of(cast.ana, cast.aurora), url=url, **more)


def tell(cast: Cast, n: int = 1) -> None:
    """Let Aurora's programs be told."""
    hooks.send("alert.fired", tenant=cast.aurora, data={"id": n, "name": "São João", "got": "12.50"})


def due_now() -> None:
    """Let the time of every waiting message come."""
    HookDelivery.objects.filter(state=State.WAITING).update(due_at=clock.now())


def is_signed(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Check a message as its receiver would: by the words of the specification, with nothing of ours."""
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 300
    content = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    key = base64.b64decode(secret.split("_", 1)[1])
    mac = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return any(hmac.compare_digest(f"v1,{mac}", one) for one in headers["webhook-signature"].split(" "))


@pytest.mark.django_db
def test_a_message_is_signed_and_taken_once(cast: Cast, receiver: Receiver):
    row, secret = endpoint(cast, receiver.url)
    tell(cast)
    assert sending.send_due() == 1
    assert sending.send_due() == 0
    [(headers, body)] = receiver.got
    assert is_signed(headers, body, secret)
    assert not is_signed(headers, body + b" ", secret)
    said = json.loads(body)
    assert (said["type"], said["data"]) == ("alert.fired", {"id": 1, "name": "São João", "got": "12.50"})
    assert (headers["path"], headers["content-type"]) == ("/painel/?key=1", "application/json")
    sent = HookDelivery.objects.get()
    assert (sent.state, sent.status, sent.attempts, sent.due_at) == (State.DELIVERED, 204, 1, None)
    assert sent.message_id == headers["webhook-id"]
    row.refresh_from_db()
    assert row.last_good_at is not None
    assert secret not in row.secret
    assert crypto.unseal(row.secret) == {"value": secret}


@pytest.mark.django_db
def test_a_faulty_receiver_is_tried_again_with_the_same_id_and_growing_waits(cast: Cast, receiver: Receiver):
    endpoint(cast, receiver.url)
    tell(cast)
    receiver.answers = [500, 302, 0, 429]
    waits = []
    for _n in range(4):
        before = clock.now()
        assert sending.send_due(patience=HURRY) == 0
        row = HookDelivery.objects.get()
        waits.append(max(wait for wait in sending.WAITS if wait <= row.due_at - before))
        due_now()
    assert waits == list(sending.WAITS[:4])
    receiver.let_go.set()
    assert sending.send_due() == 1
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
    assert len(receiver.got) == 5, "the redirect was not followed"
    assert {headers["path"] for headers, _body in receiver.got} == {"/painel/?key=1"}
    row = HookDelivery.objects.get()
    assert (row.state, row.attempts, row.status, row.problem) == (State.DELIVERED, 5, 204, "")


@pytest.mark.django_db
def test_the_status_counts_whatever_the_answer_brings_along(cast: Cast, receiver: Receiver):
    """A page of half a megabyte, packed in a way that nobody asked for, is no reason to send again."""
    row, _secret = endpoint(cast, receiver.url)
    receiver.page, receiver.packed = b"x" * 500_000, "br"
    receiver.answers = [200, 410]
    tell(cast, 1)
    assert sending.send_due(patience=HURRY) == 1
    assert HookDelivery.objects.get().status == 200
    tell(cast, 2)
    assert sending.send_due(patience=HURRY) == 0
    row.refresh_from_db()
    assert row.disabled_at is not None, "410: it is gone"


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["stop", "remove"])
def test_what_was_stopped_while_the_receiver_kept_us_waiting_is_not_sent_again(
    cast: Cast, receiver: Receiver, what: str
):
    row, _secret = endpoint(cast, receiver.url)
    access = access_of(cast.ana, cast.aurora)
    tell(cast)
    in_hand = sending._claim(clock.now())
    assert in_hand is not None
    if what == "stop":
        services.change(access=access, endpoint=row, fields={"is_active": False})
    else:
        services.remove(access=access, endpoint=row)
    receiver.answers = [500]
    sending._send(in_hand, HURRY)
    assert [(one.state, one.due_at) for one in HookDelivery.objects.all()] == [(State.FAILED, None)]
    # Written in a transaction that began before.
    HookDelivery.objects.update(state=State.WAITING, due_at=clock.now())
    before = len(receiver.got)
    sending.send_due(patience=HURRY)
    assert HookDelivery.objects.get().state == State.FAILED
    assert len(receiver.got) == before


@pytest.mark.django_db
def test_after_a_day_it_is_stopped_and_said_and_can_be_started_again(cast: Cast, receiver: Receiver):
    row, _secret = endpoint(cast, receiver.url, label="ERP")
    tell(cast, 1)
    tell(cast, 2)
    HookDelivery.objects.update(attempts=len(sending.WAITS))
    receiver.answers = [503]
    assert sending.send_due() == 0
    row.refresh_from_db()
    assert row.disabled_at is not None
    assert "503" in row.problem
    assert {one.state for one in HookDelivery.objects.all()} == {State.FAILED}
    assert len(receiver.got) == 1
    told = Notification.objects.filter(tenant=cast.aurora, event="webhook_stopped")
    assert [one.user for one in told] == [cast.ana], "who may only read cannot start it again"
    tell(cast, 3)
    assert sending.send_due() == 0
    services.change(access=access_of(cast.ana, cast.aurora), endpoint=row, fields={"is_active": True})
    tell(cast, 4)
    assert sending.send_due() == 1
    assert json.loads(receiver.got[-1][1])["data"]["id"] == 4


@pytest.mark.django_db
def test_a_receiver_that_says_gone_is_stopped_at_once_and_one_that_took_others_is_not(
    cast: Cast, receiver: Receiver
):
    row, _secret = endpoint(cast, receiver.url)
    tell(cast)
    HookDelivery.objects.update(attempts=len(sending.WAITS))
    HookEndpoint.objects.update(last_good_at=clock.now() + timedelta(seconds=1))
    receiver.answers = [500, 410]
    sending.send_due()
    row.refresh_from_db()
    assert row.disabled_at is None
    tell(cast)
    sending.send_due()
    row.refresh_from_db()
    assert row.disabled_at is not None


@pytest.mark.django_db
def test_a_test_message_is_sent_once_also_to_one_that_is_stopped(cast: Cast, receiver: Receiver):
    row, _secret = endpoint(cast, receiver.url)
    access = access_of(cast.ana, cast.aurora)
    services.change(access=access, endpoint=row, fields={"is_active": False})
    services.send_test(access=access, endpoint=row)
    receiver.answers = [500]
    assert sending.send_due() == 0
    assert HookDelivery.objects.get().state == State.FAILED
    assert json.loads(receiver.got[0][1])["type"] == "webhook.test"


@pytest.mark.django_db
def test_what_is_rolled_back_is_not_sent_and_a_dead_worker_loses_nothing(cast: Cast, receiver: Receiver):
    endpoint(cast, receiver.url)
    with transaction.atomic():
        tell(cast)
        transaction.set_rollback(True)
    assert not HookDelivery.objects.exists()
    tell(cast)
    claimed = sending._claim(clock.now())  # and the worker dies here
    assert claimed is not None
    assert sending.send_due() == 0
    due_now()
    assert sending.send_due() == 1
    assert receiver.got[0][0]["webhook-id"] == claimed.message_id


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_message_once(cast: Cast, receiver: Receiver):
    endpoint(cast, receiver.url)
    for n in range(6):
        tell(cast, n)

    def work(_n: int) -> int:
        try:
            return sending.send_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(work, range(2))) == 6
    assert sorted(json.loads(body)["data"]["id"] for _headers, body in receiver.got) == list(range(6))


@pytest.mark.django_db
def test_nothing_is_sent_into_our_own_network(
    cast: Cast, receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    """The name was public when it was entered and leads inwards when it is used."""
    settings.ALLOW_PRIVATE_UPSTREAMS = False
    monkeypatch.setattr(network, "resolve", lambda host, port: ["93.184.216.34"])
    endpoint(cast, f"https://hooks.example.com:{receiver.server_port}/x")
    monkeypatch.undo()
    HookEndpoint.objects.update(url=f"https://localhost:{receiver.server_port}/x")
    tell(cast)
    assert sending.send_due(patience=HURRY) == 0
    row = HookDelivery.objects.get()
    assert "public internet" in row.problem
    assert row.status is None
    HookEndpoint.objects.update(url=receiver.url)
    due_now()
    assert sending.send_due() == 0
    assert "https" in HookDelivery.objects.get().problem
    assert receiver.got == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("http://example.com/x", ["93.184.216.34"]),
        ("https://intern.example.com", ["93.184.216.34", "10.0.0.7"]),
        ("https://[::1]/", ["::1"]),
        ("https://169.254.169.254/latest", ["169.254.169.254"]),
        ("https://user:word@example.com/", ["93.184.216.34"]),
        ("ftp://example.com/", ["93.184.216.34"]),
        ("https://example.com:port/", ["93.184.216.34"]),
        ("nonsense", []),
        ("https://" + "a" * 500, ["93.184.216.34"]),
        ("https://example.com/a\x01b", ["93.184.216.34"]),
        ("https://example.com/a b", ["93.184.216.34"]),
        ("https://example.com/\r\nX: y", ["93.184.216.34"]),
    ],
)
def test_an_address_that_may_not_be_used_is_refused(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, url: str, addresses: list[str]
):
    monkeypatch.setattr(network, "resolve", lambda host, port: addresses)
    with pytest.raises(ValidationError):
        endpoint(cast, url)
    assert not HookEndpoint.objects.exists()


@pytest.mark.django_db
def test_who_hears_of_what(cast: Cast, receiver: Receiver):
    endpoint(cast, receiver.url, events_=["alert.withdrawn"])
    services.create(access=access_of(cast.carla, cast.boreal), url=receiver.url)
    tell(cast)
    assert not HookDelivery.objects.exists()
    hooks.send("alert.withdrawn", tenant=cast.aurora, data={})
    assert [row.tenant for row in HookDelivery.objects.all()] == [cast.aurora]
    with pytest.raises(ValueError, match="no registered"):
        hooks.send("alert.invented", tenant=cast.aurora, data={})


@pytest.mark.django_db
def test_old_messages_are_forgotten_and_waiting_ones_stay(cast: Cast, receiver: Receiver):
    endpoint(cast, receiver.url)
    tell(cast)
    sending.send_due()
    tell(cast)
    HookDelivery.objects.update(created_at=clock.now() - timedelta(days=31))
    assert sending.prune() == 1
    assert [row.state for row in HookDelivery.objects.all()] == [State.WAITING]
