"""Public links by the API: made, listed, renamed, prolonged and ended by those who may; strange bodies make nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from kpi.boards import services, sharing
from kpi.models import Board, BoardLink
from tenants.models import AuditLog, Capability, Role
from tests.api import body, signed_in, with_key
from tests.cast import Cast
from tests.factories import access_of, make_member

pytestmark = pytest.mark.django_db
JSON = "application/json"
PATH = "/api/kpis/boards/links"


@pytest.fixture
def boards(cast: Cast) -> list[Board]:
    """Ana's private board, and one that Aurora shares."""
    ana = access_of(cast.ana, cast.aurora)
    return [
        services.create_board(tenant=cast.aurora, name="Meu", actor=ana),
        services.create_board(tenant=cast.aurora, name="Rede", actor=ana, shared=True),
    ]


def asked(*boards: Board, **more: Any) -> dict[str, Any]:
    keys = [str(board.key) for board in boards]
    return {"name": "Contador", "boards": keys, "expires_at": timezone.now() + timedelta(days=30)} | more


def make(client: Client, *boards: Board, **more: Any) -> Any:
    return client.post(PATH, asked(*boards, **more), content_type=JSON)


def test_a_link_lives_and_ends(cast: Cast, boards: list[Board]) -> None:
    ana = signed_in(cast.ana)
    end = timezone.now().replace(microsecond=0) + timedelta(days=30)
    answer = make(ana, boards[1], boards[0], expires_at=end, period="2026-01-01..2026-01-31")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    link, url = body(answer)["data"]["link"], body(answer)["data"]["url"]
    assert url.startswith("http://testserver/b/")
    assert (link["name"], link["state"], link["period"], link["last_used_at"]) == (
        "Contador",
        "open",
        "2026-01-01..2026-01-31",
        None,
    )
    assert link["boards"] == [{"key": str(board.key), "name": board.name} for board in reversed(boards)]
    assert datetime.fromisoformat(link["expires_at"]) == end
    public = url.removeprefix("http://testserver")
    assert Client().get(public).status_code == 200
    assert public.split("/")[2] not in ana.get(PATH).content.decode()

    one = f"{PATH}/{link['id']}"
    made_at = BoardLink.objects.get().created_at
    later = made_at.replace(microsecond=0) + sharing.LONGEST
    changed = body(ana.patch(one, {"name": "Banco"}, content_type=JSON))["data"]
    assert (changed["name"], datetime.fromisoformat(changed["expires_at"])) == ("Banco", end)
    changed = body(ana.patch(one, {"expires_at": later}, content_type=JSON))["data"]
    assert (changed["name"], datetime.fromisoformat(changed["expires_at"])) == ("Banco", later)
    assert body(ana.patch(one, {}, content_type=JSON))["data"] == changed | {
        "last_used_at": changed["last_used_at"]
    }

    assert [body(ana.delete(one))["data"]["state"] for _ in range(2)] == ["revoked", "revoked"]
    assert Client().get(public).status_code == 410
    assert ana.patch(one, {"expires_at": end}, content_type=JSON).status_code == 400
    actions = AuditLog.objects.filter(tenant=cast.aurora, table="kpi_boardlink").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["create", "update", "update", "revoke"]


def test_one_that_ended_opens_again_and_open_ones_stand_first(cast: Cast, boards: list[Board]) -> None:
    ana = signed_in(cast.ana)
    first, second = (body(make(ana, boards[0], name=name))["data"]["link"]["id"] for name in ("A", "B"))
    BoardLink.objects.filter(pk=second).update(expires_at=timezone.now() - timedelta(seconds=1))
    listed = body(ana.get(PATH))["data"]
    assert [(one["name"], one["state"]) for one in listed] == [("A", "open"), ("B", "ended")]
    again = {"expires_at": timezone.now() + timedelta(days=1)}
    assert body(ana.patch(f"{PATH}/{second}", again, content_type=JSON))["data"]["state"] == "open"
    assert [one["id"] for one in body(ana.get(PATH))["data"]] == [second, first]


def test_who_may(cast: Cast, boards: list[Board]) -> None:
    link, _token = sharing.create_link(
        tenant=cast.aurora, boards=boards, name="TV", expires_at=timezone.now() + timedelta(days=1),
        actor=access_of(cast.ana, cast.aurora),
    )  # fmt: skip
    analyst = signed_in(make_member(cast.aurora, Role.ANALYST, email="davi@example.com"))
    reader = with_key(cast.aurora, [Capability.READ])
    one = f"{PATH}/{link.pk}"
    for client in (signed_in(cast.bruno), analyst, reader):
        answers = [
            client.get(PATH), make(client, boards[1]), client.get(one), client.patch(one, {}, content_type=JSON), client.delete(one),
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [403] * 5
    carla = signed_in(cast.carla)
    answers = [carla.get(one), carla.patch(one, {"name": "x"}, content_type=JSON), carla.delete(one)]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert body(carla.get(PATH))["data"] == []
    assert make(carla, boards[1]).status_code == 400, "a board of another company does not exist"
    link.refresh_from_db()
    assert (link.name, link.revoked_at, BoardLink.objects.count()) == ("TV", None, 1)


def test_nobody_publishes_what_they_may_not_read(cast: Cast, boards: list[Board]) -> None:
    manager = signed_in(make_member(cast.aurora, Role.MANAGER, email="eva@example.com"))
    program = with_key(cast.aurora)
    for client in (manager, program):
        assert body(make(client, boards[0]))["details"] == {"boards": "Não existe esse painel."}
        assert make(client, boards[1]).status_code == 200
    assert set(BoardLink.objects.values_list("created_by__email", flat=True)) == {"eva@example.com", None}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": " "}, "name"), ({"name": "x" * 81}, "name"), ({"name": "a\x00"}, "name"), ({"boards": []}, "boards"), ({"boards": ["moon"]}, "boards"),
        ({"boards": "moon"}, "boards"), ({"period": "moon"}, "period"), ({"period": "2026-01-31..2026-01-01"}, "period"), ({"expires_at": "2020-01-01T00:00Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-03:00"}, "expires_at"), ({"expires_at": "soon"}, "expires_at"), ({"expires_at": None}, "expires_at"), ({"days": 3}, "days"),
    ],
)  # fmt: skip
def test_strange_bodies_make_nothing(
    cast: Cast, boards: list[Board], fields: dict[str, Any], named: str
) -> None:
    answer = make(signed_in(cast.ana), boards[0], **fields)
    assert (answer.status_code, list(body(answer)["details"])) == (400, [named])
    assert not BoardLink.objects.exists()
