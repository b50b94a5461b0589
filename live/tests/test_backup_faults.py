"""Backups on a bad day: files that were changed, disks that are full, processes that die, two at once."""

import resource
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import OperationalError, ProgrammingError

from lib import pg
from live import tasks
from live.backups import BackupError, Busy, places, programs, rehearsal, restoring, services, shelf
from live.models import BackupRun
from live.tests import backups
from live.tests.backups import databases, empty_database, fill_with_noise, manage_in, ours, rows
from tests.world import fill

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.drill]


@pytest.fixture
def folder(tmp_path, settings, monkeypatch):
    return backups.put_into(tmp_path / "backups", settings, monkeypatch)


@pytest.fixture
def saved(folder, cast):
    fill(cast.aurora, "Aurora")
    return services.backup()


def backup_process(**options):
    """Start `manage.py backup` of the tests' database as an operator would."""
    environment = programs.environment() | {
        "DATABASE_URL": urlunsplit(urlsplit(configured.DATABASE_URL)._replace(path=f"/{ours()}")),
        "DB_POOL": "false",
    }
    command = [sys.executable, "manage.py", "backup"]
    return subprocess.Popen(
        command,
        cwd=configured.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


# --- files ------------------------------------------------------------------------------------------------------------
def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [flip_a_byte, cut_short])
def test_a_damaged_file_is_refused_before_anything_is_done(saved, folder, damage):
    damage(folder / saved.name)
    with empty_database("other") as other:
        with pytest.raises(BackupError, match="is not what was written: its checksum is"):
            manage_in(other, "restore", saved.name, "--database", ours())
        assert rows(other, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [
            (0,)
        ]
    with pytest.raises(BackupError, match="is not what was written"):
        rehearsal.rehearse()
    assert BackupRun.objects.get(kind="rehearsal").status == "failed"


def test_a_file_that_changes_between_check_and_load_leaves_nothing_behind(saved, folder, monkeypatch):
    """The second reading is checked too, and pg_restore is killed before it could commit."""
    check = restoring.check

    def check_then_damage(manifest):
        check(manifest)
        flip_a_byte(folder / saved.name)

    monkeypatch.setattr(restoring, "check", check_then_damage)
    with empty_database("other") as other:
        with pytest.raises(BackupError, match=r"is not what was written|pg_restore failed"):
            restoring.load(shelf.one(saved.name, ours()), other, identity="", say=lambda sentence: None)
        assert rows(other, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [
            (0,)
        ]


def test_what_is_left_for_a_program_that_is_gone_hides_no_reason():
    def fill_and_fail(stdin):
        stdin.write(b"less than a buffer")
        program.wait()
        raise BackupError("the reason")

    true = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    with true as program, pytest.raises(BackupError, match="the reason"):
        programs.feed(program, fill_and_fail)


def test_a_missing_dump_is_said_so(saved, folder):
    (folder / saved.name).unlink()
    with pytest.raises(CommandError, match=f"There is no backup named {saved.name}"):
        call_command("restore", saved.name)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b'{"format": 99}', b"\xff"])
def test_an_unreadable_manifest_hides_its_backup_and_no_other(saved, folder, content):
    (folder / f"{ours()}-20990101T000000Z.dump").write_bytes(b"x")
    (folder / f"{ours()}-20990101T000000Z.dump.manifest.json").write_bytes(content)
    assert [one.name for one in shelf.kept(ours())] == [saved.name]
    assert shelf.one("latest", ours()).name == saved.name


# --- disks ------------------------------------------------------------------------------------------------------------
def test_a_full_disk_is_said_so_and_leaves_nothing(folder, cast):
    """The limit on file sizes is the kernel's, as a full disk's is: write() fails in the middle."""
    fill(cast.aurora, "Aurora")
    limit = (100_000, 100_000)
    process = backup_process(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"There is no room for the backup in {folder}" in told
    assert "were removed. Make room, keep fewer backups (BACKUP_KEEP_*)" in told
    assert [*folder.iterdir()] == []
    run = BackupRun.objects.get()
    assert (run.status, run.sha256) == ("failed", "")
    assert "There is no room" in run.error


def test_no_room_at_all_is_the_same(folder, cast, monkeypatch):
    """/dev/full answers every write as a full disk does."""
    real = places.os.open

    def full(path, flags, mode=0o777):
        return (
            real("/dev/full", places.os.O_WRONLY) if str(path).endswith(".part") else real(path, flags, mode)
        )

    monkeypatch.setattr(places.os, "open", full)
    with pytest.raises(BackupError, match=r"There is no room for the backup in .*No space left on device"):
        services.backup()
    assert [*folder.iterdir()] == []


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path, settings, monkeypatch, cast):
    (tmp_path / "file").write_text("no folder")
    backups.put_into(tmp_path / "file" / "backups", settings, monkeypatch)
    with pytest.raises(BackupError, match=r"cannot be written to .*Not a directory"):
        services.backup()


# --- processes --------------------------------------------------------------------------------------------------------
def wait_for_part(folder, process):
    until = time.monotonic() + 60
    while not [*folder.glob("*.part")]:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < until
        time.sleep(0.002)  # a file of another process: nothing to await


def test_a_killed_backup_leaves_nothing_that_looks_like_one(folder, cast):
    fill_with_noise(cast.aurora, megabytes=12)
    process = backup_process()
    wait_for_part(folder, process)
    children = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert psutil.wait_procs(children, timeout=30)[1] == [], "pg_dump ends with who reads it"
    assert [path.suffix for path in folder.iterdir()] == [".part"]
    assert shelf.kept(ours()) == []
    assert BackupRun.objects.get().status == "running"
    second = services.backup()
    assert BackupRun.objects.exclude(pk=second.pk).get().error == "The process ended in the middle."
    assert [one.name for one in shelf.kept(ours())] == [second.name]


def test_what_a_killed_backup_left_is_removed_after_an_hour(folder, cast):
    folder.mkdir()
    old, young = f"{ours()}-20260101T000000Z.dump.part", f"{ours()}-29990101T000000Z.dump.part"
    orphan = f"{ours()}-20260101T000001Z.dump"
    for name in (old, young, orphan):
        (folder / name).write_bytes(b"half")
    run = services.backup()
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [young, run.name, f"{run.name}.manifest.json"]
    )


def test_two_at_once_are_one(folder, cast):
    fill_with_noise(cast.aurora, megabytes=12)
    process = backup_process()
    wait_for_part(folder, process)
    with pytest.raises(Busy, match="Another backup, restore or rehearsal of this database is running"):
        services.backup()
    with pytest.raises(Busy):
        rehearsal.rehearse()
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert [run.status for run in BackupRun.objects.all()] == ["ok"]


def test_a_restore_waits_for_nobody_either(saved):
    with psycopg.connect(**programs.address()) as holder:
        holder.execute("SELECT pg_advisory_lock(%s, 0)", [int(pg.Lock.BACKUP)])
        with pytest.raises(CommandError, match="A backup, restore or rehearsal of this database is running"):
            call_command("restore", saved.name, replace=ours())
    assert databases(f"{ours()}_") == []


def out_of_ideas(run):
    raise ValueError("no idea")


def broken_statement(run):
    pg.execute("SELECT nothing FROM nowhere")


def broken_connection(run):
    pg.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.parametrize(
    ("work", "error", "told"),
    [
        (out_of_ideas, ValueError, "ValueError: no idea"),
        (broken_statement, ProgrammingError, 'relation "nowhere" does not exist'),
        (broken_connection, OperationalError, "OperationalError: "),
    ],
)
def test_whatever_goes_wrong_closes_the_row(cast, work, error, told):
    """A row that runs for ever would keep the alert about late backups silent."""
    with pytest.raises(error):
        services.attempt(BackupRun.Kind.BACKUP, work)
    run = BackupRun.objects.get()
    assert (run.status, run.finished_at is not None) == ("failed", True)
    assert told in run.error
    lock = [int(pg.Lock.BACKUP)] * 2
    pg.fetch(
        "SELECT pg_advisory_lock(%s, 0), pg_advisory_unlock(%s, 0)", lock
    )  # a dead connection's is freed in a moment
    assert services.attempt(BackupRun.Kind.BACKUP, lambda run: None).status == "ok", "the lock is free again"


# --- the exchange of databases ------------------------------------------------------------------------------------------
def test_an_exchange_that_fails_in_the_middle_is_taken_back(db):
    """The fresh database is not there when the present one has given up its name."""
    told = []
    with empty_database("other") as other:
        with psycopg.connect(**programs.address(other)) as to:
            to.execute("CREATE TABLE theirs (n integer)")
        with pytest.raises(
            BackupError,
            match=rf'{other}_gone could not take the place of {other} \(database "{other}_gone" does not exist',
        ):
            restoring._swap(other, f"{other}_gone", told.append)
        assert databases(other) == [other]
        assert rows(other, "SELECT count(*) FROM theirs") == [(0,)], "and people can connect to it"
        with empty_database("fresh") as fresh:
            restoring._swap(other, fresh, told.append)
            assert rows(other, "SELECT to_regclass('theirs')") == [(None,)]
    assert len(told) == 1
    assert told[0].startswith(f"The database that was {other} is now {other}_before_")


def test_an_exchange_that_cannot_be_taken_back_says_what_to_do(db, monkeypatch):
    """The name is taken by somebody else while it is free."""
    rename = restoring._rename

    def rename_then_take_the_name(to, old, new):
        rename(to, old, new)
        if new != other:
            to.execute(f'CREATE DATABASE "{old}" TEMPLATE template0')

    with empty_database("other") as other:
        monkeypatch.setattr(restoring, "_rename", rename_then_take_the_name)
        with empty_database("fresh") as fresh:
            with pytest.raises(BackupError, match="Nothing is lost: the data is in") as refused:
                restoring._swap(other, fresh, lambda sentence: None)
            (before,) = [name for name in databases(f"{other}_before") if name]
            assert f'ALTER DATABASE "{before}" RENAME TO "{other}"' in str(refused.value)


# --- servers and programs ---------------------------------------------------------------------------------------------
def test_a_table_that_a_migration_holds_is_said_so(folder, cast, monkeypatch):
    monkeypatch.setattr(services.dumping, "_LOCKS_WITHIN", "100ms")
    real = services.programs.find

    def find_then_lock(name, *, server):
        holder.execute("LOCK TABLE ledger_transaction IN ACCESS EXCLUSIVE MODE")
        return real(name, server=server)

    monkeypatch.setattr(services.programs, "find", find_then_lock)
    with psycopg.connect(**programs.address()) as holder:
        # The figures were read before; the table is wanted by pg_dump.
        monkeypatch.setattr(services.dumping.figures, "read", lambda to: {"rows": {}, "sums": []})
        with pytest.raises(BackupError, match=r"pg_dump failed: .*statement timeout"):
            services.backup()
    assert not folder.exists() or [*folder.iterdir()] == []


@pytest.mark.parametrize(
    ("versions", "server", "wanted"),
    [
        ({"a": 18, "b": 15}, 15, "b"),
        ({"a": 18, "b": 15}, 18, "a"),
        ({"a": 18, "b": 17}, 17, "b"),
        ({"a": 18, "b": 16}, 17, "a"),
        ({"a": 16, "b": 0}, 15, "a"),
    ],
)
def test_the_program_of_the_servers_version_is_taken(monkeypatch, versions, server, wanted):
    monkeypatch.setattr(programs, "_candidates", lambda name: iter(versions))
    monkeypatch.setattr(programs, "_major", versions.get)
    assert str(programs.find("pg_dump", server=server)) == wanted


@pytest.mark.parametrize(
    ("versions", "server", "told"),
    [
        ({}, 18, "none was found"),
        ({"/bin/pg_dump": 17}, 18, "/bin/pg_dump is of version 17"),
        # It would write what this server cannot take back.
        ({"/bin/pg_dump": 18}, 15, "/bin/pg_dump is of version 18"),
    ],
)
def test_without_a_fitting_program_it_says_what_to_install(monkeypatch, versions, server, told):
    monkeypatch.setattr(programs, "_candidates", lambda name: iter(versions))
    monkeypatch.setattr(programs, "_major", versions.get)
    with pytest.raises(BackupError, match=f"{told}. Install the package postgresql-client-{server}"):
        programs.find("pg_dump", server=server)


def test_no_password_stands_in_a_command_line(monkeypatch):
    given = {"dbname": "painel", "user": "painel", "password": "hush", "host": "db", "port": 5432}
    monkeypatch.setattr(
        programs.connection, "get_connection_params", lambda: given | {"client_encoding": "UTF8"}
    )
    monkeypatch.setenv("PGHOST", "elsewhere")
    environment = programs.environment("scratch")
    found = {name: value for name, value in environment.items() if name.startswith("PG")}
    assert found == {
        "PGDATABASE": "scratch", "PGUSER": "painel", "PGPASSWORD": "hush", "PGHOST": "db", "PGPORT": "5432",
        "PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "painel-backup",
    }  # fmt: skip


def test_the_task_of_beat_ends_well_and_leaves_the_failure_in_its_row(tmp_path, settings, monkeypatch, cast):
    (tmp_path / "file").write_text("no folder")
    backups.put_into(tmp_path / "file" / "backups", settings, monkeypatch)
    tasks.back_up_what_is_due()
    assert BackupRun.objects.get().status == "failed"
    tasks.back_up_what_is_due()
    assert BackupRun.objects.count() == 1, "tried again after an hour, not at every look"


def test_a_scratch_database_that_a_killed_rehearsal_left_is_replaced(saved):
    with psycopg.connect(**programs.address("postgres"), autocommit=True) as to:
        to.execute(f'CREATE DATABASE "{ours()}_rehearsal"')
    with restoring.scratch_database(f"{ours()}_rehearsal") as name:
        restoring.load(shelf.one(saved.name, ours()), name, identity="", say=lambda sentence: None)
    assert databases(f"{ours()}_rehearsal") == []
