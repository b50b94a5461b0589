"""Which stored file says which line. A line of files counts as long as one stored file says it."""

from collections.abc import Iterable

from ledger.models import Source
from lib import pg
from sync.models import FileImport

_NOTE = """
INSERT INTO sync_importedline (tenant_id, file_import_id, transaction_id)
SELECT t.tenant_id, %(file)s, t.id FROM ledger_transaction t
 WHERE t.tenant_id = %(tenant)s AND t.source_id = %(files)s AND (t.external_id = ANY(%(ids)s))
UNION SELECT t.tenant_id, %(file)s, t.id FROM ledger_transaction t WHERE t.tenant_id = %(tenant)s AND t.id = ANY(%(lines)s)
    ON CONFLICT DO NOTHING
"""
_FORGET = "DELETE FROM sync_importedline WHERE tenant_id = %(tenant)s AND file_import_id = %(file)s"
_VOID_UNSAID = """
UPDATE ledger_transaction t SET void_at = now(), updated_at = now()
  FROM sync_importedline mine
 WHERE mine.tenant_id = %(tenant)s AND mine.file_import_id = %(file)s
   AND t.id = mine.transaction_id AND t.tenant_id = mine.tenant_id AND t.source_id = %(files)s AND t.void_at IS NULL
   AND NOT EXISTS (SELECT FROM sync_importedline o JOIN sync_fileimport f ON f.id = o.file_import_id
                    WHERE o.tenant_id = %(tenant)s AND o.transaction_id = t.id AND o.file_import_id <> %(file)s
                      AND f.status = 'stored')
"""
# Void lines cost nothing, so the account of a line that other files still say is not asked here.
_ACCOUNTS = """
SELECT DISTINCT t.account_id FROM sync_importedline l JOIN ledger_transaction t ON t.id = l.transaction_id
 WHERE l.tenant_id = %(tenant)s AND l.file_import_id = %(file)s AND t.tenant_id = %(tenant)s
"""


def note(row: FileImport, files: Source, external_ids: Iterable[str], lines: Iterable[int] = ()) -> None:
    """Note that the file says these lines, named by their external ids among the company's files or by their keys, and no others."""
    params = _params(row, files)
    pg.execute(_FORGET, params)
    pg.execute(_NOTE, params | {"ids": list(external_ids), "lines": list(lines)})


def void_unsaid(row: FileImport, files: Source) -> int:
    """Void the lines that no other stored file says, and return how many."""
    return pg.execute(_VOID_UNSAID, _params(row, files))


def accounts_of(row: FileImport, files: Source) -> set[int]:
    """Return the accounts that hold lines of the file."""
    return {pk for (pk,) in pg.fetch(_ACCOUNTS, _params(row, files))}


def forget(row: FileImport, files: Source) -> None:
    """The file says nothing any more."""
    pg.execute(_FORGET, _params(row, files))


def _params(row: FileImport, files: Source) -> dict[str, object]:
    return {"tenant": row.tenant_id, "file": row.pk, "files": files.pk}
