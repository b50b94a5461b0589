"""A worker that dies, a database that restarts, a Redis that is gone: in real processes, in the middle of a chunk."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest

from config.testing import PostgresServer
from lib import clock
from sync import runner, services
from sync.models import Connection, SyncRun
from sync.sandbox.testing import SandboxServer
from sync.tests.support import connect, due_now, erp_differences, sandbox_of_today, tenant_of
from tests.database import url_of_test_database

ROOT = Path(__file__).resolve().parent.parent
# A worker that stops at its third chunk, after every write of it and before its commit, until somebody writes a line to it.
STOPPING = """
import json, sys, django
django.setup()
from sync import runner
runner.CHUNK_RECORDS = 100
save, chunks = runner.Attempt._save_cursor, []
def stopping(self, pages):
    save(self, pages)
    chunks.append(1)
    if len(chunks) == 3:
        print("in the middle", flush=True)
        sys.stdin.readline()
runner.Attempt._save_cursor = stopping
"""
DO_ONE_RUN = STOPPING + "runner.run(int(sys.argv[1]))"
# Everything in a process of its own, on a PostgreSQL of its own: make the tables, connect, read, and say what is there.
ON_ITS_OWN = (
    STOPPING
    + """
from django.core.management import call_command
from django.db.models import Sum
call_command("migrate", verbosity=0, interactive=False)
from kpi import checks
from ledger.models import Customer, OpenItem, Product, Sale
from sync import services
from sync.models import SyncRun
from tests.factories import make_tenant
services.connect(tenant=make_tenant(), kind="gestaoclick", name="ERP", **json.loads(sys.argv[1]))
run = SyncRun.objects.get()
runner.run(run.pk)
run.refresh_from_db()
facts = [model.objects.filter(void_at=None) for model in (Sale, Product, Customer, OpenItem)]
total = str(facts[0].aggregate(total=Sum("total"))["total"])
counts = [rows.count() for rows in facts]
print(json.dumps({"status": run.status, "error": run.error, "counts": counts, "total": total, "wrong": len(checks.compare())}))
"""
)


@pytest.fixture
def sandbox(tmp_path: Path, settings: Any) -> Iterator[SandboxServer]:
    settings.ALLOW_PRIVATE_UPSTREAMS = True
    with sandbox_of_today(tmp_path) as server:
        yield server


def worker(script: str, *args: object, **environ: str) -> "subprocess.Popen[str]":
    """Start a process with this script, on this test's database unless `environ` names another."""
    named = {"DATABASE_URL": url_of_test_database(), "ALLOW_PRIVATE_UPSTREAMS": "true", **environ}
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)],
        cwd=ROOT,
        env=os.environ | named,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def expect(process: "subprocess.Popen[str]", line: str) -> None:
    """Wait until the process says this line."""
    out: IO[str] | None = process.stdout
    assert out is not None
    said = []
    for text in out:
        said.append(text.strip())
        if text.strip() == line:
            return
    raise AssertionError(f"never said {line!r}, but {said}; ended with {process.wait()}")


@pytest.mark.drill
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_a_chunk_costs_that_chunk_only(sandbox: SandboxServer) -> None:
    tenant = tenant_of(sandbox, "clinic")
    connection = connect(sandbox, tenant, "gestaoclick")
    run = SyncRun.objects.get()
    process = worker(DO_ONE_RUN, run.pk)
    expect(process, "in the middle")
    stored = Connection.objects.get().cursor
    assert stored
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    run.refresh_from_db()
    assert run.status == SyncRun.Status.RUNNING
    assert Connection.objects.get().cursor == stored  # the open chunk left nothing behind
    assert run.fetched >= 200
    assert services.request_sync(connection=connection, reason=SyncRun.Reason.SCHEDULE).pk == run.pk

    SyncRun.objects.update(heartbeat_at=clock.now() - timedelta(seconds=30))
    while not services.sweep_stale():  # until the server has noticed that its client is gone
        pass
    due_now(connection)
    assert runner.run_due_now() == 1
    run.refresh_from_db()
    following = SyncRun.objects.exclude(pk=run.pk).get()
    assert (run.status, following.status) == ("stale", "done")
    everything = sandbox.app.store.one(
        "SELECT count(*) FROM rows WHERE company = 'clinic' AND hidden = 0"
        " AND resource IN ('vendas', 'clientes', 'produtos', 'recebimentos', 'pagamentos')"
    )
    assert everything is not None
    assert following.fetched < everything[0]  # it went on and did not begin anew
    assert list(erp_differences(sandbox, tenant)) == []


@pytest.mark.drill
@pytest.mark.django_db(transaction=True)
def test_without_redis_everything_is_read_all_the_same(sandbox: SandboxServer) -> None:
    tenant = tenant_of(sandbox, "clinic")
    connect(sandbox, tenant, "gestaoclick")
    connect(sandbox, tenant, "pluggy")
    script = (
        "import django; django.setup()\n"
        "from django.core.management import call_command\n"
        "call_command('run_due', '--until-done')"
    )
    nowhere = "redis://127.0.0.1:1/0"
    process = worker(script, REDIS_URL=nowhere, CELERY_BROKER_URL=nowhere)
    out, _ = process.communicate(timeout=110)
    assert process.returncode == 0
    assert out.startswith("runs: 2,")
    assert set(SyncRun.objects.values_list("status", flat=True)) == {"done"}
    assert list(erp_differences(sandbox, tenant)) == []


@pytest.mark.drill
def test_a_database_that_restarts_in_the_middle_costs_nothing(
    sandbox: SandboxServer, embedded_postgres_factory: Callable[[], PostgresServer]
) -> None:
    server = embedded_postgres_factory()
    tokens = sandbox.company("shop").gestaoclick
    assert tokens is not None
    config = {
        "credentials": {
            "access_token": tokens.access_token,
            "secret_access_token": tokens.secret_access_token,
        },
        "config": {"base_url": f"{sandbox.url}/gestaoclick", "budget": "100000/second"},
    }
    process = worker(ON_ITS_OWN, json.dumps(config), DATABASE_URL=server.url)
    expect(process, "in the middle")
    server.kill()
    server.start()
    with psycopg.connect(server.url) as check:
        row = check.execute("SELECT count(*) FROM sync_syncrun WHERE status = 'running'").fetchone()
        assert row == (1,)
    out, _ = process.communicate("go on\n", timeout=110)
    said = json.loads(out.splitlines()[-1])
    store = sandbox.app.store
    truth = "SELECT count(*) FROM rows WHERE company = 'shop' AND hidden = 0 AND resource "
    counts = [
        (store.one(truth + where) or [0])[0]
        for where in ("= 'vendas'", "= 'produtos'", "= 'clientes'", "IN ('recebimentos', 'pagamentos')")
    ]
    total = (
        store.one(
            "SELECT sum(CAST(json_extract(payload, '$.valor_total') AS REAL)) FROM rows WHERE company = 'shop' AND resource = 'vendas'"
        )
        or [0]
    )[0]
    assert (said["status"], said["error"], said["wrong"]) == ("done", "", 0)
    assert said["counts"][0] == counts[0]
    assert said["counts"][1] >= counts[1]  # products that are known from sales only come on top
    assert said["counts"][2:] == counts[2:]
    assert abs(float(said["total"]) - total) < 0.005
