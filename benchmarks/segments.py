"""Recency, frequency and value of 200,000 customers over a million sales: what the one statement takes."""

import re
import time
from datetime import date
from typing import Final

from benchmarks.database import SMALL, use
from benchmarks.results import Result, Settings
from lib import pg

CUSTOMERS: Final = 200_000
ORDERS: Final = 1_000_000
AS_OF: Final = date(2026, 12, 1)
SECONDS: Final = 5.0

_COMPANY = """
WITH t AS (
    INSERT INTO tenants_tenant (slug, name, document, time_zone, currency, is_active, is_demo)
    VALUES ('bench-segments', 'Empresa', '', 'America/Sao_Paulo', 'BRL', true, false) RETURNING id)
INSERT INTO ledger_source (tenant_id, kind, name) SELECT id, 'gestaoclick', 'ERP' FROM t RETURNING tenant_id, id
"""
_CUSTOMERS = """
INSERT INTO ledger_customer (tenant_id, source_id, external_id, name, name_folded)
SELECT %(tenant)s, %(source)s, 'c-' || n, 'Cliente ' || n, 'cliente ' || n FROM generate_series(1, %(customers)s) n
"""
# Everybody buys once; the other four fifths of the sales go to some far more than to others. Days and totals come from different primes.
_SALES = """
WITH who AS (SELECT min(id) AS first FROM ledger_customer WHERE tenant_id = %(tenant)s)
INSERT INTO ledger_sale (tenant_id, source_id, external_id, date, customer_id, total)
SELECT %(tenant)s, %(source)s, 's-' || g, %(as_of)s::date - 1 - (g::bigint * 7919 %% 1095)::int,
       who.first + CASE WHEN g <= %(customers)s THEN g - 1
                        ELSE (power((g::bigint * 104729 %% 1000003)::float / 1000003, 3) * (%(customers)s - 1))::int END,
       ((g::bigint * 15485863 %% 50021) + 100)::numeric / 100
  FROM generate_series(1, %(orders)s) g, who
"""


def scores_in_sql(settings: Settings) -> list[Result]:
    """Return the seconds of a first scoring, of the same again, and of expectations for everybody."""
    from kpi.segmenting import services
    from tenants.models import Tenant

    use(SMALL)
    tenant = Tenant.objects.get(pk=_filled())
    statement, values = services.scoring(tenant, AS_OF)
    plans = [
        "\n".join(row[0] for row in pg.fetch("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) " + statement, values))
        for _ in range(2)
    ]
    first, again = (_seconds(plan) for plan in plans)
    begun = time.monotonic()
    fitted = services._expect(tenant, AS_OF)
    expected = time.monotonic() - begun
    return [
        Result(
            f"segments of {CUSTOMERS:,} customers over {ORDERS:,} sales in one statement, unchanged ones", again, "s", "<=", SECONDS,
            {"first time, all rows written, s": first, "shared buffers": _buffers(plans[1])},
        ),
        Result(
            "expected purchases and spending of all of them, models fitted and kept", expected, "s", "printed", None,
            {"r": (fitted or {}).get("r", 0.0), "alpha": (fitted or {}).get("alpha", 0.0)},
        ),
    ]  # fmt: skip


def _filled() -> int:
    [(tenant, source)] = pg.fetch(_COMPANY)
    values = {"tenant": tenant, "source": source, "customers": CUSTOMERS, "orders": ORDERS, "as_of": AS_OF}
    pg.execute("SET session_replication_role = replica")
    pg.execute(_CUSTOMERS, values)
    pg.execute(_SALES, values)
    pg.execute("SET session_replication_role = origin")
    pg.execute("VACUUM ANALYZE ledger_sale")
    pg.execute("VACUUM ANALYZE ledger_customer")
    return int(tenant)


def _seconds(plan: str) -> float:
    found = re.search(r"Execution Time: ([\d.]+) ms", plan)
    assert found, "EXPLAIN ANALYZE says its time"
    return float(found[1]) / 1_000


def _buffers(plan: str) -> int:
    found = re.search(r"Buffers: shared hit=(\d+)", plan)
    return int(found[1]) if found else 0
