"""Asking for synchronisations over the API, and for one record that must not be old."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ledger import refresh
from ledger.models import Customer
from ledger.models.source import Fact
from lib import clock
from sync.models import Connection, SyncRun
from tenants.models import AuditLog, Tenant
from tests.api import body, with_key
from tests.cast import Cast
from tests.factories import make_connection, make_customer, make_run

TRIGGER, PLUGGY = "/api/system/sync/trigger", "/api/pluggy/sync"


def post(client: Client, path: str, **data: Any) -> Any:
    """Send JSON."""
    return client.post(path, data, content_type="application/json")


def test_every_connection_gets_a_run_once(cast: Cast) -> None:
    first, second = make_connection(cast.aurora), make_connection(cast.aurora, "pluggy")
    make_connection(cast.aurora, "advbox", state=Connection.State.PAUSED)
    make_connection(cast.boreal)
    client = with_key(cast.aurora)
    response = post(client, TRIGGER)
    assert response.status_code == 202
    runs = body(response)["data"]["runs"]
    assert {run["connection"] for run in runs} == {first.pk, second.pk}
    assert {run["status"] for run in runs} == {"queued"}
    again = body(post(client, TRIGGER))["data"]["runs"]
    assert [run["id"] for run in again] == [run["id"] for run in runs], "the open run is the answer"
    assert SyncRun.objects.count() == 2
    assert AuditLog.objects.filter(
        tenant=cast.aurora, action="sync.requested", actor_name__contains="API key"
    ).exists()


def test_one_connection_by_its_number(cast: Cast) -> None:
    wanted = make_connection(cast.aurora)
    make_connection(cast.aurora, "pluggy")
    foreign = make_connection(cast.boreal)
    client = with_key(cast.aurora)
    assert [
        run["connection"] for run in body(post(client, TRIGGER, connection=wanted.pk))["data"]["runs"]
    ] == [wanted.pk]
    assert post(client, TRIGGER, connection=foreign.pk).status_code == 404
    assert post(client, TRIGGER, connection=2**63).status_code == 400
    assert not SyncRun.objects.filter(connection=foreign).exists()


def test_a_connection_that_needs_a_person_says_the_way_out(cast: Cast) -> None:
    stuck = make_connection(
        cast.aurora,
        "pluggy",
        name="Bancos",
        state=Connection.State.NEEDS_PERSON,
        state_reason="Entre de novo no banco.",
    )
    client = with_key(cast.aurora)
    for path in (TRIGGER, PLUGGY):
        response = post(client, path)
        assert response.status_code == 409
        found = body(response)
        assert (found["code"], found["message"]) == ("conflict", "Entre de novo no banco.")
        assert found["details"]["connections"] == [
            {"connection": stuck.pk, "name": "Bancos", "message": "Entre de novo no banco."}
        ]
    works = make_connection(cast.aurora, "gestaoclick")
    response = post(client, TRIGGER)
    assert response.status_code == 202
    data = body(response)["data"]
    assert ([run["connection"] for run in data["runs"]], len(data["skipped"])) == ([works.pk], 1)


def test_banks_are_asked_without_the_erp(cast: Cast) -> None:
    client = with_key(cast.aurora)
    assert post(client, PLUGGY).status_code == 409, "no bank yet"
    bank, _erp = make_connection(cast.aurora, "pluggy"), make_connection(cast.aurora)
    running = make_run(bank, status=SyncRun.Status.RUNNING, heartbeat_at=clock.now())
    data = body(post(client, PLUGGY))["data"]
    assert [(run["id"], run["status"]) for run in data["runs"]] == [(running.pk, "running")]
    assert Connection.objects.get(pk=bank.pk).ask_again, "what was asked meanwhile is not lost"


def test_status_shows_each_connection_with_its_newest_run(cast: Cast) -> None:
    wire = make_connection(cast.aurora, name="ERP", last_good_at=clock.now())
    make_run(wire, status=SyncRun.Status.DONE)
    newest = make_run(wire, status=SyncRun.Status.FAILED, error="o ERP não respondeu")
    (row,) = body(with_key(cast.aurora).get("/api/system/sync/status"))["data"]["connections"]
    assert (row["name"], row["run"]["id"], row["run"]["error"]) == ("ERP", newest.pk, "o ERP não respondeu")
    assert body(with_key(cast.boreal).get("/api/system/sync/status"))["data"]["connections"] == []


def test_max_age_asks_upstream_and_answers_with_its_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = make_customer(cast.aurora, "Antes")
    asked: list[tuple[Tenant, int, timedelta]] = []

    def refresher(tenant: Tenant, row: Fact, max_age: timedelta) -> Any:
        asked.append((tenant, row.pk, max_age))
        Customer.objects.filter(pk=row.pk).update(name="Depois")
        return clock.now()

    monkeypatch.setattr(refresh, "_refresher", refresher)
    client = with_key(cast.aurora)
    address = f"/api/customers/{customer.pk}"
    assert body(client.get(address))["data"]["name"] == "Antes"
    assert asked == []
    found = body(client.get(f"{address}?max_age=30"))
    assert found["data"]["name"] == "Depois"
    assert found["meta"]["as_of"] is not None
    assert asked == [(cast.aurora, customer.pk, timedelta(seconds=30))]
    assert with_key(cast.boreal).get(f"{address}?max_age=30").status_code == 404
    assert len(asked) == 1, "a stranger's question asks nobody"
