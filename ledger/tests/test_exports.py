"""What is filtered, as a file: exact, harmless, for whom asked."""

import io
import re
from typing import Any

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from ledger import exports, lists, spreadsheets
from ledger.models import Export
from tests import factories
from tests.cast import Cast
from tests.factories import DAY

SPAN = f"from={DAY}&to={DAY}"


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


def test_an_xlsx_tells_how_far_it_is(client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    account = factories.make_account(cast.aurora)
    for cents in range(5):
        factories.make_transaction(account, f"-1.0{cents}")
    client.force_login(cast.ana)
    address = client.post(
        reverse("ledger:xlsx", kwargs={"slug": "aurora", "name": "transactions"}) + f"?{SPAN}"
    ).url
    monkeypatch.setattr(spreadsheets, "BATCH", 2)
    told: list[tuple[int, int, str]] = []
    cell = spreadsheets._cell

    def looked_at_on_the_way(sheet: Any, value: Any) -> Any:
        page = client.get(address).content.decode()
        job = Export.objects.get()
        shown = re.search(r'<progress[^>]*value="(\d+)"[^>]*max="(\d+)"', page)
        assert shown is not None
        assert f'hx-get="{address}"' in page, "the page asks on by itself"
        told.append((job.rows_done, int(shown[1]), shown[2]))
        return cell(sheet, value)

    monkeypatch.setattr(spreadsheets, "_cell", looked_at_on_the_way)
    exports.run_waiting()
    assert sorted(set(told)) == [(0, 0, "5"), (2, 2, "5"), (4, 4, "5")]
    page = client.get(address).content.decode()
    assert "hx-trigger" not in page.partition('id="export"')[2].partition(">")[0]
    assert reverse("ledger:export_download", kwargs={"slug": "aurora", "pk": Export.objects.get().pk}) in page


def test_a_person_waits_for_three_files_at_most(client, cast: Cast, facts) -> None:
    client.force_login(cast.bruno)
    urls = [reverse("ledger:xlsx", kwargs={"slug": "aurora", "name": name}) for name in lists.LISTS]
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
