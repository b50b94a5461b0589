"""The WebSocket of a real web process, and what may be said to it."""

import json
import socket
from datetime import timedelta
from typing import Any

import pytest
from rest_framework_simplejwt.tokens import AccessToken
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from live import events
from live.models import Event, Notification
from live.notifications import services
from live.streams.tests.web import PATIENCE, Web
from tenants import tokens
from tenants.models import User
from tenants.tokens import Credential
from tests.api import make_key, signed_in
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


class Socket:
    """A client of `/ws/`."""

    def __init__(
        self, web: Web, *, user: User | None = None, origin: str | None = "", **headers: str
    ) -> None:
        if user:
            headers["Cookie"] = f"sessionid={signed_in(user).cookies['sessionid'].value}"
        page: Any = f"http://127.0.0.1:{web.port}" if origin == "" else origin
        self.wire: ClientConnection = connect(
            f"ws://127.0.0.1:{web.port}/ws/", origin=page, additional_headers=headers, proxy=None, legacy=True
        )

    def __enter__(self) -> "Socket":
        return self

    def __exit__(self, *_: object) -> None:
        self.wire.close()

    def say(self, event: str, **data: Any) -> None:
        self.wire.send(json.dumps({"event": event, "data": data}))

    def hear(self, event: str = "") -> dict[str, Any]:
        """Return the next message (of that name)."""
        while True:
            message: dict[str, Any] = json.loads(self.wire.recv(PATIENCE))
            if event in {"", message["event"]}:
                return message

    def ask(self, event: str, **data: Any) -> dict[str, Any]:
        self.say(event, **data)
        return self.hear()

    def closing(self) -> tuple[int, str]:
        """Read to the end; return code and reason with which the server closed."""
        with pytest.raises(ConnectionClosed) as end:
            self._read_on()
        goodbye = end.value.rcvd
        assert goodbye is not None, "the server said goodbye"
        return goodbye.code, goodbye.reason

    def _read_on(self) -> None:
        while True:
            self.wire.recv(PATIENCE)


def token_of(user: User) -> str:
    return str(tokens.issue(Credential(user=user))["access"])


def test_a_page_connects_with_its_session_and_hears_what_it_subscribed_to(web: Web, cast: Cast) -> None:
    with Socket(web, user=cast.ana) as ana:
        hello = ana.ask("connect", userId=cast.ana.pk)
        assert (hello["event"], hello["data"]["tenant"], hello["data"]["userId"]) == (
            "connect",
            "aurora",
            cast.ana.pk,
        )
        assert hello["data"]["heartbeatInterval"] == 30_000
        assert ana.ask("subscribe", events=["sync", "sync_complete"])["data"] == {
            "events": ["sync", "sync_complete"]
        }
        events.publish("settings_changed", tenant_id=cast.aurora.pk)
        events.publish("sync", tenant_id=cast.boreal.pk, run=5)
        events.publish("sync", tenant_id=cast.aurora.pk, run=7)
        events.publish("sync_complete", tenant_id=cast.aurora.pk, run=7)
        first, second = ana.hear(), ana.hear()
        assert first["data"].pop("data").keys() == {"run", "age_ms"}
        assert first == {
            "event": "data_update",
            "id": hello["id"] + 2,
            "data": {"type": "sync", "delta": False},
        }
        assert (second["data"]["type"], second["data"]["delta"], second["data"]["data"]["run"]) == (
            "sync_complete",
            True,
            7,
        )
        assert ana.ask("unsubscribe", events=["sync"])["data"] == {"events": ["sync_complete"]}
        events.publish("sync", tenant_id=cast.aurora.pk, run=8)
        events.publish("sync_complete", tenant_id=cast.aurora.pk, run=8)
        assert ana.hear()["data"]["type"] == "sync_complete"


def test_programs_connect_with_a_token_or_a_key_and_say_where_they_were(web: Web, cast: Cast) -> None:
    start = Event.objects.filter(tenant=cast.aurora).count()
    for run in range(3):
        events.publish("sync", tenant_id=cast.aurora.pk, run=run)
    for token in (token_of(cast.ana), make_key(cast.aurora)):
        with Socket(web, origin=None) as program:
            program.say("connect", token=token, tenant="aurora", lastEventId=start + 1, events=["sync"])
            assert program.hear()["id"] == start + 1
            assert [program.hear()["data"]["data"]["run"] for _ in range(2)] == [1, 2]


def test_what_was_missed_beyond_the_log_is_said(web: Web, cast: Cast) -> None:
    for run in range(3):
        events.publish("sync", tenant_id=cast.aurora.pk, run=run)
    newest = Event.objects.latest("number").number
    Event.objects.filter(number__lt=newest).delete()
    with Socket(web, origin=None) as program:
        program.say("connect", token=make_key(cast.aurora), lastEventId=1, events=["sync"])
        assert program.hear()["event"] == "connect"
        assert program.hear() == {"event": "reload", "id": newest, "data": {"reason": "too_old"}}


@pytest.mark.parametrize(
    ("said", "close"),
    [
        ({"token": "nonsense"}, (4401, "unauthenticated")),
        ({"token": "pk_nobody_nothing"}, (4401, "unauthenticated")),
        ({}, (4401, "unauthenticated")),
        ({"token": "CARLA", "tenant": "aurora"}, (4404, "not_found")),
        ({"token": "CARLA", "tenant": "nowhere"}, (4404, "not_found")),
        ({"token": "BOREAL", "tenant": "aurora"}, (4404, "not_found")),
        ({"token": "ANA", "userId": 999_999_999}, (4401, "unauthenticated")),
        ({"token": "EXPIRED"}, (4401, "unauthenticated")),
    ],
)
def test_strangers_are_turned_away_with_a_reason(
    web: Web, cast: Cast, said: dict[str, Any], close: tuple[int, str]
) -> None:
    names = {
        "CARLA": lambda: token_of(cast.carla),
        "ANA": lambda: token_of(cast.ana),
        "BOREAL": lambda: make_key(cast.boreal),
        "EXPIRED": lambda: expired(cast.ana),
    }
    if said.get("token") in names:
        said = {**said, "token": names[said["token"]]()}
    with Socket(web, origin=None) as program:
        error = program.ask("connect", **said)
        assert error["event"] == "error"
        assert error["data"]["message"]
        assert program.closing() == close


def test_who_guesses_is_refused_for_a_while_and_others_from_there_are_not(web: Web, cast: Cast) -> None:
    guesses = [web.get("/api/events", Authorization="Api-Key pk_nobody_nothing")[0] for _ in range(30)]
    assert guesses == [401] * 30
    with Socket(web, origin=None) as program:
        assert program.ask("connect", token="pk_nobody_nothing")["data"]["code"] == "throttled"
        assert program.closing() == (4429, "rate_limited")
    with Socket(web, origin=None) as program:
        assert program.ask("connect", token=make_key(cast.aurora))["event"] == "connect"


def expired(user: User) -> str:
    """Return a token that was good a minute ago."""
    text = AccessToken(token_of(user))
    text.set_exp(lifetime=timedelta(seconds=-60))
    return str(text)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        "http://127.0.0.1:1",
        "null",
        "http://127.0.0.1.evil.example",
        "https://[::",
        "http://localhost",
    ],
)
def test_pages_of_others_do_not_get_in(web: Web, cast: Cast, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Socket(web, user=cast.ana, origin=origin)
    assert refused.value.response.status_code == 403


def test_a_partner_page_that_was_named_gets_in(web: Web, cast: Cast) -> None:
    with Socket(web, user=cast.ana, origin="https://partner.example.com") as page:
        assert page.ask("connect")["event"] == "connect"


def test_a_session_without_a_page_is_not_believed(web: Web, cast: Cast) -> None:
    """Who can leave the origin out is no browser, and brings a token."""
    with Socket(web, user=cast.ana, origin=None) as program:
        assert program.ask("connect")["data"]["code"] == "unauthenticated"
        assert program.closing() == (4401, "unauthenticated")


def test_another_address_is_no_socket(web: Web) -> None:
    with pytest.raises(InvalidStatus):
        connect(f"ws://127.0.0.1:{web.port}/ws/elsewhere", proxy=None, legacy=True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "bad_json"),
        ('{"event": "subscribe", "data": {"events": NaN}}', "bad_json"),
        ("[" * 5_000, "bad_json"),
        ("[]", "bad_message"),
        ('{"event": 7}', "bad_message"),
        ('{"event": "subscribe", "data": []}', "bad_message"),
        ('{"event": "subscribe", "data": {"events": "sync"}}', "bad_message"),
        ('{"event": "subscribe", "data": {"events": [["sync"]]}}', "bad_message"),
        ('{"event": "subscribe", "data": {"events": ["sync", "nothing"]}}', "unknown_event"),
        ('{"event": "data_update", "data": {}}', "unknown_event"),
        ('{"event": "connect", "data": {"lastEventId": -1}}', "bad_message"),
        ('{"event": "connect", "data": {"tenant": "../x"}}', "bad_message"),
        ('{"event": "connect", "data": {"token": "a b"}}', "bad_message"),
    ],
)
def test_what_cannot_be_used_is_answered_and_the_socket_stays(
    web: Web, cast: Cast, text: str, code: str
) -> None:
    with Socket(web, user=cast.ana) as page:
        page.ask("connect")
        page.wire.send(text)
        refused = page.hear()
        assert (refused["event"], refused["data"]["code"]) == ("error", code)
        assert page.ask("heartbeat", timestamp=1)["data"]["echo"] == 1


def test_nothing_of_a_stranger_comes_back_as_markup(web: Web, cast: Cast) -> None:
    with Socket(web, user=cast.ana) as page:
        page.ask("connect")
        refused = page.ask("<script>alert(1)</script>")
        assert "&lt;script&gt;" in refused["data"]["message"]
        assert page.ask("heartbeat", timestamp='<b>"')["data"]["echo"] == "&lt;b&gt;&quot;"
        assert page.ask("heartbeat", timestamp={"a": "b"})["data"]["echo"] is None


def test_who_never_makes_sense_is_hung_up_on(web: Web, cast: Cast) -> None:
    with Socket(web, user=cast.ana) as page:
        page.ask("connect")
        for _ in range(10):
            page.wire.send("{")
        assert page.closing() == (4400, "bad_message")
    with Socket(web, origin=None) as silent:
        for _ in range(11):
            silent.say("heartbeat")
        assert silent.closing()[0] in {4400, 4429}


def test_binary_and_oversized_messages_end_the_connection(web: Web, cast: Cast) -> None:
    with Socket(web, user=cast.ana) as page:
        page.ask("connect")
        page.wire.send(b"\x00\x01")
        assert page.closing() == (1003, "not_text")
    with Socket(web, user=cast.ana) as page:
        page.ask("connect")
        page.say("heartbeat", timestamp="x" * 20_000)
        assert page.closing() == (1009, "too_big")
    with Socket(web, user=cast.ana) as page:
        page.ask("connect")
        page.wire.send("x" * 1_000_000)
        assert page.closing()[0] == 1009
    assert web.get("/health/live")[0] == 200


def test_one_notification_reaches_its_person_as_a_sentence(web: Web, cast: Cast) -> None:
    row = Notification.objects.create(
        tenant=cast.aurora, user=cast.ana, event="gone_event", path="/t/aurora/"
    )
    with Socket(web, user=cast.ana) as ana, Socket(web, user=cast.bruno) as bruno:
        for page in (ana, bruno):
            page.ask("connect")
            page.ask("subscribe", events=["notification", "sync"])
        events.publish("notification", tenant_id=cast.aurora.pk, user=cast.ana.pk, id=row.pk)
        events.publish("sync", tenant_id=cast.aurora.pk, run=1)
        assert ana.hear()["data"]["type"] == "notification"
        told = ana.hear()
        assert (told["event"], told["data"]["action"], told["data"]["type"]) == (
            "notification",
            "/t/aurora/",
            "info",
        )
        assert told["data"]["message"]
        assert bruno.hear()["data"]["type"] == "sync"


def test_a_notification_that_was_read_elsewhere_is_not_said_again(web: Web, cast: Cast) -> None:
    row = Notification.objects.create(tenant=cast.aurora, user=cast.ana, event="gone_event")
    with Socket(web, user=cast.ana) as phone, Socket(web, user=cast.bruno) as other:
        for page in (phone, other):
            page.ask("connect", events=["notification", "sync"])
        services.mark_read(tenant=cast.aurora, user=cast.ana, pk=row.pk)
        events.publish("sync", tenant_id=cast.aurora.pk, run=1)
        told = phone.hear()["data"]
        assert (told["type"], told["data"]["operation"], told["data"]["id"]) == (
            "notification",
            "read",
            row.pk,
        )
        assert phone.hear()["data"]["type"] == "sync", "no sentence in between"
        assert other.hear()["data"]["type"] == "sync"


def test_figures_come_to_who_wants_them(web: Web, cast: Cast) -> None:
    with Socket(web, user=cast.ana) as page:
        page.ask("connect")
        page.ask("subscribe", events=["metrics"])
        told = page.hear("metrics")["data"]
        assert told["status"] in {"ok", "degraded"}
        assert told["performance"].keys() == {
            "activeConnections",
            "requestsPerMinute",
            "cacheHitRate",
            "averageLatency",
        }


@pytest.mark.drill
def test_a_flood_is_cut_for_the_person_in_all_tabs(cast: Cast) -> None:
    with Web({"WEBSOCKET_RATE_LIMIT_PER_MINUTE": "20"}) as web:
        with Socket(web, user=cast.ana) as page:
            page.ask("connect")
            for number in range(30):
                page.say("heartbeat", timestamp=number)
            assert page.closing() == (4429, "rate_limited")
        with Socket(web, user=cast.bruno) as other:
            other.ask("connect")
            assert other.ask("heartbeat", timestamp=1)["event"] == "heartbeat", "others are not hindered"
        with Socket(web, user=cast.ana) as again:
            again.ask("connect")
            again.say("heartbeat", timestamp=1)
            assert again.closing() == (4429, "rate_limited"), "another tab is the same person"


@pytest.mark.drill
def test_silence_ends_a_connection_and_a_heartbeat_keeps_it(cast: Cast) -> None:
    hasty = {"WEBSOCKET_CONNECTION_TIMEOUT": "1500", "WEBSOCKET_HEARTBEAT_INTERVAL": "300"}
    with (
        Web(hasty) as web,
        Socket(web, user=cast.ana) as silent,
        Socket(web, user=cast.bruno) as talking,
        Socket(web, origin=None) as nobody,
    ):
        silent.ask("connect")
        talking.ask("connect")
        for number in range(8):
            talking.hear("heartbeat")
            talking.say("heartbeat", timestamp=number)
        assert silent.closing() == (4408, "silent")
        assert talking.ask("heartbeat", timestamp=99)["event"] == "heartbeat"
        assert nobody.closing() == (4401, "unauthenticated")


@pytest.mark.drill
def test_a_process_that_ends_says_so_with_1012(cast: Cast) -> None:
    with Web() as web, Socket(web, user=cast.ana) as page:
        page.ask("connect")
        web.process.terminate()
        assert page.closing()[0] == 1012


@pytest.mark.drill
def test_one_too_many_is_refused_before_it_is_a_socket(cast: Cast) -> None:
    with Web({"MAX_CONCURRENT_CONNECTIONS": "1"}) as web:
        with Socket(web, user=cast.ana) as page:
            page.ask("connect")
            with pytest.raises(InvalidStatus) as refused:
                Socket(web, user=cast.bruno)
            assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (
                503,
                "5",
            )
        assert web.get("/health/live")[0] == 200


def test_half_a_handshake_is_nothing(web: Web) -> None:
    with socket.create_connection(("127.0.0.1", web.port), PATIENCE) as wire:
        wire.sendall(b"GET /ws/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n")
        assert wire.recv(100).startswith(b"HTTP/1.1 4")
