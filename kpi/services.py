"""What changes numbers: the refresh of the materialized view, and the repair of rollups.

Rollups need no service: triggers move them with the facts (kpi/sql/0001_rollups.sql).
"""

from datetime import timedelta
from typing import Final

from django.db import transaction

from kpi import dimensions, sql
from lib import pg
from live import events

# Fifty syncs in a minute shall not cost fifty refreshes. What comes sooner is found in the rows by Beat, which asks every 15 s.
APART: Final = timedelta(seconds=5)

_BEHIND = """
SELECT EXISTS (
    SELECT FROM live_generation g LEFT JOIN kpi_viewstate s USING (tenant_id) WHERE s.built_version IS DISTINCT FROM g.facts)
"""
_YOUNG = "SELECT EXISTS (SELECT FROM kpi_viewstate WHERE built_at > now() - %s)"
_REMEMBER = """
WITH written AS (
    INSERT INTO kpi_viewstate AS s (tenant_id, built_version, built_at)
    SELECT tenant_id, facts, now() FROM live_generation
        ON CONFLICT (tenant_id) DO UPDATE SET built_version = excluded.built_version, built_at = excluded.built_at
     WHERE %s OR s.built_version <> excluded.built_version
    RETURNING tenant_id)
SELECT tenant_id FROM written ORDER BY tenant_id
"""
REBUILD = f"""
SELECT kpi_apply(array_agg((tenant_id, day, type, currency, n, total, active_n, active_total, flow_n, flow_total)::kpi_delta))
  FROM ({sql.read("truth.sql")}) AS truth HAVING count(*) > 0
"""  # noqa: S608 - a file of ours


def refresh_until_current() -> int:
    """Refresh the view until every company's numbers match its facts. Return how many refreshes that took.

    Returns early while another process refreshes: it looks again after it is done, so it will see what we saw.
    """
    done = 0
    while pg.fetch(_BEHIND)[0][0] and _refresh():
        done += 1
    return done


def refresh_if_due() -> int:
    """Refresh the view once if it is behind and the last refresh is not younger than APART. Return how many refreshes that took."""
    due = pg.fetch(_BEHIND)[0][0] and not pg.fetch(_YOUNG, [APART])[0][0]
    return int(due and _refresh())


@transaction.atomic
def refresh_now() -> None:
    """Refresh the view whatever its versions say, after waiting for a refresh that is under way."""
    pg.lock(pg.Lock.KPI_REFRESH)
    _refresh_holding_lock(everybody=True)


@transaction.atomic
def _refresh() -> bool:
    """Refresh once; return False when another process is at it."""
    if not pg.try_lock(pg.Lock.KPI_REFRESH):
        return False
    _refresh_holding_lock(everybody=False)
    return True


def _refresh_holding_lock(*, everybody: bool) -> None:
    # Versions are remembered before the refresh takes its snapshot, never after: a change in between is then refreshed once too often,
    # and never forgotten.
    changed = [row[0] for row in pg.fetch(_REMEMBER, [everybody])]
    pg.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY mv_tenant_kpis")
    for tenant_id in changed:
        events.publish("kpi_refreshed", tenant_id=tenant_id)


@transaction.atomic
def rebuild(*, tenant_id: int) -> None:
    """Recompute a company's rollups from its facts. No fact may change meanwhile, so every writer waits until the transaction ends."""
    pg.lock(pg.Lock.LEDGER, tenant_id)
    pg.execute("LOCK TABLE ledger_transaction, ledger_sale IN SHARE ROW EXCLUSIVE MODE")
    pg.execute("DELETE FROM kpi_daily WHERE tenant_id = %s", [tenant_id])
    pg.execute("DELETE FROM kpi_monthly WHERE tenant_id = %s", [tenant_id])
    pg.execute(REBUILD, {"tenant": tenant_id})
    dimensions.rebuild(tenant_id)
    events.publish("facts_changed", tenant_id=tenant_id)
