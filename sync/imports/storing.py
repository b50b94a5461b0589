"""Storing a bank file: once, in the account that it belongs to, without what is there already."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet

from ledger import services as ledger
from ledger.drafts import AccountDraft, TransactionDraft
from ledger.models import Account, Source, Transaction
from lib import clock, pg
from live.events import publish
from sync import accounts, facts, overlap
from sync.imports import lines as imported
from sync.imports.homes import account_for, named
from sync.imports.kinds import FileKind, registered
from sync.imports.reading import Reading, Status, Tell, content_of, reread
from sync.imports.rows import locked
from sync.imports.sifting import FROM, by_account, counted, identity, sift
from sync.models import FileImport, StatementFormat
from sync.providers.pluggy import operations
from sync.providers.statement import Sentence, StatementAccount, StatementError, StatementFile, StatementLine
from sync.words import kept
from tenants import audit
from tenants.access import Access
from tenants.models import Tenant


class AlreadyStored(StatementError):
    """The very same file is stored already; nothing is missing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What storing a file writes: its drafts, which of them do not count yet, and the stored lines that it says once more."""

    drafts: list[TransactionDraft]
    fresh: int
    said_again: list[int]


def store_import(
    *,
    file_import: FileImport,
    account: Account | None = None,
    access: Access | None = None,
    tell: Tell | None = None,
) -> FileImport:
    """Store the lines of a file that was looked at, and return its row with what was new.

    `account` is a person's choice; None: where `homes.choose` said, else the account that the file names, or a new one of files only.
    Raises StatementError with a sentence when the file was stored before (AlreadyStored; by anybody, also a moment ago), belongs to another
    account, or cannot be stored; nothing is stored then. `tell` hears how much of the file was read, before anything is written.
    """
    if other := registered(file_import.kind):
        return _store_other(other, file_import, access)
    try:
        # Read before the lock is taken: a large file takes its time, and others of the company wait behind the lock.
        reading = reread(file_import, tell)
        with transaction.atomic():
            return _store(file_import, reading, account, access)
    except DatabaseError as error:
        detail = str(error).partition("\n")[0][:200]
        sentence = Sentence(
            "The file could not be stored (%(detail)s). Nothing of it was. Try again.", detail=detail
        )
        failed = FileImport.objects.filter(pk=file_import.pk).exclude(status=Status.STORED)
        failed.update(status=Status.FAILED, problem=kept(sentence))
        raise StatementError(sentence) from error


def _store(
    file_import: FileImport, reading: Reading, account: Account | None, access: Access | None
) -> FileImport:
    # One import of a company at a time: who comes second finds what the first one stored.
    pg.lock(pg.Lock.LEDGER, file_import.tenant_id)
    row = locked(file_import)
    _refuse_stored(row, FileImport.objects.filter(pk=row.pk, status=Status.STORED))
    if reading.statement is None:
        raise StatementError(reading.problem or Sentence("Say which column is which first."))
    row.account, row.homes = account, {} if account else file_import.homes
    files = overlap.files_of(row.tenant_id) or Source.objects.create(
        tenant=row.tenant, kind=accounts.FILES, name="Arquivos"
    )
    homes = {found.key: _home(row, reading.statement, found, files) for found in reading.statement.accounts}
    row.account = next(iter(homes.values()))
    same_file = FileImport.objects.filter(
        tenant=row.tenant, account=row.account, sha256=row.sha256, status=Status.STORED
    )
    _refuse_stored(row, same_file)
    plan = _plan(row, reading.statement, homes, files)
    stored = ledger.store(tenant_id=row.tenant_id, source_id=files.pk, drafts=plan.drafts)
    imported.note(row, files, (draft.external_id for draft in plan.drafts), plan.said_again)
    _balances(row, reading.statement, homes, files)
    row.new_rows, row.known_rows = plan.fresh, len(reading.statement.lines) - plan.fresh
    row.status, row.stored_at, row.problem, row.error = Status.STORED, clock.now(), None, ""
    row.work, row.progress, row.attempts = "", None, 0
    row.save()
    _remember_format(row, reading)
    after = {"file": row.name, "account": row.account.pk, "new": row.new_rows, "known": row.known_rows}
    actor = access or row.asked_by or row.user
    audit.record(tenant=row.tenant, action="file.imported", row=row, actor=actor, after=after)
    publish("facts_changed", tenant_id=row.tenant_id, changed=stored.changed > 0, file_import=row.pk)
    return row


@transaction.atomic
def _store_other(kind: FileKind, file_import: FileImport, access: Access | None) -> FileImport:
    """Store a file that is no statement, once."""
    pg.lock(pg.Lock.LEDGER, file_import.tenant_id)
    row = locked(file_import)
    stored = FileImport.objects.filter(tenant=row.tenant, status=Status.STORED)
    _refuse_stored(row, stored.filter(Q(pk=row.pk) | Q(kind=row.kind, sha256=row.sha256)))
    kind.store(row, content_of(row))
    row.status, row.stored_at, row.problem, row.error = Status.STORED, clock.now(), None, ""
    row.work, row.progress, row.attempts = "", None, 0
    row.save()
    after = {"file": row.name, "kind": row.kind, "new": row.new_rows, "known": row.known_rows}
    audit.record(
        tenant=row.tenant,
        action="file.imported",
        row=row,
        actor=access or row.asked_by or row.user,
        after=after,
    )
    publish("facts_changed", tenant_id=row.tenant_id, changed=row.new_rows > 0, file_import=row.pk)
    return row


def _refuse_stored(row: FileImport, stored: QuerySet[FileImport]) -> None:
    earlier = stored.select_related("user").first()
    if earlier is None:
        return
    moment = (earlier.stored_at or earlier.created_at).astimezone(row.tenant.zone)
    who = str(earlier.user or "?")
    raise AlreadyStored(
        Sentence(
            "This file was already stored on %(day)s at %(time)s by %(who)s. Nothing was stored twice.",
            day=f"{moment:%d/%m/%Y}",
            time=f"{moment:%H:%M}",
            who=who,
        )
    )


def _remember_format(row: FileImport, reading: Reading) -> None:
    if reading.table is not None and reading.mapping is not None:
        StatementFormat.objects.update_or_create(
            tenant=row.tenant,
            fingerprint=reading.table.fingerprint,
            defaults={"mapping": reading.mapping.to_json(), "account": row.account},
        )


def _home(row: FileImport, statement: StatementFile, found: StatementAccount, files: Source) -> Account:
    """Return the account where lines belong: chosen, known, or made now. Raises StatementError for a file of another account."""
    account = account_for(row, statement, found)
    if account is None:
        return _made(row, found, files)
    if account.tenant_id != row.tenant_id:
        raise StatementError(Sentence("Choose one of your accounts."))
    # Asked now: it may have been removed or merged since somebody chose it.
    if not Account.objects.filter(pk=account.pk, void_at=None).exists():
        raise StatementError(Sentence("This account is not there any more. Choose another one."))
    wanted = named(found)
    if accounts.contradicts(account, wanted):
        raise StatementError(
            Sentence(
                "This file is of the account %(file)s, not of %(chosen)s. Choose that account, or a new one for this file.",
                file=accounts.title(wanted),
                chosen=f"{accounts.title(accounts.named(account))} ({account})",
            )
        )
    return account


def _made(row: FileImport, found: StatementAccount, files: Source) -> Account:
    """Make an account that is known from files only."""
    known = bool(found.number)
    draft = AccountDraft(
        external_id=found.key if known else f"import-{row.pk}",
        kind=found.kind,
        name=accounts.title(named(found)) if known else row.name[:120],
        institution=accounts.BANKS.get(found.bank_code, ""),
        bank_code=found.bank_code,
        branch=found.branch[:12],
        number=found.number[:30],
        currency=found.currency,
    )
    ledger.store(tenant_id=row.tenant_id, source_id=files.pk, drafts=[draft])
    return Account.objects.get(tenant=row.tenant, source=files, external_id=draft.external_id)


def _end_of(tenant: Tenant, found: StatementAccount) -> datetime | None:
    day = found.balance_date
    return None if day is None else datetime.combine(day, time(23, 59, 59), tzinfo=tenant.zone)


def _balances(row: FileImport, statement: StatementFile, homes: Mapping[str, Account], files: Source) -> None:
    """Take later closing balances into accounts that no upstream speaks for, and note what the file says of them. Does not save."""
    row.balances = []
    for found in statement.accounts:
        account, moment = homes[found.key], _end_of(row.tenant, found)
        if account.source_id != files.pk or found.ledger_balance is None or moment is None:
            continue
        row.balances.append(
            {"account": account.pk, "balance": str(found.ledger_balance), "at": moment.isoformat()}
        )
        older = Q(balance_at=None) | Q(balance_at__lte=moment)
        Account.objects.filter(older, pk=account.pk).update(
            balance=found.ledger_balance, balance_at=moment, updated_at=clock.now()
        )


def _plan(row: FileImport, statement: StatementFile, homes: Mapping[str, Account], files: Source) -> Plan:
    own = facts.context_of(row.tenant).own_documents
    drafts: list[TransactionDraft] = []
    said_again: list[int] = []
    fresh = 0
    lines_of = by_account(statement)
    for key, account in homes.items():
        sifted = sift(account, lines_of[key], files, row.kind)
        there = counted(account, (line for line, _nth in sifted.lines), files)
        made = [_draft(account, line, nth, row.kind, own) for line, nth in sifted.lines]
        fresh += len({draft.external_id for draft in made} - there)
        drafts += made
        said_again += sifted.said_again
    return Plan(drafts, fresh, said_again)


def _draft(
    account: Account, line: StatementLine, nth: int, kind: str, own: frozenset[str]
) -> TransactionDraft:
    details: dict[str, Any] = {"nth": nth, FROM: kind}
    if line.check_number:
        details["check_number"] = line.check_number
    return TransactionDraft(
        external_id=identity(account, line),
        account_id=account.pk,
        date=line.date,
        amount=line.amount,
        currency=account.currency,
        nature=_nature(account, line, own),
        operation=line.operation,
        description=line.description[:255],
        description_raw=line.memo[:500],
        counterparty_name=line.counterparty_name[:160],
        counterparty_document=line.counterparty_document,
        reference=(line.end_to_end_id or line.reference)[:80],
        balance_after=line.balance_after,
        position=line.position,
        details=details,
    )


def _nature(account: Account, line: StatementLine, own: frozenset[str]) -> str:
    """Return why money moved, by the words of the bank: the same rules that lines of Open Finance are held against."""
    words = {"descriptionRaw": line.memo or line.description}
    card = account.kind == Account.Kind.CARD
    if operations.is_bill_payment(words, card=card, credit=line.amount > 0):
        return Transaction.Nature.BILL_PAYMENT
    party = line.counterparty_document
    if not card and operations.is_own_transfer(
        words, operation=line.operation, party=party, other="", own_documents=own
    ):
        return Transaction.Nature.OWN_TRANSFER
    return Transaction.Nature.REGULAR
