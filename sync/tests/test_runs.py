"""The life of a run: asked for once, claimed once, alive, and ended; connections rest, wait for a person, or go on."""

import threading
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from lib import clock, pg
from live.models import Event, Generation
from sync import schedule, services
from sync.models import Connection, SyncRun
from sync.services import NotReady, RunLost
from sync.services.runs import LONGEST_BACKOFF
from tenants.models import AuditLog
from tests.factories import access_of, make_connection, make_run, make_tenant

pytestmark = pytest.mark.django_db
Status, Reason, Decision = SyncRun.Status, SyncRun.Reason, SyncRun.Decision


@pytest.fixture
def connection():
    return make_connection(make_tenant())


def running(connection, **fields) -> SyncRun:
    fields.setdefault("heartbeat_at", clock.now())
    return make_run(connection, status=Status.RUNNING, started_at=clock.now(), **fields)


def fail(run, *, decision=Decision.RETRY, **options):
    services.fail(run=run, error="upstream is ill", decision=decision, changed=False, **options)
    run.connection.refresh_from_db()
    return run.connection


def test_asking_twice_is_one_run_and_the_second_widens_it(connection):
    first = services.request_sync(connection=connection, reason=Reason.SCHEDULE)
    again = services.request_sync(connection=connection, reason=Reason.PERSON, full=True)
    assert (again.pk, again.full) == (first.pk, True)
    assert services.request_sync(connection=connection, reason=Reason.SCHEDULE).full
    assert SyncRun.objects.count() == 1


def test_asking_while_one_runs_queues_the_next_at_its_end(connection):
    run = running(connection)
    assert services.request_sync(connection=connection, reason=Reason.WEBHOOK).pk == run.pk
    services.finish(run=run, changed=True)
    following = SyncRun.objects.exclude(pk=run.pk).get()
    assert (following.status, following.full) == (Status.QUEUED, False)
    connection.refresh_from_db()
    assert not connection.ask_again


def test_asking_for_a_complete_listing_while_one_runs_is_not_lost(connection):
    run = running(connection)
    services.request_sync(connection=connection, reason=Reason.PERSON, full=True)
    services.finish(run=run, changed=False)
    assert SyncRun.objects.exclude(pk=run.pk).get().full


def test_only_one_may_claim(connection):
    run = make_run(connection)
    assert services.claim(run.pk)
    assert not services.claim(run.pk)


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_and_claim_at_once_get_one_run():
    connection = make_connection(make_tenant())
    start, asked, claimed = threading.Barrier(6), [], []

    def work() -> None:
        start.wait()
        try:
            run = services.request_sync(connection=connection, reason=Reason.PERSON)
            asked.append(run.pk)
            claimed.append(services.claim(run.pk))
        finally:
            database.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(set(asked)) == 1
    assert sorted(claimed) == [False] * 5 + [True]
    assert SyncRun.objects.count() == 1


def test_a_good_end_settles_the_connection_and_raises_the_generation_only_for_changes(connection):
    Connection.objects.filter(pk=connection.pk).update(failures=3, last_error="x")
    for changed, facts in ((False, None), (True, 1)):
        services.finish(run=running(connection), changed=changed, columns={"fetched": 7})
        connection.refresh_from_db()
        assert (connection.failures, connection.last_error) == (0, "")
        assert connection.last_good_at is not None
        assert timedelta() < connection.next_due_at - clock.now() <= timedelta(seconds=60)
        generation = Generation.objects.filter(tenant=connection.tenant).first()
        assert (generation.facts if generation and generation.facts else None) == facts
    assert list(Event.objects.values_list("name", flat=True)) == ["sync_complete"] * 2
    assert set(SyncRun.objects.values_list("status", "fetched")) == {("done", 7)}


def test_failures_in_a_row_rest_longer_each_time_up_to_a_limit(connection):
    rests = []
    for _ in range(12):
        row = fail(running(connection))
        rests.append(row.next_due_at - clock.now())
    assert rests[0] < timedelta(seconds=1)
    assert timedelta(seconds=119) < rests[1] < timedelta(seconds=145)
    assert timedelta(seconds=239) < rests[2] < timedelta(seconds=290)
    assert LONGEST_BACKOFF - timedelta(seconds=1) < rests[-1] <= LONGEST_BACKOFF * 1.2
    assert (row.failures, row.last_error, row.state) == (12, "upstream is ill", Connection.State.ACTIVE)


def test_upstreams_own_wait_is_kept_and_a_spent_budget_is_nobodys_failure(connection):
    row = fail(running(connection), retry_after=timedelta(hours=9), blame=False)
    assert row.failures == 0
    assert timedelta(hours=8, minutes=59) < row.next_due_at - clock.now() <= timedelta(hours=9)


def test_a_permanent_failure_rests_longest(connection):
    row = fail(running(connection), decision=Decision.PERMANENT)
    assert row.next_due_at - clock.now() > LONGEST_BACKOFF - timedelta(seconds=1)
    assert row.state == Connection.State.ACTIVE


def test_a_connection_that_needs_a_person_says_so_and_is_left_alone(connection):
    row = fail(running(connection), decision=Decision.NEEDS_PERSON)
    assert (row.state, row.state_reason) == (Connection.State.NEEDS_PERSON, "upstream is ill")
    Connection.objects.update(next_due_at=clock.now())
    assert schedule.due_connections() == []
    with pytest.raises(NotReady, match="upstream is ill"):
        services.request_sync(connection=row, reason=Reason.PERSON)


def test_upstreams_word_that_it_works_again_is_believed(connection):
    row = fail(running(connection), decision=Decision.NEEDS_PERSON)
    run = services.request_sync(connection=row, reason=Reason.WEBHOOK)
    services.claim(run.pk)
    services.finish(run=run, changed=False)
    row.refresh_from_db()
    assert (row.state, row.state_reason) == (Connection.State.ACTIVE, "")


def test_a_silent_worker_without_its_lock_is_given_up_and_the_connection_goes_on(connection):
    run = running(connection, heartbeat_at=clock.now() - timedelta(seconds=30))
    fresh = running(make_connection(connection.tenant, "advbox"))
    assert services.sweep_stale() == 1
    run.refresh_from_db()
    fresh.refresh_from_db()
    assert (run.status, fresh.status) == (Status.STALE, Status.RUNNING)
    assert run.error
    assert Generation.objects.get().facts == 1  # what it had stored may not have been told of
    with pytest.raises(RunLost):
        services.beat(run)
    with pytest.raises(RunLost):
        services.finish(run=run, changed=True)
    with pytest.raises(RunLost):
        fail(run)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_holds_its_lock_is_believed_for_longer():
    connection = make_connection(make_tenant())
    run = running(connection, heartbeat_at=clock.now() - timedelta(minutes=1))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with pg.session_lock(pg.Lock.SYNC, connection.pk):
            held.set()
            done.wait(30)
        database.close()

    worker = threading.Thread(target=hold)
    worker.start()
    held.wait(30)
    assert services.sweep_stale() == 0
    SyncRun.objects.update(heartbeat_at=clock.now() - timedelta(minutes=4))
    assert services.sweep_stale() == 1
    done.set()
    worker.join(30)
    run.refresh_from_db()
    assert run.status == Status.STALE


def test_pausing_ends_what_is_open_and_resuming_asks_again(cast):
    connection = make_connection(cast.aurora)
    run, access = running(connection), access_of(cast.ana, cast.aurora)
    services.pause(connection=connection, actor=access)
    run.refresh_from_db()
    connection.refresh_from_db()
    assert (run.status, connection.state) == (Status.FAILED, Connection.State.PAUSED)
    with pytest.raises(RunLost):
        services.beat(run)
    for reason in Reason:
        with pytest.raises(NotReady):
            services.request_sync(connection=connection, reason=reason)
    assert services.resume(connection=connection, actor=access).status == Status.QUEUED
    actions = list(AuditLog.objects.order_by("pk").values_list("action", "actor"))
    assert actions == [("connection.paused", cast.ana.pk), ("connection.resumed", cast.ana.pk)]


def test_due_means_active_its_turn_no_open_run_and_an_active_company(connection):
    now = clock.now()
    Connection.objects.update(next_due_at=now)
    later = make_connection(connection.tenant, next_due_at=now + timedelta(minutes=1))
    paused = make_connection(connection.tenant, state=Connection.State.PAUSED, next_due_at=now)
    busy = make_connection(connection.tenant, next_due_at=now)
    make_run(busy)
    closed = make_connection(make_tenant("Closed", is_active=False), next_due_at=now)
    assert schedule.due_connections() == [connection]
    assert {later, paused, busy, closed}.isdisjoint(schedule.due_connections())


def test_every_minute_means_every_minute_although_beat_looks_once_in_one(connection):
    soon = clock.now() + timedelta(seconds=2)
    Connection.objects.update(next_due_at=soon)
    assert schedule.due_connections() == [connection]
    Connection.objects.update(failures=1)
    assert schedule.due_connections() == []


def test_an_upstream_that_is_ill_is_probed_by_one_connection(connection):
    now = clock.now()
    ill = [make_connection(connection.tenant, next_due_at=now, failures=2) for _ in range(3)]
    Connection.objects.filter(pk=connection.pk).update(next_due_at=now + timedelta(hours=1))
    bank = make_connection(connection.tenant, "pluggy", next_due_at=now)
    assert schedule.open_breakers() == {"gestaoclick"}
    assert schedule.due_connections() == [ill[0], bank]
    Connection.objects.filter(pk=ill[1].pk).update(failures=0, last_good_at=now)
    assert schedule.open_breakers() == set()
    assert len(schedule.due_connections()) == 4


def test_what_is_due_is_queued_once_and_complete_when_that_is_due(connection):
    now = clock.now()
    Connection.objects.update(next_due_at=now, last_full_at=now - timedelta(days=2))
    [pk] = services.queue_due()
    assert services.queue_due() == [pk]
    assert SyncRun.objects.get().full
    services.claim(pk)
    fail(SyncRun.objects.get())
    Connection.objects.update(next_due_at=now)
    services.queue_due()
    assert not SyncRun.objects.get(status=Status.QUEUED).full  # a complete one failed within the hour


def test_the_first_reading_is_no_complete_listing_because_it_resumes(connection):
    assert not schedule.full_is_due(connection)


def test_queueing_costs_the_same_however_many_are_not_due(connection):
    def queries() -> int:
        with CaptureQueriesContext(database) as captured:
            schedule.due_connections()
        return len(captured)

    Connection.objects.update(next_due_at=clock.now() + timedelta(hours=1))
    before = queries()
    for _ in range(5):
        make_connection(connection.tenant, next_due_at=clock.now() + timedelta(hours=1))
    assert queries() == before


def test_without_a_broker_asking_works_and_is_quick(settings, connection):
    settings.CELERY_BROKER_URL = ""
    with transaction.atomic():
        assert services.request_sync(connection=connection, reason=Reason.PERSON).status == Status.QUEUED


def test_new_credentials_are_sealed_audited_by_name_and_tried(cast):
    connection = make_connection(cast.aurora, state=Connection.State.NEEDS_PERSON, state_reason="refused")
    access = access_of(cast.ana, cast.aurora)
    run = services.update_credentials(
        connection=connection, credentials={"access_token": "s3cr3t"}, config={"base_url": "x"}, actor=access
    )
    connection.refresh_from_db()
    assert connection.state == Connection.State.ACTIVE
    assert connection.credentials() == {"access_token": "s3cr3t"}
    assert connection.config == {"base_url": "x"}
    assert run.status == Status.QUEUED
    entry = AuditLog.objects.get(action="connection.credentials")
    assert entry.after == {"credentials": ["access_token"]}
    assert "s3cr3t" not in connection.secret


def test_removing_forgets_the_secret_and_keeps_the_rest(cast):
    connection = services.connect(
        tenant=cast.aurora, kind="advbox", name="Advbox", credentials={"token": "t"}, actor=cast.ana
    )
    services.remove(connection=connection, actor=cast.ana)
    connection.refresh_from_db()
    assert (connection.secret, connection.state) == ("", Connection.State.PAUSED)
    assert connection.removed_at is not None
    with pytest.raises(services.NotReady):
        services.resume(connection=connection)
    services.remove(connection=connection, actor=cast.ana)
    entry = AuditLog.objects.get(action="connection.removed")
    assert (entry.actor, entry.before) == (cast.ana, {"name": "Advbox", "kind": "advbox"})
    services.update_credentials(connection=connection, credentials={"token": "new"}, actor=cast.ana)
    connection.refresh_from_db()
    assert (str(connection.state), connection.removed_at is None) == ("active", True)


def test_old_runs_go_and_open_ones_stay(connection):
    old = clock.now() - timedelta(days=31)
    done, waiting = make_run(connection, status=Status.DONE), make_run(connection)
    SyncRun.objects.update(created_at=old)
    assert services.prune() == 1
    assert not SyncRun.objects.filter(pk=done.pk).exists()
    assert SyncRun.objects.get() == waiting
