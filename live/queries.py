"""Reading the servers: how full, how busy, how well the cache works."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from lib import pg
from live import cache, counters, measure
from live.cache import sizes
from live.counters import Figures
from tenants.models import Tenant


def database_server() -> dict[str, Any]:
    """Return what only staff sees: size, connections, the oldest transaction, and whether migrations are missing."""
    size, used, limit, oldest = pg.fetch(
        """
        SELECT pg_database_size(current_database()),
               (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
               current_setting('max_connections')::int,
               (SELECT extract(epoch FROM now() - min(xact_start))::float FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid())
        """
    )[0]
    plan = MigrationExecutor(connection)
    return {
        "size_bytes": size,
        "connections": used,
        "max_connections": limit,
        "oldest_transaction_seconds": oldest,
        "migrations_missing": len(plan.migration_plan(plan.loader.graph.leaf_nodes())),
    }


def database_version() -> str:
    """Return the version of PostgreSQL."""
    return str(pg.fetch("SHOW server_version")[0][0]).split(" ")[0]


def cache_stats(tenant: Tenant | None) -> dict[str, Any]:
    """Return hits and misses of all processes since the installation began, and what is held now, by resource.

    Counts are those of every company (at most 5 s old); sizes are those of one, or (None) of all. `tier` is the first one that works.
    """
    figures = _figures()
    states = sizes.states()
    tier = sizes.in_use(states)
    held = sizes.sizes(tier, tenant.pk if tenant else None)
    named = {key[1][1] for key in figures.counts if key[0] in {"cache_hits", "cache_misses"} and len(key) > 1}
    rows = [
        {
            "resource": row.name,
            "ttl": row.ttl,
            "tier": tier,
            "size": _size(held, row.name),
            "byTier": {
                name: int(figures.count("cache_tier_hits", tier=name, resource=row.name)) for name in states
            },
            **_rates(figures, resource=row.name),
        }
        for row in [
            cache.resource(name) for name in [*cache.resources(), *sorted(named - set(cache.resources()))]
        ]
    ]
    return {**_rates(figures), "tier": tier, "tiers": states, "size": _size(held), "resources": rows}


def _figures() -> Figures:
    """Return the sums over all processes; this one's own on top while it has not written itself yet."""
    totals = measure.totals()
    if all(one.id != measure.ID for one in totals.processes):
        totals.figures.add(counters.figures())
    return totals.figures


def _rates(figures: Figures, **labels: str) -> dict[str, Any]:
    counts = {name: int(figures.count(f"cache_{name}", **labels)) for name in cache.stats.RESULTS}
    asked = counts["hits"] + counts["misses"]
    return {**counts, "hitRate": round(counts["hits"] / asked, 4) if asked else None}


def _size(held: sizes.Sizes | None, resource: str = "") -> dict[str, int] | None:
    if held is None:
        return None
    rows = [held.get(resource, (0, 0))] if resource else list(held.values())
    return {"keys": sum(n for n, _ in rows), "bytes": sum(size for _, size in rows)}
