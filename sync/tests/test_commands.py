"""Commands and tasks: thin, named, and safe to repeat."""

import pytest
from celery import current_app
from django.core.management import CommandError, call_command

from ledger.models import Customer, Transaction
from lib import clock
from sync import services, tasks
from sync.models import Connection, SyncRun
from sync.providers.base import UpstreamError
from sync.tests.support import BUDGET, connect, customers, erp_differences, lines, tenant_of
from tests.factories import make_connection, make_run, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection():
    return make_connection(make_tenant(), config={"budget": BUDGET})


def test_sync_now_reads_and_says_what_came(connection, script, capsys):
    script(customers("Ana", "Bia"))
    call_command("sync_now", tenant="aurora")
    assert "aurora gestaoclick: done, 2 read, 2 facts changed" in capsys.readouterr().out
    call_command("sync_now", connection=connection.pk, full=True)
    assert SyncRun.objects.filter(full=True, status="done").count() == 1


def test_sync_now_ends_with_an_error_when_one_failed(connection, script, capsys):
    script(UpstreamError("closed", needs_person=True))
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("sync_now")
    assert "closed" in capsys.readouterr().out
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("sync_now")
    assert "closed" in capsys.readouterr().err
    with pytest.raises(CommandError, match="no such connection"):
        call_command("sync_now", tenant="nobody")


def test_a_run_that_is_going_on_already_is_said_and_no_failure(connection, script, capsys):
    script(customers("Ana"))
    run = make_run(connection, status="running", fetched=34)
    call_command("sync_now", tenant="aurora")
    assert f"run {run.pk} is going on already, 34 read so far" in capsys.readouterr().out
    connection.refresh_from_db()
    assert connection.ask_again
    assert SyncRun.objects.count() == 1


def test_remap_maps_what_is_kept(connection, script, capsys):
    upstream = script(lines([("t1", "10.00")]))
    call_command("sync_now")
    Transaction.objects.all().delete()
    call_command("remap", connection=connection.pk)
    assert Transaction.objects.count() == 1
    assert "1 records, 1 facts changed" in capsys.readouterr().out
    assert len(upstream.asked) == 1


def test_remap_says_why_it_could_not(connection, capsys):
    with pytest.raises(CommandError, match="1 could not be mapped"):
        call_command("remap")


def test_every_task_has_its_name_and_bears_more_arguments():
    for name in ("run_due", "run", "sweep", "process_inbox", "check_webhooks", "prune"):
        task = current_app.tasks[f"sync.{name}"]
        assert task.ignore_result
    tasks.run(run_id=0, something="from a newer version")
    tasks.run_due(new=1)
    tasks.sweep(new=1)
    tasks.process_inbox(new=1)
    tasks.check_webhooks(new=1)
    tasks.prune(new=1)


def test_beat_queues_and_a_worker_does_it(connection, script):
    script(customers("Ana"))
    Connection.objects.update(next_due_at=clock.now())
    tasks.run_due()
    tasks.run_due()
    run = SyncRun.objects.get()
    assert run.status == "queued"
    tasks.run(run.pk)
    tasks.run(run.pk)
    run.refresh_from_db()
    assert (run.status, Customer.objects.count()) == ("done", 1)


def test_a_private_address_is_refused_before_anything_is_sent(sandbox, settings):
    settings.ALLOW_PRIVATE_UPSTREAMS = False
    tenant = tenant_of(sandbox, "clinic")
    connect(sandbox, tenant, "gestaoclick")
    connect(sandbox, tenant, "pluggy", base_url="https://169.254.169.254/latest")
    with pytest.raises(CommandError, match="2 of 2"):
        call_command("sync_now")
    assert sandbox.requests == {}
    assert set(Connection.objects.values_list("state", flat=True)) == {"needs_person"}
    for reason in Connection.objects.values_list("state_reason", flat=True):
        assert "token" not in reason.lower() or "access_token" not in reason
    settings.ALLOW_PRIVATE_UPSTREAMS = True
    for connection in Connection.objects.all():
        Connection.objects.filter(pk=connection.pk).update(
            config=connection.config | {"base_url": f"{sandbox.url}/{connection.kind}"}
        )
        connection.refresh_from_db()
        assert services.test_connection(connection=connection)
    call_command("sync_now")
    assert list(erp_differences(sandbox, tenant)) == []


def test_a_message_never_holds_a_credential(sandbox):
    tenant = tenant_of(sandbox, "clinic")
    connection = connect(sandbox, tenant, "gestaoclick")
    secret = connection.credentials()["secret_access_token"]
    connection.set_credentials({"access_token": "wrong-token-1234", "secret_access_token": secret})
    connection.save()
    with pytest.raises(CommandError):
        call_command("sync_now")
    run = SyncRun.objects.get()
    assert run.decision == "needs_person"
    for text in (run.error, Connection.objects.get().last_error):
        assert "wrong-token-1234" not in text
        assert secret not in text


def test_a_waiting_run_of_a_paused_connection_ends(connection, script):
    script(customers("Ana"))
    run = make_run(connection)
    Connection.objects.update(state="paused", state_reason="Paused.")
    tasks.run(run.pk)
    run.refresh_from_db()
    assert run.status == "failed"
