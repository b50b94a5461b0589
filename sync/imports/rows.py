"""The row of a file, held while something is decided about it."""

from sync.models import FileImport
from sync.providers.statement import Sentence, StatementError


def locked(file_import: FileImport) -> FileImport:
    """Return the file's row as it is now, locked until the transaction ends. Raises StatementError when somebody has thrown it away."""
    row = (
        FileImport.objects.select_for_update(no_key=True, of=("self",))
        .select_related("tenant", "user", "asked_by")
        .filter(pk=file_import.pk)
        .first()
    )
    if row is None:
        raise StatementError(
            Sentence("Somebody has thrown this file away meanwhile. Nothing of it was stored.")
        )
    return row
