"""Boards on pages: who may see and change them, arranging by small posts, hostile options, public links and screens."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from kpi.boards import catalog, services, sharing
from kpi.boards import queries as boards
from kpi.boards.catalog import OptionsError
from kpi.boards.kept import Asked, grids
from kpi.boards.services import MOST_TILES, Gone, TooMany
from kpi.models import Anomaly, Board, Target, Tile
from lib import clock, periods
from tenants.access import Access
from tenants.models import AuditLog, Role
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import access_of, make_customer, make_member, make_sale

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def url_of(board: Board, end: str = "") -> str:
    return f"/t/{board.tenant.slug}/boards/{board.key}/{end}"


def kinds(board: Board) -> list[str]:
    return [tile.kind for tile in Tile.objects.filter(board=board)]


class TestWhoSees:
    def test_a_company_gets_its_starters_once(self, cast: Cast) -> None:
        page = signed_in(cast.bruno).get("/t/aurora/boards/").content.decode()
        assert all(name in page for name in ("Vendas", "Caixa", "Clientes"))
        assert Board.objects.filter(tenant=cast.aurora, shared=True, owner=None).count() == 3
        assert not Board.objects.filter(tenant=cast.boreal).exists()
        Board.objects.all().delete()
        signed_in(cast.ana).get("/t/aurora/boards/")
        assert not Board.objects.exists(), "what was deleted does not come back"

    def test_every_starter_opens_for_a_company_without_anything(self, cast: Cast) -> None:
        services.ensure_starters(tenant=cast.aurora)
        ana = signed_in(cast.ana)
        for board in Board.objects.all():
            for query in (
                "",
                "?arrange=1",
                "?scope=store:X",
                "?scope=moon:1",
                "?period=90d&compare=last_year",
                "?from=2026-01-99",
            ):
                assert ana.get(url_of(board) + query).status_code == 200, f"{board} {query}"

    def test_a_private_board_is_its_owners(self, cast: Cast, board: Board) -> None:
        assert signed_in(cast.ana).get(url_of(board)).status_code == 200
        for user in (cast.bruno, cast.carla):
            assert signed_in(user).get(url_of(board)).status_code == 404
        assert signed_in(cast.carla).get(f"/t/boreal/boards/{board.key}/").status_code == 404
        assert "Meu painel" not in signed_in(cast.bruno).get("/t/aurora/boards/").content.decode()
        services.save_board(board=board, changes={"shared": True}, actor=access_of(cast.ana, cast.aurora))
        assert signed_in(cast.bruno).get(url_of(board)).status_code == 200
        assert signed_in(cast.carla).get(f"/t/boreal/boards/{board.key}/").status_code == 404

    def test_who_may_only_read_is_offered_no_change(self, cast: Cast, board: Board, ana: Access) -> None:
        services.save_board(board=board, changes={"shared": True}, actor=ana)
        bruno, tile = signed_in(cast.bruno), board.tiles.all()[0]
        page = bruno.get(url_of(board, "?arrange=1")).content.decode()
        assert "data-arranging" not in page
        assert 'method="post" action="/t/aurora/boards' not in page
        for end in ("edit/", "copy/", "delete/", "add/", "order/", "restore/x/"):
            assert bruno.post(url_of(board, end)).status_code == 403, end
        assert bruno.post(f"/t/aurora/boards/tiles/{tile.pk}/", {"do": "remove"}).status_code == 403
        assert bruno.get("/t/aurora/boards/links/").status_code == 403

    def test_an_analyst_arranges_their_own_and_copies_others(
        self, cast: Cast, board: Board, ana: Access
    ) -> None:
        services.save_board(board=board, changes={"shared": True}, actor=ana)
        clara = signed_in(make_member(cast.aurora, Role.ANALYST, email="clara@example.com"))
        assert clara.post(url_of(board, "add/"), {"kind": "cohorts"}).status_code == 403
        assert clara.post(url_of(board, "copy/")).status_code == 302
        copy = Board.objects.get(owner__email="clara@example.com")
        assert (copy.name, copy.shared, kinds(copy)) == ("Meu painel (cópia)", False, kinds(board))
        assert clara.post(url_of(copy, "add/"), {"kind": "cohorts"}).status_code == 302
        assert kinds(copy) == [*kinds(board), "cohorts"]
        rita = access_of(make_member(cast.aurora, Role.MANAGER, email="rita@example.com"), cast.aurora)
        board.refresh_from_db()
        assert boards.may_change(board, rita)
        assert not boards.may_change(copy, rita)

    def test_the_board_function_of_others(self, cast: Cast, board: Board) -> None:
        from django.http import Http404

        assert boards.board_of(cast.aurora, cast.ana, str(board.key)) == board
        for tenant, user, key in (
            (cast.aurora, cast.bruno, board.key),
            (cast.boreal, cast.carla, board.key),
            (cast.aurora, cast.ana, "x"),
        ):
            with pytest.raises(Http404):
                boards.board_of(tenant, user, key)


class TestAlerts:
    def test_a_card_leads_to_an_alert_on_its_number(self, cast: Cast, board: Board, ana: Access) -> None:
        make_sale(cast.aurora, "70.00", store="Centro", date=clock.today(cast.aurora.zone))
        services.save_board(board=board, changes={"shared": True}, actor=ana)
        new = "/t/aurora/alerts/new/?kpi=revenue"
        client = signed_in(cast.ana)
        assert f'href="{new}"' in client.get(url_of(board)).content.decode()
        one = client.get(url_of(board, "?scope=store:Centro")).content.decode()
        assert f'href="{new}&amp;dimension=store&amp;key=Centro"' in one
        form = client.get(f"{new}&dimension=store&key=Centro").content.decode()
        assert re.search(r'<option value="Centro"[^>]* selected', form)
        _link, token = sharing.create_link(
            tenant=cast.aurora, boards=[board], name="TV", expires_at=timezone.now() + timedelta(days=1), actor=ana
        )  # fmt: skip
        for page in (
            signed_in(cast.bruno).get(url_of(board)),  # may not write
            client.get(url_of(board, "?scope=store:")),  # of those without a store there is no alert
            client.get(url_of(board, "?arrange=1")),
            client.get(f"/t/aurora/boards/tv/?boards={board.key}"),
            Client().get(f"/b/{token}/"),
        ):
            assert page.status_code == 200
            assert "alerts/new/" not in page.content.decode()


class TestArranging:
    def test_tiles_are_added_sized_copied_moved_and_removed(self, cast: Cast, board: Board) -> None:
        ana = signed_in(cast.ana)
        first, second, third = board.tiles.all()
        added = ana.post(url_of(board, "add/"), {"kind": "number", "kpi": "inflow"}, headers=HTMX)
        assert (added.status_code, json.loads(added["HX-Trigger"])["toast"]["tone"]) == (204, "good")
        ana.post(
            f"/t/aurora/boards/tiles/{first.pk}/",
            {"do": "size", "width": "6", "height": "2", "quiet": "1"},
            headers=HTMX,
        )
        first.refresh_from_db()
        assert (first.width, first.height) == (6, 2)
        ana.post(f"/t/aurora/boards/tiles/{first.pk}/", {"do": "copy"}, headers=HTMX)
        assert kinds(board) == ["number", "number", "by_dimension", "text", "number"]
        quiet = ana.post(
            url_of(board, "order/"), {"ids": f"{third.pk},{first.pk},999999999,x", "quiet": "1"}, headers=HTMX
        )
        assert (quiet.status_code, "HX-Trigger" in quiet) == (204, False)
        assert kinds(board) == ["text", "number", "number", "by_dimension", "number"]
        ana.post(f"/t/aurora/boards/tiles/{second.pk}/", {"do": "earlier"})
        assert kinds(board) == ["text", "number", "by_dimension", "number", "number"]

    def test_a_removed_tile_comes_back_to_its_place(self, cast: Cast, board: Board) -> None:
        ana, second = signed_in(cast.ana), board.tiles.all()[1]
        gone = ana.post(f"/t/aurora/boards/tiles/{second.pk}/", {"do": "remove"}, headers=HTMX)
        assert kinds(board) == ["number", "text"]
        undo = json.loads(gone["HX-Trigger"])["toast"]["undo"]["url"]
        assert ana.post(undo, headers=HTMX).status_code == 204
        assert kinds(board) == ["number", "by_dimension", "text"]
        other = services.create_board(tenant=cast.aurora, name="x", actor=access_of(cast.ana, cast.aurora))
        with pytest.raises(Gone):
            services.restore_tile(board=other, kept=undo.split("/")[-2])
        with pytest.raises(Gone):
            services.restore_tile(board=board, kept="forged")

    def test_options_are_changed_by_a_form(self, cast: Cast, board: Board) -> None:
        ana, tile = signed_in(cast.ana), board.tiles.all()[1]
        address = f"/t/aurora/boards/tiles/{tile.pk}/"
        assert 'value="store" selected' in ana.get(address).content.decode()
        ana.post(
            address, {"do": "options", "measure": "expenses", "by": "store", "title": "Gastos", "most": "10"}
        )
        tile.refresh_from_db()
        assert tile.options == {
            "measure": "expenses",
            "by": "category",
            "shape": "ranking",
            "most": "10",
            "title": "Gastos",
        }
        refused = ana.post(address, {"do": "options", "measure": "moon"}, headers=HTMX)
        assert json.loads(refused["HX-Trigger"])["toast"]["tone"] == "warn"

    def test_other_peoples_tiles_are_not_found(self, cast: Cast, board: Board) -> None:
        tile = board.tiles.all()[0]
        carla = signed_in(cast.carla)
        for slug in ("aurora", "boreal"):
            assert carla.post(f"/t/{slug}/boards/tiles/{tile.pk}/", {"do": "remove"}).status_code == 404
        hers = services.create_board(
            tenant=cast.boreal, name="Dela", actor=access_of(cast.carla, cast.boreal)
        )
        carla.post(f"/t/boreal/boards/{hers.key}/order/", {"ids": str(tile.pk)})
        assert kinds(board) == ["number", "by_dimension", "text"]

    def test_boards_are_named_shared_and_deleted_with_a_trace(self, cast: Cast, board: Board) -> None:
        ana = signed_in(cast.ana)
        ana.post(url_of(board, "edit/"), {"name": "Loja", "period": "90d", "compare": "last_year"})
        ana.post(url_of(board, "edit/"), {"shared": "yes"})
        ana.post(url_of(board, "edit/"), {"name": "", "period": "eternity"})
        board.refresh_from_db()
        assert (board.name, board.period, board.compare, board.shared) == ("Loja", "90d", "last_year", True)
        ana.post(url_of(board, "delete/"))
        assert not Board.objects.filter(pk=board.pk).exists()
        told = AuditLog.objects.filter(table="kpi_board").values_list("action", flat=True)
        assert sorted(told) == ["create", "delete", "update", "update"]

    def test_there_is_an_end_to_tiles(self, board: Board) -> None:
        with pytest.raises(TooMany):
            services.replace_tiles(board=board, tiles=[{"kind": "text", "options": {}}] * 1_000)
        assert len(kinds(board)) == 3
        services.replace_tiles(board=board, tiles=[{"kind": "text"}] * MOST_TILES)
        with pytest.raises(TooMany):
            services.add_tile(board=board, kind="text", options={})
        with pytest.raises(OptionsError):
            services.replace_tiles(board=board, tiles=[{"kind": "text"}, {"kind": "moon"}])
        assert len(kinds(board)) == MOST_TILES


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("moon", {}), ("", {}), ("number", {"kpi": "moon"}), ("number", {"kpi": ["revenue"]}), ("number", {"kpi": None}), ("number", {"sql": "1"}),
        ("by_dimension", {"measure": "revenue", "by": "category"}), ("by_dimension", {"measure": "expenses", "by": "store"}),
        ("text", {"text": "x" * 1_001}), ("text", {"title": "x" * 81}), ("text", {"text": "a\x00b"}), ("text", {"text": {"a": 1}}),
        ("cash_flow", {"months": 12}), ("by_dimension", {"most": "1000000"}),
    ],
)  # fmt: skip
def test_options_of_no_tile_are_refused(kind: str, options: dict[str, Any]) -> None:
    with pytest.raises(OptionsError):
        catalog.checked(kind, options)


def test_sizes_of_no_tile_are_refused() -> None:
    for width, height in ((5, 1), (12, 5), ("6", 1), (True, 1), (None, 1), (3, 0)):
        with pytest.raises(OptionsError):
            catalog.sized(width, height)


class TestPages:
    def test_markup_in_names_is_text(self, cast: Cast, ana: Access) -> None:
        bad = "<script>alert(1)</script>"
        board = services.create_board(tenant=cast.aurora, name=bad, actor=ana, shared=True)
        services.add_tile(board=board, kind="text", options={"title": bad, "text": bad})
        for shape in ("ranking", "bars", "donut"):
            services.add_tile(
                board=board, kind="by_dimension", options={"by": "store", "shape": shape, "title": f'"{bad}'}
            )
        make_sale(
            cast.aurora,
            "10.00",
            store=bad,
            customer=make_customer(cast.aurora, bad),
            date=clock.today(cast.aurora.zone),
        )
        make_sale(cast.aurora, "5.00", store="Norte", date=clock.today(cast.aurora.zone))
        client = signed_in(cast.ana)
        pages = [client.get(url_of(board, end)) for end in ("", "?arrange=1", f"?scope=store:{bad}")]
        pages += [client.get("/t/aurora/boards/"), client.get(f"/t/aurora/boards/tv/?boards={board.key}")]
        for page in pages:
            assert page.status_code == 200
            assert "<script>alert" not in page.content.decode()
            assert "style=" not in page.content.decode()

    def test_a_ranking_of_one_is_a_number(self, cast: Cast, board: Board) -> None:
        make_sale(cast.aurora, "70.00", store="Centro", date=clock.today(cast.aurora.zone))
        page = signed_in(cast.ana).get(url_of(board, "?period=30d")).content.decode()
        assert "is-single" in page
        assert "Só Centro neste período: não há com o que comparar." in page

    def test_a_row_of_a_ranking_filters_the_board_and_takes_it_back(self, cast: Cast, board: Board) -> None:
        today = clock.today(cast.aurora.zone)
        make_sale(cast.aurora, "70.00", store="Centro", date=today)
        make_sale(cast.aurora, "30.00", store="Norte & Sul", date=today)
        make_sale(cast.boreal, "999.00", store="Centro", date=today)
        ana = signed_in(cast.ana)
        page = ana.get(url_of(board, "?period=30d")).content.decode()
        assert "R$\xa0100,00" in page
        assert 'href="?period=30d&amp;scope=store%3ANorte+%26+Sul"' in page
        page = ana.get(url_of(board, "?period=30d&scope=store%3ANorte+%26+Sul")).content.decode()
        assert "Norte &amp; Sul</strong>" in page
        assert "R$\xa030,00" in page
        assert re.search(r'<li class="is-chosen">.*?href="\?period=30d"', page, re.DOTALL)
        part = ana.get(url_of(board, "?period=30d"), headers=HTMX).content.decode()
        assert part.lstrip().startswith('<div class="board-part" id="board"')

    def test_a_second_look_costs_two_queries_and_shows_every_change(self, cast: Cast, board: Board) -> None:
        services.add_tile(board=board, kind="target", options={"kpi": "revenue"})
        services.add_tile(board=board, kind="anomalies", options={})
        request = RequestFactory().get("/", HTTP_HOST="testserver")
        today = clock.today(cast.aurora.zone)

        def look(**changes: Any) -> str:
            fresh = Board.objects.select_related("tenant").get(pk=board.pk)
            return grids(request, fresh, Asked(periods.preset("month", today), "previous", **changes))[0]

        first = look()
        with CaptureQueriesContext(database) as asked:
            assert look() == first
        assert (
            len(asked) <= 3
        )  # this test's own board, and business days and goals, and generations once a second
        assert "não tem meta" in first
        Target.objects.create(tenant=cast.boreal, kpi="revenue", month=today.replace(day=1), value=100)
        assert look() == first
        Target.objects.create(tenant=cast.aurora, kpi="revenue", month=today.replace(day=1), value=100)
        assert "0% da meta" in look()
        now = timezone.now()
        Anomaly.objects.create(
            tenant=cast.aurora, measure="revenue", kind="low", first_day=today, last_day=today, expected=9, lo=8, hi=10, got=1, score=3,
            found_at=now, updated_at=now,
        )  # fmt: skip
        assert "Números inesperados" in look()
        services.remove_tile(tile=board.tiles.all()[2])
        assert "Leia" not in look()
        with translation.override("en"):
            assert "Unexpected numbers" in look()

    def test_a_screen_shows_boards_in_turn(self, cast: Cast, board: Board) -> None:
        ana = signed_in(cast.ana)
        services.ensure_starters(tenant=cast.aurora)
        names = list(Board.objects.filter(owner=None).values_list("key", flat=True))
        page = ana.get(
            f"/t/aurora/boards/tv/?boards={names[1]},{board.key},{names[1]},x&every=20"
        ).content.decode()
        assert 'data-every="20"' in page
        assert re.findall(r"<h1>(.*?)</h1>", page)[-1] == "Meu painel"
        assert (
            signed_in(cast.bruno)
            .get(f"/t/aurora/boards/tv/?boards={board.key}")
            .content.decode()
            .count("data-screen")
            == 0
        )
        assert 'data-every="60"' in ana.get("/t/aurora/boards/tv/?every=99999").content.decode()
