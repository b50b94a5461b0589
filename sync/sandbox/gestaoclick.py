"""GestãoClick: two token headers, an envelope with `meta`, pages by number, 3 requests a second and 30,000 a day for each token."""

from typing import TYPE_CHECKING, Any, Final

import orjson

from sync.sandbox.http import Request, Response, array, raw, reply

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

_RESOURCES: Final = frozenset(
    "vendas clientes produtos recebimentos pagamentos servicos fornecedores funcionarios usuarios lojas situacoes_vendas situacoes_orcamentos "
    "situacoes_compras atributos_vendas centros_custos planos_contas formas_pagamentos grupos_produtos contas_bancarias orcamentos "
    "ordens_servicos compras notas_fiscais_produtos notas_fiscais_consumidores notas_fiscais_servicos canais_vendas".split()
)
# query key -> (column, comparison); dates act on the business date: of a sale its day, of an entry its due date.
_DAYS: Final = {"data_inicio": ("day", ">="), "data_fim": ("day", "<=")}
_FILTERS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "vendas": _DAYS | {"loja_id": ("store", "="), "codigo": ("document", "="), "situacao_id": ("status", "="), "cliente_id": ("owner", "="), "nome": ("name", "LIKE")},
    "clientes": {"tipo_pessoa": ("kind", "="), "nome": ("name", "LIKE"), "cpf_cnpj": ("document", "="), "situacao": ("status", "=")},
    "produtos": {"nome": ("name", "LIKE"), "grupo_id": ("owner", "="), "ativo": ("status", "=")},
    "recebimentos": _DAYS | {"liquidado": ("status", "="), "cliente_id": ("owner", "=")},
    "pagamentos": _DAYS | {"liquidado": ("status", "="), "fornecedor_id": ("owner", "=")},
}  # fmt: skip
_ORDERS: Final = {
    "id": "id",
    "codigo": "id",
    "data": "day",
    "data_vencimento": "day",
    "nome": "name",
    "cadastrado_em": "created",
}
_NEWEST_FIRST: Final = frozenset({"vendas", "recebimentos", "pagamentos"})
MAX_LIMIT: Final = 100


def handle(sandbox: "Sandbox", request: Request) -> Response:
    """Answer a request below /gestaoclick."""
    path = request.path = request.path.removeprefix("/api")
    company = sandbox.company_by_gestaoclick(
        request.headers.get("access-token", ""), request.headers.get("secret-access-token", "")
    )
    if company is None:
        return _error(401, "Token de acesso inválido.")
    request.company = company
    refusal = sandbox.limits.take(f"gc:{company}", company, limit=3, seconds=1) or sandbox.limits.take(
        f"gc:{company}", company, limit=30_000, seconds=86_400
    )
    if refusal:
        return _error(429, "Limite de requisições excedido.")
    faulty = sandbox.answer_faults(request, path)
    if faulty:
        return faulty
    resource, _, row_id = path.strip("/").partition("/")
    if resource not in _RESOURCES:
        return _error(404, "Recurso não encontrado.")
    if request.method != "GET":
        return _error(400, "Método não suportado nesta simulação.")
    return _one(sandbox, company, resource, row_id) if row_id else _many(sandbox, request, company, resource)


def _error(code: int, message: str) -> Response:
    return reply({"code": code, "status": "error", "data": {"mensagem": message}}, code)


def _one(sandbox: "Sandbox", company: str, resource: str, row_id: str) -> Response:
    query = "SELECT payload FROM rows WHERE company = ? AND resource = ? AND id = ? AND hidden = 0"
    row = sandbox.store.one(query, (company, resource, int(row_id))) if row_id.isdigit() else None
    if row is None:
        return _error(404, "Registro não encontrado.")
    return raw(b'{"code":200,"status":"success","data":' + row[0] + b"}")


def _many(sandbox: "Sandbox", request: Request, company: str, resource: str) -> Response:
    page, limit = max(1, request.number("pagina", 1)), min(MAX_LIMIT, max(1, request.number("limite", 20)))
    where, args = _where(request, company, resource)
    total = sandbox.count("rows", where, args)
    shift, pages = sandbox.page_shift(request, f"{company}/{resource}/{where}/{args}", page, total, limit)
    # A resource that grows is listed newest first: what is added while somebody pages moves everything on by one.
    column = _ORDERS.get(request.query.get("ordenacao", "id"), "id")
    direction = request.query.get("direcao", "desc" if resource in _NEWEST_FIRST else "asc").lower()
    down = "DESC" if direction == "desc" else "ASC"
    offset = max(0, (page - 1 + shift) * limit)
    order = f"{column} {down}" + ("" if column == "id" else f", id {down}")
    payloads = sandbox.store.page_of_rows(where, args, order, limit, offset) if page <= pages else []
    meta = _meta(request, resource, page, pages, limit, total, len(payloads))
    return raw(
        b'{"code":200,"status":"success","meta":' + orjson.dumps(meta) + b',"data":' + array(payloads) + b"}"
    )


def _where(request: Request, company: str, resource: str) -> tuple[str, list[Any]]:
    parts, args = ["company = ?", "resource = ?", "hidden = 0"], [company, resource]
    if resource == "vendas":
        parts.append("kind = ?")
        args.append(request.query.get("tipo") or "produto")
    for key, (column, comparison) in _FILTERS.get(resource, {}).items():
        text = request.query.get(key, "")
        if text:
            parts.append(f"{column} {comparison} ?")
            text = text.translate(str.maketrans("", "", "./-")) if column == "document" else text
            args.append(f"%{text}%" if comparison == "LIKE" else text)
    return " AND ".join(parts), args


def _meta(
    request: Request, resource: str, page: int, pages: int, limit: int, total: int, here: int
) -> dict[str, Any]:
    def url(number: int) -> str:
        kept = "".join(f"&{key}={value}" for key, value in request.query.items() if key != "pagina")
        return f"{request.base_url}/gestaoclick{request.path}?pagina={number}{kept}"

    before, after = (page - 1 if page > 1 else None), (page + 1 if page < pages else None)
    return {
        "total_registros": total, "total_paginas": pages, ("total_da_pagina" if resource == "vendas" else "total_registros_pagina"): here,
        "pagina_atual": page, "limite_por_pagina": limit, "pagina_anterior": before, "url_anterior": url(before) if before else None,
        "proxima_pagina": after, "proxima_url": url(after) if after else None,
    }  # fmt: skip
