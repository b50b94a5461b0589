"""Boards by the API: made, changed, read and deleted by those who may; figures as text; strange bodies refused whole."""

from typing import Any

import pytest
from django.test import Client

from kpi.boards import services
from kpi.models import Board, Target, Tile
from lib import clock
from tests.api import body, signed_in, with_key
from tests.cast import Cast
from tests.factories import access_of, make_sale

pytestmark = pytest.mark.django_db
JSON = "application/json"


def made(client: Client, **fields: Any) -> dict[str, Any]:
    """Return a board that was made by the API."""
    answer = client.post("/api/kpis/boards", {"name": "Loja", **fields}, content_type=JSON)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = body(answer)["data"]
    return found


def test_a_board_lives_and_dies(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    board = made(
        ana, tiles=[{"kind": "number", "options": {"kpi": "net"}}, {"kind": "text", "width": 6}], period="90d"
    )
    assert (board["shared"], board["may_change"], board["period"]) == (False, True, "90d")
    assert [(one["kind"], one["width"], one["height"]) for one in board["tiles"]] == [
        ("number", 3, 1),
        ("text", 6, 1),
    ]
    path = f"/api/kpis/boards/{board['key']}"
    changed = body(
        ana.patch(path, {"name": "Rede", "shared": True, "tiles": [{"kind": "cohorts"}]}, content_type=JSON)
    )["data"]
    assert (changed["name"], changed["shared"], [one["kind"] for one in changed["tiles"]]) == (
        "Rede",
        True,
        ["cohorts"],
    )
    listed = body(ana.get("/api/kpis/boards"))["data"]
    assert [(one["name"], one["tiles"]) for one in listed] == [
        ("Caixa", 11),
        ("Clientes", 9),
        ("Rede", 1),
        ("Vendas", 12),
    ]
    assert body(ana.delete(path))["data"]["name"] == "Rede"
    assert ana.get(path).status_code == 404


def test_who_may(cast: Cast) -> None:
    board = made(signed_in(cast.ana))
    path = f"/api/kpis/boards/{board['key']}"
    bruno, carla = signed_in(cast.bruno), signed_in(cast.carla)
    for client in (bruno, carla):
        assert [client.get(one).status_code for one in (path, f"{path}/contents")] == [404, 404]
    signed_in(cast.ana).patch(path, {"shared": True}, content_type=JSON)
    assert body(bruno.get(path))["data"]["may_change"] is False
    assert carla.get(path).status_code == 404
    assert bruno.post("/api/kpis/boards", {"name": "x"}, content_type=JSON).status_code == 403
    assert bruno.patch(path, {"name": "x"}, content_type=JSON).status_code == 403
    assert bruno.delete(path).status_code == 403
    assert Board.objects.get(key=board["key"]).name == "Loja"


def test_a_program_makes_boards_of_the_company(cast: Cast) -> None:
    program = with_key(cast.aurora)
    board = made(program, template="sales")
    assert (board["shared"], board["may_change"], len(board["tiles"])) == (True, True, 12)
    assert Board.objects.get(key=board["key"]).owner is None


def test_figures_are_text_and_scoped(cast: Cast) -> None:
    today = clock.today(cast.aurora.zone)
    for store, total in (("Centro", "70.00"), ("Norte", "30.00")):
        make_sale(cast.aurora, total, store=store, date=today)
    make_sale(cast.boreal, "999.00", store="Centro", date=today)
    tiles = [
        {"kind": "by_dimension", "options": {"by": "store"}},
        {"kind": "number", "options": {"kpi": "revenue"}},
        {"kind": "projection"},
    ]
    path = f"/api/kpis/boards/{made(signed_in(cast.ana), tiles=tiles)['key']}/contents"
    ana = signed_in(cast.ana)
    found = body(ana.get(f"{path}?period=today"))["data"]
    assert found["currency"] == "BRL"
    ranking, revenue, projection = found["tiles"]
    assert ranking["columns"][1]["unit"] == "money"
    assert ranking["rows"] == [["Centro", "70.00", "0.700000"], ["Norte", "30.00", "0.300000"]]
    assert revenue["rows"][0][1] == "100.00"
    assert (projection["rows"], bool(projection["problem"])) == ([], True)
    here = body(ana.get(f"{path}?period=today&scope=store:Norte"))["data"]["tiles"]
    assert here[0]["rows"] == [["Norte", "30.00", "0.300000"]]
    assert here[1]["rows"][0][1] == "30.00"


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""}, {"name": 7}, {"name": "x" * 81}, {"name": "a\x00"}, {"period": "eternity"}, {"compare": ["previous"]}, {"shared": "yes"},
        {"template": "moon"}, {"template": {}}, {"owner": 1}, {"tiles": {}}, {"tiles": ["number"]}, {"tiles": [{"kind": "moon"}]},
        {"tiles": [{"kind": "number", "options": "x"}]}, {"tiles": [{"kind": "text", "width": 5}]}, {"tiles": [{"kind": "text"}] * 1_000},
        {"tiles": [{"kind": "text", "position": 3}]}, {"tiles": [{"kind": ["text"]}]},
    ],
)  # fmt: skip
def test_strange_bodies_change_nothing(cast: Cast, fields: dict[str, Any]) -> None:
    ana = signed_in(cast.ana)
    board = services.create_board(tenant=cast.aurora, name="Loja", actor=access_of(cast.ana, cast.aurora))
    services.add_tile(board=board, kind="cohorts", options={})
    assert ana.post("/api/kpis/boards", {"name": "Outro"} | fields, content_type=JSON).status_code == 400
    if "template" not in fields:
        assert (
            ana.patch(
                f"/api/kpis/boards/{board.key}", {"name": "Outro"} | fields, content_type=JSON
            ).status_code
            == 400
        )
    assert [one.name for one in Board.objects.all()] == ["Loja"]
    assert Tile.objects.get().kind == "cohorts"


def test_strange_questions_are_refused(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    path = f"/api/kpis/boards/{made(ana)['key']}/contents"
    for query in (
        "period=moon",
        "from=2026-13-01",
        "compare=mars",
        "scope=store",
        "scope=moon:1",
        f"scope=store:{'x' * 121}",
        "scope=store:%00",
    ):
        assert ana.get(f"{path}?{query}").status_code == 400, query


def test_figures_are_kept_until_something_that_they_show_changes(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    path = f"/api/kpis/boards/{made(ana, tiles=[{'kind': 'number', 'options': {'kpi': 'revenue'}}])['key']}/contents"
    head = {"headers": {"X-Tenant": "aurora"}}
    first, again = ana.get(path, **head), ana.get(path, **head)
    assert (first["X-Cache"], again["X-Cache"]) == ("MISS", "HIT")
    assert again.json()["data"] == first.json()["data"]
    named = {"headers": {"X-Tenant": "aurora", "If-None-Match": first["ETag"]}}
    assert ana.get(path, **named).status_code == 304
    Target.objects.create(
        tenant=cast.aurora, kpi="revenue", month=clock.today(cast.aurora.zone).replace(day=1), value=900
    )
    assert ana.get(path, **head)["X-Cache"] == "MISS"
    key = path.split("/")[-2]
    text = {"tiles": [{"kind": "text", "options": {"text": "Olá"}}]}
    ana.patch(f"/api/kpis/boards/{key}", text, content_type="application/json", **head)
    assert [one["kind"] for one in ana.get(path, **head).json()["data"]["tiles"]] == ["text"]
