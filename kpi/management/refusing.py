"""What the commands that work on files share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError

from kpi.filetable import FileError


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Say of which file it is what a file cannot do or hold. Raises CommandError."""
    try:
        yield
    except (OSError, FileError) as error:
        raise CommandError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
