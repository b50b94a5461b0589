"""Choosing events one by one through the API: what is narrowed reaches nobody whom it should not."""

from typing import Any

import pytest
from django.test import Client

from live.models import EventSubscription
from live.notifications import notify
from tenants.models import Role
from tests.api import body, signed_in, with_key
from tests.cast import Cast
from tests.factories import make_member

URL = "/api/user/event-subscriptions"
pytestmark = pytest.mark.django_db


def put(client: Client, event: str, sent: Any, **headers: Any) -> Any:
    return client.put(f"{URL}/{event}", sent, content_type="application/json", headers=headers)


def listed(client: Client, **headers: Any) -> dict[str, Any]:
    return {row["event"]: row for row in body(client.get(URL, headers=headers))["data"]}


def test_what_nobody_chose_is_as_the_catalog_says(cast: Cast) -> None:
    rows = listed(signed_in(cast.ana))
    assert rows["role_changed"] == {
        "event": "role_changed",
        "is_active": True,
        "filters": {},
        "known": {
            "severity": ["info", "warning", "critical"],
            "role": list(Role.values),
            "before": list(Role.values),
        },
    }
    assert "role_changed" not in listed(signed_in(cast.bruno)), "his role does not hear of it"
    assert not EventSubscription.objects.exists(), "looking chooses nothing"


def test_what_is_narrowed_lets_only_that_through(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    sent = {"is_active": True, "filters": {"role": ["owner", "manager", "owner"], "severity": ["info"]}}
    answer = body(put(ana, "role_changed", sent))["data"]
    assert (answer["is_active"], answer["filters"]) == (
        True,
        {"role": ["manager", "owner"], "severity": ["info"]},
    )
    assert listed(ana)["role_changed"]["filters"] == answer["filters"]

    def told(role: str, severity: str = "info") -> int:
        params = {"person": "Bia", "role": role, "before": "viewer"}
        people = {"users": [cast.ana]}
        return len(notify("role_changed", tenant=cast.aurora, params=params, severity=severity, **people))

    assert [told("owner"), told("manager"), told("viewer"), told("owner", "warning")] == [1, 1, 0, 0]
    put(ana, "role_changed", {"is_active": True, "filters": {}})
    assert told("viewer") == 1
    put(ana, "role_changed", {"is_active": False, "filters": {}})
    assert told("viewer") == 0
    assert EventSubscription.objects.count() == 1


def test_the_list_of_wishes_leaves_filters_as_they_are(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    put(ana, "role_changed", {"is_active": True, "filters": {"role": ["owner"]}})
    wishes = {"frequency": "daily", "soundEnabled": False, "emailNotifications": False}
    for events, active in (([], False), (["role_changed"], True)):
        sent = {"events": events, **wishes}
        assert (
            ana.put("/api/user/notification-preferences", sent, content_type="application/json").status_code
            == 200
        )
        row = listed(ana)["role_changed"]
        assert (row["is_active"], row["filters"]) == (active, {"role": ["owner"]})


def test_choices_are_of_one_person_and_company(cast: Cast) -> None:
    make_member(cast.boreal, Role.OWNER, user=cast.ana)
    ana = signed_in(cast.ana)
    sent = {"is_active": False, "filters": {}}
    assert put(ana, "role_changed", sent, **{"X-Tenant": "aurora"}).status_code == 200
    assert listed(ana, **{"X-Tenant": "aurora"})["role_changed"]["is_active"] is False
    assert listed(ana, **{"X-Tenant": "boreal"})["role_changed"]["is_active"] is True
    assert listed(signed_in(cast.carla))["role_changed"]["is_active"] is True
    assert put(signed_in(cast.carla), "role_changed", sent, **{"X-Tenant": "aurora"}).status_code == 404
    assert put(signed_in(cast.bruno), "role_changed", sent).status_code == 404, "not for his role"
    assert put(ana, "nothing", sent, **{"X-Tenant": "aurora"}).status_code == 404
    key = with_key(cast.aurora)
    assert (key.get(URL).status_code, put(key, "role_changed", sent).status_code) == (403, 403)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"is_active": True},
        {"filters": {}},
        {"is_active": "perhaps", "filters": {}},
        {"is_active": True, "filters": []},
        {"is_active": True, "filters": {"role": "owner"}},
        {"is_active": True, "filters": {"role": []}},
        {"is_active": True, "filters": {"role": ["king"]}},
        {"is_active": True, "filters": {"amount": ["1"]}},
        {"is_active": True, "filters": {"severity": [["info"]]}},
        {"is_active": True, "filters": {"severity": ["info\x00"]}},
    ],
)
def test_what_would_let_nothing_through_is_refused(cast: Cast, sent: Any) -> None:
    answer = put(signed_in(cast.ana), "role_changed", sent)
    assert (answer.status_code, body(answer)["code"]) == (400, "invalid")
    assert not EventSubscription.objects.exists()


def test_a_refusal_names_what_there_is(cast: Cast) -> None:
    sent = {"is_active": True, "filters": {"role": ["king"]}}
    details = body(put(signed_in(cast.ana), "role_changed", sent))["details"]
    assert details["filters"][0].startswith("Este evento não pode ser filtrado assim.")
    assert "severity: info, warning, critical; role: " in details["filters"][0]
