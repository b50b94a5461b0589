"""Why numbers changed, who carries them, how old debts are, who comes back, and where the cash is going: exact, by company, in few queries."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from kpi.analysis.ageing import ageing
from kpi.analysis.cohorts import cohorts
from kpi.analysis.concentration import concentration
from kpi.analysis.drivers import drivers
from kpi.analysis.pictures import Drawing
from kpi.analysis.projection import projection
from kpi.models import Forecast, ForecastPoint
from lib import clock
from lib.clock import add_months
from lib.periods import Period
from tests.api import make_key, signed_in
from tests.cast import Cast
from tests.factories import (
    DAY,
    make_account,
    make_customer,
    make_open_item,
    make_product,
    make_sale,
    make_sale_item,
    make_transaction,
)

pytestmark = pytest.mark.django_db
D = Decimal
MARCH = Period("range", date(2026, 3, 1), date(2026, 4, 1))
FEBRUARY = Period("range", date(2026, 2, 1), date(2026, 3, 1))


class TestDrivers:
    def test_the_parts_add_up_to_the_change(self, cast: Cast) -> None:
        for store, day, total in (
            ("Centro", 3, "50"),
            ("Norte", 3, "30"),
            ("Centro", 2, "80"),
            ("Sul", 2, "5"),
            ("", 3, "1"),
        ):
            make_sale(cast.aurora, total, store=store, date=date(2026, day, 10))
        make_sale(cast.boreal, "999", store="Centro", date=date(2026, 3, 10))
        found = drivers(
            cast.aurora, measure="revenue", dimension="store", period=MARCH, compared=FEBRUARY, most=2
        )
        assert (found.now, found.before, found.difference) == (D(81), D(85), D(-4))
        assert [(part.name, part.now, part.before, part.difference) for part in found.parts] == [
            ("Centro", D(50), D(80), D(-30)), ("Norte", D(30), D(0), D(30)),
        ]  # fmt: skip
        assert (found.others, found.others_count) == (D(-5), 1)
        assert (found.gained, found.lost) == (D(31), D(-35))
        assert (
            found.share(found.parts[0]) == D(-30) / 66
        )  # 750 % of the difference would tell nobody anything
        assert found.unnamed is not None
        assert (found.unnamed.key, found.unnamed.now, found.unnamed.before) == ("", D(1), D(0))

    def test_a_passer_by_explains_no_change(self, cast: Cast) -> None:
        rita, anybody = (
            make_customer(cast.aurora, name=name, name_folded=name.casefold())
            for name in ("Rita", "Consumidor Final")
        )
        for who, month, total in ((rita, 3, "20"), (anybody, 3, "900"), (anybody, 2, "100"), (None, 3, "7")):
            make_sale(cast.aurora, total, customer=who, date=date(2026, month, 10))
        span = {"period": MARCH, "compared": FEBRUARY}
        found = drivers(cast.aurora, measure="revenue", dimension="customer", **span)
        assert [(part.name, part.difference) for part in found.parts] == [("Rita", D(20))]
        assert found.unnamed is not None
        assert (found.unnamed.now, found.unnamed.before, found.difference) == (D(907), D(100), D(827))
        draw = Drawing(cast.aurora, "pt_BR")
        with translation.override("pt-br"):
            assert draw.why(found) == "Vendas: R$\xa0827,00 a mais; só Rita trouxe R$\xa020,00"
            only = drivers(cast.boreal, measure="revenue", dimension="customer", **span)
            assert draw.why(only) == "Vendas: sem mudança"

    def test_more_spent_is_more_and_nothing_changed_has_no_shares(self, cast: Cast) -> None:
        account = make_account(cast.aurora)
        make_transaction(account, "-40.00", category="Aluguel", date=date(2026, 3, 5))
        make_transaction(account, "-40.00", category="Aluguel", date=date(2026, 2, 5))
        found = drivers(
            cast.aurora, measure="expenses", dimension="category", period=MARCH, compared=FEBRUARY
        )
        assert (found.now, found.difference, found.parts[0].now) == (D("40.00"), D(0), D("40.00"))
        assert found.share(found.parts[0]) is None

    @pytest.mark.parametrize(
        ("start", "end", "total"),
        [
            (date(2026, 1, 15), date(2026, 3, 16), 60),  # two edges around a whole month
            (date(2026, 2, 1), date(2026, 3, 1), 28),
            (date(2026, 2, 10), date(2026, 2, 20), 10),
            (date(2026, 1, 31), date(2026, 2, 1), 1),
            (date(2026, 1, 31), date(2026, 3, 1), 29),
            (date(2026, 1, 20), date(2026, 2, 10), 21),
        ],
    )
    def test_months_and_edges_are_counted_once(self, cast: Cast, start: date, end: date, total: int) -> None:
        for n in range(90):
            make_sale(cast.aurora, "1", store="Centro", date=date(2026, 1, 1) + timedelta(days=n))
        span = Period("range", start, end)
        found = drivers(
            cast.aurora,
            measure="revenue",
            dimension="store",
            period=span,
            compared=Period("x", end, end + timedelta(days=1)),
        )
        assert found.now == total

    def test_products_are_called_as_people_call_them(self, cast: Cast) -> None:
        soap = make_product(cast.aurora, name="SABAO", name_override="Sabão em pó")
        make_sale_item(make_sale(cast.aurora, "7", date=date(2026, 3, 1)), soap, "7")
        found = drivers(cast.aurora, measure="revenue", dimension="product", period=MARCH, compared=FEBRUARY)
        assert [part.name for part in found.parts] == ["Sabão em pó"]


def test_classes_end_at_80_and_95_percent(cast: Cast) -> None:
    names = {}
    for n, total in enumerate(("79", "10", "6", "4", "1"), start=1):
        names[n] = make_customer(cast.aurora, name=f"C{n}")
        make_sale(cast.aurora, total, customer=names[n], date=DAY)
    make_sale(cast.aurora, "-5", customer=names[5], date=DAY)  # gave back more than bought
    make_sale(cast.aurora, "50", date=DAY)
    found = concentration(cast.aurora, dimension="customer", period=MARCH)
    assert [(one.name, one.group) for one in found.largest] == [
        ("C1", "A"),
        ("C2", "A"),
        ("C3", "B"),
        ("C4", "C"),
    ]
    assert (found.whole, found.unnamed, found.counts) == (D(99), D(50), {"A": 2, "B": 1, "C": 1})
    assert found.curve[-1] == (4, D(1))


def test_ages_of_what_is_left(cast: Cast) -> None:
    for days, amount in (
        (-40, "1"),
        (-30, "2"),
        (0, "4"),
        (1, "8"),
        (30, "16"),
        (31, "32"),
        (90, "64"),
        (91, "128"),
    ):
        make_open_item(cast.aurora, amount, due_date=DAY - timedelta(days=days))
    make_open_item(cast.aurora, "-7", due_date=DAY)
    make_open_item(cast.boreal, "500", due_date=DAY)
    found = ageing(cast.aurora, direction="receivable", today=DAY)
    assert [(one.code, one.n, one.left) for one in found] == [
        ("later", 1, D(1)), ("next_30", 2, D(6)), ("late_30", 2, D(24)), ("late_60", 1, D(32)), ("late_90", 1, D(64)), ("older", 1, D(128)),
    ]  # fmt: skip
    assert [(one.n, one.left) for one in ageing(cast.aurora, direction="payable", today=DAY) if one.n] == [
        (1, D(-7))
    ]


def test_who_comes_back_is_counted_from_the_first_purchase_ever(cast: Cast) -> None:
    first = DAY.replace(day=1)
    old, ana, rui, walk_in = (
        make_customer(cast.aurora, name=name) for name in ("Velho", "Ana", "Rui", "Consumidor Final")
    )
    bought = ((old, -14), (old, -1), (ana, -2), (ana, -1), (ana, 0), (rui, -2), (rui, 0), (walk_in, -2))
    for customer, months in bought:
        make_sale(cast.aurora, "10", customer=customer, date=add_months(first, months))
    make_sale(cast.aurora, "10", customer=ana, date=add_months(first, -1), currency="USD")  # is she once
    (cohort,) = cohorts(cast.aurora, today=DAY)
    assert (cohort.month, cohort.size, cohort.kept) == (add_months(first, -2), 2, (2, 1, 2))
    assert (cohort.share(1), cohort.share(3)) == (D("0.5"), None)


class TestProjection:
    def test_what_is_due_moves_the_balance_and_what_is_late_is_told_apart(self, cast: Cast) -> None:
        make_account(cast.aurora, balance=D(100))
        make_account(cast.aurora, balance=D(-900), kind="card")
        make_open_item(cast.aurora, "30", due_date=DAY + timedelta(days=6))
        make_open_item(cast.aurora, "-250", due_date=DAY + timedelta(days=7))
        make_open_item(cast.aurora, "40", due_date=DAY - timedelta(days=1))
        make_open_item(cast.aurora, "-5", due_date=DAY - timedelta(days=1))
        found = projection(cast.aurora, today=DAY)
        assert found is not None
        assert (found.balance, found.overdue_in, found.overdue_out, found.source) == (
            D(100),
            D(40),
            D(-5),
            "none",
        )
        assert [week.balance_due for week in found.weeks[:3]] == [D(130), D(-120), D(-120)]
        assert found.short_on == DAY + timedelta(days=7)

    def test_past_weeks_stand_in_where_nothing_was_forecast(self, cast: Cast) -> None:
        account = make_account(cast.aurora, balance=D(0))
        for week in range(1, 9):
            make_transaction(account, D(10 * week), date=DAY - timedelta(weeks=week))
        make_open_item(cast.aurora, "100", due_date=DAY)
        found = projection(cast.aurora, today=DAY)
        assert found is not None
        assert found.source == "usual"
        assert [week.expected_in for week in found.weeks[:2]] == [D(100), D(45)]

    def test_a_forecast_is_preferred(self, cast: Cast) -> None:
        make_account(cast.aurora, balance=D(1))
        for measure, mean in (("receipts", "2"), ("expenses", "-1")):
            row = Forecast.objects.create(
                tenant=cast.aurora, measure=measure, grain="day", about="company", currency="BRL", through=DAY - timedelta(days=1),
                made_at=timezone.now(), model="Theta", verdict="ok",
            )  # fmt: skip
            ForecastPoint.objects.bulk_create(
                ForecastPoint(
                    tenant=cast.aurora,
                    forecast=row,
                    start=DAY + timedelta(days=n),
                    mean=D(mean),
                    lo80=0,
                    hi80=0,
                    lo95=0,
                    hi95=0,
                )
                for n in range(91)
            )
        found = projection(cast.aurora, today=DAY)
        assert found is not None
        assert found.source == "forecast"
        assert (found.weeks[0].expected_in, found.weeks[-1].balance_expected) == (D(14), D(1 + 91))

    def test_without_a_balance_there_is_none(self, cast: Cast) -> None:
        assert projection(cast.aurora, today=DAY) is None


@pytest.fixture
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is DAY."""
    monkeypatch.setattr(clock, "today", lambda zone: DAY)


@pytest.fixture
def filled(cast: Cast) -> Cast:
    """Sales of both companies in both months, and an open item."""
    for tenant, total in ((cast.aurora, "10"), (cast.boreal, "77777")):
        customer = make_customer(tenant, name=f"Cliente {tenant.slug}")
        for day in (date(2026, 3, 2), date(2026, 2, 2)):
            make_sale(tenant, total, customer=customer, store=f"Loja {tenant.slug}", date=day)
        make_account(tenant, balance=D(50))
        make_open_item(tenant, "30", due_date=DAY)
    return cast


def drawn(page: str) -> str:
    """Return the part of the page that is computed, without the keys of its forms."""
    return page[page.index('id="analysis"') : page.index("</main>")]


@pytest.mark.usefixtures("on_the_day")
class TestPage:
    def test_it_opens_filtered_and_shows_its_company_only(
        self, filled: Cast, django_assert_max_num_queries: Any
    ) -> None:
        client = signed_in(filled.ana)
        url = "/t/aurora/analysis/?measure=revenue&by=store&period=month"
        client.get("/t/aurora/")
        with django_assert_max_num_queries(41):
            cold = client.get(url).content.decode()
        with django_assert_max_num_queries(8):
            page = client.get(url).content.decode()
        assert drawn(page) == drawn(cold)
        assert "Loja aurora" in page
        assert "Cliente aurora" in page
        assert "boreal" not in page
        assert "77.777" not in page
        assert "store=Loja+aurora" in page, "each part leads to its rows"

    @pytest.mark.parametrize(
        ("measure", "by", "url"),
        [
            ("net", "category", "transactions/?flow=1&amp;category="),
            ("sales_count", "store", "sales/?status=counted&amp;store="),
            ("expenses", "account", "transactions/?type=DEBIT&amp;flow=1&amp;account="),
        ],
    )
    def test_whatever_a_card_shows_can_be_split(self, filled: Cast, measure: str, by: str, url: str) -> None:
        account = make_account(filled.aurora)
        make_transaction(account, "-40.00", category="Aluguel", date=date(2026, 3, 5))
        make_transaction(account, "100.00", category="Vendas", date=date(2026, 3, 5))
        asked = f"/t/aurora/analysis/?measure={measure}&by={by}&from=2026-03-01&to=2026-03-09"
        answer = signed_in(filled.ana).get(asked)
        assert answer.context["why"].now == {"net": D(60), "sales_count": D(1), "expenses": D(40)}[measure]
        assert url in answer.content.decode()

    def test_nonsense_in_the_address_is_the_usual_page(self, filled: Cast) -> None:
        response = signed_in(filled.ana).get(
            "/t/aurora/analysis/?measure=%00&by=xx&abc=1&compare=z&period=never"
        )
        assert response.status_code == 200

    def test_an_empty_company_says_so(self, cast: Cast) -> None:
        page = signed_in(cast.ana).get("/t/aurora/analysis/")
        assert "A análise começa com os primeiros dados" in page.content.decode()

    def test_a_company_that_sells_nothing_begins_with_its_money(self, cast: Cast) -> None:
        make_transaction(make_account(cast.aurora), "10.00", category="Honorários")
        page = signed_in(cast.ana).get("/t/aurora/analysis/?from=2026-03-01&to=2026-03-31")
        assert (page.context["why"].measure, page.context["sells"]) == ("inflow", False)
        assert "Honorários" in page.content.decode()
        asked = signed_in(cast.ana).get("/t/aurora/analysis/?measure=revenue&from=2026-03-01&to=2026-03-31")
        assert asked.context["why"].measure == "revenue"


@pytest.mark.usefixtures("on_the_day")
class TestApi:
    def ask(self, cast: Cast, path: str, **query: str) -> Any:
        headers = {"Authorization": f"Api-Key {make_key(cast.aurora)}"}
        return Client(headers=headers).get(f"/api/kpis/{path}", query)

    def test_drivers(self, filled: Cast) -> None:
        data = self.ask(filled, "drivers", by="store", **{"from": "2026-03-01", "to": "2026-03-31"}).json()[
            "data"
        ]
        assert (data["now"], data["difference"], data["parts"][0]["key"]) == ("10.00", "0.00", "Loja aurora")

    def test_the_others(self, filled: Cast) -> None:
        asked = {"from": "2026-03-01", "to": "2026-03-31"}
        assert self.ask(filled, "concentration", **asked).json()["data"]["counts"] == {"A": 1, "B": 0, "C": 0}
        assert self.ask(filled, "ageing").json()["data"][1] == {
            "code": "next_30", "from": "2026-03-10", "to": "2026-04-09", "count": 1, "open": "30.00",
        }  # fmt: skip
        assert self.ask(filled, "cohorts").json()["data"] == [
            {"month": "2026-02-01", "size": 1, "kept": [1, 1]}
        ]
        assert self.ask(filled, "projection").json()["data"]["weeks"][0]["balance_due"] == "80.00"

    @pytest.mark.parametrize(
        ("path", "query"),
        [
            ("drivers", {"measure": "x"}),
            ("drivers", {"by": "account"}),
            ("ageing", {"direction": "x"}),
            ("concentration", {"by": "store"}),
        ],
    )
    def test_what_does_not_exist_is_refused_with_what_does(
        self, cast: Cast, path: str, query: dict[str, str]
    ) -> None:
        response = self.ask(cast, path, **query)
        assert response.status_code == 400
        assert "Use" in str(response.json()["details"])
