"""The API of what one was told and of one's wishes: every answer is one's own."""

from typing import Any

import pytest
from django.test import Client

from live.models import Event, Notification, NotificationPreference
from live.notifications import catalog, notify
from tenants import tokens
from tenants.models import Membership
from tenants.tokens import Credential
from tests.api import body, signed_in, with_key
from tests.cast import Cast
from tests.factories import make_member

URL = "/api/notifications"
WISHES = "/api/user/notification-preferences"
SEED = {"events": ["role_changed"], "frequency": "daily", "soundEnabled": True, "emailNotifications": False}


def told(cast: Cast, n: int = 1) -> list[int]:
    """Tell Ana of Aurora so many things; return the ids, oldest first."""
    params = {"person": "Zoé", "role": "viewer"}
    return [
        notify("invitation_accepted", tenant=cast.aurora, params=params, users=[cast.ana])[0]
        for _n in range(n)
    ]


def put(client: Client, sent: Any, **extra: Any) -> Any:
    return client.put(WISHES, sent, content_type="application/json", **extra)


def test_the_list_goes_on_by_its_cursor(cast: Cast) -> None:
    ids, ana = told(cast, 5), signed_in(cast.ana)
    first = body(ana.get(f"{URL}?limit=2"))
    second = body(ana.get(f"{URL}?limit=2&cursor={first['meta']['next']}"))
    third = body(ana.get(f"{URL}?limit=2&cursor={second['meta']['next']}"))
    assert [row["id"] for part in (first, second, third) for row in part["data"]] == ids[::-1]
    assert (third["meta"]["next"], first["meta"]["unread"], first["meta"]["limit"]) == (None, 5, 2)
    assert first["data"][0] | {"created_at": ""} == {
        "id": ids[4],
        "event": "invitation_accepted",
        "severity": "info",
        "title": "Zoé aceitou o convite",
        "body": "Papel: só leitura.",
        "path": "/t/aurora/settings/people/",
        "created_at": "",
        "read_at": None,
    }


def test_reading_one_and_all(cast: Cast) -> None:
    ids, ana = told(cast, 3), signed_in(cast.ana)
    once = body(ana.post(f"{URL}/{ids[0]}/read"))["data"]["read_at"]
    assert once
    assert body(ana.post(f"{URL}/{ids[0]}/read"))["data"]["read_at"] == once, "the first reading counts"
    assert [row["id"] for row in body(ana.get(f"{URL}?unread=true"))["data"]] == [ids[2], ids[1]]
    assert len(body(ana.get(f"{URL}?unread=false"))["data"]) == 3
    assert body(ana.post(f"{URL}/read-all"))["data"] == {"read": 2}
    assert body(ana.post(f"{URL}/read-all"))["data"] == {"read": 0}


def test_reading_tells_the_readers_other_devices_once(cast: Cast) -> None:
    make_member(cast.boreal, user=cast.ana)
    ids, ana = told(cast, 3), signed_in(cast.ana)
    headers = {"X-Tenant": "aurora"}
    Event.objects.all().delete()

    def heard() -> list[dict[str, Any]]:
        rows = Event.objects.order_by("id")
        assert {(row.tenant_id, row.name) for row in rows} <= {(cast.aurora.pk, "notification")}
        return [row.payload for row in rows]

    one = {"user": cast.ana.pk, "operation": "read", "id": ids[0]}
    for _ in range(3):
        assert ana.post(f"{URL}/{ids[0]}/read", headers=headers).status_code == 200
    assert heard() == [one], "the first reading changed something"
    for path in (f"{URL}/{ids[1]}/read", f"{URL}/{ids[2]}/read", f"{URL}/read-all"):
        assert signed_in(cast.bruno).post(path, headers=headers).status_code in {200, 404}
    assert heard() == [one], "nothing of his was unread"
    for _ in range(2):
        assert ana.post(f"{URL}/read-all", headers=headers).status_code == 200
    assert heard() == [one, {"user": cast.ana.pk, "operation": "read"}], "one event, however many were read"


def test_nobody_reads_or_marks_what_is_anothers(cast: Cast) -> None:
    pk = told(cast)[0]
    make_member(cast.aurora, user=cast.carla)
    for client in (signed_in(cast.bruno), signed_in(cast.carla)):
        headers = {"X-Tenant": "aurora"}
        assert body(client.get(URL, headers=headers))["data"] == []
        assert client.post(f"{URL}/{pk}/read", headers=headers).status_code == 404
        assert body(client.post(f"{URL}/read-all", headers=headers))["data"] == {"read": 0}
    assert Notification.objects.get(pk=pk).read_at is None


def test_hers_in_another_company_are_not_shown_here(cast: Cast) -> None:
    pk = told(cast)[0]
    make_member(cast.boreal, user=cast.ana)
    ana = signed_in(cast.ana)
    assert body(ana.get(URL, headers={"X-Tenant": "boreal"}))["data"] == []
    assert ana.post(f"{URL}/{pk}/read", headers={"X-Tenant": "boreal"}).status_code == 404
    assert ana.get(URL).status_code == 400, "she must name a company"


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "unread=perhaps", "cursor=%00"])
def test_what_cannot_be_used_is_an_error(cast: Cast, query: str) -> None:
    response = signed_in(cast.ana).get(f"{URL}?{query}")
    assert (response.status_code, body(response)["code"]) == (400, "bad_parameter")


def test_a_key_is_no_person_and_a_token_of_one_is(cast: Cast) -> None:
    told(cast)
    key = with_key(cast.aurora)
    for answer in (key.get(URL), key.post(f"{URL}/read-all"), key.get(WISHES), put(key, SEED)):
        assert answer.status_code == 403
        assert "chave de API não é uma pessoa" in body(answer)["message"]
    access = tokens.issue(Credential(user=cast.ana))["access"]
    program = Client(headers={"Authorization": f"Bearer {access}"})
    assert len(body(program.get(URL))["data"]) == 1


# --- wishes ----------------------------------------------------------------------------------------------------------------
def test_the_shape_of_the_seed_is_enough_and_comes_back(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    answer = body(put(ana, SEED))
    assert answer["data"] == {**SEED, "channels": ["app"], "quietHours": None}
    assert answer == {**body(ana.get(WISHES)), "meta": answer["meta"]}
    assert answer["meta"]["known"] == catalog.names()
    assert put(ana, answer["data"]).status_code == 200, "what comes out goes in"
    assert "role_changed" in body(signed_in(cast.carla).get(WISHES))["data"]["events"]
    assert NotificationPreference.objects.count() == 1


def test_quiet_hours_stay_until_they_are_ended(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    night = {"from": "22:00", "until": "07:30"}
    sent = {**SEED, "emailNotifications": True, "channels": ["email", "app"], "quietHours": night}
    assert body(put(ana, sent))["data"]["quietHours"] == night
    assert body(put(ana, SEED))["data"]["quietHours"] == night
    assert body(put(ana, {**SEED, "quietHours": None}))["data"]["quietHours"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"events": "role_changed"}, "events"),
        ({"events": None}, "events"),
        ({"events": ["role_changed", ["nested"]]}, "events"),
        ({"frequency": "weekly"}, "frequency"),
        ({"soundEnabled": "perhaps"}, "soundEnabled"),
        ({"channels": ["email"]}, "channels"),
        ({"channels": ["app", "email"]}, "channels"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"quietHours": {"from": "22:00"}}, "quietHours"),
        ({"quietHours": {"from": "22:00", "until": "22:00"}}, "quietHours"),
        ({"quietHours": {"from": "25:00", "until": "07:00"}}, "quietHours"),
        ({"quietHours": "night"}, "quietHours"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(
    cast: Cast, change: dict[str, Any], field: str
) -> None:
    response = put(signed_in(cast.ana), {**SEED, **change})
    assert response.status_code == 400
    assert set(body(response)["details"]) == {field}
    assert not NotificationPreference.objects.exists()


def test_an_unknown_event_is_refused_with_those_that_exist(cast: Cast) -> None:
    response = put(signed_in(cast.ana), {**SEED, "events": ["role_changed", "moon_landed"]})
    assert response.status_code == 400
    sentence = body(response)["details"]["events"][0]
    assert "moon_landed" in sentence
    assert all(name in sentence for name in catalog.names())


def test_a_stranger_finds_nothing(cast: Cast) -> None:
    Membership.objects.filter(user=cast.bruno).delete()
    bruno = signed_in(cast.bruno)
    for response in (bruno.get(URL), bruno.get(WISHES), put(bruno, SEED)):
        assert response.status_code == 404
    assert Client().get(URL).status_code == 401
