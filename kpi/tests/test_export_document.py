"""The PDF, read back: what is on it can be searched, and what people wrote stays what they wrote."""

import io
import re
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from kpi.exports.document import pdf
from kpi.tests import exported
from lib import formats


def read(content: bytes) -> str:
    """Return the text of all pages with plain blanks."""
    pages = PdfReader(io.BytesIO(content)).pages
    return "\n".join(re.sub(r"[ \xa0\u202f]+", " ", page.extract_text()) for page in pages)


@pytest.fixture(scope="module")
def written() -> bytes:
    """Return the whole board in Portuguese."""
    with translation.override("pt-br"):
        return pdf(exported.board(), exported.about())


def test_every_page_lies_and_says_whose_it_is_and_which(written: bytes) -> None:
    reader = PdfReader(io.BytesIO(written))
    count = len(reader.pages)
    for n, page in enumerate(reader.pages, start=1):
        assert [round(float(side)) for side in page.mediabox[2:]] == [842, 595]
        text = page.extract_text()
        assert "Clínica Aurora" in text
        assert f"Página {n} de {count}" in text
        assert "Números de 22/11/2026 13h30" in text
    assert reader.metadata is not None
    assert reader.metadata.title == "Visão do mês · Clínica Aurora"


def test_its_numbers_pictures_and_tables_are_real_text(written: bytes) -> None:
    text = read(written)
    for expected in (
        "Visão do mês", "comparado com 01/10/2026 a 22/10/2026", "R$ 112.340,00", "−13,7%", "R$ 130.200,00", "+R$ 18,1 mil",
        "Vendas 12% acima", "Recebido", "R$ 102,50", "12,5%", "Nenhuma meta para este mês.", "Ração", "19 nov",
    ):  # fmt: skip
        assert expected in text, expected


def test_names_are_printed_letter_by_letter(written: bytes) -> None:
    squeezed = re.sub(r"\s", "", read(written))
    for name in exported.HOSTILE[:-1]:
        assert re.sub(r"\s", "", name) in squeezed, name


def test_it_brings_its_type_and_runs_nothing(written: bytes) -> None:
    assert b"/FontFile" in written
    assert not re.search(rb"/(JavaScript|JS|Launch|EmbeddedFile)\b", written)
    assert b"Inter" in written


def test_a_long_table_goes_on_over_pages_under_its_own_head() -> None:
    with translation.override("pt-br"):
        written = pdf([exported.ranking(120)], exported.about())
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(written)).pages]
    assert len(pages) > 2
    assert all("=Produto" in page for page in pages)
    text = read(written)
    figures = [formats.money(Decimal("10.25") * n, "BRL", "pt_BR").replace("\xa0", " ") for n in range(120)]
    assert [one for one in figures if one not in text] == []
    assert "planilha" not in text


def test_a_table_that_is_cut_says_how_many_rows_there_are_and_where() -> None:
    with translation.override("pt-br"):
        text = read(pdf([exported.ranking(1_234)], exported.about()))
    assert "As primeiras 200 de 1.234 linhas; a planilha tem todas." in text
    assert "R$ 2.039,75" in text  # the 200th
    assert "R$ 2.050,00" not in text


def test_a_board_without_tiles_says_so() -> None:
    with translation.override("pt-br"):
        assert "Este painel ainda não tem blocos." in read(pdf([], exported.about()))


@settings(max_examples=15)
@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=200))
def test_any_name_becomes_a_document(board: str, company: str) -> None:
    made = pdf([exported.number(1, "revenue", "1.00", title=board)], exported.about(board, company))
    assert made.startswith(b"%PDF-")
