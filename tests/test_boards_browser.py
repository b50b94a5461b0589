"""Boards in a real browser: arranged by keys and by pointer, filtered by a click, read by a public link, shown on a screen."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from config.tests import browser
from kpi.boards import services, sharing
from kpi.models import Board, Tile
from lib import clock
from tenants.models import Role
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

EMAIL = "ana@example.com"


@pytest.fixture
def board() -> Board:
    """Ana's shared board: sales, sales by store, a curve, words."""
    tenant = factories.make_tenant("Aurora")
    ana = factories.make_user(EMAIL, password=factories.PASSWORD)
    factories.make_member(tenant, Role.OWNER, user=ana)
    today = clock.today(tenant.zone)
    for n, (store, total) in enumerate((("Centro", "70.00"), ("Norte", "20.00"), ("Norte", "10.00"))):
        factories.make_sale(tenant, total, store=store, date=today - timedelta(days=n))
    made = services.create_board(
        tenant=tenant,
        name="Loja",
        actor=factories.access_of(ana, tenant),
        shared=True,
        changes={"period": "30d"},
    )
    for kind, options in (
        ("number", {"kpi": "revenue"}), ("by_dimension", {"by": "store"}), ("by_day", {}), ("text", {"title": "Leia"}),
    ):  # fmt: skip
        services.add_tile(board=made, kind=kind, options=options)
    return made


def answer_to(values: str) -> Callable[[Response], bool]:
    """Return what knows the answer to a post with these values, whatever else was saved before."""
    return lambda answer: values in unquote(answer.request.post_data or "")


def order(page: Page) -> list[str]:
    """Return the kinds of tiles as the page has them, by the ids that it shows."""
    kinds = dict(Tile.objects.values_list("pk", "kind"))
    return [
        kinds[int(one)]
        for one in page.locator("[data-tile]").evaluate_all("all => all.map(one => one.dataset.tile)")
    ]


def stored() -> list[str]:
    return list(Tile.objects.values_list("kind", flat=True))


def test_tiles_are_moved_and_sized_by_keys_removed_and_brought_back(visit, door, board) -> None:
    with visit("about:blank") as seen:
        page = seen.page
        browser.sign_in(page, door.url)
        browser.go(page, f"{door.url}/t/aurora/boards/{board.key}/?arrange=1")
        words = page.locator("[data-tile-handle]").nth(3)
        words.focus()
        number, ranking, curve, note = Tile.objects.values_list("pk", flat=True)
        with page.expect_response(answer_to(f"ids={number},{note},{ranking},{curve}")):
            page.keyboard.press("ArrowLeft")
            page.keyboard.press("ArrowLeft")
        assert order(page) == stored() == ["number", "text", "by_dimension", "by_day"]
        expect(page.locator("[data-tile-handle]").nth(1)).to_be_focused()
        expect(page.locator("#announcer")).to_contain_text("Leia: posição 2 de 4")
        with page.expect_response(answer_to("width=6&height=2")):
            page.keyboard.press("Shift+ArrowLeft")
            page.keyboard.press("Shift+ArrowDown")
        tile = Tile.objects.get(kind="text")
        assert (tile.width, tile.height) == (6, 2)
        with page.expect_response(re.compile(r"arrange=1")):
            page.keyboard.press("Delete")
        expect(page.locator("[data-tile]")).to_have_count(3)
        with page.expect_response(re.compile(r"arrange=1")):
            page.locator(".toast button", has_text="Desfazer").click()
        expect(page.locator("[data-tile]")).to_have_count(4)
        assert stored() == ["number", "text", "by_dimension", "by_day"]
        assert seen.axe() == []
        assert seen.complaints == []


def test_tiles_are_dragged_stretched_and_added(visit, door, board) -> None:
    with visit("about:blank") as seen:
        page = seen.page
        browser.sign_in(page, door.url)
        browser.go(page, f"{door.url}/t/aurora/boards/{board.key}/?arrange=1")
        start = page.locator("[data-tile-handle]").nth(0).bounding_box()
        over = page.locator("[data-tile]").nth(1).bounding_box()
        assert start
        assert over
        page.mouse.move(start["x"] + 8, start["y"] + 8)
        page.mouse.down()
        with page.expect_response("**/order/"):
            for part in (0.5, 0.8, 0.9):
                page.mouse.move(over["x"] + over["width"] * part, over["y"] + 40)
            page.mouse.up()
        assert order(page) == stored() == ["by_dimension", "number", "by_day", "text"]
        corner = page.locator("[data-tile-corner]").nth(1)
        box, grid = corner.bounding_box(), page.locator(".board").bounding_box()
        assert box
        assert grid
        page.mouse.move(box["x"] + 8, box["y"] + 8)
        page.mouse.down()
        page.mouse.move(box["x"] + grid["width"] / 4, box["y"] + 8)
        with page.expect_response("**/tiles/**"):
            page.mouse.up()
        assert Tile.objects.get(kind="number").width == 6
        page.locator("[data-dialog-open=tile-add]").click()
        with page.expect_response(re.compile(r"arrange=1")):
            page.locator("#tile-add .chip", has_text="Recebido").click()
        assert Tile.objects.filter(kind="number", options__kpi="inflow").exists()
        assert seen.complaints == []


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1440, "light")])
def test_a_click_on_a_store_filters_the_board_and_the_chip_takes_it_back(
    visit, door, board, width: int, theme: str
) -> None:
    with visit("about:blank", width=width, theme=theme) as seen:
        page = seen.page
        browser.sign_in(page, door.url)
        browser.go(page, f"{door.url}/t/aurora/boards/{board.key}/")
        assert seen.axe() == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        expect(page.locator(".number-value").first).to_contain_text("R$ 100,00")
        page.locator(".rank a", has_text="Norte").first.click()
        page.wait_for_url("**scope=store**")
        expect(page.locator(".number-value").first).to_contain_text("R$ 30,00")
        expect(page.locator(".rank li")).to_have_count(2)
        assert seen.axe() == []
        page.locator(".board-scope a").click()
        expect(page.locator(".number-value").first).to_contain_text("R$ 100,00")
        assert seen.complaints == []


def test_a_public_link_and_its_screen_need_no_login(visit, door, board) -> None:
    _link, token = sharing.create_link(
        tenant=board.tenant, boards=[board], name="TV", expires_at=timezone.now() + timedelta(days=1),
        actor=factories.access_of(board.owner, board.tenant),
    )  # fmt: skip
    with visit(f"{door.url}/b/{token}/") as seen:
        page = seen.page
        expect(page.locator("h1")).to_have_text("Loja")
        expect(page.locator(".number-value").first).to_contain_text("R$ 100,00")
        assert page.locator("a[href*='/t/']").count() == 0
        assert seen.axe() == []
        browser.go(page, f"{door.url}/b/{token}/tv/?every=15")
        expect(page.locator(".wall-screen.is-shown .number-value").first).to_contain_text("R$ 100,00")
        expect(page.locator("body.is-still")).to_have_count(1)
        assert not page.evaluate("document.documentElement.scrollHeight > innerHeight")
        assert seen.complaints == []
