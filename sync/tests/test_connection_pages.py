"""Connections by hand: renamed, removed, brought back; the way back from the bank; what polls and what does not."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from ledger.models import Sale, Source
from lib import clock
from sync import budgets, consents, queries, runner
from sync.models import Connection, RawRecord, SyncRun, Webhook
from sync.services import webhooks
from sync.tests.support import connect, tenant_of
from tenants.models import AuditLog, Role
from tests import factories
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def url(name: str, slug: str = "aurora", **kwargs: object) -> str:
    return reverse(f"sync:{name}", kwargs={"slug": slug, **kwargs})


@pytest.fixture
def connection(cast: Cast) -> Connection:
    return factories.make_connection(cast.aurora, "gestaoclick", name="ERP")


def test_a_connection_gets_another_name_everywhere(client, cast: Cast, connection: Connection) -> None:
    client.force_login(cast.ana)
    client.post(url("rename", pk=connection.pk), {"name": " Loja do centro "})
    client.post(url("rename", pk=connection.pk), {"name": "  "})
    connection.refresh_from_db()
    assert (connection.name, Source.objects.get(pk=connection.source_id).name) == ("Loja do centro",) * 2
    entry = AuditLog.objects.get(action="connection.renamed")
    assert (entry.before, entry.after, entry.actor) == ({"name": "ERP"}, {"name": "Loja do centro"}, cast.ana)


def test_removing_says_what_stays_and_keeps_it(client, cast: Cast, connection: Connection) -> None:
    connection.set_credentials({"access_token": "t0ken-secret", "secret_access_token": "s3cret"})
    connection.save()
    sale = factories.make_sale(cast.aurora, source=connection.source)
    run = factories.make_run(connection, status=SyncRun.Status.DONE)
    RawRecord.objects.create(
        tenant=cast.aurora, connection=connection, kind="sale", external_id="1", payload={}, content_hash=b"x"
    )
    client.force_login(cast.ana)
    page = client.get(url("connection", pk=connection.pk)).content.decode()
    assert url("remove", pk=connection.pk) in page
    client.post(url("remove", pk=connection.pk))
    connection.refresh_from_db()
    assert (connection.secret, connection.state) == ("", "paused")
    assert connection.removed_at is not None
    sale.refresh_from_db()
    assert sale.void_at is None
    assert RawRecord.objects.filter(connection=connection).count() == 1
    assert AuditLog.objects.get(action="connection.removed").actor == cast.ana
    assert url("connection", pk=connection.pk) not in client.get(url("connections")).content.decode()
    assert client.get(url("connection", pk=connection.pk)).status_code == 404
    for act in ("sync_now", "test", "change_state", "remove", "rename"):
        assert client.post(url(act, pk=connection.pk)).status_code == 404, act
    assert client.get(url("run", pk=run.pk)).status_code == 200
    assert (
        client.post("/api/system/sync/trigger", {"connection": connection.pk}, "application/json").status_code
        == 404
    )
    assert runner.run_due_now() == 0


def test_readers_and_strangers_do_neither(client, cast: Cast, connection: Connection) -> None:
    for person, slug, status in (
        (cast.bruno, "aurora", 403),
        (cast.carla, "aurora", 404),
        (cast.carla, "boreal", 404),
    ):
        client.force_login(person)
        for act in ("rename", "remove"):
            assert client.post(url(act, slug, pk=connection.pk), {"name": "x"}).status_code == status
    connection.refresh_from_db()
    assert (connection.name, connection.removed_at) == ("ERP", None)


def test_a_reader_is_offered_nothing_that_ends_in_a_refusal(
    client, cast: Cast, connection: Connection
) -> None:
    client.force_login(cast.bruno)
    for page in ("connections", "runs", "accounts"):
        text = client.get(url(page)).content.decode()
        assert url("import") not in text, page
    text = client.get(url("connection", pk=connection.pk)).content.decode()
    for act in ("rename", "remove", "change_state", "test", "sync_now", "credentials"):
        assert url(act, pk=connection.pk) not in text, act


def test_a_removed_connection_goes_on_where_it_stopped(client, sandbox, cast: Cast) -> None:
    tenant = tenant_of(sandbox, "clinic")
    ana = factories.make_member(tenant, Role.OWNER)
    first = connect(sandbox, tenant, "gestaoclick")
    assert first.runs.get().reason == "first"
    credentials = first.credentials()
    runner.run_due_now()
    counted = tenant_sales(tenant)
    assert counted > 0
    client.force_login(ana)
    client.post(url("remove", "clinic", pk=first.pk))
    form = client.get(url("connect", "clinic", kind="gestaoclick")).content.decode()
    assert f'value="{first.pk}" selected' in form
    answer = client.post(
        url("connect", "clinic", kind="gestaoclick"), {"name": "De volta", "earlier": first.pk, **credentials}
    )
    assert answer.url == url("connection", "clinic", pk=first.pk)
    assert Connection.objects.get() == first
    runner.run_due_now()
    assert tenant_sales(tenant) == counted
    first.refresh_from_db()
    assert (first.name, first.removed_at, first.state) == ("De volta", None, "active")


def tenant_sales(tenant) -> int:
    return Sale.objects.filter(tenant=tenant, void_at=None).count()


def test_removing_takes_the_webhooks_back(client, sandbox, settings) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    tenant = tenant_of(sandbox, "clinic")
    connection = connect(sandbox, tenant, "pluggy")
    webhooks.check_webhooks()
    client.force_login(factories.make_member(tenant, Role.OWNER))
    client.post(url("remove", "clinic", pk=connection.pk))
    assert sandbox.app.store.children("webhook", "clinic") == []
    assert Webhook.objects.count() == 0


# --- the bank and back ---------------------------------------------------------------------------------------------------
@pytest.fixture
def bank(sandbox):
    """A connection of Pluggy whose person goes to the sandbox's page, the company's owner, and another one's."""
    tenant = tenant_of(sandbox, "clinic")
    connection = connect(sandbox, tenant, "pluggy", connect_url=f"{sandbox.url}/pluggy/connect")
    return connection, factories.make_member(tenant, Role.OWNER)


def there(client, connection: Connection) -> str:
    """Begin a consent, and return the state that was sent along."""
    page = client.post(url("bank", "clinic", pk=connection.pk))
    back = parse_qs(urlsplit(page.context["url"]).query)["callback"][0]
    return parse_qs(urlsplit(back).query)["state"][0]


def items(connection: Connection) -> int:
    return AuditLog.objects.filter(action="bank.connected").count()


def test_a_consent_comes_back_once(client, bank) -> None:
    connection, owner = bank
    client.force_login(owner)
    state = there(client, connection)
    done = {"itemId": connection.config["item_ids"][0], "state": state}
    client.get(url("bank_done", "clinic", pk=connection.pk), done)
    assert items(connection) == 1
    client.get(url("bank_done", "clinic", pk=connection.pk), done)
    assert items(connection) == 1


def test_a_consent_that_nobody_began_here_changes_nothing(client, bank, cast: Cast, monkeypatch) -> None:
    connection, owner = bank
    item = connection.config["item_ids"][0]
    client.force_login(owner)
    address = url("bank_done", "clinic", pk=connection.pk)
    for query in ({"itemId": item}, {"itemId": item, "state": ""}, {"itemId": item, "state": "ção" * 50}):
        assert client.get(address, query).status_code == 302
    other = factories.make_connection(connection.tenant, "pluggy", name="Other")
    state = there(client, connection)
    client.get(url("bank_done", "clinic", pk=other.pk), {"itemId": item, "state": state})
    client.get(address, {"itemId": item, "state": state})  # used up above
    late = there(client, connection)
    monkeypatch.setattr(clock, "now", lambda now=clock.now: now() + consents.LIFETIME + timedelta(seconds=1))
    client.get(address, {"itemId": item, "state": late})
    monkeypatch.undo()
    state = there(client, connection)
    colleague = factories.make_member(connection.tenant, Role.MANAGER)
    client.force_login(colleague)
    client.get(address, {"itemId": item, "state": state})
    assert items(connection) == 0


def test_leaving_the_bank_without_a_consent_is_said(client, bank) -> None:
    connection, owner = bank
    client.force_login(owner)
    state = there(client, connection)
    answer = client.get(
        url("bank_done", "clinic", pk=connection.pk), {"error": "CANCELLED", "state": state}, follow=True
    )
    assert len(list(answer.context["messages"])) == 1
    assert items(connection) == 0


# --- what reads itself again -----------------------------------------------------------------------------------------------
def test_tables_poll_while_a_run_is_open_and_stop(client, cast: Cast, connection: Connection) -> None:
    client.force_login(cast.bruno)
    run = factories.make_run(connection, status=SyncRun.Status.RUNNING)
    for page in (url("runs"), url("connection", pk=connection.pk), url("run", pk=run.pk)):
        assert "live:sync from:body, every 3s" in client.get(page).content.decode(), page
    SyncRun.objects.update(status=SyncRun.Status.DONE)
    for page in (url("runs"), url("connection", pk=connection.pk), url("run", pk=run.pk)):
        text = client.get(page).content.decode()
        assert "every 3s" not in text, page
        assert "live:sync from:body" in text
    asked = {"HX-Request": "true", "HX-Target": "run-list"}
    part = client.get(url("connection", pk=connection.pk), headers=asked).content.decode()
    assert part.strip().startswith('<div id="run-list"')
    part = client.get(url("connection", pk=connection.pk), headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith('<div id="state"')


# --- budgets -----------------------------------------------------------------------------------------------------------------
def test_what_upstream_still_takes_is_shown(client, cast: Cast, connection: Connection) -> None:
    connection.set_credentials({"access_token": "a", "secret_access_token": "b"})
    connection.save()
    budgets.budget_of(connection).spend("vendas")
    day, second = queries.request_budget(connection)
    assert (day.amount, day.seconds, day.remaining) == (30_000, 86_400, 29_999)
    assert (second.amount, second.seconds) == (3, 1)
    client.force_login(cast.ana)
    assert "29.999" in client.get(url("connection", pk=connection.pk)).content.decode()
    answer = client.get("/api/system/sync/status").json()["data"]["connections"][0]["budgets"]
    assert (answer[0]["amount"], answer[0]["remaining"]) == (30_000, 29_999)


def test_of_endpoints_with_equal_limits_the_tightest_is_told(cast: Cast) -> None:
    bank = factories.make_connection(cast.aurora, "pluggy")
    assert queries.request_budget(bank) == []
    bank.set_credentials({"client_id": "a", "client_secret": "b"})
    for _ in range(3):
        budgets.budget_of(bank).spend("transactions")
    budgets.budget_of(bank).spend("accounts")
    told = {left.endpoint: (left.remaining, left.amount) for left in queries.request_budget(bank)}
    assert told == {"transactions": (357, 360), "update_item": (20, 20)}
