"""Taking an import back: what only this file says counts no more; what another stored file or an upstream says stays."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from ledger.models import Account, Source, Transaction
from lib import clock, pg
from live.events import publish
from sync import overlap
from sync.imports import lines
from sync.imports.homes import account_for
from sync.imports.kinds import FileKind, registered
from sync.imports.reading import Status, reread
from sync.imports.rows import locked
from sync.imports.sifting import by_account, identity
from sync.models import FileImport
from sync.providers.statement import Sentence, StatementError
from tenants import audit
from tenants.access import Access

_DISCARDABLE = (Status.PREVIEW, Status.FAILED)


@transaction.atomic
def undo_import(*, file_import: FileImport, access: Access | None = None) -> int:
    """Void the lines that this import brought and no other stored file says; return how many. The file stays and can be stored again.

    A person's own columns stay on the void lines and count again with them. An account that only this file knew goes with it; a closing
    balance that it brought gives way to that of the newest file that is left. Raises StatementError when the file is not stored.
    """
    pg.lock(pg.Lock.LEDGER, file_import.tenant_id)
    row = locked(file_import)
    if (other := registered(row.kind)) and row.status == Status.STORED:
        return _undo_other(other, row, access)
    files = overlap.files_of(row.tenant_id)
    if row.status != Status.STORED or files is None:
        raise StatementError(Sentence("This file is not stored, so there is nothing to undo."))
    note_old(row, files)
    homes = lines.accounts_of(row, files) | ({row.account_id} if row.account_id else set())
    voided = lines.void_unsaid(row, files)
    lines.forget(row, files)
    row.status, row.undone_at, row.work, row.problem = Status.UNDONE, clock.now(), "", None
    row.save(update_fields=["status", "undone_at", "work", "problem"])
    for account in Account.objects.filter(tenant=row.tenant, source=files, pk__in=homes):
        settle_balance(account)
        _void_if_bare(account)
    actor = access or row.asked_by
    audit.record(
        tenant=row.tenant,
        action="file.undone",
        row=row,
        actor=actor,
        after={"file": row.name, "voided": voided},
    )
    publish("facts_changed", tenant_id=row.tenant_id, changed=voided > 0, file_import=row.pk)
    return voided


def _undo_other(kind: FileKind, row: FileImport, access: Access | None) -> int:
    taken = kind.undo(row)
    row.status, row.undone_at, row.work, row.problem = Status.UNDONE, clock.now(), "", None
    row.save(update_fields=["status", "undone_at", "work", "problem"])
    after = {"file": row.name, "kind": row.kind, "taken": taken}
    audit.record(tenant=row.tenant, action="file.undone", row=row, actor=access or row.asked_by, after=after)
    publish("facts_changed", tenant_id=row.tenant_id, changed=taken > 0, file_import=row.pk)
    return taken


def note_old(row: FileImport, files: Source) -> None:
    """Note the lines of stored files from before lines were noted: of every such file, because any may say the lines of this one."""
    old = FileImport.objects.filter(tenant=row.tenant_id, status=Status.STORED, lines=None, new_rows__gt=0)
    for each in old.select_related("tenant", "account"):
        statement = reread(each).statement
        if statement is None:
            continue
        lines_of = by_account(statement)
        for found in statement.accounts:
            account = account_for(each, statement, found)
            if account is not None:
                lines.note(each, files, (identity(account, line) for line in lines_of[found.key]))


def settle_balance(account: Account) -> None:
    """Give an account of files the newest closing balance that a stored file says, or none."""
    said = FileImport.objects.filter(
        tenant=account.tenant_id, status=Status.STORED, balances__contains=[{"account": account.pk}]
    )
    found = [
        (datetime.fromisoformat(entry["at"]), Decimal(entry["balance"]))
        for balances in said.order_by("stored_at", "pk").values_list("balances", flat=True)
        for entry in balances
        if entry["account"] == account.pk
    ]
    at, balance = max(found, key=lambda entry: entry[0]) if found else (None, None)
    if (account.balance_at, account.balance) != (at, balance):
        Account.objects.filter(pk=account.pk).update(balance=balance, balance_at=at, updated_at=clock.now())


def _void_if_bare(account: Account) -> None:
    """Void an account that only files knew, when no file and no line is left in it."""
    stored = FileImport.objects.filter(tenant=account.tenant_id, account=account, status=Status.STORED)
    alive = Transaction.objects.filter(tenant=account.tenant_id, account=account, void_at=None)
    if not stored.exists() and not alive.exists():
        Account.objects.filter(pk=account.pk, void_at=None).update(
            void_at=clock.now(), updated_at=clock.now()
        )


@transaction.atomic
def discard(*, file_import: FileImport, access: Access | None = None) -> None:
    """Throw a file away that was looked at and not stored, content included. Raises StatementError for a file that was stored once."""
    row = locked(file_import)
    if row.status not in _DISCARDABLE or row.work == FileImport.Work.STORE:
        raise StatementError(Sentence("This file was stored. Undo the import instead."))
    audit.record(
        tenant=row.tenant,
        action="file.discarded",
        row=row,
        actor=access,
        before={"file": row.name, "rows": row.rows},
    )
    row.delete()
