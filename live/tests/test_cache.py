"""The tenant cache: exact keys, generations that drop them, and a Redis that may be gone."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.testing import ValkeyServer
from live import cache, events, services
from live.models import Generation
from tenants.models import AuditLog
from tests.api import body, make_key, signed_in, with_key
from tests.cast import Cast
from tests.factories import make_sale, make_tenant

from .cache_tools import Counted, own_valkey, redis, remember

__all__ = ["own_valkey"]


def test_keys_are_exact_and_values_are_json(db: None) -> None:
    tenant, compute = make_tenant(), Counted({"total": Decimal("10.50"), "name": "ção"})
    first = remember(tenant.pk, compute, "kpis", part="2026-03")
    second = remember(tenant.pk, compute, "kpis", part="2026-03")
    assert (first.state, second.state, compute.runs) == ("MISS", "HIT", 1)
    assert first.body == second.body == '{"total":"10.50","name":"ção"}'.encode()
    assert first.etag == second.etag
    (name,) = [key.decode() for key in redis().scan_iter("tenant:*")]
    assert name == f"tenant:{tenant.pk}:kpis:0:2026-03"
    assert redis().get(name)[:1] == b"{", "JSON, never pickle"  # type: ignore[index]
    assert 120 < redis().ttl(name) <= 180, "half as long again, to be served while a new one is computed"


def test_parameters_are_part_of_the_key_whatever_their_order(db: None) -> None:
    tenant, compute = make_tenant(), Counted()
    remember(tenant.pk, compute, params={"a": 1, "b": 2})
    assert remember(tenant.pk, compute, params={"b": 2, "a": 1}).state == "HIT"
    assert remember(tenant.pk, compute, params={"a": 1, "b": 3}).state == "MISS"
    assert remember(make_tenant("Boreal").pk, compute, params={"a": 1, "b": 2}).state == "MISS", (
        "another company"
    )


@pytest.mark.parametrize(
    ("event", "dropped"),
    [
        ("facts_changed", {"list", "board", "recon", "txns"}),
        ("reconciliation_changed", {"board", "recon"}),
        ("settings_changed", {"board", "settings"}),
        ("kpi_refreshed", set()),
    ],
)
def test_an_event_drops_its_group_and_nothing_else(db: None, event: str, dropped: set[str]) -> None:
    tenant, other, compute = make_tenant(), make_tenant("Boreal"), Counted()
    watched = ("list", "board", "recon", "txns", "settings")
    for row in (tenant, other):
        for resource in watched:
            remember(row.pk, compute, resource)
    events.publish(event, tenant_id=tenant.pk)
    assert {
        resource for resource in watched if remember(tenant.pk, compute, resource).state == "MISS"
    } == dropped
    assert {remember(other.pk, compute, resource).state for resource in watched} == {"HIT"}


def test_old_data_that_comes_back_is_not_served(db: None) -> None:
    tenant = make_tenant()
    remember(tenant.pk, Counted("old"))
    kept = {key: redis().dump(key) for key in redis().scan_iter("tenant:*")}
    events.publish("facts_changed", tenant_id=tenant.pk)
    redis().flushdb()
    for key, value in kept.items():
        redis().restore(key, 60_000, value)
    answer = remember(tenant.pk, Counted("new"))
    assert (answer.state, answer.body) == ("MISS", b'"new"')


@pytest.mark.django_db(transaction=True)
def test_who_changes_something_sees_it_at_the_next_look() -> None:
    tenant, compute = make_tenant(), Counted()
    cache.remember("list", tenant_id=tenant.pk, compute=compute)
    events.publish("facts_changed", tenant_id=tenant.pk)
    assert cache.remember("list", tenant_id=tenant.pk, compute=compute).state == "MISS"


def test_clearing_raises_generations_and_is_audited(cast: Cast) -> None:
    compute = Counted()
    for tenant in (cast.aurora, cast.boreal):
        remember(tenant.pk, compute)
    assert services.clear_cache(tenant=cast.aurora, resource="list", actor=cast.ana) == ("facts",)
    assert remember(cast.aurora.pk, compute).state == "MISS"
    assert remember(cast.boreal.pk, compute).state == "HIT"
    assert AuditLog.objects.get(action="clear_cache").after == {"resource": "list", "groups": ["facts"]}
    services.clear_cache(tenant=None, actor=cast.ana)
    assert remember(cast.boreal.pk, compute).state == "MISS"
    assert set(Generation.objects.values_list("settings", flat=True)) == {1}
    with pytest.raises(services.UnknownResource, match="accounts, board"):
        services.clear_cache(tenant=cast.aurora, resource="everything", actor=cast.ana)


# --- answers -------------------------------------------------------------------------------------------------------------
def test_answers_carry_their_headers_and_304(cast: Cast) -> None:
    make_sale(cast.aurora, "10.00")
    client = with_key(cast.aurora)
    address = "/api/sales?period=all"
    cache.forget_generations()
    first, second = client.get(address), client.get(address)
    assert (first["X-Cache"], second["X-Cache"]) == ("MISS", "HIT")
    assert first["Cache-Control"] == "private, max-age=60, stale-while-revalidate=30"
    for header in ("Authorization", "Cookie", "X-Tenant"):
        assert header in first["Vary"]
    assert (first["Age"], first["ETag"]) == ("0", second["ETag"])
    assert body(first)["data"] == body(second)["data"]
    assert body(first)["data"][0]["total"] == "10.00", "money is text"
    for headers, query in (({"If-None-Match": first["ETag"]}, ""), ({}, f"&etag={first['ETag']}")):
        again = client.get(address + query, headers=headers)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    strong = first["ETag"].removeprefix("W/")
    assert client.get(address, headers={"If-None-Match": f'"other", {strong}'}).status_code == 304
    make_sale(cast.aurora, "20.00")
    events.publish("facts_changed", tenant_id=cast.aurora.pk)
    cache.forget_generations()
    changed = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, len(body(changed)["data"])) == (200, 2)


def test_a_hit_costs_no_query_of_its_own(cast: Cast) -> None:
    make_sale(cast.aurora, "10.00")
    client = with_key(cast.aurora)
    client.get("/api/sales")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/api/sales")["X-Cache"] == "HIT"
    assert len(queries) == 1, "the key's own look-up: " + "\n".join(query["sql"] for query in queries)


# --- Redis away ------------------------------------------------------------------------------------------------------------
def test_without_redis_everything_is_read_through(cast: Cast, own_valkey: ValkeyServer) -> None:
    make_sale(cast.aurora, "10.00")
    client, page = with_key(cast.aurora), signed_in(cast.ana)
    assert client.get("/api/sales?period=all")["X-Cache"] == "MISS"
    assert client.get("/api/sales?period=all")["X-Cache"] == "HIT"
    assert page.get("/t/aurora/settings/").status_code == 200
    own_valkey.kill()
    for _ in range(2):
        answer = client.get("/api/sales?period=all")
        assert (answer.status_code, answer["X-Cache"], len(body(answer)["data"])) == (200, "HIT", 1), (
            "out of this process's memory"
        )
    assert page.get("/t/aurora/settings/").status_code == 200, "sessions live in PostgreSQL"
    own_valkey.start()
    assert client.get("/api/sales?period=all").status_code == 200


def test_keys_work_without_redis_too(cast: Cast, own_valkey: ValkeyServer) -> None:
    text = make_key(cast.aurora)
    own_valkey.kill()
    client = Client(headers={"Authorization": f"Api-Key {text}"})
    stats = body(client.get("/api/system/cache/stats"))["data"]
    assert (stats["tier"], stats["tiers"]["redis"], stats["size"]) == (
        "memory",
        "away",
        {"keys": 0, "bytes": 0},
    )
    status = body(client.get("/api/system/status"))["data"]
    assert (status["cache"]["status"], status["database"]["status"]) == ("degraded", "ok")
