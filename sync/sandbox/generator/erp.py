"""GestãoClick rows as JSON text: numbers as strings, members wrapped in one-key objects, local stamps without an offset."""

from datetime import date
from random import Random
from typing import Any

import orjson

from sync.sandbox.clock import local_text
from sync.sandbox.companies import CompanySpec
from sync.sandbox.generator.catalog import CHANNELS, PAYMENT_FORMS, PLANS, SITUATIONS, Product, Supplier
from sync.sandbox.generator.documents import punctuate
from sync.sandbox.generator.people import Person
from sync.sandbox.store import Row

SITUATION_IDS = {key: str(11 + index) for index, (key, _) in enumerate(SITUATIONS)}
SITUATION_NAMES = dict(SITUATIONS)
FORM_IDS = {key: str(6 + index) for index, (key, _, _) in enumerate(PAYMENT_FORMS)}
FORM_NAMES = {key: name for key, name, _ in PAYMENT_FORMS}
PLAN_IDS = {key: str(3 + index) for index, (key, _, _) in enumerate(PLANS)}
PLAN_NAMES = {key: name for key, name, _ in PLANS}
BANK_NAMES = {"341": "Itaú PJ", "237": "Bradesco PJ", "001": "Banco do Brasil", "077": "Banco Inter"}
ANYBODY_ID = 3


def money(cents: int) -> str:
    """Return cents as the API writes them: `1250.00`. Two decimals of an integer over 100 are exact far beyond any sum in here."""
    return f"{cents / 100:.2f}"


def money4(cents: int) -> str:
    """Return cents with four decimals, as products carry their costs."""
    return money(cents) + "00"


def make_row(
    company: str, resource: str, row_id: int, payload: dict[str, Any], *, kind: str = "", day: str = "", paid: str = "", created: str = "",
    status: str = "", owner: str = "", store: str = "", name: str = "", document: str = "",
) -> Row:  # fmt: skip
    """Return the row of a payload with the columns that filters act on."""
    return (
        company,
        resource,
        row_id,
        kind,
        day,
        paid,
        created,
        status,
        owner,
        store,
        name,
        document,
        orjson.dumps(payload),
    )


def customer_row(company: CompanySpec, person: Person, stamp: str) -> Row:
    """Return a customer."""
    street, number, district, zipcode = person.street.split("|")
    area = {"PR": "41", "RJ": "24", "SP": "11"}[company.state]
    payload: dict[str, Any] = {
        "id": str(person.id),
        "tipo_pessoa": "PJ" if person.is_firm else "PF",
        "nome": person.name,
        "razao_social": person.name if person.is_firm else "",
        "cnpj": punctuate(person.document) if person.is_firm else "",
        "cpf": "" if person.is_firm else punctuate(person.document),
        "rg": "",
        "inscricao_estadual": "",
        "telefone": "",
        "celular": f"({area}) {person.phone}",
        "email": f"contato{person.id}@exemplo.com.br" if person.id % 3 else "",
        "ativo": "0" if person.id % 61 == 0 else "1",
        "vendedor_id": None,
        "contatos": [],
        "enderecos": [
            {"endereco": {"cep": zipcode, "logradouro": street, "numero": number, "complemento": "", "bairro": district,
                          "cidade_id": "2877", "nome_cidade": company.city, "estado": company.state}}
        ],
        "cadastrado_em": stamp,
        "modificado_em": stamp,
    }  # fmt: skip
    return make_row(
        company.key, "clientes", person.id, payload, kind=payload["tipo_pessoa"], created=stamp[:10], day=stamp[:10],
        status=payload["ativo"], name=person.name, document=person.document,
    )  # fmt: skip


def product_row(company: str, product: Product, stamp: str) -> Row:
    """Return a product."""
    payload = {
        "id": str(product.id),
        "nome": product.name,
        "codigo_interno": f"P{product.id:05d}",
        "codigo_barra": product.barcode,
        "possui_variacao": "0",
        "possui_composicao": "0",
        "movimenta_estoque": "1",
        "peso": "",
        "ativo": "1",
        "grupo_id": str(product.group_id),
        "nome_grupo": product.group,
        "descricao": "",
        "estoque": str(product.id % 90),
        "valor_custo": money4(product.cost),
        "valor_venda": money(product.price),
        "valores": [{"tipo_id": "1", "nome_tipo": "Padrão", "lucro_utilizado": "", "valor_custo": money4(product.cost), "valor_venda": money(product.price)}],
        "variacoes": [],
        "fiscal": {"ncm": "", "cest": "", "peso_liquido": "", "peso_bruto": ""},
        "cadastrado_em": stamp,
        "modificado_em": stamp,
    }  # fmt: skip
    return make_row(
        company,
        "produtos",
        product.id,
        payload,
        created=stamp[:10],
        day=stamp[:10],
        status="1",
        owner=str(product.group_id),
        name=product.name,
    )


def sale_item(product: Product, quantity: int, discount: int, *, bare: bool) -> dict[str, Any]:
    """Return one line of a sale, wrapped in its one-key object unless `bare`."""
    wrapper, item = (
        _service_item(product, quantity, discount)
        if product.is_service
        else _product_item(product, quantity, discount)
    )
    return item if bare else {wrapper: item}


def _service_item(product: Product, quantity: int, discount: int) -> tuple[str, dict[str, Any]]:
    return "servico", {
        "id": str(product.id), "servico_id": str(product.id), "nome_servico": product.name, "detalhes": "", "sigla_unidade": product.unit,
        "quantidade": f"{quantity}.0000", "valor_custo": money4(product.cost), "valor_venda": money4(product.price), "tipo_desconto": "R$",
        "desconto_valor": money4(discount), "desconto_porcentagem": "0.0000", "valor_total": money(product.price * quantity - discount),
    }  # fmt: skip


def _product_item(product: Product, quantity: int, discount: int) -> tuple[str, dict[str, Any]]:
    return "produto", {
        "produto_id": product.id, "variacao_id": product.id + 376, "nome_produto": product.name, "detalhes": "", "movimenta_estoque": "1",
        "possui_variacao": "0", "sigla_unidade": product.unit, "quantidade": f"{quantity}.00", "tipo_valor_id": "1", "nome_tipo_valor": "Padrão",
        "valor_custo": money(product.cost), "valor_venda": money(product.price), "tipo_desconto": "R$", "desconto_valor": money(discount),
        "desconto_porcentagem": "0.00", "valor_total": money(product.price * quantity - discount),
    }  # fmt: skip


def sale_payload(rng: Random, company: CompanySpec, *, sale_id: int, code: int, kind: str, day: date, second: int, customer: Person | None,
                 seller: tuple[int, str], situation: str, store: int, channel: int, products: list[dict[str, Any]], services: list[dict[str, Any]],
                 products_cents: int, services_cents: int, cost: int, discount: int, freight: int,
                 instalments: list[tuple[date, int, str]]) -> dict[str, Any]:  # fmt: skip
    """Return a sale. Its total is products + services + freight − discount; `instalments` are (due, cents, form)."""
    total = products_cents + services_cents + freight - discount
    first_due, _, form = instalments[0]
    stamp = local_text(day, second)
    return {
        "id": str(sale_id), "codigo": str(code), "cliente_id": str(customer.id if customer else ANYBODY_ID),
        "nome_cliente": customer.name if customer else "Consumidor Final", "vendedor_id": str(seller[0]), "nome_vendedor": seller[1],
        "tecnico_id": None, "nome_tecnico": None, "data": day.isoformat(), "previsao_entrega": None,
        "situacao_id": SITUATION_IDS[situation], "nome_situacao": SITUATION_NAMES[situation],
        "valor_total": money(total), "valor_produtos": money(products_cents), "valor_servicos": money(services_cents), "valor_custo": money(cost),
        "valor_frete": money(freight) if freight or sale_id % 33 else "", "desconto_valor": money(discount), "desconto_porcentagem": "0.00",
        "condicao_pagamento": "a_vista" if len(instalments) == 1 and first_due == day else "parcelado",
        "numero_parcelas": str(len(instalments)), "intervalo_dias": "30" if len(instalments) > 1 else "0",
        "data_primeira_parcela": first_due.isoformat(), "forma_pagamento_id": FORM_IDS[form],
        "situacao_financeiro": "0" if situation == "cancelled" else "1", "situacao_estoque": "0" if situation == "cancelled" else "1",
        "centro_custo_id": "", "nome_centro_custo": "", "loja_id": str(store + 1), "nome_loja": company.stores[store],
        "nome_canal_venda": CHANNELS[channel], "transportadora_id": None, "nome_transportadora": None,
        "observacoes": "", "observacoes_interna": "", "nota_fiscal_id": str(sale_id + 9) if kind == "produto" else None,
        "hash": f"{rng.getrandbits(48):012x}", "cadastrado_em": stamp, "modificado_em": stamp,
        "pagamentos": [{"pagamento": _instalment(due, cents, key)} for due, cents, key in instalments],
        "produtos": products, "servicos": services, "equipamentos": [],
    }  # fmt: skip


def _instalment(due: date, cents: int, form: str) -> dict[str, str]:
    return {
        "data_vencimento": due.isoformat(), "valor": money(cents), "forma_pagamento_id": FORM_IDS[form], "nome_forma_pagamento": FORM_NAMES[form],
        "plano_contas_id": PLAN_IDS["sales"], "nome_plano_conta": PLAN_NAMES["sales"], "observacao": "",
    }  # fmt: skip


def sale_row(company: str, kind: str, payload: dict[str, Any]) -> Row:
    """Return a sale as a row."""
    return make_row(
        company, "vendas", int(payload["id"]), payload, kind=kind, day=payload["data"], created=payload["cadastrado_em"][:10],
        status=payload["situacao_id"], owner=payload["cliente_id"], store=payload["loja_id"], name=payload["nome_cliente"], document=payload["codigo"],
    )  # fmt: skip


def entry_payload(*, entry_id: int, code: int, text: str, party: Person | Supplier | tuple[int, str] | None, cents: int, due: date, form: str,
                  plan: str, bank: str, store: int, store_name: str, stamp: str) -> dict[str, Any]:  # fmt: skip
    """Return an open receivable or payable: the party decides which of the four id fields is filled."""
    customer = party if isinstance(party, Person) else None
    supplier = party if isinstance(party, Supplier) else None
    employee = party if isinstance(party, tuple) else None
    return {
        "id": str(entry_id), "codigo": str(code), "descricao": text,
        "entidade": "C" if customer else "F" if supplier else "U" if employee else "O",
        "cliente_id": str(customer.id) if customer else None, "nome_cliente": customer.name if customer else None,
        "fornecedor_id": str(supplier.id) if supplier else None, "nome_fornecedor": supplier.name if supplier else None,
        "funcionario_id": str(employee[0]) if employee else None, "nome_funcionario": employee[1] if employee else None,
        "transportadora_id": None, "nome_transportadora": None,
        "valor": money(cents), "juros": "0.00", "desconto": "0.00", "taxa_banco": "0.00", "taxa_operadora": "0.00", "valor_total": money(cents),
        "plano_contas_id": PLAN_IDS[plan], "nome_plano_conta": PLAN_NAMES[plan], "centro_custo_id": "", "nome_centro_custo": "",
        "conta_bancaria_id": str(int(bank)), "nome_conta_bancaria": BANK_NAMES[bank],
        "forma_pagamento_id": FORM_IDS[form], "nome_forma_pagamento": FORM_NAMES[form],
        "data_vencimento": due.isoformat(), "data_competencia": stamp[:10], "data_liquidacao": None, "liquidado": "0",
        "loja_id": str(store + 1), "nome_loja": store_name, "cadastrado_em": stamp, "modificado_em": stamp,
    }  # fmt: skip


def settle_entry(
    entry: dict[str, Any],
    paid: date,
    stamp: str,
    *,
    interest: int = 0,
    discount: int = 0,
    bank_fee: int = 0,
    operator_fee: int = 0,
) -> None:
    """Mark an entry as settled on a day. `valor_total` = valor + juros − desconto − taxas."""
    cents = int(entry["valor"].replace(".", ""))
    entry["juros"], entry["desconto"] = money(interest), money(discount)
    entry["taxa_banco"], entry["taxa_operadora"] = money(bank_fee), money(operator_fee)
    entry["valor_total"] = money(cents + interest - discount - bank_fee - operator_fee)
    entry["data_liquidacao"], entry["modificado_em"] = paid.isoformat(), stamp
    number = int(entry["id"])
    # The live API was seen to answer this flag in several ways; most rows say "1".
    entry["liquidado"] = 1 if number % 97 == 0 else "Sim" if number % 101 == 0 else "1"


def entry_row(company: str, resource: str, entry: dict[str, Any]) -> Row:
    """Return a receivable or payable as a row; `status` is the normalised settled flag."""
    owner = entry["cliente_id"] or entry["fornecedor_id"] or ""
    return make_row(
        company, resource, int(entry["id"]), entry, day=entry["data_vencimento"], paid=entry["data_liquidacao"] or "",
        created=entry["cadastrado_em"][:10], status="1" if entry["data_liquidacao"] else "0", owner=owner, store=entry["loja_id"],
        name=entry["nome_cliente"] or entry["nome_fornecedor"] or "", document=entry["codigo"],
    )  # fmt: skip
