"""Refreshing `mv_tenant_kpis`, which stands on the month rollup, against the same view over the lines themselves."""

from typing import Final

from django.db import transaction

from benchmarks.database import LARGE, MONTHS, TENANTS, timed, typical, use
from benchmarks.results import Result, Settings
from lib import pg

ROUNDS: Final = 5
# The same columns and the same index. Its as_of is a constant, so that its refresh finds no row changed: that favours it.
_RAW = """
CREATE MATERIALIZED VIEW bench_raw AS
SELECT x.tenant_id, date_trunc('month', x.date)::date AS month, x.type, count(*)::int AS tx_count, sum(x.amount) AS total_amount,
       avg(x.amount) AS avg_amount, (count(*) FILTER (WHERE NOT x.ignored))::int AS active_tx_count,
       sum(x.amount) FILTER (WHERE NOT x.ignored) AS active_total_amount, timestamptz '2026-01-01' AS as_of
  FROM ledger_transaction x JOIN tenants_tenant t ON t.id = x.tenant_id AND t.currency = x.currency
 WHERE x.status = 'posted' AND x.void_at IS NULL
 GROUP BY 1, 2, 3
"""


def refresh_against_raw(settings: Settings) -> list[Result]:
    """Both refresh CONCURRENTLY, in turns."""
    use(LARGE, settings.rows)
    from kpi import services

    services.refresh_now()
    pg.execute("DROP MATERIALIZED VIEW IF EXISTS bench_raw")
    pg.execute(_RAW)
    pg.execute("CREATE UNIQUE INDEX ON bench_raw (tenant_id, month, type)")
    differ = pg.fetch(
        "SELECT count(*) FROM (SELECT tenant_id, month, type, tx_count, total_amount, active_total_amount FROM bench_raw EXCEPT"
        " SELECT tenant_id, month, type, tx_count, total_amount, active_total_amount FROM mv_tenant_kpis) x"
    )
    assert differ == [(0,)], "both views say the same"
    over_rollup, over_raw = list[float](), list[float]()
    for _round in range(ROUNDS):
        over_rollup.append(timed(lambda: _refresh("mv_tenant_kpis")))
        over_raw.append(timed(lambda: _refresh("bench_raw")))
    groups = pg.fetch("SELECT count(*) FROM mv_tenant_kpis")[0][0]
    pg.execute("DROP MATERIALIZED VIEW bench_raw")
    fast, slow = typical(over_rollup), typical(over_raw)
    title = f"refresh of mv_tenant_kpis, against the view over {settings.rows:,} raw lines ({TENANTS} companies × {MONTHS} months)"
    return [
        Result(
            title,
            slow / fast,
            "×",
            ">=",
            15,
            {"rollup_ms": 1000 * fast, "raw_ms": 1000 * slow, "groups": groups},
        )
    ]


def _refresh(name: str) -> None:
    with transaction.atomic():
        pg.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {name}")
