"""Connections and files tell people, once an outage."""

from datetime import timedelta

import pytest
from django.utils import translation

from lib import clock
from live.models import Notification
from live.notifications.words import shown
from sync import telling
from sync.models import FileImport, SyncRun
from sync.providers.statement import Sentence
from sync.services import runs
from tenants.models import Role
from tests.cast import Cast
from tests.factories import make_connection, make_member, make_run


def told() -> list[tuple[str, str]]:
    return sorted(Notification.objects.values_list("user__email", "event"))


def fail(connection, decision: str = SyncRun.Decision.RETRY, error: str = "The bank is silent.") -> None:
    run = make_run(connection, status="running")
    runs.fail(run=run, error=error, decision=decision, changed=False)


def test_a_connection_that_needs_a_person_is_told_once_an_outage(cast: Cast) -> None:
    make_member(cast.aurora, Role.MANAGER, email="rita@example.com")
    connection = make_connection(cast.aurora, name="Banco Azul")
    fail(connection, SyncRun.Decision.NEEDS_PERSON, "Sign in again.")
    fail(connection, SyncRun.Decision.NEEDS_PERSON, "Sign in again.")
    assert told() == [
        ("ana@example.com", "connection_needs_person"),
        ("rita@example.com", "connection_needs_person"),
    ]
    row = Notification.objects.get(user=cast.ana)
    with translation.override("en"):
        found = shown(row, cast.aurora)
    assert (found.title, found.body, found.severity) == ("Banco Azul needs you", "Sign in again.", "critical")
    assert found.path == f"/t/aurora/connections/{connection.pk}/"
    runs.finish(run=make_run(connection, status="running"), changed=False)
    fail(connection, SyncRun.Decision.NEEDS_PERSON)
    assert Notification.objects.filter(user=cast.ana).count() == 2, "the next outage"


@pytest.mark.parametrize(
    ("hours", "failures", "expected"), [(5.9, 9, 0), (6.1, 1, 0), (6.1, 2, 1), (6.1, 9, 1)]
)
def test_only_what_fails_for_long_is_told(cast: Cast, hours: float, failures: int, expected: int) -> None:
    connection = make_connection(
        cast.aurora, failures=failures, last_good_at=clock.now() - timedelta(hours=hours)
    )
    fail(connection)
    fail(connection) if expected else None
    assert told() == [("ana@example.com", "connection_failing")] * expected


def test_a_paused_connection_tells_nobody(cast: Cast) -> None:
    connection = make_connection(
        cast.aurora, state="paused", failures=9, last_good_at=clock.now() - timedelta(days=2)
    )
    fail(connection, SyncRun.Decision.NEEDS_PERSON)
    assert told() == []


@pytest.mark.parametrize(
    ("work", "problem", "title"),
    [
        ("read", None, "march.ofx was read"),
        ("store", None, "march.ofx is stored"),
        (
            "store",
            Sentence("This file is stored already. Nothing was stored twice."),
            "march.ofx could not be used",
        ),
        ("undo", None, None),
    ],
)
def test_who_brought_a_file_hears_of_its_end(
    cast: Cast, work: str, problem: Sentence | None, title: str | None
) -> None:
    make_member(cast.aurora, Role.MANAGER)
    row = FileImport.objects.create(
        tenant=cast.aurora, user=cast.ana, name="march.ofx", sha256="s", size=1, content=b"", new_rows=7
    )
    telling.imported(row.pk, work, problem)
    found = Notification.objects.filter(tenant=cast.aurora)
    assert [each.user for each in found] == ([cast.ana] if title else [])
    with translation.override("en"):
        assert [shown(each, cast.aurora).title for each in found] == ([title] if title else [])
    if problem:
        with translation.override("en"):
            assert (
                shown(found[0], cast.aurora).body == "This file is stored already. Nothing was stored twice."
            )
