"""What the free text of a bank line gives away."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.providers.memo import Hints, document_in, hints, name_in, operation_of, plain
from sync.statements import read
from sync.tests.bankfiles import fixture


def told(text: str, **more: str) -> Hints:
    return hints(text, plain(text), **more)


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("PIX RECEBIDO MARIA SOUZA", "pix"),
        ("Transferência enviada pelo Pix - X", "pix"),
        ("TARIFA PIX", "fee"),
        ("TAR DOC/TED", "fee"),
        ("COBRANÇA DE I.O.F.", "fee"),
        ("IOF ADICIONAL - AUTOMATICO", "fee"),
        ("DÉBITO SERVIÇO COBRANÇA", "fee"),
        ("TARIFA REGISTRO TITULO", "fee"),
        ("RENTAB.INVEST FACILCRED*", "interest"),
        ("TED RECEBIDA 237 1234", "ted"),
        ("TED-CRÉDITO EM CONTA", "ted"),
        ("DOC ELETRONICO", "doc"),
        ("PAGTO DOC 12345", "other"),
        ("PAGAMENTO DE TÍTULO", "boleto"),
        ("PAGTO ELETRON COBRANCA LUZ", "boleto"),
        ("Pagamento de boleto efetuado - X", "boleto"),
        ("CHEQUE COMPENSADO", "check"),
        ("SAQUE NO TAA", "cash"),
        ("COMPRA COM CARTÃO", "card"),
        ("CARTAO VISA ELECTRON", "card"),
        ("TRANSFERÊNCIA ON LINE", "transfer"),
        ("PAGTO ELETRONICO TRIBUTO", "other"),
        ("", "other"),
    ],
)
def test_the_text_names_the_operation(text, operation):
    assert told(text).operation == operation


def test_the_type_is_asked_only_where_the_text_is_silent():
    assert operation_of("algo", "SRVCHG") == "fee"
    assert operation_of("algo", "xfer") == "transfer"
    assert operation_of("pix recebido", "FEE") == "pix"
    assert operation_of("algo", "CREDIT") == "other"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("PIX RECEBIDO MARIA SOUZA", "MARIA SOUZA"),
        ("Pix recebido - Maria de Souza", "Maria de Souza"),
        ("Pix recebido | Horizonte Eventos LTDA", "Horizonte Eventos LTDA"),
        ("PIX TRANSF  MARIA S17/08", "MARIA S"),
        ("PIX QRS UBER DO BRA", "UBER DO BRA"),
        ("Pix - Recebido - 02/07 14:32 00011144477735 JOANA PRADO LIMA", "JOANA PRADO LIMA"),
        ("TRANSFERENCIA PIX REM: CLINICA BOA VISTA LT 01/07", "CLINICA BOA VISTA LT"),
        ("TRANSFERENCIA PIX DES: Ana   Prado  01/07", "Ana Prado"),
        ('Pix enviado: "Cp :18236120-Oficina Dois Irmãos"', "Oficina Dois Irmãos"),
        (
            "Transferência recebida pelo Pix - JOÃO DE TESTE - •••.444.777-•• - BANCO X (0001) Agência: 1 Conta: 2",
            "JOÃO DE TESTE",
        ),
        ("TED RECEBIDA 237 1234 11222333000181 EMPRESA MODELO LTDA", "EMPRESA MODELO LTDA"),
        ("Transferência enviada pelo Pix - SILVA & FILHOS LTDA - 11.222.333/0001-81", "SILVA & FILHOS LTDA"),
        ("Pagamento de boleto efetuado - CONDOMINIO SOL", "CONDOMINIO SOL"),
        ("PIX RECEBIDO CPS1 TECNOLOGIA LTDA", "CPS1 TECNOLOGIA LTDA"),
        ("PIX RECEBIDO - OUTRA IF", ""),
        ("PAGAMENTO DE TÍTULO", ""),
        ("TED-CRÉDITO EM CONTA", ""),
        ("CRED PIX", ""),
        ("PIX ENVIADO 123456", ""),
    ],
)
def test_the_counterpartys_name_is_found_behind_the_banks_words(text, name):
    assert name_in(text) == name


def test_only_operations_with_a_counterparty_are_asked_for_a_name():
    assert told("COMPRA COM CARTÃO PADARIA DA VILA").name == ""


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("X 111.444.777-35", "11144477735"),
        ("X 11144477735", "11144477735"),
        ("X 00011144477735 Y", "11144477735"),
        ("X 11.222.333/0001-81", "11222333000181"),
        ("X 11222333000181", "11222333000181"),
        ("X 12.ABC.345/01DE-35", "12ABC34501DE35"),
        ("X ***.444.777-**", "***.444.777-**"),
        ("X •••.444.777-••", "***.444.777-**"),
        ("X **.222.333/0001-**", "**2223330001**"),
        ("X ***.444.777-** 11.222.333/0001-81", "11222333000181"),
        ("X 111.444.777-36", ""),
        ("X 111.111.111-11", ""),
        ("X 11222333000182", ""),
        ("X 9911144477735", ""),
        ("X", ""),
    ],
)
def test_documents_need_right_digits_or_a_mask(text, document):
    assert document_in(text, bare=True) == document


def test_digits_without_punctuation_count_only_where_a_counterparty_is_expected():
    assert told("PAGTO CONTA TELEFONE 11144477735").document == ""
    assert told("PIX RECEBIDO 11144477735").document == "11144477735"


def test_the_end_to_end_id_keeps_its_case_and_may_stand_in_the_references():
    e2e = "E18236120202607141432aB3dE6gH9kL"
    assert told(f"PIX RECEBIDO {e2e}").end_to_end_id == e2e
    assert told("PIX RECEBIDO", references=f" {e2e} 7").end_to_end_id == e2e
    for other in (e2e[:-1], e2e + "x", e2e.replace("E1", "e1", 1), "E3B0C44298FC1C149AFBF4C8996FB924"):
        assert told(f"PIX RECEBIDO {other}").end_to_end_id == ""


def test_hints_reach_the_lines():
    lines = read(fixture("digital.ofx"), "digital.ofx").lines
    assert [
        (line.operation, line.counterparty_name, line.counterparty_document, line.end_to_end_id)
        for line in lines
    ] == [
        ("pix", "JOÃO DE TESTE", "***.444.777-**", ""),
        ("pix", "SILVA & <FILHOS> LTDA", "11222333000181", "E18236120202607141432aB3dE6gH9kL"),
        ("boleto", "SOUZA &amp CIA é FIXO", "", ""),
        ("other", "", "", ""),
    ]


@given(st.text(max_size=300))
def test_any_text_has_hints(text):
    found = told(text)
    assert len(found.document) <= 14
    assert set(found.name.split()) <= {
        word.strip(".,;:\"'()-–") for word in re.sub(r"(\d\d/\d\d)", r" \1", text.replace("|", " ")).split()
    }
