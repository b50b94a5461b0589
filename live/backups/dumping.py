"""The stream of a backup: pg_dump, sealed on the way if asked, read once by whoever stores it. Nothing lies on this machine's disk."""

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO, Any

import psycopg
from django.core.files.base import File

from live.backups import BackupError, figures, programs
from live.backups.seals import Filter

_LOCKS_WITHIN = "60s"  # a migration that holds a table must end by then


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One instant of the database: its id for pg_dump, when it was, and the figures that are true in it."""

    id: str
    at: Any
    server: int
    migrations: dict[str, str]
    figures: figures.Figures


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """Hold one instant of the database open, on a connection of its own, for as long as pg_dump may need it."""
    with psycopg.connect(**programs.address(), application_name="painel-backup") as to:
        to.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        to.read_only = True
        to.execute("SET LOCAL statement_timeout = 0")
        to.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        found = to.execute("SELECT pg_export_snapshot(), transaction_timestamp()").fetchone()
        assert found is not None
        yield Snapshot(found[0], found[1], programs.server_major(to), migrations(to), figures.read(to))


def migrations(to: psycopg.Connection[Any]) -> dict[str, str]:
    """Return the newest applied migration of each app."""
    return dict(to.execute("SELECT app, max(name) FROM django_migrations GROUP BY app ORDER BY app"))


class Dump(File):  # type: ignore[type-arg]  # Django has no such class at run time
    """What pg_dump writes from a snapshot, readable once. Counts and hashes what goes by; the end comes only after pg_dump ended well.

    So a storage that reads to the end has the whole of it, and one that gets BackupError instead must name nothing.
    """

    def __init__(self, program: Path, taken: Snapshot, seal: Filter | None) -> None:
        """Start pg_dump, and the thread that seals when there is something to seal."""
        self.size_bytes = 0
        self._hash = hashlib.sha256()
        self._seal = seal
        self._sealing: BaseException | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the dump
        argv = [str(program), "--format=custom", "--no-password", f"--snapshot={taken.id}"]
        argv += [f"--lock-wait-timeout={_LOCKS_WITHIN}"]
        self._program = Popen(argv, env=programs.environment(), stdout=PIPE, stderr=self._errors)
        assert self._program.stdout is not None
        self._thread: threading.Thread | None = None
        self._out: IO[bytes] = self._program.stdout if seal is None else self._sealed(self._program.stdout)
        super().__init__(self._out, name="dump")

    @property
    def sha256(self) -> str:
        """Return the checksum of what was read so far."""
        return self._hash.hexdigest()

    def seekable(self) -> bool:
        """Return False: what was read is gone."""
        return False

    def read(self, size: int = -1) -> bytes:
        """Return what comes next. Raises BackupError instead of the end when pg_dump or the sealing failed."""
        piece = self._out.read(size)
        self.size_bytes += len(piece)
        self._hash.update(piece)
        if not piece or size < 0:
            self._finish()
        return piece

    def close(self) -> None:
        """End whatever still runs: after an error nobody reads on."""
        self._program.kill()
        self._out.close()
        if self._thread is not None:
            self._thread.join()
        if self._program.stdout is not None:
            self._program.stdout.close()
        self._program.wait()
        self._errors.close()

    def _sealed(self, plain: IO[bytes]) -> IO[bytes]:
        reading, writing = os.pipe()
        self._thread = threading.Thread(target=self._run_seal, args=(plain, writing), daemon=True)
        self._thread.start()
        return os.fdopen(reading, "rb")

    def _run_seal(self, plain: IO[bytes], writing: int) -> None:
        assert self._seal is not None
        # BrokenPipeError at the last flush: the reader went away and knows why.
        with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb") as sink:
            try:
                self._seal(plain, sink)
            except Exception as error:  # raised again in the reader's thread, by _finish
                self._sealing = error
                self._program.kill()  # nobody reads it any more

    def _finish(self) -> None:
        if self._thread is not None:
            self._thread.join()
        if self._sealing is not None:
            raise BackupError(f"The backup could not be sealed: {self._sealing}") from self._sealing
        if self._program.wait() != 0:
            self._errors.seek(0)
            raise BackupError(f"pg_dump failed: {last_lines(self._errors)}")


def last_lines(errors: IO[bytes], most: int = 5) -> str:
    """Return the end of what a program wrote to its standard error, on one line."""
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return "; ".join(line[:300] for line in lines[-most:]) or "it said nothing"


@dataclass(slots=True)
class Checked:
    """A stream whose checksum must be the manifest's once it has been read to its end; BackupError instead of the end otherwise."""

    source: IO[bytes]
    wanted: str
    name: str
    size: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)

    def read(self, size: int = -1) -> bytes:
        """Return what comes next."""
        piece = self.source.read(size)
        self.size += len(piece)
        self._hash.update(piece)
        if (not piece or size < 0) and self._hash.hexdigest() != self.wanted:
            raise BackupError(
                f"{self.name} is not what was written: its checksum is {self._hash.hexdigest()[:12]}…, the manifest says "
                f"{self.wanted[:12]}…. It was damaged or changed and is not used. Take another backup (restore --list)."
            )
        return piece
