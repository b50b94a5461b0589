"""Connections and runs as people see them."""

import pytest
from django.urls import reverse

from sync.models import Connection, SyncRun
from tests import factories
from tests.cast import Cast


def url(name: str, slug: str = "aurora", **kwargs: object) -> str:
    return reverse(f"sync:{name}", kwargs={"slug": slug, **kwargs})


@pytest.fixture
def connection(cast: Cast) -> Connection:
    return factories.make_connection(cast.aurora, "gestaoclick", name="ERP")


def test_pages_show_state_runs_and_what_to_do(client, cast: Cast, connection: Connection) -> None:
    run = factories.make_run(
        connection, status=SyncRun.Status.FAILED, error="The ERP did not answer. Nothing was lost."
    )
    Connection.objects.update(state="needs_person", state_reason="Enter the tokens again.")
    client.force_login(cast.bruno)
    assert "Enter the tokens again." in client.get(url("connections")).content.decode()
    assert "Enter the tokens again." in client.get(url("connection", pk=connection.pk)).content.decode()
    assert "The ERP did not answer." in client.get(url("run", pk=run.pk)).content.decode()
    assert url("run", pk=run.pk) in client.get(url("runs")).content.decode()


def test_an_empty_company_is_told_what_to_do(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    page = client.get(url("connections")).content.decode()
    assert url("connect", kind="gestaoclick") in page
    assert client.get(url("connect", kind="gestaoclick")).status_code == 200
    assert client.get(url("connect", kind="nosuch")).status_code == 404


def test_asking_twice_is_one_run(client, cast: Cast, connection: Connection) -> None:
    client.force_login(cast.ana)
    for _ in range(2):
        client.post(url("sync_now", pk=connection.pk))
    assert connection.runs.count() == 1


def test_pausing_and_resuming(client, cast: Cast, connection: Connection) -> None:
    client.force_login(cast.ana)
    client.post(url("change_state", pk=connection.pk), {"to": "paused"})
    connection.refresh_from_db()
    assert connection.state == Connection.State.PAUSED
    client.post(url("change_state", pk=connection.pk), {"to": "active"})
    connection.refresh_from_db()
    assert connection.state == Connection.State.ACTIVE


def test_readers_may_not_act_and_strangers_find_nothing(client, cast: Cast, connection: Connection) -> None:
    run = factories.make_run(connection)
    acts = [("sync_now", 403), ("test", 403), ("change_state", 403), ("bank", 403)]
    for person, expected in ((cast.bruno, None), (cast.carla, 404)):
        client.force_login(person)
        for name, status in acts:
            assert client.post(url(name, pk=connection.pk)).status_code == (expected or status)
    assert client.get(url("connection", "boreal", pk=connection.pk)).status_code == 404
    assert client.get(url("run", "boreal", pk=run.pk)).status_code == 404


def test_credentials_are_never_shown(client, cast: Cast, connection: Connection) -> None:
    connection.set_credentials({"access_token": "t0ken-secret", "secret_access_token": "s3cret"})
    connection.save()
    client.force_login(cast.ana)
    for name in ("connection", "credentials"):
        page = client.get(url(name, pk=connection.pk)).content.decode()
        assert "t0ken-secret" not in page
        assert "s3cret" not in page
