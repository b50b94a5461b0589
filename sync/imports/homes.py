"""Which account of the company the lines of a file belong to. Where more than one could be meant, a person is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.models import Account
from sync import accounts
from sync.accounts import Named
from sync.models import FileImport
from sync.providers.statement import Sentence, StatementAccount, StatementError, StatementFile
from tenants.models import Tenant

NEW: Final = 0  # in FileImport.homes: an account of its own


@dataclass(frozen=True, slots=True)
class Question:
    """Where the lines of one account of a file belong.

    `chosen` is an account's number, NEW, or None when only a person can say. `candidates` are the accounts that it could be.
    """

    key: str
    title: str
    lines: int
    chosen: int | None
    candidates: tuple[Account, ...]


def questions(row: FileImport) -> list[Question]:
    """Return a question for each account that the file holds, with the answer where there is no doubt. One query."""
    found = row.seen.get("accounts", [])
    own = list(_alive(row.tenant))
    return [_question(row, each, own, alone=len(found) == 1) for each in found]


def _question(row: FileImport, found: Mapping[str, Any], own: list[Account], *, alone: bool) -> Question:
    wanted = Named(found["bank_code"], found["branch"], found["number"], found["kind"])
    candidates = tuple(account for account in own if accounts.could_be(account, wanted))
    chosen: int | None = row.homes.get(found["key"])
    if chosen is None and alone and row.account_id in {account.pk for account in candidates}:
        chosen = row.account_id
    if chosen is None:
        best = accounts.best(candidates, wanted)
        chosen = best.pk if best else None if candidates else NEW
    return Question(found["key"], accounts.title(wanted) or row.name, found["lines"], chosen, candidates)


def choose(*, file_import: FileImport, homes: Mapping[str, int]) -> None:
    """Note where a person wants the lines: an account's number or NEW for each account of the file. Does not save.

    Raises StatementError when an account of the file has no answer, or the answer is none of the company's accounts.
    """
    own = {account.pk for account in _alive(file_import.tenant)} | {NEW}
    chosen = {question.key: homes.get(question.key) for question in questions(file_import)}
    if any(pk is not None and pk not in own for pk in chosen.values()):
        raise StatementError(Sentence("Choose one of your accounts."))
    if None in chosen.values():
        raise StatementError(Sentence("Say first which account the file is of, or that it is a new one."))
    file_import.homes = chosen


def unanswered(row: FileImport) -> list[Question]:
    """Return the questions that only a person can answer."""
    return [question for question in questions(row) if question.chosen is None]


def account_named(tenant: Tenant, found: StatementAccount) -> Account | None:
    """Return the company's account that the file names, or None when there is none or more than one."""
    return accounts.find(tenant, named(found))


def named(account: StatementAccount) -> Named:
    """Return how a file names an account."""
    return Named(account.bank_code, account.branch, account.number, account.kind)


def account_for(row: FileImport, statement: StatementFile, found: StatementAccount) -> Account | None:
    """Return where the lines of one account of the file belong: where a person said, else the one it names; None: a new one."""
    chosen = row.homes.get(found.key)
    if chosen == NEW and chosen is not None:
        return None
    if chosen is not None:
        return Account.objects.filter(tenant=row.tenant, pk=chosen).first()
    if row.account is not None and len(statement.accounts) == 1:
        return row.account
    return account_named(row.tenant, found)


def _alive(tenant: Tenant) -> Any:
    return Account.objects.filter(tenant=tenant, void_at=None).select_related("source").order_by("name", "pk")
