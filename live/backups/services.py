"""Making a backup. One at a time; each attempt is a row; what failed says so in the row and in the log."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import psycopg
import structlog
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from lib import pg
from live.backups import BackupError, Busy, dumping, figures, programs, seals, shelf
from live.backups.places import place
from live.models import BackupRun

log = structlog.get_logger(__name__)
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
Work = Callable[[BackupRun], None]


def backup() -> BackupRun:
    """Save the database and thin out older backups. Return the row of the attempt, with its status.

    Raises Busy when another one runs, BackupError when it fails; the row says so too.
    """
    return attempt(BackupRun.Kind.BACKUP, _backup)


def attempt(kind: str, work: Work) -> BackupRun:
    """Do one piece of work as a row that tells how it went. Raises Busy, BackupError when it fails, and whatever else the work raises."""
    with one_at_a_time():
        # Whoever holds the lock knows that no other attempt lives, whatever its row says.
        BackupRun.objects.filter(status=BackupRun.Status.RUNNING).update(
            status=BackupRun.Status.FAILED, finished_at=Now(), error="The process ended in the middle."
        )
        run = BackupRun.objects.create(kind=kind)
        try:
            work(run)
        except (OSError, psycopg.Error) as error:
            _fail(run, str(error))
            raise BackupError(run.error) from error
        except BackupError as error:
            _fail(run, str(error))
            raise
        except (
            Exception
        ) as error:  # a fault of ours: whoever looks at the row must not believe that it still runs
            _fail(run, f"{type(error).__name__}: {error}")
            raise
        run.status, run.finished_at = BackupRun.Status.OK, pg.now()
        run.save()
        log.info("backup_done", kind=kind, name=run.name, bytes=run.size_bytes)
        return run


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the one lock of backups, restores and rehearsals of this database. Raises Busy."""
    with pg.session_lock(pg.Lock.BACKUP) as taken:
        if not taken:
            raise Busy("Another backup, restore or rehearsal of this database is running. Wait for its end.")
        yield


def _fail(run: BackupRun, sentence: str) -> None:
    log.error("backup_failed", kind=run.kind, error=sentence[:2_000])
    # The work may have failed because this connection broke. While there is no other, the next attempt finds the row and closes it.
    # One that is only old stays: it holds the lock.
    if not connection.is_usable():
        connection.close()
    run.status, run.finished_at, run.error = BackupRun.Status.FAILED, pg.now(), sentence[:2_000]
    run.save()


def _backup(run: BackupRun) -> None:
    seal = seals.sealer(settings.BACKUP_ENCRYPT_TO)
    kind = seals.kind_of(settings.BACKUP_ENCRYPT_TO)
    database = str(connection.settings_dict["NAME"])
    with dumping.snapshot() as taken:
        run.name = shelf.name_for(database, taken.at.astimezone(UTC), kind)
        run.save(update_fields=["name"])
        program = programs.find("pg_dump", server=taken.server)
        with dumping.Dump(program, taken, seal) as dump:
            _store(run.name, dump)
            run.size_bytes, run.sha256 = dump.size_bytes, dump.sha256
    shelf.put(_manifest(run, database, kind, taken, seal))
    run.details = {"rows": figures.total_rows(taken.figures), "place": str(place())}
    try:
        run.details["removed"] = shelf.thin_out(database)
    except (BackupError, OSError) as error:
        # This backup is whole all the same; a place that keeps everything is no reason to dump it again.
        run.details["not_removed"] = str(error)
        log.warning("backups_not_thinned_out", error=str(error))


def _store(name: str, dump: dumping.Dump) -> None:
    try:
        place().save(name, dump)
    except OSError as error:
        if error.errno in _FULL:
            raise BackupError(
                f"There is no room for the backup in {place()} ({error.strerror}); {dump.size_bytes:,} bytes had been written "
                "and were removed. Make room, keep fewer backups (BACKUP_KEEP_*), or name another place (BACKUP_URL)."
            ) from error
        raise BackupError(f"The backup cannot be written to {place()}: {error}.") from error


def _manifest(
    run: BackupRun, database: str, kind: str, taken: dumping.Snapshot, seal: seals.Filter | None
) -> shelf.Manifest:
    assert run.size_bytes is not None
    at: datetime = taken.at
    return shelf.Manifest(
        name=run.name,
        database=database,
        taken_at=at.astimezone(UTC).isoformat(),
        size_bytes=run.size_bytes,
        sha256=run.sha256,
        seal=kind,
        postgresql=taken.server,
        version=settings.VERSION,
        migrations=taken.migrations,
        figures=shelf.sealed_figures(taken.figures, seal),
    )
