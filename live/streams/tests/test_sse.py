"""Server-sent events from a real web process on a real PostgreSQL."""

import orjson
import pytest
from django.test import Client

from live import events
from live.models import Event
from live.streams.tests.web import Web
from tenants import tokens
from tenants.models import Role
from tenants.tokens import Credential
from tests.api import body, make_key, signed_in, with_key
from tests.cast import Cast
from tests.factories import make_member, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def key(tenant) -> dict[str, str]:
    return {"Authorization": f"Api-Key {make_key(tenant)}"}


def cookie(user) -> dict[str, str]:
    return {"Cookie": f"sessionid={signed_in(user).cookies['sessionid'].value}"}


def test_what_is_committed_is_told_in_order(web: Web, cast: Cast) -> None:
    with web.stream(**key(cast.aurora)) as stream:
        assert stream.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert stream.answer.headers["Cache-Control"] == "no-store"
        assert stream.answer.headers["X-Accel-Buffering"] == "no"
        begin = stream.next(heartbeats=True)
        assert (begin.name, begin.data["live"]) == ("heartbeat", True)
        assert 1_000 <= stream.retry[0] <= 4_000
        assert begin.number is not None
        for run in range(3):
            events.publish("sync", tenant_id=cast.aurora.pk, run=run)
            events.publish("sync", tenant_id=cast.boreal.pk, run=100 + run)
        heard = stream.take(3)
    assert [(m.name, m.data["run"]) for m in heard] == [("sync", 0), ("sync", 1), ("sync", 2)]
    assert [m.number for m in heard] == [begin.number + n for n in (1, 2, 3)]
    assert all(0 <= m.data["age_ms"] < 60_000 for m in heard)


def test_who_comes_back_gets_what_was_missed_and_nothing_twice(web: Web, cast: Cast) -> None:
    auth = key(cast.aurora)
    with web.stream(**auth) as stream:
        events.publish("sync", tenant_id=cast.aurora.pk, run=1)
        first = stream.next()
    for run in (2, 3):
        events.publish("sync", tenant_id=cast.aurora.pk, run=run)
    with web.stream(**auth, **{"Last-Event-ID": str(first.number)}) as stream:
        missed = stream.take(2)
        events.publish("sync", tenant_id=cast.aurora.pk, run=4)
        assert [m.data["run"] for m in [*missed, stream.next()]] == [2, 3, 4]
    with web.stream(f"/api/events?last_event_id={missed[-1].number}", **auth) as stream:
        assert stream.next().data["run"] == 4


def test_a_long_absence_is_told_in_pages(web: Web, cast: Cast) -> None:
    start = Event.objects.filter(tenant=cast.aurora).count()
    for run in range(1_203):
        events.publish("sync", tenant_id=cast.aurora.pk, run=run)
    with web.stream(**key(cast.aurora), **{"Last-Event-ID": str(start)}) as stream:
        heard = stream.take(1_203)
    assert [m.data["run"] for m in heard] == list(range(1_203))
    assert [m.number for m in heard] == list(range(start + 1, start + 1_204))


@pytest.mark.parametrize(("seen", "reason"), [("1", "too_old"), ("999", "unknown"), ("what", "unknown")])
def test_what_cannot_be_caught_up_with_is_said(web: Web, cast: Cast, seen: str, reason: str) -> None:
    for run in range(5):
        events.publish("sync", tenant_id=cast.aurora.pk, run=run)
    newest = Event.objects.filter(tenant=cast.aurora).latest("number").number
    Event.objects.filter(tenant=cast.aurora, number__lt=newest).delete()
    with web.stream(**key(cast.aurora), **{"Last-Event-ID": seen}) as stream:
        told = stream.next()
        assert (told.name, told.number, told.data) == ("reload", newest, {"reason": reason})
        events.publish("sync", tenant_id=cast.aurora.pk, run=9)
        assert stream.next().number == newest + 1


def test_three_ways_in_and_the_company_that_is_named(web: Web, cast: Cast) -> None:
    make_member(cast.boreal, Role.VIEWER, user=cast.ana)
    token = tokens.issue(Credential(user=cast.ana))["access"]
    ways = [cookie(cast.ana), {"Authorization": f"Bearer {token}"}, key(cast.boreal)]
    for way in ways:
        with web.stream("/api/events?tenant=boreal", **way) as stream:
            events.publish("sync", tenant_id=cast.aurora.pk, run=1)
            events.publish("sync", tenant_id=cast.boreal.pk, run=2)
            assert stream.next().data["run"] == 2
    with web.stream(**ways[0], **{"X-Tenant": "aurora"}) as stream:
        events.publish("sync", tenant_id=cast.aurora.pk, run=3)
        assert stream.next().data["run"] == 3


def test_others_are_refused_as_everywhere(web: Web, cast: Cast) -> None:
    make_member(make_tenant("Terceira"), Role.VIEWER, user=cast.ana)
    refused: list[tuple[dict[str, str], int, str]] = [
        ({}, 401, "unauthenticated"),
        ({"Authorization": "Bearer nonsense"}, 401, "unauthenticated"),
        (cookie(cast.carla), 404, "not_found"),
        (key(cast.boreal), 404, "not_found"),
    ]
    for headers, status, code in refused:
        found = web.get("/api/events?tenant=aurora", Accept="text/event-stream", **headers)
        assert (found[0], orjson.loads(found[2])["code"]) == (status, code)
        assert found[1]["content-type"] == "application/json"
        assert "default-src 'self'" in found[1]["content-security-policy"]
    unnamed = web.get("/api/events", **cookie(cast.ana))
    assert (unnamed[0], orjson.loads(unnamed[2])["details"]["companies"]) == (400, "aurora, terceira")
    for method in ("POST", "PUT", "DELETE"):
        assert web.get("/api/events", method=method, **key(cast.aurora))[0] == 405
    assert web.get("/api/events", method="HEAD", **key(cast.aurora))[0] == 405


def test_a_stream_has_the_headers_of_every_answer(web: Web, cast: Cast) -> None:
    with web.stream(**key(cast.aurora), **{"Accept-Encoding": "gzip, br"}) as stream:
        headers = stream.answer.headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
    assert "Content-Encoding" not in headers
    assert "Content-Length" not in headers


def test_what_is_for_one_person_reaches_nobody_else(web: Web, cast: Cast) -> None:
    with (
        web.stream(**cookie(cast.ana)) as ana,
        web.stream(**cookie(cast.bruno)) as bruno,
        web.stream(**key(cast.aurora)) as program,
    ):
        events.publish("notification", tenant_id=cast.aurora.pk, user=cast.ana.pk, notification=1)
        events.publish("notification", tenant_id=cast.aurora.pk, user=cast.bruno.pk, notification=2)
        events.publish("sync", tenant_id=cast.aurora.pk, run=1)
        assert [m.data.get("notification") for m in ana.take(2)] == [1, None]
        assert [m.data.get("notification") for m in bruno.take(2)] == [2, None]
        assert program.next().name == "sync"


def test_a_plain_wsgi_server_answers_in_parts(cast: Cast) -> None:
    """Without the ASGI side an EventSource asks again and again, and misses nothing."""
    client = with_key(cast.aurora)
    first = client.get("/api/events")
    assert first.status_code == 200
    number = Event.objects.filter(tenant=cast.aurora).latest("number").number
    assert f"id: {number}\nevent: heartbeat\n".encode() in first.content
    events.publish("sync", tenant_id=cast.aurora.pk, run=7)
    second = client.get("/api/events", headers={"Last-Event-ID": str(number)})
    assert f'id: {number + 1}\nevent: sync\ndata: {{"run":7,"age_ms":'.encode() in second.content
    refused = Client().get("/api/events", headers={"Accept": "text/event-stream"})
    assert (refused.status_code, body(refused)["code"]) == (401, "unauthenticated")


@pytest.mark.drill
def test_one_too_many_is_told_when_to_come_back(cast: Cast) -> None:
    auth = key(cast.aurora)
    with Web({"MAX_CONCURRENT_CONNECTIONS": "2"}) as web:
        with web.stream(**auth), web.stream(**auth) as second:
            refused = web.get("/api/events", **auth)
            assert (refused[0], refused[1]["retry-after"]) == (503, "5")
            assert orjson.loads(refused[2])["code"] == "busy"
            events.publish("sync", tenant_id=cast.aurora.pk, run=1)
            assert second.next().data["run"] == 1
        assert web.get("/health/live")[0] == 200


@pytest.mark.drill
def test_a_quiet_stream_has_a_heart(cast: Cast) -> None:
    with Web({"WEBSOCKET_HEARTBEAT_INTERVAL": "200"}) as web, web.stream(**key(cast.aurora)) as stream:
        beats = [stream.next(heartbeats=True) for _ in range(4)]
    assert [beat.name for beat in beats] == ["heartbeat"] * 4
    assert len({beat.number for beat in beats}) == 1


@pytest.mark.drill
def test_a_process_that_ends_asks_its_clients_to_come_back(cast: Cast) -> None:
    with Web() as web, web.stream(**key(cast.aurora)) as stream:
        stream.next(heartbeats=True)
        web.process.terminate()
        assert list(stream.messages()) == [], "the stream ends, nothing is said to be wrong"
        assert 200 <= stream.retry[-1] <= 3_000
        assert web.process.wait(15) in {0, -15}
