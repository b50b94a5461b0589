"""Health: open, honest, without secrets."""

import json
from typing import Any

import pytest
from django.test import Client

from live import health, workers
from sync.models import Connection
from tests.api import body, with_key
from tests.cast import Cast
from tests.factories import make_connection, make_run, make_user


@pytest.fixture(autouse=True)
def _fresh() -> None:
    health.forget()


def test_every_part_says_how_it_is(cast: Cast, settings: Any) -> None:
    make_connection(
        cast.aurora, name="Banco secreto", state=Connection.State.NEEDS_PERSON, state_reason="segredo"
    )
    make_run(make_connection(cast.boreal))
    workers.mark("celery@um")
    workers.mark("celery@dois")
    response = Client().get("/health")
    assert response.status_code == 200
    found = body(response)
    assert found["status"] == "degraded"
    assert set(found["parts"]) == {"database", "cache", "workers", "connections"}
    parts = found["parts"]
    assert parts["database"]["status"] == parts["cache"]["status"] == parts["workers"]["status"] == "ok"
    assert parts["workers"]["alive"] == 2
    assert parts["connections"] | {"oldest_queued_at": ""} == {
        "status": "degraded", "active": 1, "needs_person": 1, "paused": 0, "failing": 0, "running": 0, "queued": 1,
        "oldest_queued_at": "",
    }  # fmt: skip
    text = json.dumps(found)
    for word in (
        "secret",
        "segredo",
        "Aurora",
        "password",
        settings.DATABASES["default"].get("HOST") or "@@",
    ):
        assert word not in text
    assert "no-store" in response["Cache-Control"]


def test_alive_asks_nobody_and_ready_asks_the_database(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get("/health/live").status_code == 200
    assert Client().get("/health/ready").status_code == 200
    health.forget()
    monkeypatch.setattr(
        "django.db.connection.get_connection_params", lambda: {"dbname": "x", "host": "127.0.0.1", "port": 1}
    )
    assert Client().get("/health/live").status_code == 200
    assert Client().get("/health/ready").status_code == 503
    gone = Client().get("/health")
    assert gone.status_code == 503
    found = body(gone)
    assert (found["status"], found["parts"]["database"]["status"]) == ("down", "down")
    assert found["parts"]["connections"] == {"status": "unknown"}


def test_a_part_that_breaks_is_down_and_the_rest_goes_on(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(tenant: object) -> health.Part:
        raise OSError("no route to host")

    monkeypatch.setitem(health._registry, "disk", health._Entry(broken, needs_database=False))
    found = body(Client().get("/health"))
    assert found["parts"]["disk"] == {"status": "down", "error": "OSError"}
    assert found["parts"]["database"]["status"] == "ok"


def test_silent_workers_are_not_counted(db: None) -> None:
    assert workers.alive() == 0
    workers._on_heartbeat(sender=None)
    assert workers.alive() == 1
    assert body(Client().get("/health"))["parts"]["workers"] == {"status": "ok", "alive": 1}


def test_a_company_sees_its_own_connections_only(cast: Cast) -> None:
    make_connection(cast.aurora, last_good_at="2026-03-10T12:00:00Z")
    make_connection(cast.boreal, state=Connection.State.NEEDS_PERSON)
    found = body(with_key(cast.aurora).get("/api/system/status"))["data"]
    assert (found["sync"]["active"], found["sync"]["needs_person"], found["sync"]["status"]) == (1, 0, "ok")
    assert found["as_of"] == "2026-03-10T12:00:00+00:00"


def test_staff_with_a_second_factor_sees_all_companies(cast: Cast, settings: Any) -> None:
    make_connection(cast.aurora)
    make_connection(cast.boreal, state=Connection.State.NEEDS_PERSON)
    client = Client()
    client.force_login(make_user("staff@example.com", is_staff=True))
    assert client.get("/api/system/sync/status").status_code == 404, (
        "without a second factor: a person of no company"
    )
    settings.ADMIN_SECOND_FACTOR = False
    everything = body(client.get("/api/system/sync/status"))["data"]["connections"]
    assert {row["company"] for row in everything} == {"aurora", "boreal"}
    assert body(client.get("/api/system/database/health"))["data"]["server"]["migrations_missing"] == 0
    one = body(client.get("/api/system/sync/status", headers={"X-Tenant": "boreal"}))["data"]["connections"]
    assert [row["state"] for row in one] == ["needs_person"]
    assert client.get("/api/sales", headers={"X-Tenant": "boreal"}).status_code == 404, (
        "facts are for members"
    )
    assert client.post("/api/system/sync/trigger", {}, content_type="application/json").status_code == 400
