"""Moving what files brought from one account into another that turns out to be the same, without losing or doubling a line.

A line that the other account has already becomes void; the files that say it then say the other one, and what a person wrote on it is
copied where the other has nothing. Where both have the same id, the void one stays behind in the old account. "Has already" is what importing means by it (`sync.imports.sifting`): the same id in the company's
files, or the n-th one of a date and amount that an upstream or a file of another kind brought.
"""

from dataclasses import dataclass
from typing import Any, Final

from ledger.models import Account, Source, Transaction
from lib import pg
from sync.models import FileImport, StatementFormat

_TWINS: Final = """
SELECT x.id, y.id, y.void_at IS NULL FROM ledger_transaction x
  JOIN ledger_transaction y ON y.tenant_id = x.tenant_id AND y.source_id = x.source_id
   AND y.external_id = %(new)s || substring(x.external_id FROM position(':' IN x.external_id))
 WHERE x.tenant_id = %(tenant)s AND x.source_id = %(files)s AND x.account_id = %(old)s AND x.void_at IS NULL
"""
_KINDS = """
SELECT DISTINCT coalesce(details ->> 'from', '') FROM ledger_transaction
 WHERE tenant_id = %(tenant)s AND source_id = %(files)s AND account_id = %(old)s AND void_at IS NULL
 ORDER BY 1
"""
_SAME = """
WITH mine AS (
    SELECT id, date, amount, row_number() OVER (PARTITION BY date, amount
                                                    ORDER BY coalesce((details ->> 'nth')::int, 1), position, id) AS n
      FROM ledger_transaction
     WHERE tenant_id = %(tenant)s AND source_id = %(files)s AND account_id = %(old)s AND void_at IS NULL
       AND coalesce(details ->> 'from', '') = %(kind)s AND id <> ALL(%(settled)s)),
theirs AS (
    SELECT id, date, amount, row_number() OVER (PARTITION BY date, amount
                                                    ORDER BY coalesce((details ->> 'nth')::int, 1), position, id) AS n
      FROM ledger_transaction
     WHERE tenant_id = %(tenant)s AND account_id = %(new)s AND void_at IS NULL AND status = 'posted'
       AND (source_id <> %(files)s OR (%(kind)s <> '' AND details ->> 'from' <> %(kind)s))
       AND id <> ALL(%(taken)s)
       AND date IN (SELECT date FROM mine))
SELECT mine.id, theirs.id FROM mine JOIN theirs USING (date, amount, n)
"""
_COPY_EDITS = """
UPDATE ledger_transaction b SET updated_at = now(), edited_at = coalesce(b.edited_at, a.edited_at),
       category_override = CASE WHEN b.category_override = '' THEN a.category_override ELSE b.category_override END,
       name_override = CASE WHEN b.name_override = '' THEN a.name_override ELSE b.name_override END,
       note = CASE WHEN b.note = '' THEN a.note ELSE b.note END,
       ignored = b.ignored OR (a.ignored AND b.edited_at IS NULL)
  FROM unnest(%(from)s::bigint[], %(to)s::bigint[]) AS p (a, b), ledger_transaction a
 WHERE b.id = p.b AND b.tenant_id = %(tenant)s AND a.id = p.a AND a.tenant_id = %(tenant)s AND a.edited_at IS NOT NULL
"""
_SAY_THE_OTHER = """
INSERT INTO sync_importedline (tenant_id, file_import_id, transaction_id)
SELECT l.tenant_id, l.file_import_id, p.b FROM unnest(%(from)s::bigint[], %(to)s::bigint[]) AS p (a, b) JOIN sync_importedline l ON l.transaction_id = p.a AND l.tenant_id = %(tenant)s
    ON CONFLICT DO NOTHING
"""
_SAY_NO_MORE = "DELETE FROM sync_importedline WHERE tenant_id = %(tenant)s AND transaction_id = ANY(%(from)s)"
_VOID = "UPDATE ledger_transaction SET void_at = now(), updated_at = now() WHERE tenant_id = %(tenant)s AND id = ANY(%(from)s)"
_REVIVE = "UPDATE ledger_transaction SET void_at = NULL, updated_at = now() WHERE tenant_id = %(tenant)s AND id = ANY(%(revived)s)"
_MOVE = """
UPDATE ledger_transaction x SET updated_at = now(), account_id = %(new)s,
       external_id = %(new)s || substring(x.external_id FROM position(':' IN x.external_id))
 WHERE x.tenant_id = %(tenant)s AND x.source_id = %(files)s AND x.account_id = %(old)s
   AND NOT EXISTS (SELECT FROM ledger_transaction y WHERE y.tenant_id = x.tenant_id AND y.source_id = x.source_id
                      AND y.external_id = %(new)s || substring(x.external_id FROM position(':' IN x.external_id)))
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many lines went over, and how many stayed behind because the other account has them."""

    lines: int
    known: int


def move_files(*, files: Source, old: Account, new: Account) -> Moved:
    """Move everything that files brought from one account to another of the company, and void the old one; return what moved.

    Needs a transaction that holds the tenant's ledger lock. Rollups follow by trigger; publishing is the caller's.
    """
    ids: dict[str, Any] = {"tenant": files.tenant_id, "files": files.pk, "old": old.pk, "new": new.pk}
    alive = Transaction.objects.filter(
        tenant=files.tenant_id, source=files, account=old, void_at=None
    ).count()
    same, revived = _same_lines(ids)
    pairs = ids | {"from": list(same), "to": list(same.values()), "revived": revived}
    pg.execute(_SAY_THE_OTHER, pairs)
    pg.execute(_SAY_NO_MORE, pairs)
    pg.execute(_VOID, pairs)
    pg.execute(_REVIVE, pairs)
    pg.execute(_COPY_EDITS, pairs)
    pg.execute(_MOVE, ids)
    _move_imports(old, new)
    pg.execute("UPDATE ledger_account SET void_at = now(), updated_at = now() WHERE id = %(old)s", ids)
    return Moved(alive - len(same), len(same))


def _same_lines(ids: dict[str, Any]) -> tuple[dict[int, int], list[int]]:
    """Return which lines of the old account are which of the new one, and those of the new one that are void and must count again."""
    same: dict[int, int] = {}
    void_twins: dict[int, int] = {}
    for mine, theirs, counts in pg.fetch(_TWINS, ids):
        (same if counts else void_twins)[mine] = theirs
    for (kind,) in pg.fetch(_KINDS, ids):
        # A line of the new account is the twin of one line only: what lives in the old one are payments apart, whatever kind of file said them.
        asked = ids | {"kind": kind, "settled": list(same), "taken": list(same.values())}
        same |= dict(pg.fetch(_SAME, asked))
    revived = {mine: theirs for mine, theirs in void_twins.items() if mine not in same}
    return same | revived, list(revived.values())


def _move_imports(old: Account, new: Account) -> None:
    """Let files, their balances and the remembered formats mean the new account. The same file stored in both stays with the old one."""
    tenant = old.tenant_id
    stored = FileImport.objects.filter(tenant=tenant, account=new, status=FileImport.Status.STORED)
    mine = FileImport.objects.filter(tenant=tenant, account=old)
    twice = mine.filter(
        status=FileImport.Status.STORED, sha256__in=list(stored.values_list("sha256", flat=True))
    )
    mine.exclude(pk__in=list(twice.values_list("pk", flat=True))).update(account=new)
    StatementFormat.objects.filter(tenant=tenant, account=old).update(account=new)
    said = FileImport.objects.filter(tenant=tenant, balances__contains=[{"account": old.pk}]).defer("content")
    for row in said:
        row.balances = [
            entry | {"account": new.pk} if entry["account"] == old.pk else entry for entry in row.balances
        ]
        row.save(update_fields=["balances"])
    for row in FileImport.objects.filter(tenant=tenant).exclude(homes={}).defer("content"):
        if old.pk in row.homes.values():
            row.homes = {key: new.pk if pk == old.pk else pk for key, pk in row.homes.items()}
            row.save(update_fields=["homes"])
