"""The state of the installation, for the managers of a company; staff sees all of it."""

from typing import Any, Final

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from live import figures, health, measure, queries, services, situation
from live.cache import resources
from tenants.api.answers import ok
from tenants.api.base import ApiView, actor_of, tenant_of
from tenants.api.errors import BadParameter
from tenants.api.schema import INTEGER, MOMENT, NUMBER, STRING, Schema, array, documented, nullable, record
from tenants.models import Capability, Tenant

PART: Schema = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"enum": ["ok", "degraded", "down", "unknown"]}},
    "additionalProperties": True,
}
RATES: dict[str, Schema] = {
    "hits": INTEGER,
    "misses": INTEGER,
    "stale": INTEGER,
    "errors": INTEGER,
    "hitRate": nullable(NUMBER),
}
TIERS: Final = ("redis", "sqlite", "memory")
SIZE: Schema = {**record({"keys": INTEGER, "bytes": INTEGER}), "type": ["object", "null"]}


class StatusView(ApiView):
    """`/api/system/status`."""

    requires = {"GET": Capability.SYNC}
    staff_sees_all = True

    @documented(
        summary="State of the panel",
        data=record(
            {
                "status": {"enum": ["ok", "degraded", "down"]},
                "version": STRING,
                "uptime": {**INTEGER, "description": "Seconds for which this process has been running."},
                "as_of": nullable(MOMENT),
                "database": PART,
                "cache": PART,
                "sync": PART,
                "workers": PART,
                "processes": {
                    **record({"web": INTEGER, "worker": INTEGER, "beat": INTEGER}),
                    "description": "Living processes; null while the database does not answer.",
                    "type": ["object", "null"],
                },
                "alerts": array(
                    record(
                        {
                            "type": STRING,
                            "severity": {"enum": ["warning", "critical"]},
                            "message": STRING,
                            "since": MOMENT,
                        }
                    )
                ),
            },
            open_ended=True,
        ),
    )
    def get(self, request: Request) -> Response:
        """Return every part for the company."""
        parts = health.report(tenant_of(request))
        sync = parts.pop("connections", health.Part("unknown"))
        as_of = sync.details.get("as_of")
        body: dict[str, Any] = {
            "status": health.overall({**parts, "connections": sync}),
            "version": settings.VERSION,
            "uptime": health.uptime_seconds(),
            "as_of": as_of,
            **{name: part.as_json() for name, part in parts.items()},
            "sync": sync.as_json(),
            "processes": _processes() if parts["database"].status == "ok" else None,
            "alerts": _alerts(tenant_of(request)) if parts["database"].status == "ok" else [],
        }
        return ok(body, as_of=as_of)


def _processes() -> dict[str, int]:
    totals = measure.totals()
    return {kind: len(totals.of_kind(kind)) for kind in ("web", "worker", "beat")}


def _alerts(tenant: Tenant | None) -> list[dict[str, Any]]:
    """Return what is wrong now: with a company its own and what concerns everybody, without one everything of the installation."""
    return [
        {
            "type": one.row.code,
            "severity": one.row.severity,
            "message": one.message,
            "since": one.row.opened_at,
        }
        for one in situation.alerts(tenant, operator=tenant is None, may_mute=False)
        if one.is_open
    ]


class RealtimeView(ApiView):
    """`/api/metrics/realtime`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="The last minute of the panel",
        description="Summed over all web processes; null where nothing was counted.",
        data=record(
            {
                "activeConnections": {**INTEGER, "description": "Open streams."},
                "requestsPerMinute": NUMBER,
                "cacheHitRate": {**nullable(NUMBER), "description": "Share of 1."},
                "averageLatency": {**nullable(NUMBER), "description": "Milliseconds."},
            }
        ),
    )
    def get(self, request: Request) -> Response:
        """Return the four figures."""
        return ok(figures.metrics_json(figures.everybody()))


class DatabaseHealthView(ApiView):
    """`/api/system/database/health`."""

    requires = {"GET": Capability.SYNC}
    staff_sees_all = True

    @documented(
        summary="Health of the database",
        data=record(
            {
                "status": STRING,
                "latency_ms": nullable(NUMBER),
                "version": nullable(STRING),
                "server": {
                    "description": "Figures of the whole server; null unless asked by staff about all companies.",
                    "type": ["object", "null"],
                },
            }
        ),
    )
    def get(self, request: Request) -> Response:
        """Return whether the database answers and how fast."""
        part = health.database()
        up = part.status == "ok"
        return ok(
            {
                "status": part.status,
                "latency_ms": part.details.get("latency_ms"),
                "version": queries.database_version() if up else None,
                "server": queries.database_server() if up and tenant_of(request) is None else None,
            }
        )


class CacheStatsView(ApiView):
    """`/api/system/cache/stats`."""

    requires = {"GET": Capability.SYNC}
    staff_sees_all = True

    @documented(
        summary="How well the cache works",
        description="Reads are counted by all processes and for all companies, `stale` ones among the `hits`; `errors` are tiers that did not "
        "answer. `size` is what is held of the company (of all, for staff) in `tier`, the first tier that works; null when it does not tell.",
        data=record(
            {
                **RATES,
                "tier": {"enum": list(TIERS)},
                "tiers": record({name: {"enum": ["ok", "away", "off"]} for name in TIERS}),
                "size": SIZE,
                "resources": array(
                    record(
                        {
                            "resource": STRING,
                            "ttl": INTEGER,
                            "tier": {"enum": list(TIERS)},
                            "size": SIZE,
                            "byTier": record(dict.fromkeys(TIERS, INTEGER)),
                            **RATES,
                        }
                    )
                ),
            }
        ),
    )
    def get(self, request: Request) -> Response:
        """Return hits, misses and size."""
        return ok(queries.cache_stats(tenant_of(request)))


class ClearForm(serializers.Serializer[Any]):
    """What to drop; nothing named is everything."""

    resource = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)


class CacheClearView(ApiView):
    """`/api/system/cache/clear`."""

    requires = {"POST": Capability.SYNC}
    staff_sees_all = True

    @documented(
        summary="Drop what is cached of the company",
        description="Raises the generation that is part of every key; nothing is searched or deleted.",
        data=record({"cleared": array(STRING)}),
        body={"type": "object", "properties": {"resource": {"enum": sorted(resources())}}},
        errors=(400, 401, 403, 404),
    )
    def post(self, request: Request) -> Response:
        """Clear one resource or all."""
        form = ClearForm(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            groups = services.clear_cache(
                tenant=tenant_of(request), resource=form.validated_data["resource"], actor=actor_of(request)
            )
        except services.UnknownResource as error:
            raise BadParameter({"resource": str(error)}) from error
        return ok({"cleared": list(groups)})
