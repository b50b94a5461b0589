"""Lists, records and files as people see them."""

import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from ledger import exports
from ledger.models import Export, Transaction
from live import cache, events
from tenants.models import AuditLog
from tests import factories
from tests.cast import Cast
from tests.factories import DAY

SPAN = f"from={DAY}&to={DAY}"
LISTS = ("transactions", "sales", "customers", "products", "open_items")


@pytest.fixture
def facts(cast: Cast) -> dict[str, object]:
    account = factories.make_account(cast.aurora)
    customer = factories.make_customer(cast.aurora, "Maria Souza", document="11144477735")
    product = factories.make_product(cast.aurora, "Consulta")
    sale = factories.make_sale(
        cast.aurora, "250.00", customer=customer, items=[(product, "250.00")], number="1042"
    )
    return {
        "transactions": factories.make_transaction(account, "-1234.56", description="ALUGUEL MARÇO"),
        "sales": sale,
        "customers": customer,
        "products": product,
        "open_items": factories.make_open_item(cast.aurora, "90.00", customer=customer),
    }


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
    from tenants.models import AuditLog

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


def test_a_csv_opens_in_a_brazilian_excel_and_runs_no_formula(client, cast: Cast) -> None:
    account = factories.make_account(cast.aurora, name="Conta")
    factories.make_transaction(account, "-1234.56", description='=HYPERLINK("http://x")')
    client.force_login(cast.ana)
    response = client.get(
        reverse("ledger:csv", kwargs={"slug": "aurora", "name": "transactions"}) + f"?{SPAN}"
    )
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    line = text.split("\r\n")[1]
    assert line.startswith("10/03/2026;Conta;")
    assert ";-1234,56;BRL;" in line
    assert "'=HYPERLINK" in line


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("  =1+1", "'  =1+1"),
        ('"=1+1', "'\"=1+1"),
        ("\t=1", "'\t'=1"),
        ("＝1+1", "'＝1+1"),
        ("foo,=cmd()", "foo,'=cmd()"),
        ('foo; "@SUM(A1)', "foo; \"'@SUM(A1)"),
        ("foo\n+cmd|calc", "foo\n'+cmd|calc"),
        ("foo|-(1)", "foo|'-(1)"),
        ("Desconto, -10%", "Desconto, -10%"),
        ("a-b = c", "a-b = c"),
    ],
)
def test_no_text_of_a_csv_becomes_a_formula_whatever_separates_columns(text: str, kept: str) -> None:
    assert exports.harmless(text) == kept


def test_an_xlsx_has_widths_a_filter_and_a_head_that_stays(client, cast: Cast, facts) -> None:
    client.force_login(cast.ana)
    client.post(reverse("ledger:xlsx", kwargs={"slug": "aurora", "name": "transactions"}) + f"?{SPAN}")
    exports.run_waiting()
    job = Export.objects.get()
    file = client.get(reverse("ledger:export_download", kwargs={"slug": "aurora", "pk": job.pk}))
    sheet = load_workbook(io.BytesIO(file.content)).active
    assert file["Content-Disposition"] == f'attachment; filename="aurora-lancamentos-{DAY}_{DAY}.xlsx"'
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:K2")
    assert sheet.column_dimensions["C"].width == len("ALUGUEL MARÇO") + 2
    assert (sheet["A2"].number_format, sheet["I2"].number_format) == ("dd/mm/yyyy", "#,##0.00")


def test_a_person_waits_for_three_files_at_most(client, cast: Cast, facts) -> None:
    client.force_login(cast.bruno)
    urls = [reverse("ledger:xlsx", kwargs={"slug": "aurora", "name": name}) for name in LISTS]
    assert [client.post(url).status_code for url in urls[:3]] == [302] * 3
    assert client.post(urls[0]).status_code == 302  # the same question is the same job
    refused = client.post(urls[3])
    assert refused.status_code == 429
    assert "3 arquivos seus estão sendo escritos" in refused.content.decode()
    client.force_login(cast.ana)
    assert client.post(urls[3]).status_code == 302
    exports.run_waiting()
    client.force_login(cast.bruno)
    assert client.post(urls[3]).status_code == 302


def test_an_xlsx_is_a_job_with_a_link_only_for_who_asked(client, cast: Cast, facts) -> None:

    client.force_login(cast.bruno)
    asked = client.post(
        reverse("ledger:xlsx", kwargs={"slug": "aurora", "name": "transactions"}) + f"?{SPAN}"
    )
    job = Export.objects.get()
    assert asked.url == reverse("ledger:export", kwargs={"slug": "aurora", "pk": job.pk})
    assert exports.run(job.pk) is True
    assert exports.run(job.pk) is False
    file = client.get(reverse("ledger:export_download", kwargs={"slug": "aurora", "pk": job.pk}))
    sheet = load_workbook(io.BytesIO(file.content)).active
    assert [cell.value for cell in sheet[2]][8] == -1234.56
    client.force_login(cast.ana)
    assert (
        client.get(reverse("ledger:export_download", kwargs={"slug": "aurora", "pk": job.pk})).status_code
        == 404
    )


def test_the_palette_finds_records_of_the_own_company_only(client, cast: Cast, facts) -> None:
    factories.make_customer(cast.boreal, "Maria Souza de Boreal")
    client.force_login(cast.bruno)
    found = client.get(reverse("ledger:search", kwargs={"slug": "aurora"}), {"q": "maría"}).json()["results"]
    assert [hit["label"] for hit in found if "Boreal" in hit["label"]] == []
    assert "Maria Souza · 111.444.777-35" in [hit["label"] for hit in found]


# --- many rows at once ------------------------------------------------------------------------------------------------------
def bulk_url(slug: str, name: str = "transactions") -> str:
    """Return where the bulk bar of a list posts."""
    return reverse("ledger:bulk", kwargs={"slug": slug, "name": name}) + f"?{SPAN}"


def test_many_rows_are_changed_audited_and_told_at_once(client, cast: Cast, facts) -> None:
    from live.models import Event
    from tenants.models import AuditLog

    account = facts["transactions"].account
    rows = [factories.make_transaction(account, "10.00", category_override="Aluguel") for _ in range(3)]
    others = [factories.make_transaction(account, "10.00", category_override="Antiga") for _ in range(40)]
    client.force_login(cast.ana)
    ids = [row.pk for row in (*rows, *others)]
    answer = client.post(bulk_url("aurora"), {"do": "categorise", "category": " Aluguel ", "ids": ids})
    assert answer.url == reverse("ledger:transactions", kwargs={"slug": "aurora"}) + f"?{SPAN}"
    assert Transaction.objects.filter(category_override="Aluguel").count() == 43
    entries = AuditLog.objects.filter(tenant=cast.aurora, action="edit")
    assert {entry.row_id for entry in entries} == {str(row.pk) for row in others}
    assert {(str(entry.before), str(entry.after)) for entry in entries} == {
        ("{'category_override': 'Antiga'}", "{'category_override': 'Aluguel'}")
    }
    told = Event.objects.get(tenant=cast.aurora, name="facts_changed")
    assert sorted(told.payload["ids"]) == sorted(row.pk for row in others)


def test_a_bulk_change_is_taken_back_exactly_and_in_the_log(client, cast: Cast, facts) -> None:
    account = Transaction.objects.get().account
    rows = [factories.make_transaction(account, category_override=kept) for kept in ("", "Frete", "Outros")]
    client.force_login(cast.ana)
    data = {"do": "categorise", "category": "Aluguel", "ids": [row.pk for row in rows]}
    (said,) = client.post(bulk_url("aurora"), data, follow=True).context["messages"]
    assert set(
        Transaction.objects.filter(pk__in=data["ids"]).values_list("category_override", flat=True)
    ) == {"Aluguel"}
    Transaction.objects.filter(pk=rows[2].pk).update(category_override="Depois")
    client.force_login(cast.carla)
    assert client.post(said.extra_tags).status_code == 404
    client.force_login(cast.bruno)
    assert client.post(said.extra_tags).status_code == 403
    client.force_login(cast.ana)
    answer = client.post(said.extra_tags, headers={"HX-Request": "true"})
    assert (answer.status_code, "record-saved" in json.loads(answer["HX-Trigger"])) == (204, True)
    kept = dict(Transaction.objects.filter(pk__in=data["ids"]).values_list("pk", "category_override"))
    assert [kept[row.pk] for row in rows] == ["", "Frete", "Depois"]
    back = AuditLog.objects.filter(action="undo").order_by("row_id")
    assert [(entry.before, entry.after) for entry in back] == [
        ({"category_override": "Aluguel"}, {"category_override": ""}),
        ({"category_override": "Aluguel"}, {"category_override": "Frete"}),
    ]
    again = client.post(said.extra_tags, follow=True).context["messages"]
    assert [message.level_tag for message in again] == ["warning"]
    assert AuditLog.objects.filter(action="undo").count() == 2


def test_a_colleague_cannot_take_back_what_another_person_did(client, cast: Cast, facts) -> None:
    row = factories.make_transaction(Transaction.objects.get().account)
    client.force_login(cast.ana)
    (said,) = client.post(bulk_url("aurora"), {"do": "ignore", "ids": [row.pk]}, follow=True).context[
        "messages"
    ]
    client.force_login(factories.make_member(cast.aurora))
    client.post(said.extra_tags)
    row.refresh_from_db()
    assert row.ignored


def test_a_request_named_like_no_address_still_changes_rows(client, cast: Cast, facts) -> None:
    row = factories.make_transaction(Transaction.objects.get().account)
    client.force_login(cast.ana)
    named = {"X-Request-ID": "a/b" * 40}
    assert (
        client.post(bulk_url("aurora"), {"do": "ignore", "ids": [row.pk]}, headers=named).status_code == 302
    )
    row.refresh_from_db()
    assert row.ignored


def test_lines_left_out_in_bulk_leave_the_totals_and_come_back(client, cast: Cast, facts) -> None:
    from kpi.models import Daily

    account = facts["transactions"].account
    ids = [factories.make_transaction(account, "10.00").pk for _ in range(3)]
    client.force_login(cast.ana)

    def counted() -> str:
        return str(Daily.objects.get(tenant=cast.aurora, day=DAY, type="CREDIT").flow_total)

    client.post(bulk_url("aurora"), {"do": "ignore", "ids": ids[:2]})
    assert (counted(), Transaction.objects.filter(ignored=True).count()) == ("10.00", 2)
    client.post(bulk_url("aurora"), {"do": "count", "ids": ids})
    assert (counted(), Transaction.objects.filter(ignored=True).count()) == ("30.00", 0)


def test_the_rows_of_another_company_stay_as_they_are(client, cast: Cast, facts) -> None:
    row = facts["transactions"]
    client.force_login(cast.carla)
    assert client.post(bulk_url("aurora"), {"do": "ignore", "ids": [row.pk]}).status_code == 404
    assert client.post(bulk_url("boreal"), {"do": "ignore", "ids": [row.pk]}).status_code == 302
    row.refresh_from_db()
    assert (row.ignored, row.edited_at) == (False, None)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("transactions", {"do": "delete", "ids": ["1"]}),
        ("transactions", {"do": "ignore", "ids": []}),
        ("transactions", {"do": "ignore", "ids": ["1;DROP", "²", "9" * 30]}),
        ("transactions", {"do": "ignore", "ids": [str(n) for n in range(501)]}),
        ("transactions", {"do": "categorise", "category": "x" * 81, "ids": ["1"]}),
        ("customers", {"do": "ignore", "ids": ["1"]}),
    ],
)
def test_what_a_bulk_bar_cannot_do_is_told_and_changes_nothing(client, cast: Cast, facts, name, data) -> None:
    client.force_login(cast.ana)
    page = client.post(bulk_url("aurora", name), data, follow=True)
    assert next(message.level_tag for message in page.context["messages"]) in {"warning", "error"}
    assert not Transaction.objects.filter(edited_at__isnull=False).exists()


def test_who_only_reads_gets_no_boxes_and_no_bulk(client, cast: Cast, facts) -> None:
    client.force_login(cast.bruno)
    html = client.get(reverse("ledger:transactions", kwargs={"slug": "aurora"}) + f"?{SPAN}").content.decode()
    assert "data-select" not in html
    assert client.post(bulk_url("aurora"), {"do": "ignore", "ids": [1]}).status_code == 403


def test_the_totals_row_and_the_line_above_say_the_same(client, cast: Cast, facts) -> None:
    factories.make_transaction(facts["transactions"].account, "2000.00")
    client.force_login(cast.bruno)
    url = reverse("ledger:totals", kwargs={"slug": "aurora", "name": "transactions"})
    html = client.get(f"{url}?{SPAN}").content.decode()
    assert html.count("R$\xa0765,44") == 2
    assert 'id="total" hx-swap-oob="true"' in html


# --- saved views ------------------------------------------------------------------------------------------------------------
def save_view(client, slug: str = "aurora", *, query: str = "type=DEBIT&cursor=x", **data: str):
    """Save the list of transactions as it is."""
    url = reverse("ledger:save_view", kwargs={"slug": slug, "name": "transactions"})
    return client.post(f"{url}?{query}", {"name": "Saídas", **data}, follow=True)


def offered(client, slug: str = "aurora", name: str = "transactions") -> list[tuple[str, str, bool]]:
    """Return name, query and whether it may be deleted of every view that the page offers."""
    views = client.get(reverse(f"ledger:{name}", kwargs={"slug": slug})).context["saved"]["views"]
    return [(one["view"].name, one["view"].query, one["deletable"]) for one in views]


def test_a_view_keeps_the_filters_and_not_the_page(client, cast: Cast, facts) -> None:
    client.force_login(cast.ana)
    save_view(client)
    save_view(client, query="type=DEBIT&sort=-amount")
    assert offered(client) == [("Saídas", "type=DEBIT&sort=-amount", True)]
    assert offered(client, name="sales") == []
    page = client.get(reverse("ledger:transactions", kwargs={"slug": "aurora"}) + "?type=DEBIT&sort=-amount")
    assert page.context["saved"]["open"].name == "Saídas"


def test_a_view_is_its_owners_unless_shared_with_the_company(client, cast: Cast, facts) -> None:
    client.force_login(cast.ana)
    save_view(client, name="Só minha")
    save_view(client, name="De todos", shared="on")
    client.force_login(cast.bruno)
    assert offered(client) == [("De todos", "type=DEBIT", False)]
    client.force_login(cast.carla)
    assert offered(client, "boreal") == []


def test_sharing_and_deleting_what_is_shared_need_the_right_to_write(client, cast: Cast, facts) -> None:
    from ledger.models import SavedView
    from tenants.models import AuditLog

    client.force_login(cast.ana)
    save_view(client, shared="on")
    view = SavedView.objects.get()
    url = reverse("ledger:delete_view", kwargs={"slug": "aurora", "name": "transactions", "pk": view.pk})
    client.force_login(cast.bruno)
    assert save_view(client, shared="on").status_code == 403
    assert client.post(url).status_code == 404
    save_view(client)
    assert SavedView.objects.filter(user=cast.bruno, shared=False).count() == 1
    client.force_login(cast.carla)
    assert client.post(url.replace("aurora", "boreal")).status_code == 404
    client.force_login(cast.ana)
    assert client.post(url).status_code == 302
    assert not SavedView.objects.filter(user=cast.ana).exists()
    assert AuditLog.objects.filter(table="ledger_savedview").count() == 2


@pytest.mark.parametrize("data", [{"name": " "}, {"name": "x" * 61}, {"query": "q=" + "x" * 1000}])
def test_a_view_that_does_not_fit_is_told_and_not_kept(
    client, cast: Cast, facts, data: dict[str, str]
) -> None:
    from ledger.models import SavedView

    client.force_login(cast.ana)
    page = save_view(client, **{"query": "type=DEBIT", **data})
    assert [message.level_tag for message in page.context["messages"]] == ["error"]
    assert not SavedView.objects.exists()


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
    client.post(bulk_url("aurora"), {"do": "ignore", "ids": [row.pk]})
    cache.forget_generations()
    assert total() == [(2, Decimal("-1239.56"))]
    assert total("&status=counted") == [(1, Decimal("-1234.56"))]
    client.force_login(cast.carla)
    assert client.get(f"{url}?{SPAN}").status_code == 404
