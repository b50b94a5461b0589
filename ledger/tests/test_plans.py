"""What the planner does with the questions that pages ask: a page starts at an index, at any depth, and never sorts a table."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from ledger import drafts as d
from ledger.lists import LISTS, listing, parse
from ledger.models import Account, Customer, Transaction
from ledger.models.customer import WALK_IN
from ledger.services import store
from lib import pg
from live import delta
from tenants.models import Tenant
from tests.factories import make_account, make_customer, make_tenant

TODAY = date(2026, 3, 21)
ROWS = 2_500  # of each of five companies: enough for an index to be worth it

_FACTS = """
INSERT INTO ledger_transaction (tenant_id, source_id, account_id, external_id, date, type, amount, status, position)
SELECT a.tenant_id, a.source_id, a.id, 't' || n, date '2026-03-21' - (n %% 700), 'CREDIT', n %% 977, CASE WHEN n %% 900 = 0 THEN 'pending' ELSE 'posted' END, n
  FROM ledger_account a, generate_series(1, {rows}) n;
INSERT INTO ledger_sale (tenant_id, source_id, customer_id, external_id, number, date, total)
SELECT c.tenant_id, c.source_id, c.id, 's' || n, n::text, date '2026-03-21' - (n %% 700), n %% 977 FROM ledger_customer c, generate_series(1, {rows}) n;
INSERT INTO ledger_openitem (tenant_id, source_id, external_id, direction, due_date, amount, open_amount, status)
SELECT c.tenant_id, c.source_id, 'o' || n, 'receivable', date '2026-03-21' - (n %% 700), n %% 977, n %% 977, CASE WHEN n %% 50 = 0 THEN 'open' ELSE 'paid' END
  FROM ledger_customer c, generate_series(1, {rows}) n;
INSERT INTO ledger_customer (tenant_id, source_id, external_id, name, name_folded)
SELECT c.tenant_id, c.source_id, 'c' || n, 'Cliente ' || n, 'cliente ' || n FROM ledger_customer c, generate_series(1, {rows}) n;
INSERT INTO ledger_product (tenant_id, source_id, external_id, name, name_folded)
SELECT c.tenant_id, c.source_id, 'p' || c.id, 'Produto ' || c.id, 'produto ' || c.id FROM ledger_customer c;
ANALYZE ledger_transaction; ANALYZE ledger_sale; ANALYZE ledger_openitem; ANALYZE ledger_customer; ANALYZE ledger_product;
ANALYZE ledger_account;
"""


@pytest.fixture
def companies(db: None) -> list[Tenant]:
    """Five companies with thousands of facts each, in tables and indexes that hold nothing dead of other tests."""
    pg.execute(
        "TRUNCATE ledger_transaction, ledger_sale, ledger_openitem, ledger_customer, ledger_product CASCADE"
    )
    tenants = [make_tenant(f"Empresa {n}") for n in range(5)]
    for tenant in tenants:
        account = make_account(tenant)
        make_customer(tenant, source=account.source)
    pg.execute(_FACTS.format(rows=ROWS))
    return tenants


def plan_of(sql: str) -> list[dict[str, Any]]:
    """Return the nodes of the plan of a statement that was captured."""
    text = pg.fetch(f"EXPLAIN (FORMAT JSON) {sql.replace('%', '%%')}")[0][0]
    found = orjson.loads(text) if isinstance(text, str) else text
    return list(_nodes(found[0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


CASES = (
    ("transactions", {"period": "all"}, "transaction_keyset"),
    ("transactions", {"period": "all", "sort": "date"}, "transaction_keyset"),
    ("transactions", {"period": "12m"}, "transaction_keyset"),
    ("sales", {"period": "all"}, "sale_keyset"),
    ("sales", {"period": "12m", "sort": "date"}, "sale_keyset"),
    ("customers", {}, "customer_keyset"),
    ("customers", {"sort": "-name"}, "customer_keyset"),
    ("products", {}, "product_keyset"),
    ("open_items", {"period": "all", "status": "all"}, "openitem_keyset"),
)


def test_a_page_starts_at_its_index_at_any_depth(companies: list[Tenant]) -> None:
    for name, query, index in CASES:
        spec, cursor = LISTS[name], None
        filters = parse(spec, query, today=TODAY)
        assert filters.problems == ()
        for page_number in range(3):
            with CaptureQueriesContext(connection) as captured:
                page = listing(spec, companies[2], filters, limit=50, cursor=cursor)
            assert (len(page.rows), len(captured)) == (50, 1)
            nodes, case = plan_of(captured.captured_queries[0]["sql"]), (name, query, page_number)
            assert index in {node.get("Index Name") for node in nodes}, (case, nodes)
            assert not [
                node for node in nodes if node["Node Type"] in {"Sort", "Seq Scan"} and _large(node)
            ], (case, nodes)
            cursor = page.next


def _large(node: dict[str, Any]) -> bool:
    """Return whether a node reads or sorts more than a page and its neighbours (five accounts may well be scanned)."""
    return bool(node["Plan Rows"] > 200)


def test_what_is_looked_up_is_not_searched_for(companies: list[Tenant]) -> None:
    """Pending lines have an index of their own; an upsert finds its rows by the unique key."""
    with CaptureQueriesContext(connection) as captured:
        assert Transaction.objects.filter(tenant=companies[0], status="pending").count() == ROWS // 900
    assert "transaction_pending" in {
        node.get("Index Name") for node in plan_of(captured.captured_queries[0]["sql"])
    }

    account = Account.objects.get(tenant=companies[0])
    drafts = [
        d.TransactionDraft(external_id=f"t{n}", account_id=account.pk, date=TODAY, amount=d.ZERO)
        for n in range(50)
    ]
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        store(tenant_id=account.tenant_id, source_id=account.source_id, drafts=drafts)
    nodes = plan_of(next(q["sql"] for q in captured.captured_queries if "json_to_recordset" in q["sql"]))
    assert "transaction_once" in {node.get("Index Name") for node in nodes}
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan"]


@pytest.mark.parametrize("name", list(LISTS))
def test_what_changed_since_a_moment_starts_at_its_index(companies: list[Tenant], name: str) -> None:
    model = LISTS[name].model
    table = model._meta.db_table
    pg.execute(f"UPDATE {table} SET updated_at = now() - make_interval(hours => 1 + mod(id, 700)::int)")
    pg.execute(f"ANALYZE {table}")
    place = delta.Change(pg.started() - timedelta(hours=3), 0)
    with CaptureQueriesContext(connection) as queries:
        delta.changes(delta.Feed(name, model), tenant_id=companies[2].pk, after=place, limit=51)
    used = {node.get("Index Name") for node in plan_of(queries[0]["sql"])}
    if name != "products":  # five rows, which no index is worth
        assert f"{table.removeprefix('ledger_')}_changed" in used
    assert len(queries) == 1


def test_customers_without_a_name_are_found_without_asking_every_name(companies: list[Tenant]) -> None:
    rows = Customer.objects.filter(tenant=companies[0], name_folded__regex=WALK_IN).values("pk")
    assert "customer_walk_in" in {
        node.get("Index Name") for node in plan_of(str(rows.query).replace(WALK_IN, f"'{WALK_IN}'"))
    }
