from decimal import Decimal

import pytest

from sync.sandbox.limits import Limits
from sync.sandbox.testing import SandboxServer
from sync.sandbox.tests.conftest import Client

KINDS = ("produto", "servico", "vendas_balcao")


@pytest.fixture
def shop(shared: SandboxServer) -> Client:
    return Client(shared, "shop")


def test_both_tokens_are_needed(shared: SandboxServer, shop: Client):
    access = shared.company("shop").gestaoclick
    assert access is not None
    assert shared.request("GET", "/gestaoclick/vendas").status == 401
    assert (
        shared.request("GET", "/gestaoclick/vendas", headers={"access-token": access.access_token}).status
        == 401
    )
    assert shop.erp("/vendas").status == 200


def test_the_envelope_and_the_two_names_of_the_page_count(shop: Client):
    sales, customers = shop.erp("/vendas").json(), shop.erp("/clientes?limite=7").json()
    assert (sales["code"], sales["status"]) == (200, "success")
    assert sales["meta"]["total_da_pagina"] == 20
    assert "total_registros_pagina" not in sales["meta"]
    assert (customers["meta"]["total_registros_pagina"], customers["meta"]["limite_por_pagina"]) == (7, 7)


def test_a_limit_above_100_is_100(shop: Client):
    assert shop.erp("/vendas?limite=500").json()["meta"]["limite_por_pagina"] == 100


def test_first_and_last_page_have_no_neighbour(shop: Client):
    first = shop.erp("/clientes?limite=20").json()["meta"]
    last = shop.erp(f"/clientes?limite=20&pagina={first['total_paginas']}").json()["meta"]
    beyond = shop.erp(f"/clientes?limite=20&pagina={first['total_paginas'] + 1}").json()
    assert (first["pagina_anterior"], first["url_anterior"], first["proxima_pagina"]) == (None, None, 2)
    assert (last["proxima_pagina"], last["proxima_url"], last["pagina_anterior"]) == (
        None,
        None,
        first["total_paginas"] - 1,
    )
    assert beyond["data"] == []


def test_the_kind_of_sale_defaults_to_produto(shop: Client):
    default, named = shop.erp("/vendas").json(), shop.erp("/vendas?tipo=produto").json()
    assert default["data"] == named["data"]
    ids = [{row["id"] for row in shop.erp_rows(f"/vendas?tipo={kind}")} for kind in KINDS]
    assert all(ids)
    assert len(set.union(*ids)) == sum(map(len, ids))


@pytest.mark.parametrize(
    "resource", ["clientes", "produtos", "recebimentos", "pagamentos", "vendas?tipo=vendas_balcao"]
)
@pytest.mark.parametrize("limit", [13, 100])
def test_pages_hold_everything_once(shop: Client, resource: str, limit: int):
    rows = shop.erp_rows(f"/{resource}", limit)
    total = shop.erp(f"/{resource}").json()["meta"]["total_registros"]
    assert len({row["id"] for row in rows}) == len(rows) == total


def test_ordering_by_id_ascending(shop: Client):
    ids = [int(row["id"]) for row in shop.erp("/vendas?ordenacao=id&direcao=asc&limite=50").json()["data"]]
    assert ids == sorted(ids)


def test_filters_act_on_business_dates_and_flags(shop: Client):
    sales = shop.erp_rows("/vendas?tipo=produto&data_inicio=2026-03-01&data_fim=2026-03-31")
    assert {sale["data"][:7] for sale in sales} == {"2026-03"}
    entries = shop.erp_rows("/recebimentos?data_inicio=2026-03-01&data_fim=2026-03-31&liquidado=1")
    assert {entry["data_vencimento"][:7] for entry in entries} == {"2026-03"}
    assert all(entry["data_liquidacao"] for entry in entries)
    customer = shop.erp_rows("/clientes")[5]
    document = customer["cpf"] or customer["cnpj"]
    assert [row["id"] for row in shop.erp_rows(f"/clientes?cpf_cnpj={document}")] == [customer["id"]]


def test_a_single_record_is_an_object(shop: Client):
    sale = shop.erp("/vendas").json()["data"][0]
    assert shop.erp(f"/vendas/{sale['id']}").json() == {"code": 200, "status": "success", "data": sale}
    assert shop.erp("/vendas/1").status == 404


def test_the_api_prefix_and_unknown_resources(shop: Client):
    assert shop.erp("/api/lojas").json()["data"] == [
        {"id": "1", "nome": "Centro"},
        {"id": "2", "nome": "Itaipava"},
    ]
    assert shop.erp("/loja").status == 404


def test_members_are_wrapped_and_a_few_are_bare(shop: Client):
    sales = [sale for kind in KINDS for sale in shop.erp_rows(f"/vendas?tipo={kind}")]
    items = [item for sale in sales for item in sale["produtos"] + sale["servicos"]]
    wrapped = [item for item in items if set(item) in ({"produto"}, {"servico"})]
    assert 0 < len(items) - len(wrapped) < len(items) / 10
    assert all(set(part) == {"pagamento"} for sale in sales for part in sale["pagamentos"])


def test_sales_add_up(shop: Client):
    for sale in shop.erp_rows("/vendas?tipo=produto"):
        parts = [Decimal(sale[key] or "0") for key in ("valor_produtos", "valor_servicos", "valor_frete")]
        total = Decimal(sale["valor_total"])
        assert sum(parts) - Decimal(sale["desconto_valor"]) == total
        assert sum(Decimal(part["pagamento"]["valor"]) for part in sale["pagamentos"]) == total
        items = [
            next(iter(item.values())) if len(item) == 1 else item
            for item in sale["produtos"] + sale["servicos"]
        ]
        assert sum(Decimal(item["valor_total"]) for item in items) == total


def test_entries_add_up_and_their_flag_has_several_forms(shop: Client):
    entries = shop.erp_rows("/recebimentos") + shop.erp_rows("/pagamentos")
    for entry in entries:
        cut = sum(Decimal(entry[key]) for key in ("desconto", "taxa_banco", "taxa_operadora"))
        assert Decimal(entry["valor_total"]) == Decimal(entry["valor"]) + Decimal(entry["juros"]) - cut
        assert (entry["data_liquidacao"] is None) == (entry["liquidado"] == "0")
    assert {str(entry["liquidado"]) for entry in entries} == {"0", "1", "Sim"}
    assert {type(entry["liquidado"]) for entry in entries} == {str, int}


def test_three_requests_a_second_and_30000_a_day():
    now = [0.0]
    limits = Limits(clock=lambda: now[0])
    assert [limits.take("gc:shop", "shop", limit=3, seconds=1) is None for _ in range(4)] == [
        True,
        True,
        True,
        False,
    ]
    now[0] = 1.0
    assert limits.take("gc:shop", "shop", limit=3, seconds=1) is None
    limits.set_factor("shop", 2)
    assert [limits.take("gc:shop", "shop", limit=3, seconds=1) is None for _ in range(6)] == [True] * 5 + [
        False
    ]
    limits.set_factor("shop", 0)
    assert all(limits.take("gc:shop", "shop", limit=3, seconds=1) is None for _ in range(50))


def test_the_budget_over_http(tmp_path):
    with SandboxServer(tmp_path, unlimited=False) as server:
        shop = Client(server, "shop")
        assert 429 in [shop.erp("/lojas").status for _ in range(12)]
        server.call("POST", "/control/budget", {"company": "shop", "factor": 0})
        assert {shop.erp("/lojas").status for _ in range(12)} == {200}
