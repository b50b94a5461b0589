"""Every cached answer of the API: where it came from, how old it is, how long it is fresh, and that it can be asked for again for nothing."""

from typing import Any
from urllib.parse import quote

from django.test import Client

from live import cache
from live.tests.cache_tools import Clock, clock
from tests.api import body, with_key
from tests.cast import Cast
from tests.test_api_schema import board_key, ids

__all__ = ["clock"]

# Seconds for which each is fresh, where it is no board. The lists of facts answer 304 out of the log of changes, so those are of this moment.
BOARD = 300
LISTS = ("sales", "customers", "products", "open-items")
FRESH = {
    "/api/settings": 300,
    "/api/pluggy/accounts": 120,
    "/api/pluggy/transactions": 60,
    "/api/reconciliation": 30,
    "/api/kpis/{month}": 120,
    # Dropped whenever one of them changes, so they may stand long.
    **dict.fromkeys(("/api/alerts", "/api/alerts/events", "/api/kpis/targets", "/api/kpis/occasions"), 3600),
    **{f"/api/{name}": 60 for name in LISTS},
    **{f"/api/{name}/{{id}}": 600 for name in ("pluggy/transactions", *LISTS)},
}


def told(answer: Any) -> dict[str, Any]:
    """Return what an answer's headers say of the cache; of Vary what callers differ by."""
    vary = {name.strip() for name in answer["Vary"].split(",")}
    names = ("X-Cache", "Age", "ETag", "Cache-Control")
    return {name: answer[name] for name in names} | {"Vary": vary & {"Authorization", "Cookie", "X-Tenant"}}


def cached_paths() -> set[str]:
    """Return every address whose answer has a validator, as the document says."""
    document = body(Client().get("/api/schema", headers={"Accept": "application/json"}))
    reads = {path: one["get"] for path, one in document["paths"].items() if "get" in one}
    found = {path for path, one in reads.items() if "304" in one["responses"]}
    assert found == {
        path for path, one in reads.items() if "etag" in {each["name"] for each in one.get("parameters", ())}
    }
    return found


def test_every_one_says_the_same_five_things(cast: Cast, clock: Clock, settings: Any) -> None:
    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 1_000
    known, client = ids(cast.aurora), with_key(cast.aurora)
    board = board_key(cast.aurora)
    paths = cached_paths()
    assert paths >= FRESH.keys() | {"/api/kpis"}
    for path in sorted(paths):
        ttl = FRESH.get(path, BOARD)
        name = path.removeprefix("/api/").removesuffix("/{id}")
        url = path.replace("{id}", str(known.get(name))).replace("{month}", "2026-03").replace("{key}", board)
        clock.ahead = 0
        cache.forget_generations()
        first = client.get(url)
        common = {
            "ETag": first["ETag"],
            "Vary": {"Authorization", "Cookie", "X-Tenant"},
            "Cache-Control": f"private, max-age={ttl}, stale-while-revalidate={ttl // 2}",
        }
        assert told(first) == {**common, "X-Cache": "MISS", "Age": "0"}, path
        clock.ahead = 10
        second = client.get(url)
        assert told(second) == {**common, "X-Cache": "HIT", "Age": "10"}, path
        assert body(second)["data"] == body(first)["data"]
        asks: list[dict[str, Any]] = [
            {"path": url, "headers": {"If-None-Match": first["ETag"]}},
            {"path": f"{url}?etag={quote(first['ETag'])}"},
        ]
        for ask in asks:
            again = client.get(**ask)
            assert (again.status_code, again.content) == (304, b""), path
            assert told(again) | {"Age": ""} == {**common, "X-Cache": "HIT", "Age": ""}, path
