"""The backups that are kept: each a dump and a manifest beside it. The manifest is written last, so a dump without one is no backup."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.files.base import File

from lib import clock
from live.backups import BackupError, figures, retention, seals
from live.backups.places import place

log = structlog.get_logger(__name__)
FORMAT: Final = 1
_MANIFEST: Final = ".manifest.json"
_ABANDONED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known about a backup without opening it. `figures` is JSON, sealed like the dump when that is (hexadecimal then)."""

    name: str
    database: str
    taken_at: str  # ISO, UTC: the instant whose data it holds
    size_bytes: int
    sha256: str
    seal: str
    postgresql: int  # major version of the server, and so of pg_dump and pg_restore
    version: str  # of the panel
    migrations: dict[str, str]
    figures: Any
    format: int = FORMAT

    @property
    def at(self) -> datetime:
        """Return the instant whose data it holds, aware."""
        return datetime.fromisoformat(self.taken_at)


def name_for(database: str, at: datetime, seal: str) -> str:
    """Return the name of a backup taken at that time: it sorts by time and says whose it is.

    To the millisecond: of two backups in one second the second must not take the first one's place and then go with it.
    """
    return f"{database}-{at:%Y%m%dT%H%M%S}{at.microsecond // 1_000:03d}Z.dump{seals.SUFFIX[seal]}"


def put(manifest: Manifest) -> None:
    """Write the manifest; from now on this is a backup."""
    content = json.dumps(asdict(manifest), indent=1, ensure_ascii=False).encode()
    place().save(manifest.name + _MANIFEST, File(BytesIO(content), name="manifest"))


def kept(database: str) -> list[Manifest]:
    """Return the backups of the database, newest first. One whose manifest cannot be read is left out and logged.

    Raises BackupError when the place does not answer.
    """
    found = []
    for file in _files():
        if file.startswith(f"{database}-") and file.endswith(_MANIFEST):
            manifest = _read(file)
            if manifest is not None and manifest.database == database:
                found.append(manifest)
    return sorted(found, key=lambda one: one.at, reverse=True)


def one(name: str, database: str) -> Manifest:
    """Return the manifest of a backup by its name, or of the newest one of the database ("latest"). Raises BackupError."""
    if name == "latest":
        newest = kept(database)
        if not newest:
            raise BackupError(f"There is no backup of {database} in {place()}.")
        return newest[0]
    found = _read(name.removesuffix(_MANIFEST) + _MANIFEST) if name in _files() else None
    if found is None:
        raise BackupError(
            f"There is no backup named {name} in {place()}. restore --list shows what is there."
        )
    return found


def figures_of(manifest: Manifest, opened: seals.Filter) -> figures.Figures:
    """Return the figures of the backup, opened when they are sealed."""
    if not manifest.seal:
        return dict(manifest.figures)
    return dict(json.loads(seals.through(opened, bytes.fromhex(manifest.figures))))


def sealed_figures(found: figures.Figures, seal: seals.Filter | None) -> Any:
    """Return the figures as the manifest keeps them: sums of money are no more for everybody than the dump is."""
    return found if seal is None else seals.through(seal, json.dumps(found).encode()).hex()


def thin_out(database: str) -> list[str]:
    """Remove backups that no rule keeps, and what killed attempts left. Return the names of the backups removed."""
    manifests = kept(database)
    keep = retention.Keep(
        settings.BACKUP_KEEP_DAILY, settings.BACKUP_KEEP_WEEKLY, settings.BACKUP_KEEP_MONTHLY
    )
    gone = retention.expired((one.at for one in manifests), keep)
    removed = [one.name for one in manifests if one.at in gone]
    for name in removed:
        # The manifest first: what is half removed must not look like a backup.
        place().delete(name + _MANIFEST)
        place().delete(name)
    _sweep(database)
    return removed


def _sweep(database: str) -> None:
    """Remove files of this database that belong to no backup and are older than an hour. Only for who holds the lock."""
    files = set(_files())
    for file in files:
        if file.startswith(f"{database}-") and not _belongs(file, files) and _is_old(file, database):
            log.warning("backup_remains_removed", file=file)
            place().delete(file)


def _belongs(file: str, files: set[str]) -> bool:
    if file.endswith(_MANIFEST):
        return file.removesuffix(_MANIFEST) in files
    return file + _MANIFEST in files


def _is_old(file: str, database: str) -> bool:
    stamp = file.removeprefix(f"{database}-").split(".")[0]
    try:
        at = datetime.strptime(f"{stamp}+0000", "%Y%m%dT%H%M%S%fZ%z")
    except ValueError:
        return False  # none of ours
    return clock.now() - at > _ABANDONED


def _files() -> list[str]:
    try:
        return sorted(place().listdir("")[1])
    except OSError as error:
        raise BackupError(f"The place of the backups, {place()}, cannot be read: {error}.") from error


def _read(file: str) -> Manifest | None:
    try:
        with place().stream(file) as stream:
            found = json.loads(stream.read())
        return Manifest(**found) if found["format"] == FORMAT else None
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("backup_manifest_unreadable", file=file, error=str(error))
        return None
