import json
from typing import Any

import pytest

from sync.sandbox.faults import KINDS, ROW_KINDS, Faults
from sync.sandbox.testing import SandboxServer
from sync.sandbox.tests.conftest import Client
from sync.sandbox.tests.receiver import Receiver
from sync.sandbox.tests.test_live import balanced

ERP = {"upstream": "gestaoclick", "path": "/clientes"}
BANK = {"upstream": "pluggy", "path": "/v2/transactions"}
OFFICE = {"upstream": "advbox", "path": "/transactions"}


def ask(server: SandboxServer, fault: dict[str, Any]) -> Any:
    """Ask what the fault is about and return the answer."""
    if fault["upstream"] == "gestaoclick":
        return Client(server, "shop").erp("/clientes")
    if fault["upstream"] == "advbox":
        return Client(server, "law").office("/transactions?limit=50")
    law = Client(server, "law")
    return law.bank(f"/v2/transactions?accountId={law.account_ids()['bradesco']}")


@pytest.mark.parametrize("where", [ERP, BANK, OFFICE], ids=["gestaoclick", "pluggy", "advbox"])
@pytest.mark.parametrize("kind", ["401", "429", "500"])
def test_wrong_statuses_come_so_many_times(server: SandboxServer, where: dict[str, str], kind: str):
    server.faults([{**where, "kind": kind, "times": 2, "retry_after": 3}])
    answers = [ask(server, where) for _ in range(3)]
    assert [answer.status for answer in answers] == [int(kind), int(kind), 200]
    assert answers[0].headers.get("retry-after") == ("3" if kind == "429" else None)


def test_cut_json(server: SandboxServer):
    server.faults([{**ERP, "kind": "cut_json", "times": 1}])
    cut, whole = ask(server, ERP), ask(server, ERP)
    assert whole.body.startswith(cut.body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut.body)


def test_hang(server: SandboxServer):
    server.faults([{**ERP, "kind": "hang", "times": 1}])
    access = server.company("shop").gestaoclick
    assert access is not None
    headers = {"access-token": access.access_token, "secret-access-token": access.secret_access_token}
    with pytest.raises(TimeoutError):
        server.request("GET", "/gestaoclick/clientes", headers=headers, timeout=0.3)
    assert ask(server, ERP).status == 200


def test_nulls_as_the_live_service_writes_them(server: SandboxServer):
    server.faults([{"upstream": "pluggy", "kind": "nulls"}])
    line = ask(server, BANK).json()["results"][-1]
    assert line["merchant"] is None
    assert line["creditCardMetadata"] is None
    item = Client(server, "law").bank(f"/items/{server.company('law').pluggy.item_ids[0]}").json()
    assert item["error"] is None
    assert item["parameter"] is None


def test_a_page_twice_by_number(server: SandboxServer):
    shop = Client(server, "shop")
    whole = [row["id"] for row in shop.erp_rows("/clientes", 10)]
    server.faults([{**ERP, "kind": "page_twice", "times": 1}])
    rows = [row["id"] for row in shop.erp_rows("/clientes", 10)]
    assert rows == whole[:10] + whole
    assert [row["id"] for row in shop.erp_rows("/clientes", 10)] == whole


def test_a_page_missing_by_number(server: SandboxServer):
    shop = Client(server, "shop")
    whole = [row["id"] for row in shop.erp_rows("/clientes", 10)]
    server.faults([{**ERP, "kind": "page_missing", "times": 1}])
    assert [row["id"] for row in shop.erp_rows("/clientes", 10)] == whole[:10] + whole[20:]


@pytest.mark.parametrize(("kind", "change"), [("page_twice", 50), ("page_missing", -50)])
def test_pages_by_cursor(server: SandboxServer, kind: str, change: int):
    server.app.cursor_page_size = 50
    law = Client(server, "law")
    account = law.account_ids()["bradesco"]
    whole = [line["id"] for line in law.lines(account)]
    server.faults([{**BANK, "kind": kind, "times": 1}])
    rows = [line["id"] for line in law.lines(account)]
    assert len(whole) > 150
    assert len(rows) == len(whole) + change
    assert set(rows) == set(whole) if change > 0 else set(rows) < set(whole)


@pytest.mark.parametrize(("kind", "change"), [("page_twice", 50), ("page_missing", -50)])
def test_pages_by_offset(server: SandboxServer, kind: str, change: int):
    law = Client(server, "law")
    whole = law.office_rows("/transactions", 50)
    server.faults([{**OFFICE, "kind": kind, "times": 1}])
    assert len(law.office_rows("/transactions", 50)) == len(whole) + change


def _erp_state(server: SandboxServer) -> dict[str, Any]:
    return {row["id"]: row for row in Client(server, "shop").erp_rows("/recebimentos")}


def _bank_state(server: SandboxServer) -> dict[str, Any]:
    law = Client(server, "law")
    return {line["id"]: line for line in law.lines(law.account_ids()["bradesco"])}


def _office_state(server: SandboxServer) -> dict[str, Any]:
    return {row["id"]: row for row in Client(server, "law").office_rows("/transactions")}


STATES = {
    "gestaoclick": (_erp_state, {"upstream": "gestaoclick", "path": "/recebimentos"}),
    "pluggy": (_bank_state, BANK),
    "advbox": (_office_state, OFFICE),
}


@pytest.mark.parametrize("upstream", STATES)
@pytest.mark.parametrize("kind", sorted(ROW_KINDS))
def test_rows_that_misbehave(server: SandboxServer, upstream: str, kind: str):
    read, where = STATES[upstream]
    before = read(server)
    server.faults([{**where, "kind": kind, "times": 1, "rows": 4}])
    after = read(server)
    log = server.call("GET", "/control/faults")["log"]
    touched = {type(next(iter(before)))(row_id) for row_id in log[0]["ids"]}
    assert len(touched) == 4
    if kind == "changed_rows":
        assert {row_id for row_id in before if before[row_id] != after[row_id]} == touched
    else:
        assert set(before) - set(after) == touched
        assert len(set(after) - set(before)) == (4 if kind == "new_id_rows" else 0)
    assert balanced(server)
    server.clear_faults()
    again = read(server)
    if kind == "late_rows":
        assert set(again) == set(before)
    else:
        assert again == after


def test_late_bank_lines_are_new_to_pluggy_but_old_by_date(server: SandboxServer):
    server.faults([{**BANK, "kind": "late_rows", "times": 1, "rows": 2}])
    before = _bank_state(server)
    late = set(server.call("GET", "/control/faults")["log"][0]["ids"])
    assert not late & set(before)
    with Receiver() as receiver:
        Client(server, "law").bank(
            "/webhooks", "POST", {"url": receiver.url, "event": "transactions/created"}
        )
        answer = server.tick("sale", "clinic")
        since = receiver.wait_for_event("transactions/created")["transactionsCreatedAtFrom"]
    assert answer["late"] == 2
    law = Client(server, "law")
    fresh = law.lines(law.account_ids()["bradesco"], f"&createdAtFrom={since}")
    assert {line["id"] for line in fresh} == late
    assert all(line["date"] < since for line in fresh)


@pytest.mark.parametrize(
    ("kind", "events"),
    [("changed_rows", ["updated"]), ("vanished_rows", ["deleted"]), ("new_id_rows", ["deleted", "created"])],
)
def test_bank_faults_are_announced(server: SandboxServer, kind: str, events: list[str]):
    with Receiver() as receiver:
        Client(server, "law").bank("/webhooks", "POST", {"url": receiver.url, "event": "all"})
        server.faults([{**BANK, "kind": kind, "times": 1, "rows": 2}])
        ask(server, BANK)
        receiver.wait_for(len(events))
        server.drain()
    touched = server.call("GET", "/control/faults")["log"][0]["ids"]
    assert sorted(body["event"] for body in receiver.bodies) == sorted(
        f"transactions/{event}" for event in events
    )
    with_ids = [body for body in receiver.bodies if body["event"] != "transactions/created"]
    assert with_ids[0]["transactionIds"] == touched


def test_rate_times_path_and_company():
    faults = Faults(seed=3)
    faults.add([{"kind": "500", "upstream": "pluggy", "path": "/accounts", "rate": 0.2, "company": "law"}])
    kinds = frozenset({"500"})
    hits = [bool(faults.draw("pluggy", "/accounts/x", "law", kinds)) for _ in range(1_000)]
    assert 150 < sum(hits) < 250
    assert not faults.draw("pluggy", "/accountsx", "law", kinds)
    assert not faults.draw("pluggy", "/accounts", "shop", kinds)
    assert not faults.draw("advbox", "/accounts", "law", kinds)
    again = Faults(seed=3)
    again.add([{"kind": "500", "upstream": "pluggy", "path": "/accounts", "rate": 0.2, "company": "law"}])
    assert [bool(again.draw("pluggy", "/accounts/x", "law", kinds)) for _ in range(1_000)] == hits


@pytest.mark.parametrize("wrong", [{"kind": "nonsense"}, {"kind": "500", "colour": "red"}, {}])
def test_unknown_faults_are_refused(server: SandboxServer, wrong: dict[str, str]):
    assert server.request("POST", "/control/faults", [wrong]).status == 400
    assert server.call("GET", "/control/faults")["active"] == []


def test_every_kind_has_a_test_here():
    tested = {"401", "429", "500", "cut_json", "hang", "nulls", "page_twice", "page_missing"} | ROW_KINDS
    assert tested | {"webhook_twice", "webhook_out_of_order"} == KINDS
