"""GestãoClick records to drafts. Upstream amounts are unsigned text with a dot; the endpoint gives the direction.

Ids of upstream are unique within a resource only, so what shares a table of the ledger carries its resource in the external id:
`produto:501` and `servico:61` (products), `produto:885501`, `servico:…`, `vendas_balcao:…` (sales), `recebimento:…`, `pagamento:…`.
"""

import re
from decimal import Decimal
from typing import Any, Literal

from ledger.drafts import ZERO, CustomerDraft, Draft, OpenItemDraft, ProductDraft, SaleDraft, SaleItemDraft
from lib.documents import valid_or_blank
from lib.money import MoneyError, cents
from lib.text import fold
from sync.providers import payload as read
from sync.providers.base import Context, Record, Unreadable
from sync.providers.instalments import instalment_in
from sync.providers.payload import Payload

# The only link from a title to its sale is its text: "Venda de nº 1042", "Venda de balcão de nº 1042 (2/6)". Not "Compra de nº 311".
_SALE_NUMBER = re.compile(r"\bvenda\b[^\d()]{0,40}?\bn[º°o.]*\s*(\d{1,18})(?![\d.,/-]*\d)", re.IGNORECASE)
_CANCELLED = re.compile(r"(?<!nao )\b(?:cancelad|anulad|estornad)[ao]s?\b")
_SALE_KINDS = {"produto": "product", "servico": "service", "vendas_balcao": "counter"}
_CUSTOMER_KINDS = {"PJ": "company", "ES": "foreign"}
# Who stands behind a title. `entidade` is read differently by different sources, so the filled id decides.
_PARTIES = ("cliente", "fornecedor", "funcionario", "transportadora")
_MOST_INSTALMENTS = 32_767

Direction = Literal["receivable", "payable"]


def is_cancelled(situation: str) -> bool:
    """Return whether the company's own name of a situation says that the document does not count ("Cancelada", "Venda anulada")."""
    return bool(_CANCELLED.search(fold(situation)))


def sale_number_in(description: str) -> str:
    """Return the number of the sale that the text of a receivable names, or ""."""
    match = _SALE_NUMBER.search(description)
    return match[1] if match else ""


def map_customer(record: Record, context: Context) -> tuple[Draft, ...]:
    """Return the customer."""
    row = record.payload
    name = read.text(row, "nome", 160) or read.text(row, "razao_social", 160)
    if not name:
        raise Unreadable("nome is empty")
    address = next(iter(read.members(row, "enderecos", "endereco")), {})
    state = read.text(address, "estado", 20).upper()
    return (
        CustomerDraft(
            external_id=record.external_id,
            kind=_CUSTOMER_KINDS.get(read.text(row, "tipo_pessoa", 2).upper(), "person"),
            name=name,
            legal_name=read.text(row, "razao_social", 160),
            document=valid_or_blank(row.get("cnpj")) or valid_or_blank(row.get("cpf")),
            email=read.text(row, "email", 254),
            phone=read.text(row, "celular", 40) or read.text(row, "telefone", 40),
            city=read.text(address, "nome_cidade", 80),
            state=state if len(state) == 2 else "",
            is_active=read.flag(row, "ativo") is not False,
            registered_at=read.local_instant(row, "cadastrado_em", context.zone),
        ),
    )


def map_product(record: Record, context: Context) -> tuple[Draft, ...]:
    """Return the product. A price that the product itself does not state is taken from its first price table."""
    row = record.payload
    name = read.text(row, "nome", 200)
    if not name:
        raise Unreadable("nome is empty")
    table = next(iter(read.members(row, "valores", "valor")), {})
    price, cost = read.unit_number(row, "valor_venda"), read.unit_number(row, "valor_custo")
    return (
        ProductDraft(
            external_id=record.external_id,
            kind="goods",
            code=read.text(row, "codigo_interno", 60),
            barcode=read.text(row, "codigo_barra", 60),
            name=name,
            group=read.text(row, "nome_grupo", 120),
            unit=read.text(row, "sigla_unidade", 12),
            price=price if price is not None else read.unit_number(table, "valor_venda"),
            cost=cost if cost is not None else read.unit_number(table, "valor_custo"),
            stock=read.unit_number(row, "estoque"),
            is_active=read.flag(row, "ativo") is not False,
        ),
    )


def map_sale(record: Record, context: Context) -> tuple[Draft, ...]:
    """Return the sale with its lines: products first, then services, as upstream orders them."""
    row, kind = record.payload, record.external_id.partition(":")[0]
    goods = [_item(line, "produto", "goods") for line in read.members(row, "produtos", "produto")]
    services = [_item(line, "servico", "service") for line in read.members(row, "servicos", "servico")]
    planned = read.members(row, "pagamentos", "pagamento")
    forms = dict.fromkeys(read.text(part, "nome_forma_pagamento", 60) for part in planned)
    status = read.text(row, "nome_situacao", 60)
    return (
        SaleDraft(
            external_id=record.external_id,
            kind=_SALE_KINDS.get(kind, "product"),
            number=read.text(row, "codigo", 40),
            date=read.required_day(row, "data"),
            customer_external_id=read.identifier(row, "cliente_id") or None,
            customer_name=read.text(row, "nome_cliente", 160),
            status=status,
            is_cancelled=is_cancelled(status),
            total=read.required_money(row, "valor_total"),
            discount=_sale_discount(row),
            freight=read.money(row, "valor_frete") or ZERO,
            cost=read.money(row, "valor_custo"),
            currency=context.currency,
            seller=read.text(row, "nome_vendedor", 120),
            store=read.text(row, "nome_loja", 120),
            channel=read.text(row, "nome_canal_venda", 120),
            payment=", ".join(form for form in forms if form)[:120],
            instalments=_instalments(row, len(planned)),
            items=tuple(goods + services),
        ),
    )


def _item(line: Payload, resource: str, kind: str) -> SaleItemDraft:
    quantity, price = read.unit_number(line, "quantidade"), read.unit_number(line, "valor_venda")
    if quantity is None or price is None:
        raise Unreadable(f"a line of {resource}s has no quantity or price")
    discount = _line_discount(line, quantity * price)
    total = read.money(line, "valor_total")
    identity = read.identifier(line, f"{resource}_id")
    return SaleItemDraft(
        product_external_id=f"{resource}:{identity}" if identity else None,
        kind=kind,
        name=read.text(line, f"nome_{resource}", 200) or read.text(line, "nome", 200),
        unit=read.text(line, "sigla_unidade", 12),
        quantity=quantity,
        unit_price=price,
        unit_cost=read.unit_number(line, "valor_custo"),
        discount=discount,
        total=total if total is not None else _fit("valor_total", quantity * price - discount),
    )


def _line_discount(line: Payload, gross: Decimal) -> Decimal:
    """`tipo_desconto` says which of the two fields counts: "R$" the amount, "%" the percentage."""
    share = read.number(line, "desconto_porcentagem")
    if read.text(line, "tipo_desconto", 4) == "%" and share is not None:
        return _fit("desconto_porcentagem", gross * share / 100)
    return read.money(line, "desconto_valor") or ZERO


def _sale_discount(row: Payload) -> Decimal:
    amount, share = read.money(row, "desconto_valor"), read.number(row, "desconto_porcentagem")
    if amount or not share:
        return amount or ZERO
    gross = (read.number(row, "valor_produtos") or ZERO) + (read.number(row, "valor_servicos") or ZERO)
    return _fit("desconto_porcentagem", gross * share / 100)


def _fit(key: str, value: Decimal) -> Decimal:
    try:
        return cents(value)
    except MoneyError as error:
        raise Unreadable(f"{key}: {error}") from error


def _instalments(row: Payload, planned: int) -> int:
    """`pagamentos` are the planned instalments; a list that came without them falls back to the stated count."""
    if planned:
        return min(planned, _MOST_INSTALMENTS)
    stated = read.number(row, "numero_parcelas")
    return int(stated) if stated is not None and 1 <= stated <= _MOST_INSTALMENTS else 1


def map_receivable(record: Record, context: Context) -> tuple[Draft, ...]:
    """Return a title to receive: positive."""
    return (_open_item(record, context, "receivable"),)


def map_payable(record: Record, context: Context) -> tuple[Draft, ...]:
    """Return a title to pay: negative."""
    return (_open_item(record, context, "payable"),)


def _open_item(record: Record, context: Context, direction: Direction) -> OpenItemDraft:
    row, sign = record.payload, 1 if direction == "receivable" else -1
    description = read.text(row, "descricao", 255)
    number, whole = instalment_in(description) or (None, None)
    party = _party(row, direction)
    return OpenItemDraft(
        external_id=record.external_id,
        direction=direction,
        number=read.text(row, "codigo", 60),
        description=description,
        customer_external_id=read.identifier(row, "cliente_id") or None if party == "cliente" else None,
        counterparty_name=read.text(row, f"nome_{party}", 160) if party else "",
        sale_number=sale_number_in(description) if direction == "receivable" else "",
        instalment=number,
        instalments=whole,
        # Upstream has no emission date: `data_competencia` is the accrual date and `cadastrado_em` when somebody typed it in.
        issue_date=None,
        due_date=read.required_day(row, "data_vencimento"),
        currency=context.currency,
        payment_method=read.text(row, "nome_forma_pagamento", 60),
        category=read.text(row, "nome_plano_conta", 120),
        cost_center=read.text(row, "nome_centro_custo", 120),
        account_name=read.text(row, "nome_conta_bancaria", 120),
        store=read.text(row, "nome_loja", 120),
        details=_details(row, party, context),
        **_amounts(row, sign),
    )


def _party(row: Payload, direction: Direction) -> str:
    order = _PARTIES if direction == "receivable" else (_PARTIES[1], _PARTIES[0], *_PARTIES[2:])
    by_id = next((party for party in order if read.identifier(row, f"{party}_id")), "")
    return by_id or next((party for party in order if read.text(row, f"nome_{party}", 160)), "")


def _details(row: Payload, party: str, context: Context) -> dict[str, Any]:
    return read.known(
        party=party,
        accrual_date=read.day(row, "data_competencia"),
        bank_account_id=read.identifier(row, "conta_bancaria_id"),
        modified_at=read.local_instant(row, "modificado_em", context.zone),
    )


def _amounts(row: Payload, sign: int) -> dict[str, Any]:
    """Return the signed amounts and the state. Face + interest − discount − fee = net (`valor_total`), in either direction."""
    face = read.required_money(row, "valor")
    if face < 0:
        raise Unreadable(f"valor is negative: {face}")
    interest, discount = read.money(row, "juros") or ZERO, read.money(row, "desconto") or ZERO
    fee = (read.money(row, "taxa_banco") or ZERO) + (read.money(row, "taxa_operadora") or ZERO)
    net = read.money(row, "valor_total")
    settled = is_settled(row)
    cancelled = not settled and is_cancelled(read.text(row, "nome_situacao", 60))
    paid = (net if net is not None else face + interest - discount - fee) if settled else ZERO
    return {
        "status": "paid" if settled else "cancelled" if cancelled else "open",
        "paid_date": read.day(row, "data_liquidacao") if settled else None,
        "amount": sign * face,
        "interest": sign * interest,
        "discount": sign * discount,
        "fee": sign * fee,
        "paid_amount": sign * paid,
        "open_amount": ZERO if settled or cancelled else sign * face,
    }


def is_settled(row: Payload) -> bool:
    """Return whether a title is settled. Where `liquidado` is empty, a settlement date decides. Raises Unreadable."""
    settled = read.flag(row, "liquidado")
    return read.day(row, "data_liquidacao") is not None if settled is None else settled
