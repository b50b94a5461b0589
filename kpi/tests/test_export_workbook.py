"""The workbook, read back: numbers, days and ratios as such, text never a formula, names that Excel takes."""

import io
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from kpi.boards.records import Column, Content, Sheet
from kpi.exports.sheetnames import sheet_names
from kpi.exports.workbook import xlsx
from kpi.tests import exported

MONEY = "[$R$] #,##0.00;[Red]-[$R$] #,##0.00"


@pytest.fixture(scope="module")
def written() -> bytes:
    """Return the workbook of the whole board in Portuguese."""
    with translation.override("pt-br"):
        return xlsx(exported.board(), exported.about(board="=Painel"))


@pytest.fixture(scope="module")
def book(written: bytes) -> Workbook:
    """Return it as read back."""
    return load_workbook(io.BytesIO(written))


def plain(value: object) -> object:
    """Return a day as a day: the library reads every day as a moment."""
    return value.date() if isinstance(value, datetime) else value


def test_the_first_sheet_says_what_it_is_and_holds_the_numbers(book: Workbook) -> None:
    cover = book["Números"]
    assert [cover.cell(row, 1).value for row in range(1, 6)] == [
        "'=Painel", "Clínica Aurora", "01/11/2026 a 22/11/2026", "comparado com 01/10/2026 a 22/10/2026", "Números de 22/11/2026 13h30",
    ]  # fmt: skip
    rows = {cover.cell(row, 1).value: [cover.cell(row, n) for n in (2, 3, 4)] for row in range(8, 12)}
    value, before, moved = rows["Vendas"]
    assert (value.value, before.value) == (112340, 130200)
    assert moved.value == pytest.approx(-0.13717358)
    assert [one.number_format for one in (value, before, moved)] == [MONEY, MONEY, "0.0%"]
    turned = rows["Resultado"]
    assert (turned[2].value, turned[2].number_format) == (18060.45, MONEY)
    assert [one.value for one in rows["Saldo em caixa"]] == [184230.12, None, None]
    assert [one.value for one in rows["'=Vencido"]] == [None, None, None]


def test_days_months_money_and_ratios_keep_their_kind(book: Workbook) -> None:
    sales = book["Vendas 12% acima"]
    assert [plain(cell.value) for cell in sales[5]] == [date(2026, 11, 1), 1000, 900]
    assert [cell.number_format for cell in sales[5]] == ["dd/mm/yyyy", MONEY, MONEY]
    assert sales.freeze_panes == "A5"
    assert sales.max_row == 4 + 22
    flow = book["Caixa"]
    assert [plain(cell.value) for cell in flow[6]] == [date(2026, 9, 1), 1200, -1300.25, -100.25]
    assert flow["A6"].number_format == "[$-416]mmm yyyy"
    ranked = book["Produtos"]
    assert [ranked["B6"].value, ranked["C6"].value, ranked["C6"].number_format] == [10.25, 0.125, "0.0%"]
    assert ranked["C5"].value is None
    assert book["Metas"]["A2"].value == "Nenhuma meta para este mês."


def test_no_cell_of_any_sheet_is_a_formula(book: Workbook, written: bytes) -> None:
    kinds = {
        cell.data_type
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }
    assert kinds == {"s", "n", "d"}
    with zipfile.ZipFile(io.BytesIO(written)) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 7
        for name in sheets:
            assert not re.search(rb"<f[ >/]", parts.read(name)), name
    names = [row[0].value for row in book["Produtos"].iter_rows(min_row=5)]
    assert names[:5] == ["'=1+1", "'+55 11 9999", "'-2+3", "'@SUM(A1)", "'\t'=cmd|' /C calc'!A0"]
    assert names[-1] == "nome"
    assert book["Produtos"]["A4"].value == "'=Produto"


def test_charts_that_excel_draws_read_the_cells_beside_them(book: Workbook, written: bytes) -> None:
    drawn = {
        sheet.title: [type(chart).__name__ for chart in sheet._charts] for sheet in book if sheet._charts
    }
    assert drawn == {
        "Vendas 12% acima": ["LineChart"],
        "Caixa": ["BarChart"],
        "Vendas por grupo": ["DoughnutChart"],
    }
    with zipfile.ZipFile(io.BytesIO(written)) as parts:
        told = parts.read("xl/charts/chart1.xml").decode()
    assert re.findall(r"<(?:c:)?f>([^<]+)<", told) == [
        "'Vendas 12% acima'!B4", "'Vendas 12% acima'!$A$5:$A$26", "'Vendas 12% acima'!$B$5:$B$26",
        "'Vendas 12% acima'!C4", "'Vendas 12% acima'!$A$5:$A$26", "'Vendas 12% acima'!$C$5:$C$26",
    ]  # fmt: skip
    assert book["Dia e hora"].conditional_formatting


def test_the_cover_leads_to_every_sheet(book: Workbook) -> None:
    links = [cell.hyperlink.location for row in book["Números"].iter_rows() for cell in row if cell.hyperlink]
    assert links == [f"'{name}'!A1" for name in book.sheetnames[1:]]


def test_a_sheet_is_named_in_whole_words_and_no_amount_loses_its_thousands() -> None:
    titles = [
        "Vendas: 66% da meta de R$\xa0602\xa0mil",
        "Vendas por produto: só Ração Premium",
        "Vendas por produto: só Ração Seca",
        "x" * 40,
    ]
    assert sheet_names(titles) == ["Vendas 66% da meta", "Vendas por produto só Ração", "Vendas por produto só Ração (2)", "x" * 31]  # fmt: skip


def test_yen_have_no_cents_and_english_has_its_own_days() -> None:
    from dataclasses import replace

    with translation.override("en"):
        made = xlsx([exported.sales()], replace(exported.about(), currency="JPY", locale="en"))
    sheet = load_workbook(io.BytesIO(made))["Vendas 12% acima"]
    assert [sheet["A5"].number_format, sheet["B5"].number_format] == [
        "yyyy-mm-dd",
        "[$¥] #,##0;[Red]-[$¥] #,##0",
    ]


def test_an_empty_board_and_an_unknown_number_are_a_workbook_too() -> None:
    odd = Content(1, "", "", Sheet((Column("A", "text"), Column("B", "money")), (("x", Decimal("NaN")),)))
    book = load_workbook(io.BytesIO(xlsx([odd], exported.about())))
    assert book.worksheets[1]["B5"].value is None
    assert len(load_workbook(io.BytesIO(xlsx([], exported.about()))).sheetnames) == 1


@settings(max_examples=60)
@given(
    st.lists(
        st.text(max_size=45) | st.sampled_from(["Vendas", "VENDAS", "History", "'", "a/b:c", "x" * 40]),
        max_size=12,
    )
)
def test_every_sheet_has_a_name_that_excel_takes_and_no_two_the_same(titles: list[str]) -> None:
    names = sheet_names(titles, taken=["Números"])
    folded = [name.casefold() for name in [*names, "Números"]]
    assert len(set(folded)) == len(folded)
    for name in names:
        assert 1 <= len(name) <= 31
        assert not re.search(r"[\[\]:*?/\\\x00-\x1f]", name)
        assert not name.startswith("'")
        assert not name.endswith("'")
        assert name.casefold() != "history"
    assert [name for name, after in pairwise(names) if name == after] == []
