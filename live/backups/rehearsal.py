"""The proof that a backup can be brought back: into a scratch database, compared, migrated, its numbers recomputed, dropped."""

import os
import subprocess
import sys
import time
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import structlog
from django.conf import settings
from django.db import connection

from live.backups import BackupError, figures, restoring, shelf
from live.backups.services import attempt
from live.models import BackupRun

log = structlog.get_logger(__name__)
_PATIENCE: Final = 3_600.0  # seconds for one command in the restored database


def rehearse(name: str = "latest", *, identity: str = "") -> BackupRun:
    """Restore the named backup (or the newest) into a scratch database and compare it. Return the row with what was measured.

    Raises Busy, and BackupError when the backup could not have been brought back; the row says so too.
    """
    return attempt(BackupRun.Kind.REHEARSAL, lambda run: _rehearse(run, name, identity))


def _rehearse(run: BackupRun, name: str, identity: str) -> None:
    database = str(connection.settings_dict["NAME"])
    manifest = shelf.one(name, database)
    run.name, run.size_bytes, run.sha256 = manifest.name, manifest.size_bytes, manifest.sha256
    run.save(update_fields=["name", "size_bytes", "sha256"])
    begun = time.monotonic()
    with restoring.scratch_database(f"{database}_rehearsal") as scratch:
        times = restoring.load(manifest, scratch, identity=identity or settings.BACKUP_IDENTITY, say=_log)
        migrated = time.monotonic()
        manage(scratch, "migrate", "--no-input")
        manage(scratch, "migrate", "--check")
        proven = time.monotonic()
        for command in figures.proofs():
            manage(scratch, *command.split())
    run.details = {
        "check_seconds": round(times.check, 1),
        "load_seconds": round(times.load, 1),
        "compare_seconds": round(times.compare, 1),
        "migrate_seconds": round(proven - migrated, 1),
        "proof_seconds": round(time.monotonic() - proven, 1),
        "seconds": round(time.monotonic() - begun, 1),
        "proofs": list(figures.proofs()),
    }


def manage(database: str, *argv: str) -> None:
    """Run a management command in another database of the server. Raises BackupError with what it said when it fails.

    A process of its own: settings name one database, and a migration may ask for it in ways that no alias redirects.
    """
    parts = urlsplit(settings.DATABASE_URL)
    url = urlunsplit(parts._replace(path=f"/{quote(database, safe='')}"))
    environment = {**os.environ, "DATABASE_URL": url, "DB_POOL": "false", "LOG_LEVEL": "error"}
    environment.pop("DATABASE_URL_FILE", None)
    done = subprocess.run(
        [sys.executable, "manage.py", *argv],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    if done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines()
        raise BackupError(
            f"In the restored database `{' '.join(argv)}` failed: {'; '.join(told[-5:]) or 'it said nothing'}"
        )


def _log(sentence: str) -> None:
    log.info("backup_rehearsal", step=sentence)
