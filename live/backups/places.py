"""Where backups lie: a folder of this machine. `bucket` is the other place. Both stream, and both name a file only when it is whole."""

import os
import shutil
from pathlib import Path
from typing import IO, Any, Protocol

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages


class Place(Protocol):
    """What backups ask of a storage of Django."""

    def save(self, name: str, content: "File[bytes]") -> str:
        """Write the whole content under the name, or nothing, and return the name."""

    def stream(self, name: str) -> IO[bytes]:
        """Return the file to be read once from its beginning, without a copy of it on this machine. Raises FileNotFoundError."""

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return folders and files."""

    def delete(self, name: str) -> None:
        """Remove the file; one that is not there is no error."""

    def __str__(self) -> str:
        """Return the place in words for an operator, without secrets."""


def place() -> Any:
    """Return the configured place, a `Place`."""
    return storages["backups"]


class Folder(FileSystemStorage):
    """A folder. A file is written beside its place, flushed to the disk, and renamed: half a file never has the name of a whole one."""

    def _save(self, name: str, content: "File[bytes]") -> str:
        """Write and name the file. Raises OSError (disk full) after removing what was written."""
        path = Path(self.path(name))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
                shutil.copyfileobj(content, file, 1 << 20)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return name

    def stream(self, name: str) -> IO[bytes]:
        """Return the opened file."""
        return Path(self.path(name)).open("rb")

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return folders and files; none while the folder was not made."""
        try:
            folders, files = super().listdir(path)
        except FileNotFoundError:
            return [], []
        return list(folders), list(files)

    def __str__(self) -> str:
        return str(self.location)


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
