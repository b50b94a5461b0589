"""Records as GestãoClick answers them, with invented people. Each function takes what a test wants to be different."""

from typing import Any
from zoneinfo import ZoneInfo

from sync.providers.base import Context

CONTEXT = Context(zone=ZoneInfo("America/Sao_Paulo"))


def customer(**changes: Any) -> dict[str, Any]:
    return {
        "id": "33120", "tipo_pessoa": "PF", "nome": "Maria Souza", "razao_social": "", "cnpj": "", "cpf": "111.444.777-35", "rg": "",
        "telefone": "", "celular": "(41) 99999-0000", "email": "maria@exemplo.com.br", "ativo": "1", "contatos": [],
        "enderecos": [{"endereco": {"cep": "80000-000", "logradouro": "Rua A", "numero": "10", "cidade_id": "2877", "nome_cidade": "Curitiba", "estado": "PR"}}],
        "cadastrado_em": "2025-03-01 09:00:00", "modificado_em": "2026-07-01 12:30:00", **changes,
    }  # fmt: skip


def product(**changes: Any) -> dict[str, Any]:
    return {
        "id": 501, "nome": "Filtro X", "codigo_interno": "P00501", "codigo_barra": "7890001112223", "movimenta_estoque": "1", "ativo": "1",
        "nome_grupo": "Filtros", "estoque": "12", "valor_custo": "80.0000", "valor_venda": "650.00",
        "valores": [{"tipo_id": "1", "nome_tipo": "Varejo", "valor_custo": "81.0000", "valor_venda": "640.00"}], "variacoes": [],
        "cadastrado_em": "2025-03-01 09:00:00", "modificado_em": "2026-07-01 12:30:00", **changes,
    }  # fmt: skip


def product_line(**changes: Any) -> dict[str, Any]:
    return {
        "produto_id": 501, "variacao_id": 877, "nome_produto": "Filtro X", "sigla_unidade": "UN", "quantidade": "2.00", "valor_custo": "400.00",
        "valor_venda": "650.00", "tipo_desconto": "R$", "desconto_valor": "50.00", "desconto_porcentagem": "0.00", "valor_total": "1250.00", **changes,
    }  # fmt: skip


def service_line(**changes: Any) -> dict[str, Any]:
    return {
        "id": "9", "servico_id": "61", "nome_servico": "Instalação", "sigla_unidade": "UN", "quantidade": "1.0000", "valor_custo": "30.0000",
        "valor_venda": "100.0000", "tipo_desconto": "%", "desconto_valor": "0.0000", "desconto_porcentagem": "10.0000", "valor_total": "90.00", **changes,
    }  # fmt: skip


def sale(**changes: Any) -> dict[str, Any]:
    return {
        "id": "885501", "codigo": "1042", "cliente_id": "33120", "nome_cliente": "Maria Souza", "vendedor_id": "71", "nome_vendedor": "Ana",
        "data": "2026-07-14", "situacao_id": "12", "nome_situacao": "Concretizada", "valor_total": "1250.00", "valor_produtos": "1300.00",
        "valor_servicos": "0.00", "valor_custo": "800.00", "valor_frete": "0.00", "desconto_valor": "50.00", "desconto_porcentagem": "0.00",
        "condicao_pagamento": "a_vista", "numero_parcelas": "1", "situacao_financeiro": "1", "nome_loja": "Matriz", "nome_canal_venda": "Presencial",
        "cadastrado_em": "2026-07-14 10:11:12", "modificado_em": "2026-07-14 10:15:00",
        "pagamentos": [{"pagamento": {"data_vencimento": "2026-07-14", "valor": "1250.00", "nome_forma_pagamento": "PIX", "observacao": ""}}],
        "produtos": [{"produto": product_line()}], "servicos": [], **changes,
    }  # fmt: skip


def title(**changes: Any) -> dict[str, Any]:
    return {
        "id": "771200", "codigo": "3055", "descricao": "Venda de nº 1042", "entidade": "C", "cliente_id": "33120", "nome_cliente": "Maria Souza",
        "fornecedor_id": None, "nome_fornecedor": None, "funcionario_id": None, "nome_funcionario": None, "transportadora_id": None,
        "nome_transportadora": None, "valor": "1250.00", "juros": "0.00", "desconto": "0.00", "taxa_banco": "0.00", "taxa_operadora": "0.00",
        "valor_total": "1250.00", "plano_contas_id": "4", "nome_plano_conta": "Vendas", "centro_custo_id": "", "nome_centro_custo": "",
        "conta_bancaria_id": "2", "nome_conta_bancaria": "Itaú PJ", "forma_pagamento_id": "9", "nome_forma_pagamento": "PIX",
        "data_vencimento": "2026-07-14", "data_competencia": "2026-07-13", "data_liquidacao": None, "liquidado": "0", "loja_id": "1",
        "nome_loja": "Matriz", "cadastrado_em": "2026-07-14 10:11:12", "modificado_em": "2026-07-14 10:11:12", **changes,
    }  # fmt: skip


def meta(
    rows: list[dict[str, Any]], *, total: int | None = None, page: int = 1, limit: int = 100, **changes: Any
) -> dict[str, Any]:
    count = len(rows) if total is None else total
    pages = max(1, -(-count // limit))
    return {
        "total_registros": count, "total_paginas": pages, "total_registros_pagina": len(rows), "pagina_atual": page, "limite_por_pagina": limit,
        "pagina_anterior": page - 1 or None, "url_anterior": None, "proxima_pagina": page + 1 if page < pages else None, "proxima_url": None, **changes,
    }  # fmt: skip


def envelope(rows: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    return {"code": 200, "status": "success", "meta": meta(rows, **options), "data": rows}
