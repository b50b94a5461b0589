from sync.sandbox.testing import SandboxServer
from sync.sandbox.tests.conftest import Client
from sync.sandbox.tests.receiver import Receiver


def balanced(server: SandboxServer) -> bool:
    accounts = server.call("GET", "/control/accounts")["accounts"]
    return all(row["opening_cents"] + row["sum_cents"] == round(row["balance"] * 100) for row in accounts)


def test_a_sale_brings_a_sale_a_receivable_and_a_line(server: SandboxServer):
    shop = Client(server, "shop")
    kinds = ("produto", "servico", "vendas_balcao")
    known = {row["id"] for kind in kinds for row in shop.erp_rows(f"/vendas?tipo={kind}")}
    lines = {line["id"] for account in shop.account_ids().values() for line in shop.lines(account)}
    for _ in range(10):
        server.tick("sale", "shop")
    sales = [row for kind in kinds for row in shop.erp_rows(f"/vendas?tipo={kind}") if row["id"] not in known]
    assert len(sales) == 10
    assert {sale["data"] for sale in sales} == {"2026-06-30"}
    fresh = [
        line
        for account in shop.account_ids().values()
        for line in shop.lines(account)
        if line["id"] not in lines
    ]
    assert fresh
    truth = {row["line_id"]: row for row in server.call("GET", "/control/truth?company=shop")["lines"]}
    paid = {str(sale) for line in fresh for sale in truth[line["id"]]["refs"]["sales"]}
    assert paid <= {sale["id"] for sale in sales}
    assert balanced(server)


def test_a_payment_pays_what_is_open_and_the_erp_does_not_know_it(server: SandboxServer):
    law = Client(server, "law")
    account = law.account_ids()["bradesco"]
    unpaid = {row["id"] for row in law.office_rows("/transactions") if not row["date_payment"]}
    before = {line["id"] for line in law.lines(account)}
    for _ in range(12):
        server.tick("payment", "law")
    fresh = {line["id"] for line in law.lines(account)} - before
    truth = server.call("GET", "/control/truth?company=law")["lines"]
    paid = {entry for row in truth if row["line_id"] in fresh for entry in row["refs"]["receivables"]}
    still = {row["id"] for row in law.office_rows("/transactions") if not row["date_payment"]}
    assert paid
    assert paid <= unpaid
    assert paid & still
    assert balanced(server)


def test_pending_lines_post_under_the_same_id_in_open_finance(server: SandboxServer):
    clinic = Client(server, "clinic")
    card = clinic.account_ids()["itau-card"]
    for _ in range(3):
        server.tick("card", "clinic")
    pending = {line["id"] for line in clinic.lines(card) if line["status"] == "PENDING"}
    assert len(pending) >= 3
    with Receiver() as receiver:
        clinic.bank("/webhooks", "POST", {"url": receiver.url, "event": "transactions/updated"})
        server.tick("post", "clinic")
        event = receiver.wait_for_event("transactions/updated")
    posted = {line["id"] for line in clinic.lines(card) if line["status"] == "POSTED"}
    assert set(event["transactionIds"]) <= pending & posted
    assert balanced(server)


def test_pending_lines_of_a_direct_connector_post_under_a_new_id(server: SandboxServer):
    shop = Client(server, "shop")
    account = shop.account_ids()["inter"]
    while not (pending := [line for line in shop.lines(account) if line["status"] == "PENDING"]):
        server.tick("sale", "shop")
    with Receiver() as receiver:
        shop.bank("/webhooks", "POST", {"url": receiver.url, "event": "all"})
        while not any(body["event"] == "transactions/deleted" for body in receiver.bodies):
            server.tick("post", "shop")
            server.drain()
        deleted = receiver.wait_for_event("transactions/deleted")
    ids = {line["id"]: line for line in shop.lines(account)}
    assert deleted["transactionIds"][0] not in ids
    twins = [
        line
        for line in ids.values()
        if (line["amount"], line["date"]) == (pending[0]["amount"], pending[0]["date"])
    ]
    assert [twin["status"] for twin in twins] == ["POSTED"]
    assert balanced(server)


def test_ticks_of_all_kinds_keep_the_balances(server: SandboxServer):
    for _ in range(15):
        server.tick()
    assert balanced(server)


def test_what_a_tick_refuses(server: SandboxServer):
    assert server.request("POST", "/control/tick", {"kind": "nonsense"}).status == 400


def test_time_stands_between_ticks(server: SandboxServer):
    assert server.tick("sale", "law")["now"] == "2026-06-30T21:00:20.000Z"
    assert server.tick("sale", "law")["now"] == "2026-06-30T21:00:40.000Z"
