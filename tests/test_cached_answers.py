"""Every answer of the API that is read: it can be asked for again for nothing. Every cached one: where it came from, how old it is, how long it is fresh."""

from typing import Any
from urllib.parse import quote

import pytest
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


# Read at every request: what people set up, which differs by person and is a few rows.
READ = {
    "/api/alerts/webhooks",
    "/api/alerts/webhooks/{id}/deliveries",
    "/api/alerts/{id}",
    "/api/kpis/boards",
    "/api/kpis/boards/links",
    "/api/kpis/boards/links/{id}",
    "/api/kpis/boards/{key}",
    "/api/kpis/reports",
    "/api/kpis/reports/{id}",
    "/api/kpis/reports/{id}/history",
    "/api/reconciliation/rules",
    "/api/segments/edges",
}
# A person's own, and what the installation is doing at this moment.
MOVING = ("/api/notifications", "/api/user/", "/api/system/", "/api/metrics/")


def cached_paths() -> set[str]:
    """Return every address whose answer has a validator, as the document says: every one that is read."""
    document = body(Client().get("/api/schema", headers={"Accept": "application/json"}))
    reads = {path: one["get"] for path, one in document["paths"].items() if "get" in one}
    found = {path for path, one in reads.items() if "304" in one["responses"]}
    assert found == {
        path for path, one in reads.items() if "etag" in {each["name"] for each in one.get("parameters", ())}
    }
    assert reads.keys() - found == {"/api/events"}  # a stream
    return {path for path in found if not path.startswith(MOVING)}


@pytest.fixture
def urls(cast: Cast, settings: Any) -> dict[str, str]:
    """The address of something of Aurora's, by path of the document."""
    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 1_000
    known, board = ids(cast.aurora), board_key(cast.aurora)

    def url(path: str) -> str:
        name = path.removeprefix("/api/")
        pk = known.get(name, known.get(name.removesuffix("/{id}")))
        return path.replace("{id}", str(pk)).replace("{month}", "2026-03").replace("{key}", board)

    return {path: url(path) for path in cached_paths()}


def test_what_is_read_each_time_is_asked_for_again_for_nothing(cast: Cast, urls: dict[str, str]) -> None:
    client, other = with_key(cast.aurora), with_key(cast.boreal)
    assert urls.keys() >= READ
    for path in sorted(READ):
        first = client.get(urls[path])
        headers = {name: first[name] for name in ("ETag", "Cache-Control")}
        assert (first.status_code, headers["Cache-Control"]) == (200, "private, no-cache"), path
        assert {"Authorization", "Cookie", "X-Tenant"} <= {one.strip() for one in first["Vary"].split(",")}
        tag = first["ETag"]
        for again in (
            client.get(urls[path], headers={"If-None-Match": f'"older", {tag}'}),
            client.get(f"{urls[path]}?etag={quote(tag)}"),
        ):
            assert (again.status_code, again.content) == (304, b""), path
            assert {name: again[name] for name in headers} == headers, path
        # Another company's answer is never told by this validator.
        assert other.get(urls[path], headers={"If-None-Match": tag}).status_code in {200, 404}, path


def test_a_change_is_seen_at_once_by_who_holds_the_older_answer(cast: Cast, urls: dict[str, str]) -> None:
    client = with_key(cast.aurora)
    url = urls["/api/kpis/reports/{id}"]
    held = client.get(url)["ETag"]
    client.patch(url, {"hour": 5}, content_type="application/json")
    changed = client.get(url, headers={"If-None-Match": held})
    assert (changed.status_code, body(changed)["data"]["hour"]) == (200, 5)
    assert client.get(url, headers={"If-None-Match": changed["ETag"]}).status_code == 304


def test_every_cached_one_says_the_same_five_things(cast: Cast, clock: Clock, urls: dict[str, str]) -> None:
    client = with_key(cast.aurora)
    assert urls.keys() >= FRESH.keys() | {"/api/kpis"}
    for path in sorted(urls.keys() - READ):
        ttl, url = FRESH.get(path, BOARD), urls[path]
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
