"""Who loses the right to listen is cut off at once: every way to lose it, on both kinds of stream."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from rest_framework_simplejwt.tokens import AccessToken

from live import events
from live.streams import revoked, seat
from live.streams.tests.test_ws import Socket, token_of
from live.streams.tests.web import Stream, Web
from tenants import services
from tenants.access import Access
from tenants.models import ApiKey, Capability, Membership, Role
from tests.api import make_key, signed_in
from tests.cast import Cast
from tests.factories import PASSWORD, access_of

pytestmark = pytest.mark.django_db(transaction=True)


def last_word(stream: Stream) -> dict[str, object]:
    """Read to the end; return what the stream said last."""
    *_, last = stream.messages()
    assert last.name == "close"
    return dict(last.data)


def membership(cast: Cast) -> None:
    services.revoke_member(membership=Membership.objects.get(user=cast.bruno), actor=cast.ana)


def account(cast: Cast) -> None:
    services.save_account(user=cast.bruno, changes={"is_active": False}, actor=None)


def password(cast: Cast) -> None:
    cast.bruno.set_password(PASSWORD)
    cast.bruno.save()


def session(cast: Cast) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for row in Session.objects.all():
        if row.get_decoded()["_auth_user_id"] == str(cast.bruno.pk):
            store().delete(row.session_key)


def company(cast: Cast) -> None:
    services.set_active(tenant=cast.aurora, active=False, actor=None)


def deleted(cast: Cast) -> None:
    cast.bruno.delete()


@pytest.mark.parametrize("lose", [membership, account, password, session, company, deleted])
def test_a_person_is_cut_off(web: Web, cast: Cast, lose: Callable[[Cast], None]) -> None:
    bruno, ana = signed_in(cast.bruno), signed_in(cast.ana)
    cookie = {"Cookie": f"sessionid={bruno.cookies['sessionid'].value}"}
    other = {"Cookie": f"sessionid={ana.cookies['sessionid'].value}"}
    with web.stream(**cookie) as stream, Socket(web, **cookie) as page, web.stream(**other) as stays:
        stream.next(heartbeats=True)
        page.ask("connect")
        stays.next(heartbeats=True)
        lose(cast)
        assert last_word(stream) == {"code": 4403, "reason": "revoked"}
        assert page.closing() == (4403, "revoked")
        if lose is not company:
            events.publish("sync", tenant_id=cast.aurora.pk, run=1)
            while (heard := stays.next()).name != "sync":
                continue
            assert heard.data["run"] == 1, "others go on listening"
    assert web.get("/api/events?tenant=aurora", **cookie)[0] in {401, 404}


def test_signing_out_ends_the_streams_of_that_browser_only(web: Web, cast: Cast) -> None:
    here, there = signed_in(cast.ana), signed_in(cast.ana)
    ways = [{"Cookie": f"sessionid={client.cookies['sessionid'].value}"} for client in (here, there)]
    with web.stream(**ways[0]) as left, web.stream(**ways[1]) as stays:
        left.next(heartbeats=True)
        here.logout()
        assert last_word(left)["reason"] == "revoked"
        events.publish("sync", tenant_id=cast.aurora.pk, run=1)
        assert stays.next().data["run"] == 1


@pytest.mark.parametrize("way", ["revoke", "delete", "expire"])
def test_a_key_is_cut_off_with_its_tokens(web: Web, cast: Cast, way: str) -> None:
    text = make_key(cast.aurora)
    row = ApiKey.objects.get()
    spare = make_key(cast.aurora)
    with web.stream(Authorization=f"Api-Key {text}") as stream, Socket(web, origin=None) as program:
        stream.next(heartbeats=True)
        program.ask("connect", token=text)
        with web.stream(Authorization=f"Api-Key {spare}") as stays:
            if way == "revoke":
                services.revoke_api_key(key=row, actor=None)
            elif way == "delete":
                row.delete()
            else:
                ApiKey.objects.filter(pk=row.pk).update(expires_at=row.created_at)
            assert last_word(stream) == {"code": 4403, "reason": "revoked"}
            assert program.closing() == (4403, "revoked")
            events.publish("sync", tenant_id=cast.aurora.pk, run=1)
            assert stays.next().data["run"] == 1


def test_another_role_is_no_reason_to_leave(web: Web, cast: Cast) -> None:
    cookie = {"Cookie": f"sessionid={signed_in(cast.bruno).cookies['sessionid'].value}"}
    with web.stream(**cookie) as stream:
        services.change_role(
            membership=Membership.objects.get(user=cast.bruno), role=Role.ANALYST, actor=cast.ana
        )
        events.publish("sync", tenant_id=cast.aurora.pk, run=1)
        heard = [stream.next()]
        while heard[-1].name != "sync":
            heard.append(stream.next())
        assert [one.data["operation"] for one in heard if one.name == "membership_changed"] == ["UPDATE"]


def test_a_stream_ends_with_its_token_and_a_new_one_prolongs_a_socket(web: Web, cast: Cast) -> None:
    short = AccessToken(token_of(cast.ana))
    short.set_exp(lifetime=timedelta(seconds=3))
    with (
        web.stream(Authorization=f"Bearer {short}") as stream,
        Socket(web, origin=None) as ends,
        Socket(web, origin=None) as renews,
    ):
        ends.ask("connect", token=str(short))
        renews.ask("connect", token=str(short))
        assert renews.ask("connect", token=token_of(cast.ana))["event"] == "connect"
        assert renews.ask("connect", token=token_of(cast.bruno))["data"]["code"] == "connected"
        assert last_word(stream) == {"code": 4402, "reason": "expired"}
        assert ends.closing() == (4402, "expired")
        assert renews.ask("heartbeat", timestamp=1)["event"] == "heartbeat"


def sit(access: Access, *, stamp: str, session: str = "") -> seat.Seat:
    return seat.Seat(
        tenant_id=access.tenant.pk,
        slug=access.tenant.slug,
        user_id=access.user.pk if access.user else None,
        key_id=access.api_key.pk if access.api_key else None,
        session=session,
        stamp=stamp,
        until=None,
        address="127.0.0.1",
        user_agent="",
    )


def test_everybody_can_be_asked_for_at_once(cast: Cast) -> None:
    make_key(cast.boreal)
    row = ApiKey.objects.select_related("tenant").get()
    store = SessionStore()
    store.create()
    ana, carla = access_of(cast.ana, cast.aurora), access_of(cast.carla, cast.boreal)
    elsewhere = Access(tenant=cast.boreal, capabilities=frozenset({Capability.READ}), user=cast.ana)
    good = cast.ana.get_session_auth_hash()
    key = Access(tenant=cast.boreal, capabilities=frozenset(), api_key=row)
    seats = {
        "member": sit(ana, stamp=good),
        "with session": sit(ana, stamp=good, session=store.session_key or ""),
        "session of nobody": sit(ana, stamp=good, session="gone"),
        "old password": sit(ana, stamp="old"),
        "another company": sit(elsewhere, stamp=good),
        "carla": sit(carla, stamp=cast.carla.get_session_auth_hash()),
        "key": sit(key, stamp=""),
    }
    assert sorted(revoked.among(seats)) == ["another company", "old password", "session of nobody"]
    ApiKey.objects.update(revoked_at=row.created_at)
    services.set_active(tenant=cast.aurora, active=False, actor=None)
    assert sorted(set(seats) - set(revoked.among(seats))) == ["carla"]
