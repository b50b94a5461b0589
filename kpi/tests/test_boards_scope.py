"""Boards of one value of a dimension: what is known of it is shown, of the rest the tile says that it is not."""

from typing import Any

import pytest

from kpi.boards import asking
from kpi.boards.asking import Scope
from kpi.boards.contents import look
from kpi.tests.boards import MARCH, TODAY, D, board_of, filled, only, shown
from ledger.models import Product
from lib.periods import preset
from tenants.models import Tenant
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def aurora(cast: Cast) -> Tenant:
    """Aurora with two months of everything."""
    return filled(cast)


class TestScope:
    """One store, one account: what the sums by dimension know is shown, of the rest the tile says that it is not."""

    def test_numbers_and_days_of_one_store(self, aurora: Tenant) -> None:
        tiles = [
            ("number", {"kpi": code})
            for code in (
                "revenue",
                "sales_count",
                "average_ticket",
                "inflow",
                "active_customers",
                "cash_balance",
            )
        ]
        found = shown(
            aurora,
            *tiles,
            ("by_day", {"measure": "revenue"}),
            ("cash_flow", {}),
            scope=Scope("store", "Centro"),
        )
        assert [one.card.value if one.card else None for one in found[:6]] == [
            D(70),
            2,
            D(35),
            None,
            None,
            None,
        ]
        assert [bool(one.problem) for one in found] == [False] * 3 + [True] * 3 + [False, True]
        assert "store" in found[3].problem
        assert sum(row[1] for row in found[6].sheet.rows) == D(70)
        assert found[6].sheet.links[0].endswith("&store=Centro")

    def test_one_category_of_money(self, aurora: Tenant) -> None:
        tiles = [
            ("number", {"kpi": "expenses"}),
            ("number", {"kpi": "revenue"}),
            ("cash_flow", {"months": "6"}),
        ]
        found = shown(aurora, *tiles, scope=Scope("category", "Aluguel"))
        assert found[0].card is not None
        assert (found[0].card.value, found[0].card.previous) == (D(-120), D(-150))
        assert found[1].problem
        assert [row[2] for row in found[2].sheet.rows][-2:] == [D(-150), D(-120)]

    def test_a_product_has_no_number_of_sales(self, aurora: Tenant) -> None:
        key = (
            str(aurora.product_set.get(name="Banho").pk)
            if hasattr(aurora, "product_set")
            else product_key(aurora, "Banho")
        )
        revenue, count = shown(
            aurora,
            ("number", {"kpi": "revenue"}),
            ("number", {"kpi": "sales_count"}),
            scope=Scope("product", key),
        )
        assert revenue.card is not None
        assert revenue.card.value == D(70)
        assert count.problem

    def test_documents_show_the_one_value_and_pages_offer_the_others(self, aurora: Tenant) -> None:
        tiles = (
            ("by_dimension", {"measure": "revenue", "by": "store", "shape": "bars"}),
            ("by_dimension", {"measure": "revenue", "by": "seller"}),
        )
        alone, other = shown(aurora, *tiles, scope=Scope("store", "Sul"))
        assert [row[0] for row in alone.sheet.rows] == ["Sul"]
        assert other.sheet.rows == (("not told", D(40), D(1)),)
        asked: dict[str, Any] = {
            "period": MARCH,
            "today": TODAY,
            "locale": "pt_BR",
            "scope": Scope("store", "Sul"),
        }
        choose = "?scope={0.dimension}:{0.key}".format
        page = look(board_of(aurora, *tiles), **asked, choose=choose).contents[0]
        assert [row[0] for row in page.sheet.rows] == ["Centro", "Sul", "Norte"]
        assert page.choices is not None
        assert (page.choices.chosen, page.choices.urls[0]) == (1, "?scope=store:Centro")
        assert page.chart is not None
        assert 'href="?scope=store:Centro"' in page.chart.svg

    def test_one_value_is_split_by_other_dimensions_from_the_facts(self, aurora: Tenant) -> None:
        def split(scope: Scope, **options: str) -> list[tuple[Any, ...]]:
            return [row[:2] for row in only(aurora, "by_dimension", {"scope": scope}, **options).sheet.rows]

        assert split(Scope("store", "Centro"), by="customer") == [("Maria", D(60)), ("Bento", D(10))]
        assert split(Scope("store", "Centro"), by="product") == [("Banho", D(40)), ("Ração", D(20))]
        assert split(Scope("product", product_key(aurora, "Banho")), by="store") == [
            ("Centro", D(40)),
            ("Norte", D(30)),
        ]
        assert split(Scope("category", "Aluguel"), measure="expenses", by="account") == [("Banco", D(120))]
        assert only(aurora, "by_dimension", {"scope": Scope("category", "Aluguel")}, by="store").problem
        moved = only(
            aurora, "drivers", {"scope": Scope("store", "Norte")}, measure="revenue", by="customer"
        ).sheet.rows
        assert [row[:4] for row in moved] == [("Maria", D(30), D(80), D(-50))]

    def test_what_is_left_out_says_why(self, aurora: Tenant) -> None:
        scope = {"scope": Scope("product", product_key(aurora, "Banho"))}
        moved = only(aurora, "drivers", scope, measure="revenue", by="product")
        assert moved.problem == "With this filter there is nothing left to compare by product."
        assert "only where the board shows the whole company" in only(aurora, "anomalies", scope).problem

    def test_in_a_long_period_one_value_is_split_where_few_facts_are_in_it(
        self, aurora: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        long = {"scope": Scope("store", "Centro"), "period": preset("12m", TODAY)}
        tiles: Any = (
            ("by_dimension", {"by": "customer"}),
            ("drivers", {"measure": "revenue", "by": "product"}),
        )
        found = shown(aurora, *tiles, **long)
        assert [row[:2] for row in found[0].sheet.rows] == [("Maria", D(65)), ("Bento", D(10))]
        assert "nothing to compare with" in found[1].problem
        monkeypatch.setattr(
            asking, "FEW", 7
        )  # all that the company has, cancelled ones too; Boreal has its own
        assert not shown(aurora, tiles[0], **long)[0].problem
        monkeypatch.setattr(asking, "FEW", 6)
        assert "up to three months" in shown(aurora, tiles[0], **long)[0].problem
        assert shown(aurora, tiles[0], scope=long["scope"])[0].sheet.rows[0][:2] == ("Maria", D(60))

    def test_a_value_that_nobody_has_is_nothing(self, aurora: Tenant) -> None:
        revenue, ranking = shown(
            aurora,
            ("number", {"kpi": "revenue"}),
            ("by_dimension", {"by": "store"}),
            scope=Scope("store", "<script>"),
        )
        assert revenue.card is not None
        assert revenue.card.value == 0
        assert ranking.problem


def product_key(tenant: Tenant, name: str) -> str:
    return str(Product.objects.get(tenant=tenant, name=name).pk)
