"""What GestãoClick is asked, page by page, and what the answers make of the cursor."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from sync.providers.base import Page, UpstreamError
from sync.providers.gestaoclick.provider import GestaoClick
from sync.providers.gestaoclick.tests import samples
from sync.providers.tests.wire import Answer, Wire

TODAY = date(2026, 7, 14)
TOKENS = {"access_token": "access-token-1234567890", "secret_access_token": "secret-token-0987654321"}


class Erp:
    """A GestãoClick with rows by path (sales by `tipo`), which pages, filters and orders like the live one."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.limit = 100
        self.change: Callable[[str, dict[str, str], dict[str, Any]], Any] = lambda path, query, answer: answer

    def __call__(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        resource = path.strip("/") + (f"/{query['tipo']}" if "tipo" in query else "")
        rows = sorted(
            self.rows.get(resource, []),
            key=lambda row: int(row["id"]),
            reverse=query.get("direcao") == "desc",
        )
        if "data_inicio" in query:
            key = "data" if resource.startswith("vendas") else "data_vencimento"
            rows = [row for row in rows if query["data_inicio"] <= row[key] <= query["data_fim"]]
        page, limit = int(query["pagina"]), min(self.limit, int(query["limite"]))
        answer = samples.envelope(
            rows[(page - 1) * limit : page * limit], total=len(rows), page=page, limit=limit
        )
        answer = self.change(path, query, answer)
        return answer if isinstance(answer, tuple) else (200, answer)


@pytest.fixture
def erp() -> Erp:
    return Erp()


@pytest.fixture
def wire(erp: Erp) -> Wire:
    return Wire(erp)


def make(wire: Wire, *, batch_size: int = 2) -> GestaoClick:
    return GestaoClick(credentials=TOKENS, config={}, batch_size=batch_size, **wire.options())


def store(pages: list[Page], cursor: dict[str, Any]) -> dict[str, Any]:
    """Do to the cursor what the engine does."""
    return cursor | {page.resource: page.cursor for page in pages if page.cursor is not None}


def read(
    provider: GestaoClick, cursor: dict[str, Any] | None = None, *, full: bool = False, today: date = TODAY
) -> list[Page]:
    return list(provider.pages(cursor=cursor or {}, full=full, today=today))


def ids(pages: list[Page], resource: str) -> list[str]:
    return [record.external_id for page in pages if page.resource == resource for record in page.records]


def sales(*numbers: int, day: str = "2026-07-14") -> list[dict[str, Any]]:
    return [samples.sale(id=str(number), data=day) for number in numbers]


def test_the_tokens_travel_in_their_headers_and_every_request_is_paid_for(wire: Wire) -> None:
    read(make(wire))
    assert wire.headers[0]["access-token"] == TOKENS["access_token"]
    assert wire.headers[0]["secret-access-token"] == TOKENS["secret_access_token"]
    assert wire.spent == ["clientes", "produtos", "vendas", "vendas", "vendas", "recebimentos", "pagamentos"]


def test_the_base_address_is_a_setting(erp: Erp, wire: Wire) -> None:
    provider = GestaoClick(
        credentials=TOKENS, config={"base_url": "https://example.com/api"}, batch_size=2, **wire.options()
    )
    erp.change = lambda path, query, answer: (200, samples.envelope([]))
    provider.check()
    assert wire.asked[0][1] == "/api/clientes"


def test_all_three_kinds_of_sales_are_asked_for_and_their_ids_never_meet(erp: Erp, wire: Wire) -> None:
    erp.rows = {"vendas/produto": sales(7), "vendas/servico": sales(7), "vendas/vendas_balcao": sales(7)}
    erp.rows |= {
        "recebimentos": [samples.title(id="7")],
        "pagamentos": [samples.title(id="7")],
        "produtos": [samples.product(id="7")],
    }
    pages = read(make(wire))
    assert [query["tipo"] for query in wire.queries("/vendas")] == ["produto", "servico", "vendas_balcao"]
    assert ids(pages, "sales") == ["produto:7", "servico:7", "vendas_balcao:7"]
    assert (ids(pages, "receivables"), ids(pages, "payables"), ids(pages, "products")) == (
        ["recebimento:7"],
        ["pagamento:7"],
        ["produto:7"],
    )


def test_a_first_reading_is_whole_in_order_of_id_without_dates(erp: Erp, wire: Wire) -> None:
    erp.rows = {"clientes": [samples.customer(id=str(number)) for number in (5, 3, 1, 4, 2)]}
    pages = [page for page in read(make(wire)) if page.resource == "customers"]
    assert ids(pages, "customers") == ["1", "2", "3", "4", "5"]
    assert [page.expected for page in pages] == [5, None, None, None]
    assert [page.listed for page in pages] == [(), (), (), ("customer",)]
    assert wire.queries("/clientes")[0] == {"ordenacao": "id", "direcao": "asc", "pagina": "1", "limite": "2"}
    now = wire.now.isoformat()
    assert pages[-1].cursor == {"through": "2026-07-14", "newest": "5", "deep_at": now, "deepest_at": now}


@pytest.mark.parametrize(
    "meta",
    [{"proxima_pagina": None}, {"proxima_pagina": 9, "pagina_atual": 1, "total_paginas": 1}, {"proxima_pagina": "2", "total_paginas": "1"}],
)  # fmt: skip
def test_each_sign_of_the_end_ends_the_listing(erp: Erp, wire: Wire, meta: dict[str, Any]) -> None:
    erp.rows = {"clientes": [samples.customer(id="1")]}
    erp.change = lambda path, query, answer: answer | {"meta": answer["meta"] | meta}
    assert ids(read(make(wire)), "customers") == ["1"]
    assert len(wire.queries("/clientes")) == 1


def test_an_empty_page_ends_a_listing_whose_meta_promises_more_and_nothing_is_declared_gone(
    erp: Erp, wire: Wire
) -> None:
    erp.rows = {"clientes": [samples.customer(id="1"), samples.customer(id="2")]}
    erp.change = lambda path, query, answer: (
        answer
        | {
            "meta": answer["meta"]
            | {"total_paginas": 3, "proxima_pagina": int(query["pagina"]) + 1, "total_registros": 5}
        }
    )
    pages = read(make(wire))
    assert ids(pages, "customers") == ["1", "2"]
    assert [page.listed for page in pages if page.resource == "customers"][-1] == ()


def test_meta_variants_are_read(erp: Erp, wire: Wire) -> None:
    def only_the_documented_keys(path: str, query: dict[str, str], answer: dict[str, Any]) -> dict[str, Any]:
        meta = answer["meta"]
        meta["total_da_pagina"] = meta.pop("total_registros_pagina")
        meta["total_registros"] = str(meta["total_registros"])
        return answer

    erp.rows, erp.change = (
        {"clientes": [samples.customer(id=str(n)) for n in (1, 2, 3)]},
        only_the_documented_keys,
    )
    assert ids(read(make(wire)), "customers") == ["1", "2", "3"]


def test_a_smaller_page_than_asked_for_is_gone_on_with(erp: Erp, wire: Wire) -> None:
    erp.rows, erp.limit = {"clientes": [samples.customer(id=str(n)) for n in range(1, 8)]}, 3
    pages = read(make(wire, batch_size=100))
    assert ids(pages, "customers") == [str(n) for n in range(1, 8)]
    assert [query["limite"] for query in wire.queries("/clientes")] == ["100", "3", "3"]


def test_no_more_than_a_hundred_rows_are_asked_for(wire: Wire) -> None:
    read(make(wire, batch_size=1000))
    assert {query["limite"] for _, _, query, _ in wire.asked} == {"100"}


def test_a_page_that_comes_twice_is_asked_again(erp: Erp, wire: Wire) -> None:
    erp.rows = {"clientes": [samples.customer(id=str(n)) for n in range(1, 7)]}
    served = iter([1, 1, 2, 3])
    rows = erp.rows["clientes"]

    def once_more(path: str, query: dict[str, str], answer: dict[str, Any]) -> dict[str, Any]:
        if path != "/clientes":
            return answer
        number = next(served)
        return answer | {"data": rows[(number - 1) * 2 : number * 2]}

    erp.change = once_more
    pages = [page for page in read(make(wire)) if page.resource == "customers"]
    assert ids(pages, "customers") == ["1", "2", "3", "4", "5", "6"]
    assert pages[-1].listed == ("customer",)


def test_a_page_that_is_skipped_is_missed_by_its_total_and_read_in_a_second_pass(
    erp: Erp, wire: Wire
) -> None:
    erp.rows = {"clientes": [samples.customer(id=str(n)) for n in range(1, 7)]}
    rows, served = erp.rows["clientes"], iter([1, 3, 1, 2, 3])

    def skipping(path: str, query: dict[str, str], answer: dict[str, Any]) -> dict[str, Any]:
        if path != "/clientes":
            return answer
        number = next(served)
        return answer | {
            "data": rows[(number - 1) * 2 : number * 2],
            "meta": answer["meta"] | ({"proxima_pagina": None} if number == 3 else {}),
        }

    erp.change = skipping
    pages = [page for page in read(make(wire)) if page.resource == "customers"]
    assert ids(pages, "customers") == ["1", "2", "5", "6", "3", "4"]
    assert pages[-1].listed == ("customer",)


def test_a_row_that_moves_to_the_page_before_because_another_was_deleted_is_still_read(
    erp: Erp, wire: Wire
) -> None:
    erp.rows = {"clientes": [samples.customer(id=str(n)) for n in range(1, 7)]}

    def deleting(path: str, query: dict[str, str], answer: dict[str, Any]) -> dict[str, Any]:
        if path == "/clientes" and query["pagina"] == "1" and len(erp.rows["clientes"]) == 6:
            erp.rows["clientes"] = [row for row in erp.rows["clientes"] if row["id"] != "1"]
        return answer

    erp.change = deleting
    pages = [page for page in read(make(wire)) if page.resource == "customers"]
    assert sorted(ids(pages, "customers")) == [
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
    ]  # 3 had moved from page 2 to page 1
    assert pages[-1].listed == ("customer",)


def test_an_order_that_is_refused_is_left_out(erp: Erp, wire: Wire) -> None:
    erp.rows = {"clientes": [samples.customer(id="1")]}
    erp.change = lambda path, query, answer: (
        (422, {"code": 422, "status": "error"}) if "ordenacao" in query else answer
    )
    assert ids(read(make(wire)), "customers") == ["1"]
    assert sum("ordenacao" in query for _, _, query, _ in wire.asked) == 1


def test_a_first_reading_that_was_cut_goes_on_from_its_last_stored_page(erp: Erp, wire: Wire) -> None:
    erp.rows = {"vendas/produto": sales(1, 2, 3, 4, 5), "vendas/servico": sales(11, 12, 13, 14, 15)}
    provider, cursor, seen = make(wire), dict[str, Any](), []
    for page in provider.pages(cursor={}, full=False, today=TODAY):
        cursor = store([page], cursor)
        seen += ids([page], "sales")
        if seen[-1:] == ["servico:14"]:
            break
    assert cursor["sales"] == {"part": "servico", "size": 2, "page": 2, "read": 4, "upto": 14}
    rest = [page for page in read(make(wire), cursor) if page.resource == "sales"]
    assert ids(rest, "sales") == ["servico:13", "servico:14", "servico:15"]
    assert set(seen + ids(rest, "sales")) == {f"produto:{n}" for n in range(1, 6)} | {
        f"servico:{n}" for n in range(11, 16)
    }
    assert rest[-1].listed == (), "what began in the middle is not complete"
    assert rest[-1].cursor is not None
    assert rest[-1].cursor["through"] == "2026-07-14"


def test_a_page_that_is_skipped_after_a_cut_is_found_by_reading_from_the_first_one(
    erp: Erp, wire: Wire
) -> None:
    erp.rows = {"clientes": [samples.customer(id=str(n)) for n in range(1, 9)]}
    rows, served = erp.rows["clientes"], iter([2, 4, 1, 2, 3])

    def skipping(path: str, query: dict[str, str], answer: dict[str, Any]) -> dict[str, Any]:
        if path != "/clientes":
            return answer
        number = next(served)
        last = {"proxima_pagina": None} if number == 4 else {}
        return answer | {"data": rows[(number - 1) * 2 : number * 2], "meta": answer["meta"] | last}

    erp.change = skipping
    pages = [
        page
        for page in read(make(wire), {"customers": {"part": "", "size": 2, "page": 2, "read": 4, "upto": 4}})
        if page.resource == "customers"
    ]
    assert ids(pages, "customers") == ["3", "4", "7", "8", "1", "2", "5", "6"]
    assert pages[-1].listed == ()


def test_a_run_that_is_cut_while_it_looks_for_a_gap_begins_anew(erp: Erp, wire: Wire) -> None:
    erp.rows = {"clientes": [samples.customer(id=str(n)) for n in range(1, 7)]}
    rows, served = erp.rows["clientes"], iter([1, 3, 1])

    def skipping(path: str, query: dict[str, str], answer: dict[str, Any]) -> Any:
        if path != "/clientes":
            return answer
        number = next(served, None)
        if number is None:
            return 500, {"code": 500}
        last = {"proxima_pagina": None} if number == 3 else {}
        return answer | {"data": rows[(number - 1) * 2 : number * 2], "meta": answer["meta"] | last}

    erp.change, pages = skipping, list[Page]()
    with pytest.raises(UpstreamError):
        pages.extend(make(wire).pages(cursor={}, full=False, today=TODAY))
    assert store(pages, {})["customers"] == {"part": "", "size": 2}


def test_a_first_reading_with_a_gap_is_begun_anew_twice_and_then_accepted(erp: Erp, wire: Wire) -> None:
    erp.rows = {"clientes": [samples.customer(id="1")]}
    erp.change = lambda path, query, answer: (
        answer
        | {
            "meta": answer["meta"]
            | {"total_registros": answer["meta"]["total_registros"] + 7 * (path == "/clientes")}
        }
    )
    cursor: dict[str, Any] = {}
    for marks in ({"again": 1}, {"again": 2}):
        cursor = store(read(make(wire), cursor), cursor)
        assert cursor["customers"] == marks
    assert store(read(make(wire), cursor), cursor)["customers"]["through"] == "2026-07-14"


def test_the_next_run_reads_recent_days_and_newest_ids_only(erp: Erp, wire: Wire) -> None:
    erp.rows = {
        "vendas/produto": sales(1, day="2026-05-01") + sales(2),
        "clientes": [samples.customer(id=str(n)) for n in range(1, 8)],
    }
    cursor = store(read(make(wire)), {})
    wire.asked.clear()
    wire.later(minutes=1)
    erp.rows["clientes"] += [samples.customer(id=str(n)) for n in (8, 9, 10)]
    pages = read(make(wire), cursor)
    assert ids(pages, "sales") == ["produto:2"]
    assert {query["data_inicio"] for query in wire.queries("/vendas")} == {"2026-07-13"}
    assert {query["data_fim"] for query in wire.queries("/vendas")} == {"2026-07-15"}
    assert ids(pages, "customers") == ["10", "9", "8", "7"]
    assert all(
        query == {"ordenacao": "id", "direcao": "desc", "pagina": query["pagina"], "limite": "2"}
        for query in wire.queries("/recebimentos")
    )
    assert store(pages, cursor)["customers"]["newest"] == "10"
    assert all(page.listed == () for page in pages)


def test_deeper_readings_follow_after_five_minutes_and_after_an_hour(erp: Erp, wire: Wire) -> None:
    cursor = store(read(make(wire)), {})
    spans = []
    for minutes in (1, 5, 1, 60):
        wire.later(minutes=minutes)
        wire.asked.clear()
        cursor = store(read(make(wire), cursor), cursor)
        titles = [query.get("data_inicio") for query in wire.queries("/recebimentos")]
        spans.append(
            (wire.queries("/vendas")[0]["data_inicio"], titles, wire.queries("/clientes")[0]["direcao"])
        )
    assert spans == [
        ("2026-07-13", [None], "desc"),
        ("2026-07-07", [None, "2026-07-12"], "desc"),
        ("2026-07-13", [None], "desc"),
        ("2026-06-09", [None, "2026-04-15"], "asc"),
    ]
    assert wire.queries("/recebimentos")[1]["data_fim"] == "2026-10-12"


def test_after_days_of_silence_the_window_begins_where_the_last_one_ended(erp: Erp, wire: Wire) -> None:
    cursor = store(read(make(wire)), {})
    wire.asked.clear()
    wire.later(days=10)
    read(make(wire), cursor, today=TODAY + timedelta(days=10))
    assert wire.queries("/vendas")[0]["data_inicio"] == "2026-06-09"  # 35 days before the 14th of July


def test_titles_outside_the_window_are_left_out_whatever_date_upstream_filters_by(
    erp: Erp, wire: Wire
) -> None:
    cursor = store(read(make(wire)), {}) | {
        "receivables": {
            "through": "2026-07-14",
            "newest": "99",
            "deep_at": None,
            "deepest_at": wire.now.isoformat(),
        }
    }
    old = {"data_vencimento": "2026-01-10", "modificado_em": "2026-01-10 08:00:00"}
    erp.change = lambda path, query, answer: samples.envelope(
        [
            samples.title(id="1", **old),
            samples.title(id="2", **old | {"data_liquidacao": "2026-07-14"}),
            samples.title(id="3", **old | {"modificado_em": "2026-07-13 22:00:00"}),
            samples.title(id="4", **old | {"data_vencimento": "2026-08-30"}),
            samples.title(id="5", **old | {"data_vencimento": "30 de agosto"}),
        ]
        if path == "/recebimentos" and "data_inicio" in query
        else []
    )
    pages = read(make(wire), cursor)
    assert ids(pages, "receivables") == [f"recebimento:{n}" for n in (2, 3, 4, 5)]


def test_newest_first_stops_after_one_page_where_the_order_is_not_honoured(erp: Erp, wire: Wire) -> None:
    erp.rows = {"clientes": [samples.customer(id=str(n)) for n in range(1, 9)]}
    cursor = store(read(make(wire)), {})
    wire.asked.clear()
    erp.change = lambda path, query, answer: answer | {"data": list(reversed(answer["data"]))}
    erp.rows["clientes"] += [samples.customer(id=str(n)) for n in range(9, 15)]
    read(make(wire), cursor)
    assert len(wire.queries("/clientes")) == 1


def test_a_row_that_stands_twice_on_a_page_is_one_record(erp: Erp, wire: Wire) -> None:
    erp.change = lambda path, query, answer: samples.envelope(
        [samples.customer(id="1", nome="Old"), samples.customer(id="1", nome="New")]
        if path == "/clientes"
        else []
    )
    (page,) = [page for page in read(make(wire)) if page.resource == "customers" and page.records][:1]
    assert [record.payload["nome"] for record in page.records] == ["New"]


@pytest.mark.parametrize(
    "answer",
    [
        {"code": 200, "status": "success", "meta": {}, "data": None},
        {"code": 200, "status": "success", "data": []},
        {"code": 200, "status": "success", "meta": {}, "data": [None]},
        {"code": 200, "status": "success", "meta": {"total_registros": "many"}, "data": []},
        {"code": 200, "status": "success", "meta": {}, "data": [{"nome": "no id"}]},
        [],
    ],
)
def test_an_answer_out_of_shape_is_no_end_of_a_listing(erp: Erp, wire: Wire, answer: Any) -> None:
    erp.change = lambda path, query, _: (200, answer)
    with pytest.raises(UpstreamError, match="cannot be read") as caught:
        read(make(wire))
    assert caught.value.retry_after == timedelta(minutes=5)


def test_one_record_is_fetched_by_its_own_id(erp: Erp, wire: Wire) -> None:
    erp.change = lambda path, query, answer: answer
    wire.handler = lambda method, path, query, body: (
        200,
        {"code": 200, "status": "success", "data": samples.sale(id="885501")},
    )
    record = make(wire).fetch("sale", "servico:885501")
    assert (record.kind, record.external_id, record.payload["codigo"]) == ("sale", "servico:885501", "1042")
    assert wire.asked[0][1] == "/vendas/885501"


def test_a_record_that_is_gone_is_a_key_error_and_a_service_is_known_from_sales_only(wire: Wire) -> None:
    wire.handler = lambda method, path, query, body: (
        404,
        {"code": 404, "status": "error", "data": {"mensagem": "Registro não encontrado."}},
    )
    with pytest.raises(KeyError):
        make(wire).fetch("customer", "33120")
    with pytest.raises(KeyError):
        make(wire).fetch("product", "servico:61")
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    ("status", "headers", "retry", "person"),
    [
        (401, {}, None, True),
        (403, {}, None, True),
        (400, {}, None, False),
        (404, {}, None, False),
        (422, {}, None, False),
        (429, {"Retry-After": "120"}, timedelta(seconds=120), False),
        (429, {}, timedelta(minutes=1), False),
        (500, {}, timedelta(minutes=1), False),
    ],
)
def test_the_error_carries_the_decision(
    wire: Wire, status: int, headers: dict[str, str], retry: timedelta | None, person: bool
) -> None:
    wire.handler = lambda method, path, query, body: (
        status,
        {"code": status, "status": "error", "message": TOKENS["access_token"]},
        headers,
    )
    with pytest.raises(UpstreamError) as caught:
        read(make(wire))
    assert (caught.value.retry_after, caught.value.needs_person) == (retry, person)
    assert "GestãoClick" in str(caught.value)
    assert TOKENS["access_token"] not in str(caught.value)


def test_check_says_what_was_reached(erp: Erp, wire: Wire) -> None:
    erp.rows = {"clientes": [samples.customer(id=str(n)) for n in range(1, 4)]}
    assert make(wire).check() == "GestãoClick: 3 clientes"
    assert wire.asked[0][2]["limite"] == "1"
