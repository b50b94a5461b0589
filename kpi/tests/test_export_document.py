"""The PDF, read back: what is on it can be searched, and what people wrote stays what they wrote."""

import io
import re

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from kpi.exports.document import pdf
from kpi.tests import exported


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


def test_a_table_of_many_rows_says_how_many_are_left() -> None:
    with translation.override("pt-br"):
        text = read(pdf([exported.ranking(50)], exported.about()))
    assert "e mais 30 linhas na planilha" in text


def test_a_board_without_tiles_says_so() -> None:
    with translation.override("pt-br"):
        assert "Este painel ainda não tem blocos." in read(pdf([], exported.about()))


@settings(max_examples=15)
@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=200))
def test_any_name_becomes_a_document(board: str, company: str) -> None:
    made = pdf([exported.number(1, "revenue", "1.00", title=board)], exported.about(board, company))
    assert made.startswith(b"%PDF-")
