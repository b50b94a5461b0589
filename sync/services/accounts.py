"""Accounts by hand: renamed, merged into the one that they are, taken away."""

from typing import Final

from django.db import transaction

from ledger.models import Account, Transaction
from lib import clock, pg
from lib.text import clean
from live.events import publish
from sync import accounts, merging
from sync.imports.undoing import settle_balance
from sync.merging import Moved
from sync.models import Connection, FileImport
from sync.providers.statement import Sentence, StatementError
from tenants import audit
from tenants.access import Access

NAME_LIMIT: Final = 120
_VOID_LINES = "UPDATE ledger_transaction SET void_at = now(), updated_at = now() WHERE tenant_id = %s AND account_id = %s AND void_at IS NULL"
_FORGET_LINES = """
DELETE FROM sync_importedline l USING ledger_transaction t
 WHERE l.tenant_id = %s AND t.id = l.transaction_id AND t.tenant_id = l.tenant_id AND t.account_id = %s
RETURNING l.file_import_id
"""


class AccountRefused(StatementError):
    """What was asked of an account cannot be done. The sentence says why and what can be."""


@transaction.atomic
def rename_account(*, account: Account, name: str, access: Access) -> Account:
    """Give an account the company's own name for it, or with "" the one it came with; return the row. No synchronisation overwrites it."""
    pg.lock(pg.Lock.LEDGER, access.tenant.pk)
    row = _mine(account, access)
    before, after = row.name_override, clean(name, NAME_LIMIT)
    if before == after:
        return row
    row.name_override, row.updated_at = after, clock.now()
    row.save(update_fields=["name_override", "updated_at"])
    audit.record(
        tenant=access.tenant, action="account.renamed", row=row, actor=access,
        before={"name_override": before}, after={"name_override": after},
    )  # fmt: skip
    publish("facts_changed", tenant_id=access.tenant.pk, account=row.pk)
    return row


@transaction.atomic
def merge_accounts(*, account: Account, into: Account, access: Access) -> Moved:
    """Move everything of an account that only files know into the account that it really is; return what moved.

    Lines that both have count once. The files now belong to the other account. Raises AccountRefused for an account that an upstream knows,
    for two currencies, and for a card merged with an account.
    """
    pg.lock(pg.Lock.LEDGER, access.tenant.pk)
    old, new = _mine(account, access), _mine(into, access)
    if not _is_of_files(old):
        raise AccountRefused(Sentence("Only an account that came from files can be merged into another one."))
    if old.pk == new.pk:
        raise AccountRefused(Sentence("Choose another account to merge it into."))
    if old.currency != new.currency:
        raise AccountRefused(Sentence("The two accounts have different currencies, so they cannot be one."))
    if (old.kind == Account.Kind.CARD) != (new.kind == Account.Kind.CARD):
        raise AccountRefused(Sentence("One of the two is a card, so they cannot be one account."))
    moved = merging.move_files(files=old.source, old=old, new=new)
    if _is_of_files(new):
        settle_balance(new)
    after = {"into": new.pk, "name": str(new), "lines": moved.lines, "known": moved.known}
    audit.record(
        tenant=access.tenant,
        action="account.merged",
        row=old,
        actor=access,
        before={"name": str(old)},
        after=after,
    )
    publish("facts_changed", tenant_id=access.tenant.pk, account=new.pk)
    return moved


@transaction.atomic
def remove_account(*, account: Account, access: Access) -> int:
    """Take away an account that is empty or that only files know; return how many lines count no more.

    Its lines are void, its files are undone and can be stored again. Raises AccountRefused for an account that an upstream fills.
    """
    pg.lock(pg.Lock.LEDGER, access.tenant.pk)
    row = _mine(account, access)
    if not may_remove(row):
        raise AccountRefused(
            Sentence("This account comes from a connection, which would bring it back. Remove it there.")
        )
    voided = pg.execute(_VOID_LINES, [row.tenant_id, row.pk])
    touched = {pk for (pk,) in pg.fetch(_FORGET_LINES, [row.tenant_id, row.pk])}
    stored = FileImport.objects.filter(tenant=row.tenant_id, status=FileImport.Status.STORED)
    over = stored.filter(pk__in=touched, lines=None) | stored.filter(account=row, lines=None)
    over_ids = set(over.values_list("pk", flat=True))
    FileImport.objects.filter(pk__in=over_ids).update(status=FileImport.Status.UNDONE, undone_at=clock.now())
    row.void_at = row.updated_at = clock.now()
    row.save(update_fields=["void_at", "updated_at"])
    before = {"name": str(row), "lines": voided, "files": len(over_ids)}
    audit.record(tenant=access.tenant, action="account.removed", row=row, actor=access, before=before)
    publish("facts_changed", tenant_id=access.tenant.pk, account=row.pk)
    return voided


def may_remove(account: Account) -> bool:
    """Return whether no upstream would bring the account back: only files know it, or it is empty and its connection is gone."""
    if _is_of_files(account):
        return True
    alive = Transaction.objects.filter(tenant=account.tenant_id, account=account, void_at=None)
    read = Connection.objects.filter(tenant=account.tenant_id, source=account.source_id, removed_at=None)
    return not alive.exists() and not read.exists()


def _is_of_files(account: Account) -> bool:
    return bool(account.source.kind == accounts.FILES)


def _mine(account: Account, access: Access) -> Account:
    """Return the account, locked. Raises AccountRefused for one of another company and one that is gone."""
    found = Account.objects.select_for_update(no_key=True, of=("self",)).select_related("source")
    row = found.filter(tenant=access.tenant, pk=account.pk, void_at=None).first()
    if row is None:
        raise AccountRefused(Sentence("This account is not there any more."))
    return row
