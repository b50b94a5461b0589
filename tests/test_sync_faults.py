"""Every fault of the simulated upstreams, alone and mixed: nothing lost, nothing doubled, a sentence for people, numbers that agree."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from kpi import checks
from kpi import services as kpi
from ledger import refresh
from ledger.models import Account, BankConnection, Customer, OpenItem, Sale, Transaction
from lib import http
from sync import budgets, opening, reading, runner, services
from sync.models import Connection, RawRecord, SyncRun
from sync.providers.base import UpstreamError
from sync.sandbox.testing import SandboxServer
from sync.tests.support import (
    bank_differences,
    connect,
    due_now,
    erp_differences,
    sandbox_of_today,
    tenant_of,
)
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.drill]
ROUNDS = 60
# Short enough that a hanging upstream costs a moment; the rules are those of production.
QUICK = http.Patience(connect=2, read=0.4, total=1.5, attempts=3, longest_wait=0.05)


@pytest.fixture(autouse=True)
def _quick(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.ALLOW_PRIVATE_UPSTREAMS = True
    settings.SYNC_BATCH_SIZE = 50
    monkeypatch.setattr(opening, "STEADY", QUICK)
    monkeypatch.setattr(opening, "HURRY", QUICK)
    budgets.counters.forget()
    yield
    budgets.counters.forget()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    with sandbox_of_today(tmp_path) as server:
        yield server


def bring_up_to_date(*connections: Connection, full: bool = False) -> list[SyncRun]:
    """Do runs until every connection had a good one; where a person is needed, somebody tries the connection again. Return the failed ones."""
    first = SyncRun.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    waiting = list(connections)
    for _ in range(ROUNDS):
        for connection in waiting:
            connection.refresh_from_db()
            if connection.state == Connection.State.NEEDS_PERSON:
                _try_again(connection)
            elif full:
                services.request_sync(connection=connection, reason=SyncRun.Reason.PERSON, full=True)
        due_now(*waiting)
        runner.run_due_now()
        good = SyncRun.objects.filter(pk__gt=first, status=SyncRun.Status.DONE, full__in=[full, True])
        done = set(good.values_list("connection", flat=True))
        waiting = [connection for connection in waiting if connection.pk not in done]
        if not waiting:
            return list(SyncRun.objects.filter(pk__gt=first, status=SyncRun.Status.FAILED))
    reasons = list(SyncRun.objects.filter(connection__in=waiting).values_list("error", flat=True)[:3])
    raise AssertionError(f"{waiting} never became up to date: {reasons}")


def _try_again(connection: Connection) -> None:
    """Try the connection again; that upstream still refuses is fine."""
    with suppress(UpstreamError):
        services.test_connection(connection=connection)


def assert_agrees(sandbox: SandboxServer, tenant: Tenant) -> None:
    """Everything upstream is in the ledger exactly once, is readable, and the rollups and the view say the same as the facts."""
    kinds = set(Connection.objects.filter(tenant=tenant).values_list("kind", flat=True))
    if "gestaoclick" in kinds:
        assert list(erp_differences(sandbox, tenant)) == []
    if "pluggy" in kinds:
        assert list(bank_differences(sandbox, tenant)) == []
    assert list(RawRecord.objects.filter(tenant=tenant).exclude(error="").values_list("kind", "error")) == []
    kpi.refresh_until_current()
    assert checks.compare(tenant) == []
    assert checks.behind(tenant) == []


ALONE = (
    "401",
    "429",
    "500",
    "hang",
    "cut_json",
    "page_twice",
    "page_missing",
    "late_rows",
    "changed_rows",
    "vanished_rows",
    "new_id_rows",
    "nulls",
)


@pytest.mark.parametrize("upstream", ["gestaoclick", "pluggy", "advbox"])
def test_each_fault_alone(sandbox: SandboxServer, upstream: str) -> None:
    tenant = tenant_of(sandbox, "law" if upstream == "advbox" else "clinic")
    connection = connect(sandbox, tenant, upstream)
    bring_up_to_date(connection)
    said: dict[str, str] = {}
    for kind in ALONE:
        times = {"times": 3} if kind in ("401", "429", "500", "hang", "cut_json") else {"rate": 0.3}
        sandbox.faults([{"kind": kind, "upstream": upstream, "retry_after": 3600, **times}])
        sandbox.tick("sale", tenant.slug)
        failed = bring_up_to_date(connection)
        sandbox.clear_faults()
        if failed:
            said[kind] = failed[-1].error
        bring_up_to_date(connection, full=True)
        if upstream != "advbox":
            assert_agrees(sandbox, tenant)
    # What upstream did for longer than the client's own patience was told in words; what it did once was not even noticed.
    assert {"429", "500", "hang", "cut_json"} <= said.keys()
    assert len(set(said.values())) >= 4
    assert all(len(sentence) > 20 and "Traceback" not in sentence for sentence in said.values())
    connection.refresh_from_db()
    assert (connection.state, connection.failures, connection.last_error) == ("active", 0, "")


def test_a_first_reading_through_everything_at_once(sandbox: SandboxServer) -> None:
    """20 % of all requests go wrong in one way or another, for two companies and five connections, while time goes on."""
    clinic, law = tenant_of(sandbox, "clinic"), tenant_of(sandbox, "law")
    connections = [
        connect(sandbox, tenant, kind)
        for tenant, kinds in ((clinic, ("gestaoclick", "pluggy")), (law, ("advbox", "pluggy")))
        for kind in kinds
    ]
    answers = [
        {"kind": kind, "rate": 0.04, "retry_after": 1} for kind in ("401", "429", "500", "hang", "cut_json")
    ]
    pages = [{"kind": kind, "rate": 0.05} for kind in ("page_twice", "page_missing")]
    rows = [
        {"kind": kind, "rate": 0.02} for kind in ("late_rows", "changed_rows", "vanished_rows", "new_id_rows")
    ]
    sandbox.faults([*answers, *pages, *rows])
    failed = bring_up_to_date(*connections)
    for _ in range(3):
        sandbox.tick()
        failed += bring_up_to_date(*connections)
    sandbox.clear_faults()
    bring_up_to_date(*connections, full=True)
    assert all(run.error and run.decision for run in failed)
    for tenant in (clinic, law):
        assert_agrees(sandbox, tenant)
    assert Customer.objects.filter(tenant=law, is_stub=False, void_at=None).count() > 0
    assert _office_entries(sandbox) == OpenItem.objects.filter(tenant=law, void_at=None).count()
    assert set(Connection.objects.values_list("state", "failures")) == {("active", 0)}
    again = bring_up_to_date(*connections, full=True)
    assert again == []
    assert set(SyncRun.objects.filter(status="done").order_by("-pk").values_list("changed", "gone")[:4]) == {
        (0, 0)
    }


def _office_entries(sandbox: SandboxServer) -> int:
    row = sandbox.app.store.one(
        "SELECT count(*) FROM rows WHERE company = 'law' AND resource = 'transactions' AND hidden = 0"
    )
    assert row is not None
    return int(row[0])


def test_a_bank_that_needs_its_owner_says_so_and_the_others_go_on(sandbox: SandboxServer) -> None:
    tenant = tenant_of(sandbox, "shop")
    connection = connect(sandbox, tenant, "pluggy")
    bring_up_to_date(connection)
    first, second = connection.config["item_ids"]
    sandbox.call("POST", "/control/items", {"item_id": first, "status": "LOGIN_ERROR"})
    sandbox.tick("payment", "shop")
    bring_up_to_date(connection)
    states = dict(BankConnection.objects.values_list("external_id", "status"))
    assert states[first] == "LOGIN_ERROR"
    assert states[second] == "UPDATED"
    assert Account.objects.filter(void_at=None).count() == 3
    sandbox.call("POST", "/control/items", {"item_id": first, "status": "UPDATED"})
    bring_up_to_date(connection)
    assert_agrees(sandbox, tenant)


def test_a_person_connects_a_bank_and_only_for_their_own_company(sandbox: SandboxServer) -> None:
    clinic, law = tenant_of(sandbox, "clinic"), tenant_of(sandbox, "law")
    bank = connect(sandbox, clinic, "pluggy", item_ids=[], connect_url=f"{sandbox.url}/pluggy/connect")
    bring_up_to_date(bank)
    assert Transaction.objects.count() == 0
    callback = "http://localhost:8000/t/clinic/connections/1/bank"
    url = services.start_bank_connection(connection=bank, callback=callback)
    form = {"connectorId": "627", "user": "user-ok", "password": "password-ok", "action": "connect"}
    item = _consent(sandbox, url, form, callback)
    stranger = connect(sandbox, law, "pluggy", client_user_id="somebody-else", item_ids=[])
    Connection.objects.filter(pk=stranger.pk).update(secret=bank.secret)
    stranger.refresh_from_db()
    for connection, name in ((stranger, item), (bank, "00000000-0000-4000-8000-000000000000")):
        with pytest.raises(UpstreamError):
            services.finish_bank_connection(connection=connection, item_id=name)
    services.finish_bank_connection(connection=bank, item_id=item)
    services.finish_bank_connection(connection=bank, item_id=item)
    bank.refresh_from_db()
    assert bank.config["item_ids"] == [item]
    bring_up_to_date(bank)
    assert BankConnection.objects.get(tenant=clinic).external_id == item


def _consent(sandbox: SandboxServer, url: str, form: dict[str, str], callback: str) -> str:
    """Go through the simulated widget as a person would; return the item that it sends back."""
    parts = urlsplit(url)
    assert sandbox.request("GET", f"{parts.path}?{parts.query}").status == 200
    hidden = {key: values[0] for key, values in parse_qs(parts.query).items()}
    answer = sandbox.request(
        "POST",
        parts.path,
        urlencode(hidden | form).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status == 303
    location = answer.headers["location"]
    assert location.startswith(callback)
    return parse_qs(urlsplit(location).query)["itemId"][0]


def test_reading_one_record_asks_the_erp_only_when_it_is_old_and_the_budget_allows(
    sandbox: SandboxServer,
) -> None:
    tenant, other = tenant_of(sandbox, "clinic"), tenant_of(sandbox, "law")
    connection = connect(sandbox, tenant, "gestaoclick")
    bring_up_to_date(connection)
    sale = Sale.objects.filter(tenant=tenant).order_by("-date").first()
    assert sale is not None
    kind, _, number = sale.external_id.partition(":")
    path = f"GET /gestaoclick/vendas/{number}"
    minute, now = timedelta(minutes=1), timedelta()
    assert refresh.at_most(sale, tenant=tenant, max_age=minute) is not None
    assert sandbox.requests.get(path, 0) == 0
    query = "UPDATE rows SET payload = CAST(json_set(payload, '$.nome_situacao', 'Entregue') AS BLOB) WHERE company = 'clinic' AND resource = 'vendas' AND id = ?"
    sandbox.app.store.run(query, (int(number),))
    as_of = refresh.at_most(sale, tenant=tenant, max_age=now)
    sale.refresh_from_db()
    assert (sale.status, kind) == ("Entregue", kind)
    assert sandbox.requests[path] == 1
    known = refresh.at_most(sale, tenant=tenant, max_age=minute)
    assert known is not None
    assert as_of is not None
    assert known >= as_of
    assert sandbox.requests[path] == 1  # it was asked a moment ago
    assert refresh.at_most(sale, tenant=other, max_age=now) is None
    record = reading.record_of(sale)
    assert record is not None
    assert reading.record_beside_facts(record).facts == (sale,)

    sandbox.faults([{"kind": "500", "upstream": "gestaoclick"}])
    assert refresh.at_most(sale, tenant=tenant, max_age=now) == known
    sandbox.clear_faults()
    Connection.objects.update(config=connection.config | {"budget": "1/day"})
    budgets.budget_of(Connection.objects.get()).spend()
    assert refresh.at_most(sale, tenant=tenant, max_age=now) == known
    assert sandbox.requests[path] == 1 + opening.HURRY.attempts
    Connection.objects.update(config=connection.config)
    sandbox.app.store.run(
        "DELETE FROM rows WHERE company = 'clinic' AND resource = 'vendas' AND id = ?", (int(number),)
    )
    refresh.at_most(sale, tenant=tenant, max_age=now)
    sale.refresh_from_db()
    assert sale.void_at is not None
