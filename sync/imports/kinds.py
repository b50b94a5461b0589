"""Kinds of files that other parts of the program read: bank statements are known here, the rest registers in `AppConfig.ready()`."""

from collections.abc import Callable
from dataclasses import dataclass

from sync.models import FileImport
from sync.providers.sniffing import sniff
from sync.providers.statement import MAX_BYTES


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file. `recognises` sees the beginning; `look` writes into the row what storing would do, and raises StatementError for
    what cannot be read; `store` and `undo` run inside the import's transaction and lock, and `store` fills the row's counts.
    """

    name: str  # at most eight characters
    recognises: Callable[[bytes], bool]
    look: Callable[[FileImport, bytes], None]
    store: Callable[[FileImport, bytes], None]
    undo: Callable[[FileImport], int]


_kinds: dict[str, FileKind] = {}


def register(kind: FileKind) -> None:
    """Let files of this kind be imported through the same door as statements."""
    _kinds[kind.name] = kind


def registered(name: str) -> FileKind | None:
    """Return the registered kind of this name; None for statements."""
    return _kinds.get(name)


def kind_of(data: bytes, name: str) -> str:
    """Return what a file is by its content, whatever its name: a registered kind, "ofx" or "csv". Raises StatementError like `sniff`."""
    if len(data) <= MAX_BYTES:
        for kind in _kinds.values():
            if kind.recognises(data):
                return kind.name
    return sniff(data, name)
