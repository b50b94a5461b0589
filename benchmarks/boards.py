"""A board of twenty tiles of one company among 200, whose lines and sales reach back two years: the whole page inside Django."""

from collections.abc import Callable
from typing import Any, Final

from benchmarks.database import LARGE, timed, typical, use
from benchmarks.results import Result, Settings
from lib import pg

SALES: Final = 300_000
ROUNDS: Final = 20
WARM_MS: Final = 50
COLD_MS: Final = 500
MOST_QUERIES: Final = 10
# Days and amounts come from different primes; stores, sellers, customers and products take shares that differ.
_SALES: Final = """
SET session_replication_role = replica;
INSERT INTO ledger_source (tenant_id, kind, name) VALUES (%(tenant)s, 'gestaoclick', 'ERP');
INSERT INTO ledger_customer (tenant_id, source_id, external_id, name, name_folded)
SELECT s.tenant_id, s.id, 'bc-' || n, 'Cliente ' || n, 'cliente ' || n FROM ledger_source s, generate_series(1, 20000) n
 WHERE s.tenant_id = %(tenant)s AND s.kind = 'gestaoclick';
INSERT INTO ledger_product (tenant_id, source_id, external_id, name)
SELECT s.tenant_id, s.id, 'bp-' || n, 'Produto ' || n FROM ledger_source s, generate_series(1, 2000) n
 WHERE s.tenant_id = %(tenant)s AND s.kind = 'gestaoclick';
INSERT INTO ledger_sale (tenant_id, source_id, external_id, date, customer_id, total, store, seller, channel, payment)
SELECT s.tenant_id, s.id, 'bs-' || g, %(today)s::date - (g::bigint * 7919 %% 730)::int,
       c.first + (power((g::bigint * 104729 %% 1000003)::float / 1000003, 2) * 19999)::int, ((g::bigint * 15485863 %% 50021) + 100)::numeric / 100,
       'Loja ' || g %% 3, 'Vendedora ' || g %% 11, 'Canal ' || g %% 4, 'Forma ' || g %% 5
  FROM ledger_source s, generate_series(1, %(sales)s) g, (SELECT min(id) AS first FROM ledger_customer WHERE tenant_id = %(tenant)s) c
 WHERE s.tenant_id = %(tenant)s AND s.kind = 'gestaoclick';
INSERT INTO ledger_saleitem (tenant_id, sale_id, position, product_id, name, quantity, unit_price, total)
SELECT s.tenant_id, s.id, 1, p.first + (power((s.id * 130363 %% 1000003)::float / 1000003, 3) * 1999)::int, 'x', 1, s.total, s.total
  FROM ledger_sale s, (SELECT min(id) AS first FROM ledger_product WHERE tenant_id = %(tenant)s) p WHERE s.tenant_id = %(tenant)s;
INSERT INTO ledger_openitem (tenant_id, source_id, external_id, direction, status, counterparty_name, due_date, amount, open_amount)
SELECT s.tenant_id, s.id, 'bo-' || g, CASE WHEN g %% 3 = 0 THEN 'payable' ELSE 'receivable' END, 'open', 'Cliente ' || g %% 997,
       %(today)s::date - 90 + g %% 180, CASE WHEN g %% 3 = 0 THEN -1 ELSE 1 END * (g %% 5000 + 100), CASE WHEN g %% 3 = 0 THEN -1 ELSE 1 END * (g %% 5000 + 100)
  FROM ledger_source s, generate_series(1, 20000) g WHERE s.tenant_id = %(tenant)s AND s.kind = 'gestaoclick';
SET session_replication_role = origin;
"""
_TABLES: Final = (
    "ledger_sale",
    "ledger_saleitem",
    "ledger_openitem",
    "kpi_daily",
    "kpi_dimension_daily",
    "kpi_dimension_monthly",
)
_NUMBERS: Final = (
    "cash_balance",
    "inflow",
    "revenue",
    "receivables_open",
    "expenses",
    "net",
    "sales_count",
    "average_ticket",
)
_TILES: Final = (
    *(("number", {"kpi": kpi}) for kpi in _NUMBERS),
    ("by_day", {"measure": "revenue"}), ("by_day", {"measure": "inflow"}), ("cash_flow", {}),
    *(("by_dimension", {"measure": "revenue", "by": by}) for by in ("store", "seller", "product", "customer", "channel")),
    ("drivers", {"measure": "revenue", "by": "product"}), ("concentration", {"by": "customer"}),
    ("ageing", {"direction": "receivable"}), ("cohorts", {}),
)  # fmt: skip


def board_of_twenty(settings: Settings) -> list[Result]:
    """The page is asked as a browser asks it. Cold: the company's facts have changed since the last look; warm: they have not."""
    use(LARGE, settings.rows)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ask, change = _ready()
    cold, warm = list[float](), list[float]()
    for _round in range(ROUNDS):
        change()
        cold.append(1000 * timed(ask))
        warm.append(1000 * timed(ask))
    change()
    with CaptureQueriesContext(connection) as statements:
        ask()
    name = (
        f"board of {len(_TILES)} tiles, {settings.rows:,} bank lines of all, {SALES:,} sales of its company"
    )
    figures: dict[str, Any] = {"slowest ms": max(warm)}
    return [
        Result(f"{name}: warm", typical(warm), "ms", "<=", WARM_MS, figures),
        Result(f"{name}: cold", typical(cold), "ms", "<=", COLD_MS, {"slowest ms": max(cold)}),
        Result("statements of the cold page, session and membership included", len(statements), "statements", "printed"),
        Result(
            "of them for the board itself", sum("kpi_" in one["sql"] or "ledger_" in one["sql"] for one in statements),
            "statements", "<=", MOST_QUERIES,
        ),
    ]  # fmt: skip


def _ready() -> tuple[Callable[[], None], Callable[[], None]]:
    """Make the company's sales and its board; return what asks for the page, and what says that facts have changed."""
    from django.conf import settings as ours
    from django.test import Client

    from kpi import services
    from kpi.boards import services as boards
    from lib import clock
    from live import cache
    from tenants import access as doors
    from tenants import services as tenants
    from tenants.models import Tenant

    ours.ALLOWED_HOSTS = ["testserver"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # nobody collected the files
    ours.STORAGES = {**ours.STORAGES, "staticfiles": plain}
    tenant = Tenant.objects.get(slug="bench-2")
    pg.execute(_SALES, {"tenant": tenant.pk, "sales": SALES, "today": clock.today(tenant.zone)})
    services.rebuild(tenant_id=tenant.pk)
    for table in _TABLES:
        pg.execute(f"VACUUM ANALYZE {table}")
    user = tenants.create_user(email="boards@example.com", name="Ana", password="benchmarks only")
    tenants.add_member(tenant=tenant, email=user.email, role="owner", actor=None)
    access = doors.enter(user=user, slug=tenant.slug)
    board = boards.create_board(tenant=tenant, name="Vinte", actor=access, shared=True)
    for kind, options in _TILES:
        boards.add_tile(board=board, kind=kind, options=options)
    client = Client()
    client.force_login(user)

    def ask() -> None:
        answer = client.get(f"/t/{tenant.slug}/boards/{board.key}/?period=month")
        assert answer.status_code == 200, answer.status_code
        assert answer.content.count(b"<svg") >= 10, "the page shows its charts"

    def change() -> None:
        pg.execute("UPDATE live_generation SET facts = facts + 1 WHERE tenant_id = %s", [tenant.pk])
        cache.forget_generations(tenant.pk)

    ask()
    return ask, change
