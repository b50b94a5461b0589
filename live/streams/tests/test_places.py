"""Nobody takes the places of all others: shares of a person or key, of a company, and of those who do not say who they are."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from live import events
from live.streams import places, ws
from live.streams.client import Client
from live.streams.hub import Hub
from live.streams.places import address_of
from live.streams.tests.test_faults import key, seat
from live.streams.tests.test_ws import Socket
from live.streams.tests.web import Web
from tests.api import make_key
from tests.cast import Cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.drill]  # each starts its own web process
SMALL = {
    "MAX_CONCURRENT_CONNECTIONS": "40"
}  # 10 for one owner and for one address, 20 for a company and for all strangers


@contextmanager
def streams(web: Web, auth: dict[str, str], count: int) -> Iterator[None]:
    """So many streams of one key."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(web.stream(**auth))
        yield


def refused(web: Web, auth: dict[str, str]) -> tuple[int, str, str]:
    """Return status, code and Retry-After of a stream that does not come about."""
    status, headers, body = web.get("/api/events", **auth)
    return status, orjson.loads(body)["code"], headers["retry-after"]


def test_one_key_and_one_company_leave_places_to_others(cast: Cast) -> None:
    first, second, third, other = (key(one) for one in [cast.aurora] * 3 + [cast.boreal])
    token = make_key(cast.aurora)
    with Web(SMALL) as web, ExitStack() as stack:
        stack.enter_context(streams(web, first, 10))
        assert refused(web, first) == (429, "too_many_streams", "30")
        with streams(web, second, 10):
            assert refused(web, third) == (429, "too_many_streams", "30"), "the company's half is used up"
            with Socket(web, origin=None) as program:
                told = program.ask("connect", token=token)
                assert (told["event"], told["data"]["code"]) == ("error", "too_many_streams")
                assert told["data"]["message"]
                assert program.closing() == (4429, "too_many_streams")
            with web.stream(**other) as stream:
                events.publish("sync", tenant_id=cast.boreal.pk, run=1)
                assert stream.next().data["run"] == 1, "another company is not hindered"
        until_let_in(web, token)


def until_let_in(web: Web, token: str) -> None:
    """Return when the process has noticed that streams were closed."""
    for _ in range(200):
        with Socket(web, origin=None) as program:
            if program.ask("connect", token=token)["event"] == "connect":
                return
    raise AssertionError("places of closed streams are not given back")


def test_tabs_of_one_person_are_one_owner_on_both_kinds_of_stream(cast: Cast) -> None:
    with Web(SMALL) as web, ExitStack() as stack:
        for _ in range(10):
            assert stack.enter_context(Socket(web, user=cast.ana)).ask("connect")["event"] == "connect"
        with Socket(web, user=cast.ana) as one_more:
            assert one_more.ask("connect")["data"]["code"] == "too_many_streams"
            assert one_more.closing() == (4429, "too_many_streams")
        with Socket(web, user=cast.bruno) as other:
            assert other.ask("connect")["event"] == "connect"


def knock(web: Web, address: str) -> Socket:
    return Socket(web, origin=None, **{"X-Forwarded-For": address})


def turned_away(web: Web, address: str) -> tuple[int, str, str]:
    with pytest.raises(InvalidStatus) as refusal:
        knock(web, address)
    response = refusal.value.response
    return response.status_code, orjson.loads(response.body or b"")["code"], response.headers["Retry-After"]


def test_sockets_that_say_nothing_hold_no_place_of_a_stream(cast: Cast) -> None:
    """Ten an address and twenty in sum, and every stream is let in beside them."""
    with Web({**SMALL, "TRUSTED_PROXIES": "127.0.0.1"}) as web, ExitStack() as stack:
        for n in range(10):
            stack.enter_context(knock(web, f"2001:db8:0:1::{n}"))
        assert turned_away(web, "2001:db8:0:1::ffff") == (429, "too_many_streams", "5")
        with knock(web, "203.0.113.7") as elsewhere:
            assert elsewhere.ask("connect", token=make_key(cast.aurora))["event"] == "connect"
        silent = [stack.enter_context(knock(web, "203.0.113.8")) for _ in range(10)]
        assert turned_away(web, "203.0.113.9") == (429, "too_many_streams", "5"), "all of them together"
        with ExitStack() as others:
            for tenant in (cast.aurora, cast.boreal):
                for auth in (key(tenant), key(tenant)):
                    others.enter_context(streams(web, auth, 10))
        assert silent[0].closing() == (4401, "unauthenticated"), "and they are asked to leave"


def test_who_becomes_known_needs_a_place(cast: Cast, settings: Any) -> None:
    """Strangers hold none, so the last place may be gone when they say who they are."""
    token = make_key(cast.aurora)
    one = {"MAX_CONCURRENT_CONNECTIONS": "1"}
    with Web(one) as web, Socket(web, origin=None) as late, web.stream(**key(cast.boreal)):
        late.say("connect", token=token)
        assert late.closing() == (1013, "busy")


def test_shares_are_explained_by_the_number_of_places(settings: Any) -> None:
    found = []
    for places_of_all in (1, 100, 1_000, 20_000):
        settings.MAX_CONCURRENT_CONNECTIONS = places_of_all
        found.append((places.for_owner(), places.for_company()))
    assert found == [(10, 10), (10, 50), (50, 500), (1_000, 10_000)]
    assert ws.HELLO == 5


def test_nothing_is_kept_of_who_left(settings: Any) -> None:
    async def run() -> None:
        hub = Hub()
        client = Client(seat(1), "sse", 0)
        hub.join(client)
        hub.leave(client)
        hub.leave(client)
        hub.places.knocks("203.0.113.7")
        hub.places.known("203.0.113.7")
        kept = hub.places
        assert (kept._owners, kept._companies, kept._strangers) == ({}, {}, {})

    asyncio.run(run())


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        (("203.0.113.7", 1), "", "203.0.113.7"),
        (("203.0.113.7", 1), "198.51.100.1", "203.0.113.7"),
        (("10.0.0.1", 1), "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (("10.0.0.1", 1), "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        (("10.0.0.1", 1), "nonsense", "0.0.0.0"),
        (None, "", "0.0.0.0"),
    ],
)
def test_a_socket_is_counted_for_its_own_address(
    settings: Any, peer: tuple[str, int] | None, forwarded: str, counted: str
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert address_of({"client": peer, "headers": headers}) == counted
