"""What GestãoClick's records mean, quirk by quirk."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ledger.drafts import CustomerDraft, OpenItemDraft, ProductDraft, SaleDraft
from sync.providers.base import Record, Unreadable
from sync.providers.gestaoclick import mapper
from sync.providers.gestaoclick.tests import samples

D = Decimal


def to_sale(kind: str = "produto", **changes: Any) -> SaleDraft:
    (draft,) = mapper.map_sale(Record("sale", f"{kind}:885501", samples.sale(**changes)), samples.CONTEXT)
    assert isinstance(draft, SaleDraft)
    return draft


def to_receivable(**changes: Any) -> OpenItemDraft:
    (draft,) = mapper.map_receivable(
        Record("receivable", "recebimento:771200", samples.title(**changes)), samples.CONTEXT
    )
    assert isinstance(draft, OpenItemDraft)
    return draft


def to_payable(**changes: Any) -> OpenItemDraft:
    supplier = {
        "cliente_id": None,
        "nome_cliente": None,
        "entidade": "F",
        "fornecedor_id": "901",
        "nome_fornecedor": "Papelaria União Ltda",
    }
    row = samples.title(**{"descricao": "Compra de nº 311 NF 20728 (2/3)", **supplier, **changes})
    (draft,) = mapper.map_payable(Record("payable", "pagamento:771200", row), samples.CONTEXT)
    assert isinstance(draft, OpenItemDraft)
    return draft


def to_customer(**changes: Any) -> CustomerDraft:
    (draft,) = mapper.map_customer(Record("customer", "33120", samples.customer(**changes)), samples.CONTEXT)
    assert isinstance(draft, CustomerDraft)
    return draft


def to_product(**changes: Any) -> ProductDraft:
    (draft,) = mapper.map_product(
        Record("product", "produto:501", samples.product(**changes)), samples.CONTEXT
    )
    assert isinstance(draft, ProductDraft)
    return draft


def test_a_sale_with_its_lines() -> None:
    draft = to_sale()
    assert (draft.external_id, draft.kind, draft.number, draft.date) == (
        "produto:885501",
        "product",
        "1042",
        date(2026, 7, 14),
    )
    assert (draft.total, draft.discount, draft.freight, draft.cost) == (
        D("1250.00"),
        D("50.00"),
        D("0.00"),
        D("800.00"),
    )
    assert (draft.customer_external_id, draft.customer_name) == ("33120", "Maria Souza")
    assert (draft.status, draft.is_cancelled, draft.seller, draft.store, draft.channel) == (
        "Concretizada",
        False,
        "Ana",
        "Matriz",
        "Presencial",
    )
    assert (draft.payment, draft.instalments) == ("PIX", 1)
    (line,) = draft.items
    assert (line.product_external_id, line.kind, line.name, line.unit) == (
        "produto:501",
        "goods",
        "Filtro X",
        "UN",
    )
    assert (line.quantity, line.unit_price, line.unit_cost) == (
        D("2.000000"),
        D("650.000000"),
        D("400.000000"),
    )
    assert (line.discount, line.total) == (D("50.00"), D("1250.00"))


@pytest.mark.parametrize(
    ("kind", "ours"), [("produto", "product"), ("servico", "service"), ("vendas_balcao", "counter")]
)
def test_the_kind_of_a_sale_comes_from_the_listing_that_was_asked(kind: str, ours: str) -> None:
    draft = to_sale(kind)
    assert (draft.kind, draft.external_id) == (ours, f"{kind}:885501")


def test_numbers_arrive_as_text_ints_or_empty_text() -> None:
    draft = to_sale(
        valor_total=1250,
        valor_frete="",
        valor_custo="",
        desconto_valor=D("12.5"),
        cliente_id=33120,
        codigo=1042,
    )
    assert (draft.total, draft.freight, draft.cost, draft.discount) == (D("1250.00"), D(0), None, D("12.50"))
    assert (draft.customer_external_id, draft.number) == ("33120", "1042")


@pytest.mark.parametrize("value", ["", None, "a combinar", "1.250,00", "NaN", 12.5, "99999999999999999999"])
def test_a_total_that_cannot_be_read_is_unreadable_and_never_zero(value: Any) -> None:
    with pytest.raises(Unreadable, match="valor_total"):
        to_sale(valor_total=value)


@pytest.mark.parametrize("value", ["", None, "14/07/2026", "2026-02-30"])
def test_a_sale_without_a_readable_day_is_unreadable(value: Any) -> None:
    with pytest.raises(Unreadable, match="data"):
        to_sale(data=value)


def test_members_arrive_wrapped_or_bare() -> None:
    wrapped = to_sale(servicos=[{"servico": samples.service_line()}])
    bare = to_sale(
        produtos=[samples.product_line()],
        servicos=[samples.service_line()],
        pagamentos=[{"data_vencimento": "2026-07-14", "valor": "1250.00", "nome_forma_pagamento": "PIX"}],
    )
    assert wrapped == bare
    assert [item.product_external_id for item in bare.items] == ["produto:501", "servico:61"]


def test_an_array_with_gaps_that_php_wrote_as_an_object_is_read() -> None:
    assert (
        to_sale(produtos={"0": {"produto": samples.product_line()}, "2": {"produto": samples.product_line()}})
        .items[1]
        .name
        == "Filtro X"
    )


def test_a_service_line_with_a_percentage_as_its_discount() -> None:
    (line,) = to_sale("servico", produtos=[], servicos=[{"servico": samples.service_line()}]).items
    assert (line.kind, line.product_external_id, line.name) == ("service", "servico:61", "Instalação")
    assert (line.unit_price, line.discount, line.total) == (D("100.000000"), D("10.00"), D("90.00"))


def test_a_line_of_unknown_product_keeps_its_name_and_a_line_without_total_is_computed() -> None:
    (line,) = to_sale(produtos=[{"produto": samples.product_line(produto_id="0", valor_total="")}]).items
    assert (line.product_external_id, line.name, line.total) == (None, "Filtro X", D("1250.00"))


def test_a_line_without_quantity_makes_the_sale_unreadable() -> None:
    with pytest.raises(Unreadable, match="quantity"):
        to_sale(produtos=[{"produto": samples.product_line(quantidade="")}])


def test_a_percentage_of_the_sale_becomes_its_discount() -> None:
    assert to_sale(desconto_valor="", desconto_porcentagem="10.00").discount == D("130.00")


@pytest.mark.parametrize(
    ("situation", "cancelled"),
    [("Cancelada", True), ("CANCELADO", True), ("Venda anulada", True), ("Estornada", True), ("Concretizada", False), ("Não cancelada", False), ("", False)],
)  # fmt: skip
def test_cancelled_is_told_by_the_companys_own_name(situation: str, cancelled: bool) -> None:
    assert to_sale(nome_situacao=situation).is_cancelled is cancelled


def test_planned_instalments_count_and_their_forms_are_joined() -> None:
    parts = [
        {"pagamento": {"valor": "600.00", "nome_forma_pagamento": form}}
        for form in ("PIX", "Cartão", "Cartão")
    ]
    assert (to_sale(pagamentos=parts).instalments, to_sale(pagamentos=parts).payment) == (3, "PIX, Cartão")
    assert to_sale(pagamentos=[], numero_parcelas="6").instalments == 6
    assert to_sale(pagamentos=None, numero_parcelas="").instalments == 1


def test_texts_are_cut_to_their_columns() -> None:
    draft = to_sale(
        nome_cliente="M" * 400, nome_situacao="S" * 400, codigo="9" * 400, nome_vendedor="V\x00" * 200
    )
    assert (len(draft.customer_name), len(draft.status), len(draft.number)) == (160, 60, 40)
    assert "\x00" not in draft.seller


def test_a_receivable() -> None:
    draft = to_receivable()
    assert (draft.external_id, draft.direction, draft.status) == ("recebimento:771200", "receivable", "open")
    assert (draft.amount, draft.open_amount, draft.paid_amount, draft.paid_date) == (
        D("1250.00"),
        D("1250.00"),
        D(0),
        None,
    )
    assert (draft.due_date, draft.issue_date) == (date(2026, 7, 14), None)
    assert (draft.customer_external_id, draft.counterparty_name, draft.sale_number) == (
        "33120",
        "Maria Souza",
        "1042",
    )
    assert (draft.number, draft.category, draft.account_name, draft.payment_method) == (
        "3055",
        "Vendas",
        "Itaú PJ",
        "PIX",
    )


def test_a_settled_receivable_is_worth_its_net_amount() -> None:
    draft = to_receivable(
        juros="10.00", desconto="5.00", taxa_banco="2.00", taxa_operadora="30.50", valor_total="1222.50", liquidado="1", data_liquidacao="2026-07-20"
    )  # fmt: skip
    assert (draft.status, draft.paid_date, draft.paid_amount, draft.open_amount) == (
        "paid",
        date(2026, 7, 20),
        D("1222.50"),
        D(0),
    )
    assert (draft.interest, draft.discount, draft.fee) == (D("10.00"), D("5.00"), D("32.50"))
    assert draft.amount + draft.interest - draft.discount - draft.fee == draft.paid_amount


def test_a_missing_net_amount_is_computed_from_its_parts() -> None:
    draft = to_receivable(
        valor_total="", juros="10.00", taxa_banco="2.00", liquidado="1", data_liquidacao="2026-07-20"
    )
    assert draft.paid_amount == D("1258.00")


def test_a_payable_is_negative_throughout() -> None:
    draft = to_payable(juros="10.00", valor_total="1260.00", liquidado="1", data_liquidacao="2026-07-20")
    assert (draft.direction, draft.external_id) == ("payable", "pagamento:771200")
    assert (draft.amount, draft.interest, draft.paid_amount, draft.open_amount) == (
        D("-1250.00"),
        D("-10.00"),
        D("-1260.00"),
        D(0),
    )
    assert (draft.customer_external_id, draft.counterparty_name, draft.sale_number) == (
        None,
        "Papelaria União Ltda",
        "",
    )
    assert (draft.instalment, draft.instalments) == (2, 3)


@pytest.mark.parametrize(
    ("flag", "day", "settled"),
    [("1", "2026-07-20", True), (1, "2026-07-20", True), ("Sim", "2026-07-20", True), (True, None, True), ("0", None, False), (0, None, False),
     ("Não", None, False), ("nao", None, False), ("", None, False), (None, None, False), ("", "2026-07-20", True), (None, "0000-00-00", False)],
)  # fmt: skip
def test_liquidado_is_written_in_many_ways(flag: Any, day: Any, settled: bool) -> None:
    assert (to_receivable(liquidado=flag, data_liquidacao=day).status == "paid") is settled


def test_a_flag_that_is_neither_yes_nor_no_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="liquidado"):
        to_receivable(liquidado="talvez")


def test_a_negative_face_value_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="negative"):
        to_receivable(valor="-1.00")


@pytest.mark.parametrize(
    ("entity", "filled", "name"),
    [("C", "fornecedor", "Papelaria"), ("F", "funcionario", "Ana"), ("X", "transportadora", "Rápido")],
)
def test_the_party_is_told_by_the_filled_id_and_not_by_its_letter(
    entity: str, filled: str, name: str
) -> None:
    draft = to_receivable(
        **{
            "entidade": entity,
            "cliente_id": "0",
            "nome_cliente": "",
            f"{filled}_id": "17",
            f"nome_{filled}": name,
        }
    )
    assert (draft.customer_external_id, draft.counterparty_name, draft.details["party"]) == (
        None,
        name,
        filled,
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [("Venda de nº 1042", "1042"), ("Venda de balcão de nº 77 (2/6)", "77"), ("VENDA DE SERVIÇO DE Nº 5", "5"), ("Venda nº. 12", "12"),
     ("Compra de nº 311", ""), ("Ordem de serviço de nº 55", ""), ("Recebimento CIELO VISA crédito vendas de 14/07/2026", ""), ("", "")],
)  # fmt: skip
def test_the_sale_is_named_in_words_only(text: str, number: str) -> None:
    assert to_receivable(descricao=text).sale_number == number


def test_a_sale_number_is_not_read_from_a_payable() -> None:
    assert to_payable(descricao="Comissão da Venda de nº 1042").sale_number == ""


def test_stamps_are_local_time_without_offset() -> None:
    assert to_receivable().details == {
        "party": "cliente", "accrual_date": "2026-07-13", "bank_account_id": "2", "modified_at": "2026-07-14T10:11:12-03:00",
    }  # fmt: skip
    assert to_customer().registered_at == datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


def test_a_cancelled_title_is_open_no_more() -> None:
    draft = to_receivable(nome_situacao="Cancelado")
    assert (draft.status, draft.open_amount) == ("cancelled", D(0))


def test_a_title_without_due_date_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="data_vencimento"):
        to_receivable(data_vencimento="")


def test_a_person() -> None:
    draft = to_customer()
    assert (draft.external_id, draft.kind, draft.name, draft.document) == (
        "33120",
        "person",
        "Maria Souza",
        "11144477735",
    )
    assert (draft.phone, draft.email, draft.city, draft.state, draft.is_active) == (
        "(41) 99999-0000",
        "maria@exemplo.com.br",
        "Curitiba",
        "PR",
        True,
    )


def test_a_company_with_an_alphanumeric_cnpj_and_a_bare_address() -> None:
    draft = to_customer(
        tipo_pessoa="PJ", cpf="", cnpj="12.ABC.345/01DE-35", razao_social="Papelaria União Ltda", celular="", telefone="(41) 3333-0000", ativo="0",
        enderecos=[{"nome_cidade": "Londrina", "estado": "Paraná"}],
    )  # fmt: skip
    assert (draft.kind, draft.document, draft.legal_name) == (
        "company",
        "12ABC34501DE35",
        "Papelaria União Ltda",
    )
    assert (draft.phone, draft.city, draft.state, draft.is_active) == (
        "(41) 3333-0000",
        "Londrina",
        "",
        False,
    )


def test_a_document_with_wrong_digits_is_not_kept_and_a_nameless_customer_is_unreadable() -> None:
    assert to_customer(cpf="111.111.111-11").document == ""
    with pytest.raises(Unreadable, match="nome"):
        to_customer(nome=" ", razao_social=None)


def test_a_product_with_four_decimals() -> None:
    draft = to_product()
    assert (draft.external_id, draft.kind, draft.code, draft.barcode, draft.group) == (
        "produto:501",
        "goods",
        "P00501",
        "7890001112223",
        "Filtros",
    )
    assert (draft.price, draft.cost, draft.stock, draft.is_active) == (
        D("650.000000"),
        D("80.000000"),
        D("12.000000"),
        True,
    )


def test_what_a_product_does_not_say_is_unknown() -> None:
    draft = to_product(valor_custo="", valor_venda="", valores=[], estoque=None, ativo="")
    assert (draft.price, draft.cost, draft.stock, draft.is_active) == (None, None, None, True)
    assert to_product(valor_venda="").price == D("640.000000")
