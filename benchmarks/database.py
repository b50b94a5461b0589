"""The data that measures run on, and what the server says a piece of work has cost."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.core.management import call_command
from django.db import connection

from benchmarks.servers import DATABASES
from lib import pg

SMALL, LARGE = DATABASES
SMALL_ROWS: Final = 100_000
TENANTS: Final = 200
MONTHS: Final = 24
# One company has this many lines on top, so that a list of it can be read to a depth of 90,000.
DEEP_ROWS: Final = 100_000
_filled: dict[str, int] = {}


def use(name: str, rows: int = 0) -> None:
    """Connect to one of the databases; at the first call with `rows`, make its tables and fill them."""
    connection.close()
    connection.settings_dict["NAME"] = name
    if name not in _filled:
        call_command("migrate", interactive=False, verbosity=0)
        _filled[name] = 0
    if rows and not _filled[name]:
        _fill(rows, deep=name == LARGE)
        _filled[name] = rows


_COMPANIES = """
INSERT INTO tenants_tenant (slug, name, document, time_zone, currency, is_active, is_demo)
SELECT 'bench-' || n, 'Empresa ' || n, '', 'America/Sao_Paulo', 'BRL', true, false FROM generate_series(1, %(tenants)s) n;
INSERT INTO ledger_source (tenant_id, kind, name) SELECT id, 'pluggy', 'Banco' FROM tenants_tenant;
INSERT INTO ledger_account (tenant_id, source_id, external_id, name)
SELECT tenant_id, id, 'acc-' || part, 'Conta ' || part FROM ledger_source, generate_series(1, 2) part;
CREATE TEMPORARY TABLE company AS
SELECT row_number() OVER (ORDER BY a.tenant_id) - 1 AS n, a.tenant_id, a.source_id, min(a.id) AS first, max(a.id) AS second
  FROM ledger_account a GROUP BY a.tenant_id, a.source_id;
"""
# A mixture that never repeats in step with the companies: amounts, days and types all come from different primes.
_LINES = """
INSERT INTO ledger_transaction (tenant_id, source_id, external_id, account_id, date, type, amount, currency, status, nature, operation,
       description, description_raw, category, counterparty_name, counterparty_document, reference, position, ignored)
SELECT c.tenant_id, c.source_id, %(prefix)s || g, CASE WHEN g %% 3 = 0 THEN c.second ELSE c.first END,
       date '2026-11-30' - ((g / %(companies)s)::bigint * 7919 %% (%(months)s * 30))::int,
       CASE WHEN v.amount < 0 THEN 'DEBIT' ELSE 'CREDIT' END, v.amount, 'BRL', 'posted', 'regular', 'pix',
       'Pix de cliente ' || g %% 997, 'PIX RECEBIDO ' || g %% 997 || ' CLIENTE FULANO DE TAL', 'Vendas', 'Cliente ' || g %% 997,
       lpad((g %% 99999999999)::text, 11, '0'), 'E' || lpad(g::text, 31, '0'), (g %% 50)::int, g %% 31 = 0
  FROM generate_series(1::bigint, %(rows)s) g
  JOIN company c ON c.n = CASE WHEN %(companies)s = 1 THEN 0 ELSE g %% %(companies)s END
 CROSS JOIN LATERAL (SELECT ((g * 104729 %% 2000003) - 900000)::numeric / 100 AS amount) v
"""


def _fill(rows: int, *, deep: bool) -> None:
    """Fill the tables: rows without triggers and secondary indexes, then both; the rollups once from the facts."""
    values = {"rows": rows, "tenants": TENANTS, "companies": TENANTS, "months": MONTHS, "prefix": "b-"}
    pg.execute(_COMPANIES, values)
    pg.execute("SET session_replication_role = replica")
    indexes = pg.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'ledger_transaction'"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = 'ledger_transaction'::regclass)"
    )
    for name, _ in indexes:
        pg.execute(f'DROP INDEX "{name}"')
    pg.execute(_LINES, values)
    if deep:
        pg.execute(_LINES, values | {"rows": DEEP_ROWS, "companies": 1, "prefix": "deep-"})
    for _, definition in indexes:
        pg.execute(definition)
    pg.execute("SET session_replication_role = origin")
    from kpi import services  # settings exist only now

    pg.execute(services.REBUILD, {"tenant": None})
    for table in ("ledger_transaction", "kpi_daily", "kpi_monthly", "ledger_account"):
        pg.execute(f"VACUUM ANALYZE {table}")
    services.refresh_now()
    pg.execute("CHECKPOINT")


@dataclass(slots=True)
class Cost:
    """What a piece of work has cost: seconds, pages touched, bytes of WAL, and rows written to ledger tables."""

    seconds: float = 0.0
    buffers: int = 0
    wal: int = 0
    rows: int = 0


@contextmanager
def costing() -> Iterator[Cost]:
    """Measure the block. It must commit what it does."""
    cost, before = Cost(), _counters()
    begun = time.perf_counter()
    yield cost
    cost.seconds = time.perf_counter() - begun
    after = _counters()
    cost.wal, cost.buffers, cost.rows = (int(now - then) for then, now in zip(before, after, strict=True))


def _counters() -> tuple[int, ...]:
    connection.ensure_connection()
    pg.fetch("SELECT pg_stat_force_next_flush()")
    row = pg.fetch(
        "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn,"
        " (SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()),"
        " (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables WHERE relname LIKE 'ledger_%%')"
    )[0]
    return tuple(int(value or 0) for value in row)


def typical(seconds: list[float]) -> float:
    """Return the lower quartile: what the work takes when nobody disturbs it. On a shared machine the median already waits for others."""
    return sorted(seconds)[len(seconds) // 4]


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds the work took."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
