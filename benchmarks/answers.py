"""Hot answers out of the cache, and 304 for who has them, against computing them and writing them with DRF serializers.

The views alone, without a server: each knows who asks already. The last line goes the whole way of a request: every middleware, an API key
that is looked up, the limits that are counted.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from benchmarks.database import LARGE, timed, typical, use
from benchmarks.results import Result, Settings

ROUNDS: Final = 300
DAY: Final = date(2026, 11, 30)
BOARD: Final = {"from": "2026-10-01", "to": "2026-10-31"}
LINES: Final = {"from": "2026-10-01", "to": "2026-10-31", "limit": "50"}
Ask = Callable[[], Any]


def cached_against_serializers(settings: Settings) -> list[Result]:
    """All answer the same question of the same company, in turns that begin with another one each time."""
    use(LARGE, settings.rows)
    from tenants.models import Tenant

    tenant = Tenant.objects.get(slug="bench-2")
    results = []
    for title, view, address, query, computed in (
        ("KPI answer", _kpis(), "/api/kpis", BOARD, _computed_board(tenant)),
        ("list of 50 bank lines", _lines(), "/api/pluggy/transactions", LINES, _computed_lines(tenant)),
    ):
        results += _against(title, _known(view, tenant), address, query, computed)
    return [*results, _whole(tenant)]


def _against(title: str, view: Any, address: str, query: Mapping[str, str], computed: Ask) -> list[Result]:
    from live.cache import tiers

    def held() -> Any:
        return view(_request(address, query))

    def from_redis() -> Any:
        tiers.memory.clear()  # as if this process had not seen it within the last second
        return view(_request(address, query))

    held()  # fills the cache
    tag = held()["ETag"]

    def unchanged() -> Any:
        return view(_request(address, query, {"If-None-Match": tag}))

    assert (held()["X-Cache"], from_redis()["X-Cache"], unchanged().status_code) == ("HIT", "HIT", 304)
    times = _in_turns({"computed": computed, "held": held, "redis": from_redis, "unchanged": unchanged})
    figures = {f"{name}_ms": 1000 * seconds for name, seconds in times.items()}
    figures |= {"bytes": len(held().content), "from_redis_times": times["computed"] / times["redis"]}
    ratio = {name: times["computed"] / seconds for name, seconds in times.items()}
    against = "against computing it and writing it with DRF serializers"
    return [
        Result(f"cached {title}, {against}", ratio["held"], "×", ">=", 10, figures),
        Result(f"304 for the {title}, {against}", ratio["unchanged"], "×", ">=", 14, figures),
    ]


def _in_turns(asks: Mapping[str, Ask]) -> dict[str, float]:
    """Return the typical seconds of each. Whoever comes after the slow one finds cold caches, so that is another one each time."""
    names = list(asks)
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(ROUNDS):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            times[name].append(timed(asks[name]))
    return {name: typical(found) for name, found in times.items()}


def _whole(tenant: Any) -> Result:
    """Return what a cached answer costs the whole way through Django, against the same way with everything computed anew."""
    from django.conf import settings
    from django.test import Client

    from live import cache
    from live.cache import tiers
    from tenants import services

    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 10_000_000
    key = services.create_api_key(tenant=tenant, name="bench", scopes=["read"], actor=None)[1]
    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Api-Key {key}"})

    def anew() -> Any:
        tiers.memory.clear()
        client_of_redis = tiers.redis()
        assert client_of_redis is not None, "the benchmarks bring one"
        client_of_redis.flushdb()
        cache.forget_generations()
        return client.get("/api/kpis", BOARD)

    def held() -> Any:
        return client.get("/api/kpis", BOARD)

    assert (anew()["X-Cache"], held()["X-Cache"]) == ("MISS", "HIT")
    times = _in_turns({"anew": anew, "held": held})
    figures = {f"{name}_ms": 1000 * seconds for name, seconds in times.items()}
    title = "cached KPI answer the whole way (middleware, API key, limits), against a miss"
    return Result(title, times["anew"] / times["held"], "×", "printed", figures=figures)


# --- the uncached way --------------------------------------------------------------------------------------------------------
def _computed_board(tenant: Any) -> Ask:
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
            period = periods.from_query(request.query_params, today=DAY)
            board = queries.board(tenant, period=period, today=DAY)
            return Response(BoardSerializer(board).data)

    view = Computed.as_view()
    return lambda: view(_request("/api/kpis", BOARD)).render()


def _computed_lines(tenant: Any) -> Ask:
    from rest_framework import serializers
    from rest_framework.renderers import JSONRenderer
    from rest_framework.response import Response
    from rest_framework.views import APIView

    from ledger.lists import LISTS
    from ledger.models import Transaction

    spec = LISTS["transactions"]

    class LineSerializer(serializers.ModelSerializer[Transaction]):
        class Meta:
            model = Transaction
            fields = [name for name in spec.values if name not in spec.annotations]

    class Computed(_inside(tenant), APIView):  # type: ignore[misc]
        renderer_classes = (JSONRenderer,)

        def get(self, request: Any) -> Response:
            days = (request.query_params["from"], request.query_params["to"])
            rows = Transaction.objects.filter(tenant=tenant, date__range=days).order_by("-date", "-id")[:50]
            return Response(LineSerializer(rows, many=True).data)

    view = Computed.as_view()
    return lambda: view(_request("/api/pluggy/transactions", LINES)).render()


# --- views without a door ---------------------------------------------------------------------------------------------------
def _kpis() -> Any:
    from kpi.api.views import KpisView

    return KpisView


def _lines() -> Any:
    from ledger.api.views import list_view

    return list_view("transactions", "txns")


def _known(view: Any, tenant: Any) -> Any:
    return type("Known", (_inside(tenant), view), {}).as_view()  # type: ignore[attr-defined]


def _request(address: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Any:
    from django.test import RequestFactory

    return RequestFactory().get(address, query, headers=headers)


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
