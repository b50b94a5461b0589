"""A backup holds what was there at one instant, and comes back as it was."""

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Sum

from ledger.models import OpenItem, Transaction
from live.backups import BackupError, due, dumping, figures, programs, rehearsal, restoring, services, shelf
from live.models import BackupRun, Generation
from live.tests import backups
from live.tests.backups import databases, empty_database, manage_in, ours, rows
from tests.factories import make_account, make_transaction
from tests.world import SECRET, fill

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.drill]


@pytest.fixture
def folder(tmp_path, settings, monkeypatch):
    return backups.put_into(tmp_path / "backups", settings, monkeypatch)


@pytest.fixture
def world(cast):
    """Two companies with a row of every table; the bank lines are these two."""
    lines = [fill(tenant, tenant.name).transaction.pk for tenant in (cast.aurora, cast.boreal)]
    Transaction.objects.exclude(pk__in=lines).delete()
    return cast


def files(folder):
    return sorted(path.name for path in folder.iterdir())


# --- saving -----------------------------------------------------------------------------------------------------------
def test_a_backup_is_a_dump_with_a_manifest_that_knows_it(folder, world):
    run = services.backup()
    assert files(folder) == [run.name, f"{run.name}.manifest.json"]
    manifest = shelf.one(run.name, ours())
    assert manifest == shelf.one("latest", ours())
    assert (manifest.size_bytes, manifest.sha256) == (run.size_bytes, run.sha256)
    assert manifest.size_bytes == (folder / run.name).stat().st_size
    assert manifest.figures["rows"]["ledger_transaction"] == 2
    assert manifest.figures["sums"][0] == {
        "table": "ledger_transaction", "column": "amount", "by": "currency", "values": {"BRL": "-25.00"},
    }  # fmt: skip
    assert (run.kind, run.status, run.error) == ("backup", "ok", "")
    assert manifest.at <= run.finished_at
    assert (folder / run.name).stat().st_mode & 0o077 == 0, "nobody else may read it"


def test_the_figures_are_those_of_the_instant_that_the_dump_holds(folder, world):
    """Rows that are written while the backup runs are neither in the dump nor in its figures."""
    account = make_account(world.aurora)
    with dumping.snapshot() as taken:
        make_transaction(account, "1000.00")
        program = programs.find("pg_dump", server=taken.server)
        with dumping.Dump(program, taken, None) as dump:
            content = dump.read()
    assert taken.figures["rows"]["ledger_transaction"] == 2
    assert Transaction.objects.count() == 3
    assert content.startswith(b"PGDMP")
    assert taken.figures["sums"][0]["values"] == {"BRL": "-25.00"}


def test_sums_are_exact_and_by_currency(world):
    account = make_account(world.aurora)
    make_transaction(account, "0.01", currency="USD")
    make_transaction(account, "99999999999999.99", currency="USD")
    with psycopg.connect(**programs.address()) as to:
        found = {(one["table"], one["column"]): one["values"] for one in figures.read(to)["sums"]}
    assert found["ledger_transaction", "amount"] == {"BRL": "-25.00", "USD": "100000000000000.00"}
    assert found["ledger_openitem", "open_amount"] == {
        "BRL": str(OpenItem.objects.aggregate(Sum("open_amount"))["open_amount__sum"])
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rows": {"a": 2}}, ["a: 1 rows were saved, 2 came back"]),
        ({"rows": {}}, ["a: 1 rows were saved, none came back"]),
        ({"rows": {"a": 1, "b": 0}}, ["b: was not saved"]),
        (
            {"sums": [{"table": "a", "column": "x", "by": "", "values": {"": "1.01"}}]},
            ["a.x: {'': '1.00'} was saved, {'': '1.01'} came back"],
        ),
        ({"sums": []}, ["a.x: {'': '1.00'} was saved, None came back"]),
        ({}, []),
    ],
)
def test_every_difference_is_told(change, told):
    saved = {
        "rows": {"a": 1},
        "sums": [{"table": "a", "column": "x", "by": "", "values": {"": "1.00"}}],
    }
    assert figures.differences(saved, saved | change) == told


# --- bringing back ----------------------------------------------------------------------------------------------------
def test_it_comes_back_into_an_empty_database_with_every_row_and_cent(folder, world):
    run = services.backup()
    Transaction.objects.update(amount=Decimal("-7.00"))
    with empty_database("other") as other:
        manage_in(other, "restore", run.name, "--database", ours())
        wanted = shelf.one(run.name, ours()).figures
        # One more for each of the two companies: clients that keep copies of lists read them anew.
        wanted["rows"]["live_removed"] += 2
        with psycopg.connect(**programs.address(other)) as to:
            assert figures.differences(wanted, figures.read(to, like=wanted)) == []
        manage_in(other, "check_kpis", "--refresh")
        manage_in(other, "migrate", "--check")
        # Triggers and constraints came with it: the rollups still follow the facts.
        before = rows(other, "SELECT coalesce(sum(total), 0) FROM kpi_monthly WHERE type = 'DEBIT'")
        with psycopg.connect(**programs.address(other)) as to:
            to.execute("UPDATE ledger_transaction SET amount = amount - 1")
        assert rows(other, "SELECT sum(total) FROM kpi_monthly WHERE type = 'DEBIT'") == [(before[0][0] - 2,)]


def test_what_caches_and_streams_remember_from_after_the_backup_fits_no_more(folder, world):
    """The counters in cache keys would otherwise pass the same numbers again, with other data."""
    run = services.backup()
    columns = ("facts", "recon", "settings", "event_number")
    saved = Generation.objects.values_list(*columns).get(tenant=world.aurora)
    counters = f"SELECT {', '.join(columns)} FROM live_generation WHERE tenant_id = {world.aurora.pk}"
    with empty_database("other") as other:
        manage_in(other, "restore", run.name, "--database", ours())
        first = rows(other, counters)[0]
        assert min(first) > max(saved) + 1_000_000
        with psycopg.connect(**programs.address(other)) as to:  # life goes on, and is lost again
            to.execute("UPDATE live_generation SET facts = facts + 10, event_number = event_number + 10")
        lived = rows(other, counters)[0]
        manage_in(other, "restore", run.name, "--database", ours(), "--replace", other)
        second = rows(other, counters)[0]
    assert min(second) > max(lived), (
        "the second restore of the same backup does not come back to the numbers of the first"
    )
    assert max(second) < 2**53, "a browser counts with them"


def test_the_run_that_wrote_the_backup_is_done_in_it(folder, world):
    run = services.backup()
    with empty_database("other") as other:
        manage_in(other, "restore", run.name, "--database", ours())
        assert rows(other, "SELECT status, name, sha256 FROM live_backuprun") == [
            ("ok", run.name, run.sha256)
        ]


def test_secrets_are_as_unreadable_in_the_dump_as_in_the_database(folder, world):
    run = services.backup()
    with empty_database("other") as other:
        manage_in(other, "restore", run.name, "--database", ours())
        secrets = rows(other, "SELECT secret FROM sync_connection WHERE secret <> ''")
        assert len(secrets) == 2
        assert SECRET not in str(secrets)
        keys = rows(other, "SELECT secret_hash FROM tenants_apikey")
        assert len(keys) == 2
    assert os.environ["FIELD_ENCRYPTION_KEYS"].encode() not in (folder / run.name).read_bytes()


def test_a_database_with_tables_is_left_alone(folder, world):
    run = services.backup()
    with empty_database("other") as other:
        with psycopg.connect(**programs.address(other)) as to:
            to.execute("CREATE TABLE theirs (n integer)")
        for wrong in ((), ("--replace", "painel"), ("--replace", other.upper())):
            with pytest.raises(BackupError, match=f"The database {other} holds 1 tables"):
                manage_in(other, "restore", run.name, "--database", ours(), *wrong)
        assert rows(other, "SELECT count(*) FROM theirs") == [(0,)]
        assert databases(other) == [other]


def test_a_named_database_is_replaced_and_kept_under_another_name(folder, world):
    run = services.backup()
    with empty_database("other") as other:
        with psycopg.connect(**programs.address(other)) as to:
            to.execute("CREATE TABLE theirs (n integer)")
        with psycopg.connect(**programs.address(other)):  # somebody is still connected
            manage_in(other, "restore", run.name, "--database", ours(), "--replace", other)
        assert rows(other, "SELECT count(*) FROM ledger_transaction") == [(2,)]
        kept, now = sorted(databases(other), key=len, reverse=True)
        assert now == other
        assert kept.startswith(f"{other}_before_")
        with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"):
            rows(kept, "SELECT 1")


def test_restore_says_what_it_will_do_and_a_dry_run_does_nothing_else(folder, world):
    run = services.backup()
    out = StringIO()
    call_command("restore", "latest", dry_run=True, stdout=out)
    told = out.getvalue()
    assert run.name in told
    assert f"goes into the database {ours()}" in told
    assert "FIELD_ENCRYPTION_KEYS of that time (1 set)" in told
    assert told.endswith("The file is what was written. Nothing was done.\n")
    assert Transaction.objects.count() == 2


def test_restore_without_a_name_lists_what_is_there(folder, world):
    first = services.backup()
    out = StringIO()
    call_command("restore", stdout=out)
    assert out.getvalue().splitlines()[0].startswith(f"{first.name}  ")
    assert out.getvalue().splitlines()[-1] == f"1 backups of {ours()} in {folder}"


@pytest.mark.parametrize("name", ["latest", "painel-20260101T000000Z.dump", "../../etc/passwd"])
def test_a_backup_that_is_not_there_is_said_so(folder, name):
    with pytest.raises(CommandError, match="There is no backup"):
        call_command("restore", name)


def test_a_backup_of_a_newer_panel_says_what_to_deploy_first(folder, world):
    services.backup()
    manifest = shelf.one("latest", ours())
    assert not [line for line in restoring.plan(manifest) if "newer panel" in line]
    manifest.migrations["live"] = "9999_of_the_future"
    assert "It was written by a newer panel than this one (live): deploy that first." in restoring.plan(
        manifest
    )


# --- rehearsing -------------------------------------------------------------------------------------------------------
def test_a_rehearsal_restores_compares_migrates_proves_and_drops(folder, world):
    saved = services.backup()
    run = rehearsal.rehearse()
    assert (run.kind, run.status, run.name, run.sha256) == ("rehearsal", "ok", saved.name, saved.sha256)
    assert run.details["proofs"] == ["check_matches", "check_kpis --refresh"]
    assert run.details["seconds"] > 0
    assert databases(f"{ours()}_rehearsal") == []


def test_a_rehearsal_that_finds_other_figures_fails_and_says_which(folder, world):
    run = services.backup()
    path = folder / f"{run.name}.manifest.json"
    manifest = json.loads(path.read_text())
    manifest["figures"]["sums"][0]["values"] = {"BRL": "-25.01"}
    path.write_text(json.dumps(manifest))
    with pytest.raises(BackupError, match=r"ledger_transaction\.amount: \{'BRL': '-25\.01'\} was saved"):
        rehearsal.rehearse()
    failed = BackupRun.objects.get(kind="rehearsal")
    assert failed.status == "failed"
    assert "-25.01" in failed.error
    assert databases(f"{ours()}_rehearsal") == []


def test_a_rehearsal_proves_the_numbers_too(folder, world):
    """Rollups that no longer agree with the facts come back as they were; the proof finds what counting cannot."""
    with psycopg.connect(**programs.address()) as to:
        to.execute("UPDATE kpi_monthly SET total = total + 1")
    services.backup()
    with pytest.raises(BackupError, match="check_kpis --refresh` failed"):
        rehearsal.rehearse()


# --- when -------------------------------------------------------------------------------------------------------------
def test_periods_begin_on_a_grid_that_does_not_drift():
    def start(text, hours):
        return due.period_start(datetime.fromisoformat(text), timedelta(hours=hours)).isoformat()

    assert start("2026-03-10T05:59:59+00:00", 24) == "2026-03-09T06:00:00+00:00"
    assert start("2026-03-10T06:00:00+00:00", 24) == "2026-03-10T06:00:00+00:00"
    assert start("2026-03-10T11:59:00+00:00", 6) == "2026-03-10T06:00:00+00:00"


def backed_up(at, kind="backup", status="ok"):
    return BackupRun.objects.create(kind=kind, status=status, started_at=at)


@pytest.fixture
def at(monkeypatch):
    def set_(text):
        monkeypatch.setattr(due.pg, "now", lambda: datetime.fromisoformat(text).replace(tzinfo=UTC))

    return set_


def test_a_backup_is_due_once_a_period(at):
    at("2026-03-10T07:00:00")
    assert due.backup_is_due()
    backed_up("2026-03-10T06:10:00Z")
    assert not due.backup_is_due()
    at("2026-03-11T05:59:00")
    assert not due.backup_is_due()
    at("2026-03-11T06:00:00")
    assert due.backup_is_due()


def test_a_failed_backup_is_tried_again_after_an_hour(at):
    backed_up("2026-03-10T06:10:00Z", status="failed")
    at("2026-03-10T07:09:00")
    assert not due.backup_is_due()
    at("2026-03-10T07:11:00")
    assert due.backup_is_due()


def test_a_rehearsal_is_due_once_in_thirty_days_when_there_is_something_to_rehearse(at):
    at("2026-03-10T07:00:00")
    assert not due.rehearsal_is_due()
    backed_up("2026-03-10T06:10:00Z")
    assert due.rehearsal_is_due()
    backed_up("2026-03-10T06:20:00Z", kind="rehearsal")
    at("2026-04-09T06:19:00")
    assert not due.rehearsal_is_due()
    at("2026-04-09T06:21:00")
    assert due.rehearsal_is_due()
    backed_up("2026-04-09T06:25:00Z", kind="rehearsal", status="failed")
    assert not due.rehearsal_is_due()


def test_an_installation_may_have_none(at, settings):
    settings.BACKUP_EVERY_HOURS = 0
    at("2026-03-10T07:00:00")
    assert not due.backup_is_due()
    assert not due.rehearsal_is_due()


def test_what_is_due_is_done_and_older_ones_go(folder, world, settings):
    settings.BACKUP_KEEP_DAILY = settings.BACKUP_KEEP_WEEKLY = settings.BACKUP_KEEP_MONTHLY = 1
    old = services.backup()
    BackupRun.objects.update(started_at="2026-01-01T00:00:00Z")
    assert due.run_due() == ["backup", "rehearsal"]
    newest = BackupRun.objects.filter(kind="backup").order_by("-started_at")[0]
    assert newest.details["removed"] == [old.name]
    assert files(folder) == [newest.name, f"{newest.name}.manifest.json"]
    assert due.run_due() == []


def test_backups_of_another_database_in_the_same_place_are_left_alone(folder, world, settings):
    settings.BACKUP_KEEP_DAILY = settings.BACKUP_KEEP_WEEKLY = settings.BACKUP_KEEP_MONTHLY = 0
    folder.mkdir()
    theirs = f"{ours()}-second-20250101T000000Z.dump"
    (folder / theirs).write_bytes(b"theirs")
    run = services.backup()
    assert files(folder) == sorted([theirs, run.name, f"{run.name}.manifest.json"])
    with transaction.atomic():
        assert [one.name for one in shelf.kept(ours())] == [run.name]


def test_only_tables_that_exist_are_asked_for_sums(world):
    asked = {"rows": {}, "sums": [{"table": "of_the_past", "column": "x", "by": "", "values": {}}]}
    with psycopg.connect(**programs.address()) as to:
        assert figures.read(to, like=asked)["sums"] == []
