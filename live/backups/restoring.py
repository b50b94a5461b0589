"""Bringing a backup back: checked first, loaded in one transaction, compared with the figures that it was saved with."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import PIPE, Popen
from typing import Any, Final

import psycopg
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from psycopg import sql

from lib import pg
from live.backups import BackupError, Busy, dumping, figures, programs, seals, shelf
from live.backups.places import place

Say = Callable[[str], None]
# The counters that cache keys and streams carry go on at the milliseconds since 1970: what Redis or a browser remembers from after the backup
# must not fit again, neither from before this restore nor from an earlier one. They rise far more slowly than milliseconds pass.
_GO_ON: Final = """
UPDATE live_generation SET facts = greatest(facts + 1, now.ms), recon = greatest(recon + 1, now.ms),
       settings = greatest(settings + 1, now.ms), event_number = greatest(event_number + 1, now.ms)
  FROM (SELECT (1000 * extract(epoch FROM clock_timestamp()))::bigint) AS now(ms)
"""


@dataclass(frozen=True, slots=True)
class Times:
    """How long each part of a restore took, in seconds."""

    check: float
    load: float
    compare: float


def restore(manifest: shelf.Manifest, *, identity: str, replace: str, say: Say) -> Times:
    """Bring the backup into the configured database. Return how long it took.

    A database that holds tables is left alone unless `replace` is its exact name; then the backup is loaded and compared beside it and
    takes its place at the end, so that a failure leaves it as it was. Raises BackupError, and Busy while another restore or backup runs.
    """
    database = str(connection.settings_dict["NAME"])
    _let_go()
    with _alone(database):
        if not _occupied(database, replace):
            return load(manifest, database, identity=identity, say=say)
        with scratch_database(f"{database}_restored", keep=True) as fresh:
            times = load(manifest, fresh, identity=identity, say=say)
        _swap(database, fresh, say)
    return times


def load(manifest: shelf.Manifest, database: str, *, identity: str, say: Say) -> Times:
    """Bring the backup into an empty database: checksum, one transaction, comparison with what was saved.

    Raises BackupError; the database is empty then, or holds what the message says did not agree.
    """
    begun = time.monotonic()
    opened = seals.opener(manifest.seal, identity)
    wanted = shelf.figures_of(manifest, opened)
    say(f"Checking {manifest.name} ({manifest.size_bytes:,} bytes)…")
    check(manifest)
    checked = time.monotonic()
    say(f"Loading it into {database}…")
    _load(manifest, database, opened)
    loaded = time.monotonic()
    with psycopg.connect(**programs.address(database)) as to:
        wrong = figures.differences(wanted, figures.read(to, like=wanted))
        if wrong:
            raise BackupError(f"What came back is not what was saved: {'; '.join(wrong[:5])}.")
        _settle(to, manifest)
    say(
        f"{len(wanted['rows'])} tables with {figures.total_rows(wanted):,} rows came back as they were saved."
    )
    return Times(checked - begun, loaded - checked, time.monotonic() - loaded)


def check(manifest: shelf.Manifest) -> None:
    """Read the whole file once. Raises BackupError when it is missing or not what was written."""
    with _stream(manifest) as stream:
        while stream.read(1 << 20):
            continue


@contextmanager
def _stream(manifest: shelf.Manifest) -> Iterator[dumping.Checked]:
    try:
        source = place().stream(manifest.name)
    except OSError as error:
        raise BackupError(f"The file of the backup {manifest.name} cannot be read: {error}.") from error
    with source:
        yield dumping.Checked(source, manifest.sha256, manifest.name)


def _load(manifest: shelf.Manifest, database: str, opened: seals.Filter) -> None:
    with psycopg.connect(**programs.address(database)) as to:
        program = programs.find("pg_restore", server=programs.server_major(to))
    argv = [str(program), "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    argv += ["--no-password", f"--dbname={database}"]
    with tempfile.TemporaryFile() as errors:
        with (
            Popen(argv, env=programs.environment(database), stdin=PIPE, stderr=errors) as restoring,
            _stream(manifest) as stream,
        ):
            programs.feed(restoring, lambda stdin: opened(stream, stdin))  # type: ignore[arg-type]  # it reads: no more is asked
        if restoring.returncode:
            errors.seek(0)
            raise BackupError(f"pg_restore failed: {dumping.last_lines(errors)}")


def _settle(to: psycopg.Connection[Any], manifest: shelf.Manifest) -> None:
    """Make the restored data fit the present: counters jump ahead, and the run that wrote this backup is no longer under way."""
    to.execute(_GO_ON)
    # Copies of lists that clients keep hold rows that are no more: let them read all anew. (A backup may be older than the table.)
    if to.execute("SELECT to_regclass('live_removed')").fetchone() != (None,):
        to.execute(
            "INSERT INTO live_removed (tenant_id, list, row_id, at) SELECT id, '', 0, now() FROM tenants_tenant"
        )
    to.execute(
        "UPDATE live_backuprun SET status = 'ok', finished_at = now(), name = %s, size_bytes = %s, sha256 = %s"
        " WHERE kind = 'backup' AND status = 'running'",
        [manifest.name, manifest.size_bytes, manifest.sha256],
    )


def _let_go() -> None:
    """Close this process's own connections, which would keep the database from being renamed."""
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()


@contextmanager
def _alone(database: str) -> Iterator[None]:
    """Hold the lock of backups on a connection of its own, which a swap ends. Raises Busy, or BackupError without a database."""
    try:
        holder = psycopg.connect(**programs.address(), autocommit=True)
    except psycopg.OperationalError as error:
        raise BackupError(
            f"The database {database} cannot be reached ({error}). Create it empty first."
        ) from error
    with contextlib.closing(holder):
        row = holder.execute("SELECT pg_try_advisory_lock(%s, 0)", [int(pg.Lock.BACKUP)]).fetchone()
        if row is None or not row[0]:
            raise Busy("A backup, restore or rehearsal of this database is running. Wait for its end.")
        yield


# --- databases --------------------------------------------------------------------------------------------------------
def _occupied(database: str, replace: str) -> bool:
    """Return whether the database holds tables, which `replace` allows by naming it exactly. Raises BackupError otherwise."""
    with psycopg.connect(**programs.address()) as to:
        found = figures.tables(to)
    if not found:
        return False
    if replace != database:
        raise BackupError(
            f"The database {database} holds {len(found)} tables, so nothing was done. Name an empty database, or say "
            f"--replace {database} to put the backup in its place; the present one is kept under another name."
        )
    return True


@contextmanager
def scratch_database(name: str, *, keep: bool = False) -> Iterator[str]:
    """Make an empty database of that name for the work inside, and drop it at the end; with `keep` only when the work fails.

    Raises BackupError when the user may not create databases. One that a killed attempt left is replaced.
    """
    with _maintenance() as to:
        to.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        try:
            to.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise BackupError(
                f"The database user may not create the database {name}. Give it that right (ALTER ROLE … CREATEDB), "
                "or restore into an empty database that somebody else made."
            ) from error
    whole = False
    try:
        yield name
        whole = True
    finally:
        if not (keep and whole):
            with _maintenance() as to:
                to.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _maintenance() -> Iterator[psycopg.Connection[Any]]:
    """Connect to the server's own database, from which others are made and renamed."""
    with psycopg.connect(**programs.address("postgres"), autocommit=True) as to:
        yield to


def _swap(database: str, fresh: str, say: Say) -> None:
    """Give the fresh database the name of the present one, which is kept under another. Nobody may be connected meanwhile.

    Raises BackupError; the present one has its name then, or the message says which it has and how to give it back.
    """
    before = f"{database}_before_{timezone.now():%Y%m%dT%H%M%SZ}"
    try:
        with _maintenance() as to:
            _admit(to, database, False)
            to.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (%s, %s)",
                [database, fresh],
            )
            _rename(to, database, before)
            _rename(to, fresh, database)
    except psycopg.Error as error:
        _take_back(database, before, error)
        raise BackupError(
            f"{fresh} could not take the place of {database} ({error}), which is as it was. Stop web, worker and beat, so that nobody is "
            "connected, then try again."
        ) from error
    say(
        f"The database that was {database} is now {before}; nobody can connect to it. Drop it when you are sure."
    )


def _take_back(database: str, before: str, cause: psycopg.Error) -> None:
    """Give the present database its name back and let people in again, on a new connection: the old one may be what broke.

    Raises BackupError that says what to do by hand when that fails too.
    """
    try:
        with _maintenance() as to:
            if to.execute("SELECT FROM pg_database WHERE datname = %s", [before]).fetchone() is not None:
                _rename(to, before, database)
            _admit(to, database, True)
    except psycopg.Error as error:
        raise BackupError(
            f"The exchange failed in the middle ({cause}) and could not be taken back ({error}). Nothing is lost: the data is in {before}, or "
            f'still in {database}. As soon as the server answers, run ALTER DATABASE "{before}" RENAME TO "{database}" (when there is a '
            f'{before}) and ALTER DATABASE "{database}" ALLOW_CONNECTIONS true, then restore again.'
        ) from error


def _rename(to: psycopg.Connection[Any], old: str, new: str) -> None:
    to.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


def _admit(to: psycopg.Connection[Any], database: str, admitted: bool) -> None:
    """Let people connect to the database, or nobody."""
    to.execute(
        sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
            sql.Identifier(database), sql.Literal(admitted)
        )
    )


def plan(manifest: shelf.Manifest) -> list[str]:
    """Return what a restore of this backup will do, a line each."""
    target = connection.settings_dict
    newer = [name for name, last in manifest.migrations.items() if last > _our_newest(name)]
    sealed = f", sealed with {manifest.seal}" if manifest.seal else ""
    made = f"{manifest.at:%Y-%m-%d %H:%M:%S} UTC, {manifest.size_bytes:,} bytes, PostgreSQL {manifest.postgresql}{sealed}"
    lines = [
        f"Backup {manifest.name} of panel {manifest.version}, {made},",
        f"goes into the database {target['NAME']} at {target['HOST'] or 'the default socket'}.",
        "Everything that happened after that time is not in it; synchronisations fetch facts again, decisions of people are lost.",
        f"Credentials of connections in it open only with the FIELD_ENCRYPTION_KEYS of that time ({len(settings.FIELD_ENCRYPTION_KEYS)} set).",
    ]
    if newer:
        lines.append(
            f"It was written by a newer panel than this one ({', '.join(newer)}): deploy that first."
        )
    return lines


def _our_newest(app: str) -> str:
    """Return the name of the newest migration of the app in this code; empty when it has none."""
    loader = MigrationLoader(None)
    return max((name for label, name in loader.disk_migrations or {} if label == app), default="")
