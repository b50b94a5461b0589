"""Alerts: opened after some looks, closed after some more, told once, muted, of the right company."""

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError, ProgrammingError, connection, transaction
from django.utils import timezone, translation

from lib import pg
from live import counters, measure
from live.alerts import AlertKind, Finding, catalog, installation, looking, telling
from live.models import Alert, AlertRule, BackupRun, Notification, Process
from tests.cast import Cast
from tests.factories import make_user


class Bench:
    """Sources under the test's hand."""

    def __init__(self) -> None:
        self.wrong: list[Finding] = []
        self.broken: Exception | None = None
        self.limits: Any = None

    def look(self, limits: Any) -> Iterator[Finding]:
        self.limits = limits
        if self.broken:
            raise self.broken
        yield from self.wrong


@pytest.fixture
def bench(db: None, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(catalog, "_kinds", {})
    monkeypatch.setattr(catalog, "_sources", [])
    found = Bench()
    catalog.register_alert_source(
        found.look,
        AlertKind("HOT", "Hot", "Cool it.", limit=lambda: Decimal(10), unit="°"),
        AlertKind("SHOWN", "Shown", "", open_after=1, close_after=1, tells=False),
    )
    return found


def hot(tenant: Any = None, value: int = 12, subject: str = "") -> Finding:
    return Finding(
        "HOT", "Slow answers: %(ms)s ms on average (limit %(limit)s ms).", {"ms": value, "limit": 10}, Decimal(value),
        subject=subject, tenant_id=tenant and tenant.pk,
    )  # fmt: skip


def looks(n: int) -> list[str]:
    moved: list[str] = []
    for _ in range(n):
        moved += [("closed" if row.closed_at else "opened") for row in looking.look()]
        telling.tell()
    return moved


def test_opens_after_two_looks_and_closes_after_three(bench: Bench) -> None:
    bench.wrong = [hot()]
    assert looks(1) == []
    assert Alert.objects.get().is_pending
    bench.wrong = [hot(value=15)]
    assert looks(1) == ["opened"]
    row = Alert.objects.get()
    assert (row.value, row.threshold, row.params["values"]) == (
        Decimal(15),
        Decimal(10),
        {"ms": 15, "limit": 10},
    )
    assert looks(5) == []
    bench.wrong = []
    assert looks(2) == []
    bench.wrong = [hot()]
    assert looks(1) == [], "a relapse begins the count anew"
    bench.wrong = []
    assert looks(3) == ["closed"]
    assert looks(3) == []
    bench.wrong = [hot()]
    assert looks(2) == ["opened"]
    assert Alert.objects.count() == 2


def test_what_does_not_last_leaves_no_trace(bench: Bench) -> None:
    for _ in range(3):
        bench.wrong = [hot()]
        looks(1)
        bench.wrong = []
        looks(1)
    assert not Alert.objects.exists()
    assert mail.outbox == []


def test_a_clock_that_jumps_opens_and_closes_nothing(bench: Bench) -> None:
    bench.wrong = [hot()]
    looks(1)
    Alert.objects.update(
        opened_at=timezone.now() - timedelta(days=1), seen_at=timezone.now() + timedelta(days=1)
    )
    assert Alert.objects.get().is_pending
    assert looks(1) == ["opened"]
    Alert.objects.update(seen_at=timezone.now() - timedelta(days=1))
    bench.wrong = []
    assert looks(2) == []


def test_staff_is_told_by_mail_of_the_installation_in_their_language(bench: Bench) -> None:
    make_user("operator@example.com", is_staff=True, language="en")
    make_user("operadora@example.com", is_staff=True, language="pt-br")
    make_user("gone@example.com", is_staff=True, is_active=False)
    make_user("somebody@example.com")
    bench.wrong = [hot()]
    looks(4)
    assert [(one.to, one.subject) for one in mail.outbox] == [
        (["operator@example.com"], "Slow answers: 12 ms on average (limit 10 ms)."),
        (["operadora@example.com"], _in("pt-br", "Slow answers: %(ms)s ms on average (limit %(limit)s ms).")),
    ]
    assert "Cool it." in mail.outbox[0].body
    bench.wrong = []
    looks(4)
    assert mail.outbox[2].subject == "Well again: Slow answers: 12 ms on average (limit 10 ms)."
    assert len(mail.outbox) == 4
    assert not Notification.objects.exists()


def _in(language: str, text: str) -> str:
    with translation.override(language):
        return catalog.message({"text": text, "values": {"ms": 12, "limit": 10}})


def test_a_company_is_told_of_its_own(bench: Bench, cast: Cast) -> None:
    bench.wrong = [hot(cast.aurora, subject="a"), hot(cast.boreal, subject="b")]
    looks(3)
    told = {(row.tenant, row.user, row.event) for row in Notification.objects.all()}
    assert told == {(cast.aurora, cast.ana, "alert_opened"), (cast.boreal, cast.carla, "alert_opened")}
    assert mail.outbox == []
    bench.wrong = [hot(cast.boreal, subject="b")]
    looks(3)
    assert Notification.objects.filter(event="alert_closed").get().user == cast.ana
    row = Notification.objects.filter(event="alert_opened", tenant=cast.aurora).get()
    assert row.path == "/t/aurora/status/"


def test_a_kind_that_is_told_elsewhere_is_shown_only(bench: Bench, cast: Cast) -> None:
    bench.wrong = [Finding("SHOWN", "x", tenant_id=cast.aurora.pk)]
    assert looks(1) == ["opened"]
    assert not Notification.objects.exists()


def test_mute(bench: Bench, cast: Cast) -> None:
    bench.wrong = [hot(cast.aurora)]
    AlertRule.objects.create(code="HOT", muted_until=timezone.now() + timedelta(hours=1))
    assert looks(3) == ["opened"]
    assert not Notification.objects.exists()
    AlertRule.objects.update(muted_until=timezone.now() - timedelta(seconds=1))
    telling.mute(Alert.objects.get(), until=timezone.now() + timedelta(hours=1))
    looks(1)
    assert not Notification.objects.exists()
    telling.mute(Alert.objects.get(), until=None)
    looks(1)
    assert Notification.objects.count() == 1, "still wrong when it may be said again"


def test_nobody_hears_that_it_is_well_who_did_not_hear_that_it_was_not(bench: Bench, cast: Cast) -> None:
    bench.wrong = [hot(cast.aurora)]
    AlertRule.objects.create(code="HOT", muted_until=timezone.now() + timedelta(hours=1))
    looks(2)
    bench.wrong = []
    looks(3)
    AlertRule.objects.all().delete()
    looks(1)
    assert not Notification.objects.exists()


def test_an_operator_outranks_the_code(bench: Bench) -> None:
    looks(1)
    assert bench.limits == {"HOT": 10, "SHOWN": None}
    rule = AlertRule.objects.create(code="HOT", threshold=99)
    looks(1)
    assert bench.limits["HOT"] == 99
    bench.wrong = [hot()]
    looks(2)
    rule.is_active = False
    rule.save()
    looks(1)
    assert "HOT" not in bench.limits
    row = Alert.objects.get()
    assert row.closed_at is not None
    looks(2)
    assert Alert.objects.count() == 1
    assert [one.subject for one in mail.outbox] == []


@pytest.mark.parametrize("error", [ZeroDivisionError(), ProgrammingError("no such table")])
def test_a_source_that_breaks_neither_blinds_the_others_nor_says_that_all_is_well(
    bench: Bench, error: Exception
) -> None:
    other = Bench()
    catalog.register_alert_source(other.look, AlertKind("COLD", "Cold", ""))
    bench.wrong = [hot()]
    looks(2)
    bench.broken = error
    other.wrong = [Finding("COLD", "x")]
    assert looks(4) == ["opened"]
    assert Alert.objects.get(code="HOT").closed_at is None
    with pytest.raises(ValueError, match="COLD"):
        catalog.register_alert_source(bench.look, AlertKind("COLD", "Cold", ""))


def test_without_a_database_nobody_looks(bench: Bench) -> None:
    bench.wrong = [hot()]
    looks(2)
    bench.broken = OperationalError("gone")
    with pytest.raises(OperationalError):
        looking.look()
    assert Alert.objects.get().closed_at is None


def test_a_mail_server_that_is_away_is_asked_again(bench: Bench, settings: Any) -> None:
    make_user("operator@example.com", is_staff=True)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    bench.wrong = [hot()]
    looks(2)
    assert Alert.objects.get().told_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    looks(2)
    assert len(mail.outbox) == 1


def test_another_process_at_it(transactional_db: None, bench: Bench) -> None:
    bench.wrong = [hot()]
    found: list[Any] = []

    def other() -> None:
        found.append(looking.look())
        connection.close()

    with transaction.atomic():
        assert pg.try_lock(pg.Lock.COLLECT)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == [[]]
    assert not Alert.objects.exists()


# --- what this app looks for ---------------------------------------------------------------------------------------------
@pytest.fixture
def figures_of_nobody(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    counters.forget()
    monkeypatch.setattr(measure, "ID", uuid.uuid4())
    monkeypatch.setattr(counters, "_followed", [])
    monkeypatch.setattr(counters, "_gauges", {})


def found() -> dict[str, Finding]:
    measure.Writer("web").turn()
    return {one.code: one for one in installation.look(catalog.rules().limits)}


def test_a_well_installation(figures_of_nobody: None) -> None:
    Process.objects.create(kind="worker", host="h", pid=1)
    BackupRun.objects.create(kind="backup", status="ok")
    for _ in range(100):
        measure.observe("request_ms", 900, route="x")
    measure.add("cache_hits", 60)
    measure.add("cache_misses", 40)
    measure.gauge("memory_bytes", lambda: 512 * 1024 * 1024)
    measure.gauge("connections", lambda: 800)
    assert found() == {}


def test_everything_wrong_at_once(figures_of_nobody: None) -> None:
    BackupRun.objects.create(kind="backup", status="ok", started_at=timezone.now() - timedelta(hours=31))
    BackupRun.objects.create(kind="backup", status="failed")
    for _ in range(100):
        measure.observe("request_ms", 1_001, route="x")
    measure.add("cache_hits", 59)
    measure.add("cache_misses", 41)
    measure.gauge("memory_bytes", lambda: 600 * 1024 * 1024)
    measure.gauge("connections", lambda: 801)
    wrong = found()
    assert {code: one.value for code, one in wrong.items()} == {
        "HIGH_LATENCY": Decimal("1001.0"), "LOW_CACHE_HIT_RATE": Decimal("0.59"), "HIGH_MEMORY": Decimal(600),
        "MANY_CONNECTIONS": Decimal(801), "NO_WORKER": None, "LATE_BACKUP": Decimal("31.0"),
    }  # fmt: skip
    for one in wrong.values():
        assert one.text % one.values
        with translation.override("pt-br"):
            assert catalog.message({"text": one.text, "values": one.values}) != one.text % one.values


def test_few_requests_and_no_expectations_say_nothing(figures_of_nobody: None, settings: Any) -> None:
    settings.CELERY_BROKER_URL = ""
    settings.BACKUP_EVERY_HOURS = 0
    measure.observe("request_ms", 60_000, route="x")
    measure.add("cache_misses", 99)
    assert found() == {}


def test_an_installation_without_any_backup_is_late_by_its_age(
    figures_of_nobody: None, settings: Any
) -> None:
    settings.CELERY_BROKER_URL = ""
    assert "LATE_BACKUP" not in found()
    AlertRule.objects.create(code="LATE_BACKUP", threshold="-1")
    assert found()["LATE_BACKUP"].value >= 0


def test_a_backup_that_could_not_be_brought_back_is_told(figures_of_nobody: None, settings: Any) -> None:
    settings.CELERY_BROKER_URL = ""
    BackupRun.objects.create(kind="backup", status="ok")
    assert found() == {}, "before the first rehearsal nobody knows"
    old = timezone.now() - timedelta(days=36)
    BackupRun.objects.create(kind="rehearsal", status="ok", name="a", started_at=old)
    assert found()["UNPROVEN_BACKUP"].values == {"days": 36, "limit": 35}
    BackupRun.objects.create(kind="rehearsal", status="failed", name="b")
    BackupRun.objects.create(kind="rehearsal", status="running", name="c")
    (wrong,) = found().values()
    assert wrong.text % wrong.values == "The last rehearsal failed: b could not have been brought back."
    BackupRun.objects.create(kind="rehearsal", status="ok", name="d")
    assert found() == {}
    settings.BACKUP_EVERY_HOURS = 0
    assert found() == {}
