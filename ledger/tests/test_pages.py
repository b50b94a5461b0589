"""Lists, records and files as people see them."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ledger.models import Transaction
from live import cache, events
from tenants.models import AuditLog
from tests import factories
from tests.cast import Cast
from tests.factories import DAY

SPAN = f"from={DAY}&to={DAY}"
LISTS = ("transactions", "sales", "customers", "products", "open_items")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_shows_its_rows_and_opens_each(client, cast: Cast, facts, name: str) -> None:
    client.force_login(cast.bruno)
    page = client.get(reverse(f"ledger:{name}", kwargs={"slug": "aurora"}), {"period": "all"})
    url = reverse("ledger:detail", kwargs={"slug": "aurora", "name": name, "pk": facts[name].pk})
    assert page.status_code == 200
    assert f'data-row-url="{url}"' in page.content.decode()
    assert client.get(url).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_carla_sees_neither_list_nor_row_nor_file(client, cast: Cast, facts, name: str) -> None:
    client.force_login(cast.carla)
    for view in ("list", "totals", "csv"):
        assert (
            client.get(reverse(f"ledger:{view}", kwargs={"slug": "aurora", "name": name})).status_code == 404
        )
    theirs = {"slug": "boreal", "name": name}
    assert client.get(reverse("ledger:detail", kwargs={**theirs, "pk": facts[name].pk})).status_code == 404
    assert (
        client.post(
            reverse("ledger:edit", kwargs={**theirs, "pk": facts[name].pk}), {"note": "x"}
        ).status_code
        == 404
    )
    text = b"".join(
        client.get(reverse("ledger:csv", kwargs=theirs), {"period": "all"}).streaming_content
    ).decode()
    assert len(text.splitlines()) == 1


def test_amounts_are_written_as_in_brazil_with_sign_and_colour(client, cast: Cast, facts) -> None:
    client.force_login(cast.ana)
    html = client.get(reverse("ledger:transactions", kwargs={"slug": "aurora"}) + f"?{SPAN}").content.decode()
    assert "−R$\xa01.234,56" in html
    assert 'class="num neg"' in html


@pytest.mark.parametrize(
    "query",
    [
        "period=nonsense",
        "from=2026-02-31",
        "type=SIDEWAYS",
        "account=1;DROP",
        "min=abc",
        "sort=password",
        "cursor=%00",
        "cursor=bm9uZQ",
        "q=%00'",
    ],
)
def test_nonsense_in_the_address_is_told_and_never_an_error(client, cast: Cast, facts, query: str) -> None:
    client.force_login(cast.ana)
    page = client.get(reverse("ledger:transactions", kwargs={"slug": "aurora"}) + f"?{query}")
    assert page.status_code == 200


def test_filters_narrow_by_amount_without_sign_text_and_direction(client, cast: Cast, facts) -> None:
    account = Transaction.objects.get().account
    factories.make_transaction(account, "1234.56", description="PIX RECEBIDO")
    client.force_login(cast.ana)
    url = reverse("ledger:totals", kwargs={"slug": "aurora", "name": "transactions"})

    def total(query: str) -> int:
        return client.get(f"{url}?{SPAN}&{query}").context["totals"][0].rows

    assert total("min=1.234,56&max=1.234,56") == 2
    assert total("type=DEBIT") == 1
    assert total("q=aluguel") == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("paixao vitoria", 1),
        ("VITORIA PAIXAO", 1),
        ("342,91", 1),
        ("1.189,20", 0),
        ("Moradia", 1),
        ("476.645", 1),
        ("47", 0),
        ("paixao moradia", 1),
    ],
)
def test_a_search_takes_words_in_any_order_amounts_categories_and_parts_of_a_document(
    client, cast: Cast, text: str, found: int
) -> None:
    account = factories.make_account(cast.aurora)
    factories.make_transaction(
        account, "-342.91", description="Boleto", counterparty_name="VITORIA VASCONCELOS PAIXAO", category_override="Moradia",
        counterparty_document="47664512345",
    )  # fmt: skip
    factories.make_transaction(account, "10.00", description="Pix", counterparty_name="VITORIA LIMA")
    client.force_login(cast.ana)
    page = client.get(reverse("ledger:transactions", kwargs={"slug": "aurora"}), {"period": "all", "q": text})
    assert len(page.context["page"].rows) == found


def test_pages_walk_to_the_end_and_back_without_repeating(client, cast: Cast) -> None:
    account = factories.make_account(cast.aurora)
    made = [
        factories.make_transaction(account, "1.00", date=DAY - timedelta(days=n // 3)).pk for n in range(120)
    ]
    client.force_login(cast.ana)
    url = reverse("ledger:transactions", kwargs={"slug": "aurora"}) + "?period=all"
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"{url}&cursor={cursor}").context["page"]
        seen += [row["id"] for row in page.rows]
        cursor = page.next
    assert len(seen) == len(set(seen)) == 120
    assert set(seen) == set(made)
    assert [row["id"] for row in client.get(f"{url}&cursor={page.previous}").context["page"].rows] == seen[
        50:100
    ]


def test_the_number_of_queries_does_not_grow_with_the_rows(client, cast: Cast) -> None:
    account = factories.make_account(cast.aurora)
    client.force_login(cast.ana)
    url = reverse("ledger:transactions", kwargs={"slug": "aurora"}) + f"?{SPAN}"

    def queries_of_a_page() -> int:
        client.get(url)  # which kinds of facts there are is remembered
        cache.forget_generations()
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        return len(seen)

    factories.make_transaction(account)
    few = queries_of_a_page()
    for _ in range(60):
        factories.make_transaction(account)
    assert queries_of_a_page() == few <= 9


def test_an_edit_is_kept_audited_and_told(client, cast: Cast, facts) -> None:
    row = facts["transactions"]
    client.force_login(cast.ana)
    url = reverse("ledger:edit", kwargs={"slug": "aurora", "name": "transactions", "pk": row.pk})
    client.post(
        url,
        {
            "category_override": "Aluguel",
            "note": "contrato 12",
            "shown_ignored": "false",
            "ignored": "on",
            "amount": "1",
        },
    )
    row.refresh_from_db()
    assert (row.category_override, row.note, row.ignored, str(row.amount)) == (
        "Aluguel",
        "contrato 12",
        True,
        "-1234.56",
    )
    from live.models import Generation

    entry = AuditLog.objects.get(tenant=cast.aurora, action="edit")
    assert entry.before == {"category_override": "", "note": "", "ignored": False}
    assert Generation.objects.get(tenant=cast.aurora).facts == 1


def test_a_form_from_before_takes_nobodys_work_back(client, cast: Cast, facts) -> None:
    """Two windows show the same line; the second one is saved with what it showed when it was opened."""
    row = facts["transactions"]
    client.force_login(cast.ana)
    url = reverse("ledger:edit", kwargs={"slug": "aurora", "name": "transactions", "pk": row.pk})
    opened = {f"shown_{name}": "" for name in ("category_override", "name_override", "note")} | {
        "shown_ignored": "false", "category_override": "", "name_override": "", "note": "",
    }  # fmt: skip
    client.post(url, opened | {"category_override": "Aluguel", "ignored": "on"})
    client.post(url, opened | {"note": "linha 1\r\nlinha 2"})
    row.refresh_from_db()
    assert (row.category_override, row.ignored, row.note) == ("Aluguel", True, "linha 1\nlinha 2")
    answer = client.post(url, opened | {"category_override": "Frete"}, headers={"HX-Request": "true"})
    row.refresh_from_db()
    assert row.category_override == "Aluguel"
    assert "mudou isto enquanto" in json.loads(answer["HX-Trigger"])["toast"]["text"]
    client.post(url, opened | {"shown_category_override": "Aluguel", "category_override": "Frete"})
    row.refresh_from_db()
    assert (row.category_override, row.note) == ("Frete", "linha 1\nlinha 2")


def test_bruno_may_read_and_not_write(client, cast: Cast, facts) -> None:
    client.force_login(cast.bruno)
    url = reverse("ledger:edit", kwargs={"slug": "aurora", "name": "sales", "pk": facts["sales"].pk})
    assert client.post(url, {"note": "x"}).status_code == 403


def test_the_palette_finds_records_of_the_own_company_only(client, cast: Cast, facts) -> None:
    factories.make_customer(cast.boreal, "Maria Souza de Boreal")
    client.force_login(cast.bruno)
    found = client.get(reverse("ledger:search", kwargs={"slug": "aurora"}), {"q": "maría"}).json()["results"]
    assert [hit["label"] for hit in found if "Boreal" in hit["label"]] == []
    assert "Maria Souza · 111.444.777-35" in [hit["label"] for hit in found]


def test_the_column_chooser_names_columns_that_the_table_has(client, cast: Cast, facts) -> None:
    client.force_login(cast.ana)
    for name in LISTS:
        page = client.get(
            reverse(f"ledger:{name}", kwargs={"slug": "aurora"}), {"period": "all", "status": "all"}
        )
        html = page.content.decode()
        for key, _label in page.context["columns"]:
            assert f'data-column-toggle="{key}"' in html
            assert html.count(f'data-column="{key}"') >= 2, f"{name}: {key}"


def test_the_page_of_a_customer_says_what_was_sold_by_month_and_leads_to_the_bank(
    client, cast: Cast, facts
) -> None:
    from lib import clock

    customer = facts["customers"]
    today = clock.today(cast.aurora.zone)
    for total, fields in (
        ("40.00", {}),
        ("2.50", {}),
        ("9.00", {"is_cancelled": True}),
        ("7.00", {"currency": "USD"}),
    ):
        factories.make_sale(cast.aurora, total, customer=customer, date=today, **fields)
    client.force_login(cast.bruno)
    page = client.get(
        reverse("ledger:detail", kwargs={"slug": "aurora", "name": "customers", "pk": customer.pk})
    )
    rows = page.context["chart"].table.rows
    assert len(rows) == 12
    assert rows[-1].cells == ("R$\xa042,50",)
    assert f"customer={customer.pk}&status=counted&from={today.replace(day=1)}" in rows[-1].href
    assert "/transactions/?q=11144477735&period=all" in page.content.decode()


def test_ids_above_a_thousand_are_written_for_machines(client, cast: Cast) -> None:
    row = factories.make_transaction(factories.make_account(cast.aurora), pk=1_234_567)
    client.force_login(cast.ana)
    html = client.get(
        reverse("ledger:transactions", kwargs={"slug": "aurora"}), {"period": "all"}
    ).content.decode()
    assert f'name="ids" value="{row.pk}"' in html
    assert "1.234.567" not in html


def test_an_edit_from_the_drawer_answers_the_record_a_toast_and_a_bell_for_the_list(
    client, cast: Cast, facts
) -> None:
    client.force_login(cast.ana)
    url = reverse(
        "ledger:edit", kwargs={"slug": "aurora", "name": "transactions", "pk": facts["transactions"].pk}
    )
    saved = client.post(url, {"category_override": "Aluguel"}, headers={"HX-Request": "true"})
    assert saved.status_code == 200
    assert set(json.loads(saved["HX-Trigger"])) == {"toast", "record-saved"}
    assert "<html" not in saved.content.decode()
    refused = client.post(url, {"category_override": "x" * 81}, headers={"HX-Request": "true"})
    assert json.loads(refused["HX-Trigger"])["toast"]["tone"] == "bad"


def test_a_list_says_why_it_is_empty(client, cast: Cast) -> None:
    client.force_login(cast.ana)

    def said(query: str = "") -> str:
        return client.get(f"/t/aurora/sales/{query}").content.decode()

    assert "Nada chegou ainda" in said()
    assert "Nada chegou ainda" in said("?status=cancelled")
    factories.make_sale(cast.aurora, date=DAY - timedelta(days=800))
    events.publish("facts_changed", tenant_id=cast.aurora.pk)
    cache.forget_generations()
    assert "Nada neste período" in said()
    assert "Nada corresponde" in said("?status=cancelled")
    assert "Nada corresponde" in said("?q=ninguem")


def test_totals_are_counted_once_until_facts_change(client, cast: Cast, facts) -> None:
    client.force_login(cast.ana)
    url = reverse("ledger:totals", kwargs={"slug": "aurora", "name": "transactions"})

    def total(query: str = "") -> list[object]:
        return [(one.rows, one.outflow) for one in client.get(f"{url}?{SPAN}{query}").context["totals"]]

    assert total() == [(1, Decimal("-1234.56"))]
    row = factories.make_transaction(facts["transactions"].account, "-5.00")
    assert total() == [(1, Decimal("-1234.56"))]
    assert total("&type=DEBIT") == [(2, Decimal("-1239.56"))]
    client.post("/t/aurora/list/transactions/bulk/", {"do": "ignore", "ids": [row.pk]})
    cache.forget_generations()
    assert total() == [(2, Decimal("-1239.56"))]
    assert total("&status=counted") == [(1, Decimal("-1234.56"))]
    client.force_login(cast.carla)
    assert client.get(f"{url}?{SPAN}").status_code == 404
