"""The overview page: numbers lead to rows, what is new, what needs a person, and a fixed number of queries."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from kpi import overview, queries, rankings, ready
from kpi.models import Visit
from ledger.models import Sale, Transaction
from lib.periods import Period
from live import cache, events
from sync.models import Connection, FileImport, RawRecord
from tenants.models import Tenant
from tests import factories
from tests.cast import Cast
from tests.factories import DAY

MARCH = f"from={DAY.replace(day=1)}&to={DAY.replace(day=31)}"
NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)


def page(client: Client, query: str = MARCH) -> str:
    """Return the overview of Aurora with plain blanks."""
    return client.get(f"/t/aurora/?{query}").content.decode().replace("\xa0", " ")


@pytest.fixture
def aurora(cast: Cast, client: Client) -> Client:
    """Return Ana's browser; Aurora sold, received and waits for money."""
    wire = factories.make_connection(cast.aurora, name="ERP", last_good_at=datetime.now(UTC))
    account = factories.make_account(cast.aurora, source=wire.source, balance="900.00")
    known = factories.make_customer(cast.aurora, "Maria Souza", source=wire.source)
    anybody = factories.make_customer(cast.aurora, "CONSUMIDOR FINAL", source=wire.source)
    product = factories.make_product(cast.aurora, "Consulta", source=wire.source)
    factories.make_transaction(account, "300.00", counterparty_name="MARIA SOUZA")
    factories.make_transaction(account, "-120.00", counterparty_name="ALUGUEL LTDA")
    factories.make_sale(cast.aurora, "50.00", customer=known, items=[(product, "50.00")])
    factories.make_sale(cast.aurora, "700.00", customer=anybody, items=[(product, "700.00")])
    factories.make_sale(cast.aurora, "20.00", source=wire.source)
    factories.make_open_item(cast.aurora, "90.00", source=wire.source, customer=known)
    client.force_login(cast.ana)
    return client


def facts_changed(tenant: Tenant) -> None:
    """Say that facts changed, as every write does, and let this process know at once."""
    events.publish("facts_changed", tenant_id=tenant.pk)
    cache.forget_generations()


def test_the_page_costs_a_fixed_number_of_queries_and_few_once_its_numbers_are_ready(
    aurora: Client, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page(aurora)
    Visit.objects.update(seen_at=NOW - timedelta(days=1))
    for n in range(30):
        factories.make_sale(cast.aurora, "5.00", date=DAY - timedelta(days=n))
    facts_changed(cast.aurora)
    cache.generations(cast.aurora.pk)
    with django_assert_num_queries(40):
        page(aurora)
    with django_assert_num_queries(15):
        page(aurora)


def test_page_and_api_read_one_board_until_facts_change(aurora: Client, cast: Cast) -> None:
    def told() -> list[object]:
        shown = aurora.get(f"/t/aurora/?{MARCH}").context["board"].card("revenue").value
        return [shown, Decimal(value_of(aurora, "revenue"))]

    assert told() == [Decimal("770.00")] * 2
    factories.make_sale(cast.aurora, "30.00")
    assert told() == [Decimal("770.00")] * 2
    facts_changed(cast.aurora)
    assert told() == [Decimal("800.00")] * 2


def value_of(client: Client, code: str) -> str:
    """Return the value of a KPI of March as the API tells it."""
    kpis = client.get(f"/api/kpis?{MARCH}").json()["data"]["kpis"]
    return str(next(one["value"] for one in kpis if one["code"] == code))


def test_a_board_that_was_kept_is_the_board_that_was_computed(aurora: Client, cast: Cast) -> None:
    asked = {"period": Period("range", DAY, DAY + timedelta(days=5)), "today": DAY, "comparison": "previous"}
    computed = queries.board(cast.aurora, **asked)
    for _ in range(2):
        kept = ready.board(ready.numbers(cast.aurora, **asked), **asked)
        assert ready.board_json(kept) == ready.board_json(computed)
        assert (kept.period, kept.compared) == (computed.period, computed.compared)


def test_a_kept_board_opens_to_nobody_else(aurora: Client, cast: Cast) -> None:
    page(aurora)
    factories.make_transaction(factories.make_account(cast.boreal), "7.00")
    aurora.force_login(cast.carla)
    assert aurora.get(f"/t/aurora/?{MARCH}").status_code == 404
    shown = aurora.get(f"/t/boreal/?{MARCH}").context["board"]
    assert (shown.card("inflow").value, shown.card("revenue").value) == (Decimal("7.00"), None)


def test_the_balance_leads_to_the_accounts_and_flow_to_lines(aurora: Client) -> None:
    shown = aurora.get(f"/t/aurora/?{MARCH}").context
    hrefs = {one["kpi"].code: one["href"] for one in [*shown["heroes"], *shown["cards"]]}
    assert hrefs["cash_balance"] == "/t/aurora/accounts/"
    assert hrefs["inflow"] == f"/t/aurora/transactions/?type=CREDIT&flow=1&{MARCH}"
    assert [item.filter for item in shown["cash_flow"].legend] == ["type=CREDIT", "type=DEBIT", ""]


def test_between_a_loss_and_a_gain_the_card_says_money_and_no_percentage(aurora: Client, cast: Cast) -> None:
    account = Transaction.objects.get(amount="300.00").account
    factories.make_transaction(account, "-100.00", date=date(2026, 2, 10))
    factories.make_transaction(account, "1.00", date=date(2025, 1, 1))
    card = aurora.get(f"/t/aurora/?{MARCH}").context["board"].card("net")
    assert (card.value, card.previous, card.change) == (Decimal("180.00"), Decimal("-100.00"), None)
    assert card.difference == Decimal("280.00")
    assert "+R$ 280,00" in page(aurora)


def test_walk_in_customers_are_told_and_not_ranked(aurora: Client, cast: Cast) -> None:
    period = Period("range", DAY, DAY + timedelta(days=1))
    assert [(row.name, row.total) for row in rankings.top_customers(cast.aurora, period=period)] == [
        ("Maria Souza", Decimal("50.00"))
    ]
    assert rankings.walk_ins(cast.aurora, period=period) == (2, Decimal("720.00"))
    html = page(aurora)
    assert "CONSUMIDOR FINAL" not in html
    assert "R$ 720,00" in html


@pytest.mark.parametrize(
    "name", ["Consumidor final", "consumidor", "CLIENTE BALCÃO", "Cliente balcão loja 2", "Balcão"]
)
def test_placeholders_of_shops_are_known_by_name(cast: Cast, name: str) -> None:
    factories.make_sale(cast.aurora, "5.00", customer=factories.make_customer(cast.aurora, name))
    assert rankings.walk_ins(cast.aurora, period=Period("range", DAY, DAY + timedelta(days=1)))[0] == 1


@pytest.mark.parametrize(
    "name", ["Consumidora Feliz Ltda", "Balcão e Filhos SA".replace("Balcão", "Balconista"), "Ana Cliente"]
)
def test_names_that_only_resemble_a_placeholder_are_customers(cast: Cast, name: str) -> None:
    factories.make_sale(cast.aurora, "5.00", customer=factories.make_customer(cast.aurora, name))
    assert rankings.walk_ins(cast.aurora, period=Period("range", DAY, DAY + timedelta(days=1)))[0] == 0


def test_a_company_without_sales_gets_four_numbers_that_it_has(cast: Cast, client: Client) -> None:
    account = factories.make_account(cast.aurora, balance="900.00")
    factories.make_transaction(account, "300.00", counterparty_name="MARIA SOUZA")
    factories.make_transaction(account, "-120.00", counterparty_name="ALUGUEL LTDA")
    factories.make_open_item(cast.aurora, "90.00")
    client.force_login(cast.ana)
    context = client.get(f"/t/aurora/?{MARCH}").context
    assert [one["kpi"].code for one in context["heroes"]] == [
        "cash_balance", "inflow", "receivables_open", "expenses",
    ]  # fmt: skip
    assert [one["kpi"].code for one in context["cards"]] == ["net", "receivables_overdue", "payables_open"]
    assert [(row.name, row.total) for row in context["payers"]] == [("MARIA SOUZA", Decimal("300.00"))]
    assert [(row.name, row.total) for row in context["payees"]] == [("ALUGUEL LTDA", Decimal("-120.00"))]
    assert client.get("/t/aurora/").status_code == 200


def test_an_empty_company_keeps_its_four_places(cast: Cast, client: Client) -> None:
    client.force_login(cast.ana)
    context = client.get("/t/aurora/").context
    assert [one["card"].value for one in context["heroes"]] == [None] * 4
    assert context["cards"] == []


def test_both_numbers_of_a_comparison_are_told(aurora: Client, cast: Cast) -> None:
    earlier = Transaction.objects.get(amount="300.00")
    factories.make_transaction(earlier.account, "200.00", date=date(2026, 2, 10))
    factories.make_transaction(earlier.account, "1.00", date=date(2025, 1, 1))
    html = page(aurora)
    assert "+50%" in html
    assert 'title="01/02/2026 – 28/02/2026: R$ 200,00"' in html
    assert "22 dias úteis" not in html
    assert "18 dias úteis e 10 livres; agora 22 e 9" in html
    assert (
        f"/t/aurora/analysis/?measure=inflow&amp;{MARCH.replace('&', '&amp;')}&amp;compare=previous#why"
        in html
    )


# --- since the last visit ---------------------------------------------------------------------------------------------------
def test_the_first_visit_has_nothing_before_it(aurora: Client, cast: Cast) -> None:
    assert aurora.get("/t/aurora/").context["news"] is None


def test_a_visit_ends_with_half_an_hour_of_silence(cast: Cast) -> None:
    first = overview.visit(cast.aurora, cast.ana, now=NOW)
    again = overview.visit(cast.aurora, cast.ana, now=NOW + timedelta(minutes=20))
    later = overview.visit(cast.aurora, cast.ana, now=NOW + timedelta(hours=8))
    still = overview.visit(cast.aurora, cast.ana, now=NOW + timedelta(hours=8, minutes=5))
    assert (first, again) == (None, None)
    assert later == still == NOW + timedelta(minutes=20)
    assert overview.visit(cast.boreal, cast.ana, now=NOW) is None


def test_news_counts_what_came_since_in_this_company_alone(aurora: Client, cast: Cast) -> None:
    Transaction.objects.filter(amount="300.00").update(created_at=NOW - timedelta(days=2))
    Sale.objects.update(created_at=NOW - timedelta(days=2))
    Transaction.objects.filter(amount="-120.00").update(created_at=NOW - timedelta(hours=1))
    account = Transaction.objects.get(amount="-120.00").account
    factories.make_transaction(account, "1.00", date=DAY - timedelta(days=400))
    factories.make_transaction(factories.make_account(cast.boreal), "1.00", date=NOW.date())
    factories.make_open_item(cast.aurora, "40.00", due_date=NOW.date() - timedelta(days=1))
    factories.make_open_item(cast.aurora, "-40.00", due_date=NOW.date() - timedelta(days=1))
    found = overview.news(cast.aurora, since=NOW - timedelta(days=5), now=NOW)
    assert (found.lines, found.sales, found.overdue) == (2, 3, 1)
    found = overview.news(cast.aurora, since=NOW - timedelta(days=1), now=NOW)
    assert (found.lines, found.sales, found.overdue) == (1, 0, 1)


def test_news_looks_back_a_month_at_most(cast: Cast) -> None:
    found = overview.news(cast.aurora, since=NOW - timedelta(days=400), now=NOW)
    assert found.since == NOW - timedelta(days=31)
    assert not found.any


# --- what needs a person ----------------------------------------------------------------------------------------------------
def test_broken_connections_overdue_money_and_unreadable_rows_come_first(aurora: Client, cast: Cast) -> None:
    wire = Connection.objects.get()
    wire.state, wire.state_reason = Connection.State.NEEDS_PERSON, "O token foi recusado."
    wire.save()
    RawRecord.objects.create(
        tenant=cast.aurora,
        connection=wire,
        kind="sale",
        external_id="1",
        payload={},
        content_hash=b"x",
        error="no date",
    )
    FileImport.objects.create(
        tenant=cast.aurora, name="x.ofx", sha256="s", size=1, content=b"", status=FileImport.Status.FAILED
    )
    factories.make_open_item(cast.aurora, "-40.00", source=wire.source, direction="payable")
    facts_changed(cast.aurora)
    html = page(aurora)
    section = html[html.index('id="needs-title"') : html.index("</section>", html.index('id="needs-title"'))]
    assert section.count("<li ") == 5
    assert "R$ 40,00 a pagar em atraso" in section.replace("\xa0", " ")
    assert "direction=payable&amp;status=overdue" in section
    assert "O token foi recusado." in section
    assert "R$ 90,00" in section
    assert section.index("O token") < section.index("R$ 90,00")
    assert html.index('id="needs-title"') < html.index("number-card")
    assert 'class="stale late"' in html


def test_nothing_is_shown_when_nothing_needs_a_person(cast: Cast, client: Client) -> None:
    factories.make_connection(cast.aurora, last_good_at=datetime.now(UTC))
    client.force_login(cast.ana)
    html = page(client)
    assert "needs-title" not in html
    assert 'class="stale late"' not in html


def test_a_connection_is_late_ten_minutes_beyond_its_interval(cast: Cast, client: Client) -> None:
    fresh = datetime.now(UTC)
    wire = factories.make_connection(
        cast.aurora, interval_seconds=60, last_good_at=fresh - timedelta(minutes=10)
    )
    client.force_login(cast.ana)
    assert not client.get("/t/aurora/").context["late"]
    Connection.objects.filter(pk=wire.pk).update(last_good_at=fresh - timedelta(minutes=12))
    assert client.get("/t/aurora/").context["late"]


def test_strangers_find_nothing(cast: Cast, client: Client) -> None:
    client.force_login(cast.carla)
    assert client.get("/t/aurora/").status_code == 404
    assert not Visit.objects.exists()


@pytest.mark.parametrize("query", ["period=ontem", "from=2026-02-31", "from=2026-03-02&to=2026-03-01"])
def test_the_api_refuses_a_period_in_the_readers_language(aurora: Client, query: str) -> None:
    answer = aurora.get(f"/api/kpis?{query}")
    assert answer.status_code == 400
    assert "não é um período" in answer.json()["details"]["period"]
