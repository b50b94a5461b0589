"""What sync says to who watches: stuck runs, failing connections, figures for /metrics, sources of the status page."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from sync import watching
from sync.models import Connection, InboundDelivery, SyncRun
from tests.cast import Cast
from tests.factories import make_connection, make_run

LIMITS = {"STUCK_RUN": Decimal(10), "FAILING_CONNECTION": Decimal(3)}


def minutes_ago(n: float) -> object:
    return timezone.now() - timedelta(minutes=n)


def test_runs_that_do_not_move(cast: Cast) -> None:
    queued = make_run(make_connection(cast.aurora, name="ERP"), created_at=minutes_ago(12))
    running = make_run(
        make_connection(cast.boreal, name="Banco"),
        status="running",
        created_at=minutes_ago(90),
        heartbeat_at=minutes_ago(11),
    )
    make_run(
        make_connection(cast.aurora),
        status="running",
        created_at=minutes_ago(90),
        heartbeat_at=minutes_ago(1),
    )
    make_run(make_connection(cast.aurora), created_at=minutes_ago(9))
    make_run(make_connection(cast.aurora), status="done", created_at=minutes_ago(90))
    found = list(watching.find(LIMITS))
    assert [(one.code, one.subject, one.tenant_id, one.values) for one in found] == [
        ("STUCK_RUN", f"run:{queued.pk}", cast.aurora.pk, {"connection": "ERP", "minutes": 12}),
        ("STUCK_RUN", f"run:{running.pk}", cast.boreal.pk, {"connection": "Banco", "minutes": 11}),
    ]
    assert found[0].path == f"/t/aurora/runs/{queued.pk}/"
    assert found[0].text % found[0].values == "ERP has waited for 12 minutes to be read on."
    cast.boreal.is_active = False
    cast.boreal.save()
    assert len(list(watching.find(LIMITS))) == 1
    assert list(watching.find({})) == []


def test_connections_that_keep_failing(cast: Cast) -> None:
    failing = make_connection(cast.aurora, name="ERP", failures=3)
    waiting = make_connection(cast.boreal, name="Banco", state=Connection.State.NEEDS_PERSON)
    make_connection(cast.aurora, failures=2)
    make_connection(cast.aurora, failures=9, state=Connection.State.PAUSED)
    make_connection(cast.aurora, failures=9, removed_at=timezone.now())
    found = list(watching.find(LIMITS))
    assert [(one.subject, one.tenant_id, one.text % one.values) for one in found] == [
        (f"connection:{failing.pk}", cast.aurora.pk, "ERP has failed 3 times in a row."),
        (f"connection:{waiting.pk}", cast.boreal.pk, "Banco needs you."),
    ]
    assert len(list(watching.find({**LIMITS, "FAILING_CONNECTION": Decimal(4)}))) == 1


def test_figures_of_connections_and_queues(cast: Cast) -> None:
    make_connection(cast.aurora, last_good_at=minutes_ago(5))
    wire = make_connection(cast.boreal, last_good_at=minutes_ago(30))
    make_connection(cast.boreal, "pluggy", state=Connection.State.PAUSED, last_good_at=minutes_ago(900))
    make_run(wire, created_at=minutes_ago(2))
    make_run(make_connection(cast.aurora, "advbox"), status=SyncRun.Status.DONE, created_at=minutes_ago(99))
    InboundDelivery.objects.create(
        tenant=cast.aurora, source="pluggy", delivery_id="a", body={}, received_at=minutes_ago(1)
    )
    found = {(name, *labels.values()): round(value) for name, labels, value in watching.read()}
    assert found == {
        ("sync_connections", "active"): 3, ("sync_connections", "paused"): 1, ("sync_freshness_seconds", "gestaoclick"): 1_800,
        ("queue_oldest_seconds", "runs"): 120, ("queue_oldest_seconds", "webhooks"): 60,
    }  # fmt: skip


def test_nothing_waits(db: None) -> None:
    assert [value for name, _labels, value in watching.read() if name == "queue_oldest_seconds"] == [0.0, 0.0]


def test_sources_are_the_companys_own(cast: Cast) -> None:
    make_connection(cast.aurora, name="ERP", last_good_at=minutes_ago(1))
    make_connection(cast.aurora, "pluggy", name="Banco", last_good_at=minutes_ago(600))
    make_connection(
        cast.aurora,
        "advbox",
        name="Advbox",
        state=Connection.State.NEEDS_PERSON,
        state_reason="A chave mudou.",
    )
    make_connection(cast.boreal, name="De outra")
    found = {one.name: one for one in watching.sources(cast.aurora)}
    assert {name: (one.tone, one.is_late, one.needs_person) for name, one in found.items()} == {
        "ERP": ("good", False, False), "Banco": ("warn", True, False), "Advbox": ("bad", False, True),
    }  # fmt: skip
    assert found["Advbox"].sentence == "A chave mudou."
    assert found["ERP"].budgets == ()
