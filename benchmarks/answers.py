"""`GET /api/kpis` out of the cache, against the same board computed and written by DRF serializers: the view alone, without a server."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from benchmarks.database import LARGE, timed, typical, use
from benchmarks.results import Result, Settings

ROUNDS: Final = 300
QUERY: Final = {"from": "2026-10-01", "to": "2026-10-31"}


def cached_against_serializers(settings: Settings) -> list[Result]:
    """Both views know who asks already, and answer the same question of the same company in turns."""
    use(LARGE, settings.rows)
    from live import cache
    from tenants.models import Tenant

    cache.forget_generations()
    tenant = Tenant.objects.get(slug="bench-2")
    cached, computed = _cached_view(tenant), _computed_view(tenant)
    cached()  # fills the cache
    assert cached()["X-Cache"] == "HIT"
    computed()
    fast, slow = list[float](), list[float]()
    for _round in range(ROUNDS):
        fast.append(timed(cached))
        slow.append(timed(computed))
    figures = {
        "cached_ms": 1000 * typical(fast), "computed_ms": 1000 * typical(slow), "bytes": len(cached().content),
        "computed_bytes": len(computed().content),
    }  # fmt: skip
    return [
        Result(
            "cached KPI answer, against computing it and writing it with DRF serializers",
            typical(slow) / typical(fast),
            "×",
            ">=",
            5,
            figures,
        )
    ]


def _cached_view(tenant: Any) -> Callable[[], Any]:
    from kpi.api.views import KpisView

    view = type("Cached", (_inside(tenant), KpisView), {}).as_view()  # type: ignore[attr-defined]
    return lambda: view(_request())


def _computed_view(tenant: Any) -> Callable[[], Any]:
    from rest_framework import serializers
    from rest_framework.renderers import JSONRenderer
    from rest_framework.response import Response
    from rest_framework.views import APIView

    from kpi import queries
    from lib import periods

    class CardSerializer(serializers.Serializer[Any]):
        code = serializers.CharField(source="kpi.code")
        unit = serializers.CharField(source="kpi.unit")
        better = serializers.CharField(source="kpi.better")
        value = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)
        previous = serializers.DecimalField(max_digits=20, decimal_places=2, allow_null=True)
        change = serializers.DecimalField(max_digits=20, decimal_places=4, allow_null=True)
        series = serializers.ListField(
            source="spark", child=serializers.DecimalField(max_digits=20, decimal_places=2)
        )

    class BoardSerializer(serializers.Serializer[Any]):
        currency = serializers.CharField()
        kpis = CardSerializer(source="cards", many=True)

    class Computed(_inside(tenant), APIView):  # type: ignore[misc]
        renderer_classes = (JSONRenderer,)

        def get(self, request: Any) -> Response:
            period = periods.from_query(request.query_params, today=date(2026, 11, 30))
            board = queries.board(tenant, period=period, today=date(2026, 11, 30))
            return Response(BoardSerializer(board).data)

    view = Computed.as_view()
    return lambda: view(_request()).render()


def _request() -> Any:
    from django.test import RequestFactory

    return RequestFactory().get("/api/kpis", QUERY)


def _inside(tenant: Any) -> type:
    """Return a mixin for views that are asked by somebody of the company: who that is has been found out already."""
    from rest_framework.permissions import BasePermission

    from tenants.access import Access
    from tenants.models import Capability

    access = Access(tenant=tenant, capabilities=frozenset(Capability))

    class Inside(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            request.access = access
            return True

    return type(
        "Inside", (), {"authentication_classes": (), "throttle_classes": (), "permission_classes": (Inside,)}
    )
