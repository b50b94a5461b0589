"""Reading the servers: how full, how busy, how well the cache works."""

from typing import Any

from django.core.cache import caches
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

from lib import pg
from live import cache


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


def cache_stats() -> dict[str, Any]:
    """Return hits and misses of this process since it started, by resource, and the size of Redis (None when it does not answer)."""
    counted = cache.stats.rows()
    rows = [
        {"resource": row.name, "ttl": row.ttl, **_rates(counted.get(row.name, {}))}
        for row in cache.resources().values()
    ]
    whole = {name: sum(row[name] for row in rows) for name in ("hits", "misses", "errors")}
    return {**_rates(whole), "tier": "redis", "size": _redis_size(), "resources": rows}


def _rates(counts: dict[str, int]) -> dict[str, Any]:
    hits, misses = counts.get("hits", 0), counts.get("misses", 0)
    asked = hits + misses
    return {
        "hits": hits,
        "misses": misses,
        "errors": counts.get("errors", 0),
        "hitRate": round(hits / asked, 4) if asked else None,
    }


def _redis_size() -> dict[str, int] | None:
    try:
        client = caches["answers"].client.get_client(write=False)  # type: ignore[attr-defined]
        return {"keys": int(client.dbsize()), "bytes": int(client.info("memory")["used_memory"])}
    except (RedisError, OSError):
        return None
