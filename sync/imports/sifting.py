"""Which lines of a file are new: not stored under their identity, and not brought by another source or another kind of file."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ledger.models import Account, Source, Transaction
from lib import pg
from sync import overlap
from sync.overlap import Day
from sync.providers.statement import StatementFile, StatementLine

# In the details of a line: the kind of file that brought it.
FROM: Final = "from"
_OTHER_KINDS = """
SELECT t.date, t.amount, t.id FROM ledger_transaction t
 WHERE t.tenant_id = %(tenant)s AND t.account_id = %(account)s AND t.source_id = %(files)s AND t.void_at IS NULL
   AND t.date = ANY(%(days)s) AND t.details ->> 'from' <> %(kind)s
 ORDER BY t.date, t.amount, coalesce((t.details ->> 'nth')::int, 1), t.id
"""


@dataclass(slots=True)
class Sifted:
    """What became of the lines of one account: those to store, each with its number among equal ones (date and amount) of the file, and
    the stored lines that other kinds of files had brought before, which this file now says as well."""

    lines: list[tuple[StatementLine, int]] = field(default_factory=list)
    said_again: list[int] = field(default_factory=list)


def identity(account: Account, line: StatementLine) -> str:
    """Return the external id of a line among the company's files."""
    return f"{account.pk}:{line.external_id}"


def by_account(statement: StatementFile) -> dict[str, list[StatementLine]]:
    """Return the lines of each account of the file, by the account's key."""
    found: dict[str, list[StatementLine]] = {account.key: [] for account in statement.accounts}
    for line in statement.lines:
        found[line.account_key].append(line)
    return found


def sift(account: Account, lines: list[StatementLine], files: Source | None, kind: str) -> Sifted:
    """Return which lines belong into the ledger.

    The n-th line of a file with one date and amount is the same as the n-th one that upstream gives for that account, or that the bank's
    file of another kind gave: a CSV knows no ids of an OFX. Two files of one kind are told apart by their ids alone.
    """
    days = {line.date for line in lines}
    upstream = overlap.known_elsewhere(account, files, days)
    others = _of_other_kinds(account, files, kind, days)
    seen: Counter[Day] = Counter()
    found = Sifted()
    for line in lines:
        day = line.date, line.amount
        seen[day] += 1
        place = seen[day] - upstream[day] - 1
        if place < 0:
            continue
        if place < len(others.get(day, ())):
            found.said_again.append(others[day][place])
        else:
            found.lines.append((line, seen[day]))
    return found


def _of_other_kinds(
    account: Account, files: Source | None, kind: str, days: Iterable[object]
) -> dict[Day, list[int]]:
    found: defaultdict[Day, list[int]] = defaultdict(list)
    if files is not None:
        params = {
            "tenant": account.tenant_id,
            "account": account.pk,
            "files": files.pk,
            "days": list(days),
            "kind": kind,
        }
        for date, amount, pk in pg.fetch(_OTHER_KINDS, params):
            found[date, amount].append(pk)
    return dict(found)


def counted(account: Account, lines: Iterable[StatementLine], files: Source | None) -> set[str]:
    """Return the identities among these lines that are stored and count."""
    if files is None:
        return set()
    ids = [identity(account, line) for line in lines]
    known = Transaction.objects.filter(
        tenant=account.tenant_id, source=files, external_id__in=ids, void_at=None
    )
    return set(known.values_list("external_id", flat=True))
