"""Return files of the collection, brought through the same door as bank statements: looked at, stored as rows, taken back."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from ledger.models import Account
from lib import pg
from reconciliation.cnab import CnabError, read
from reconciliation.cnab.records import Entry, ReturnFile
from reconciliation.models import ReturnEntry
from sync import accounts
from sync.accounts import Named
from sync.imports.kinds import FileKind
from sync.models import FileImport
from sync.providers.statement import StatementError
from sync.words import kept
from tenants.models import Tenant

SHOWN: Final = 100  # entries that a preview shows
FIRST, LAST = date(1990, 1, 1), date(2200, 1, 1)  # what a typing error names is no day of a credit
AROUND: Final = timedelta(days=5)  # of a credit's day, in which its line is looked for

_BEGINS: Final = re.compile(rb"[0-9](?:[^\r\n]{239}|[^\r\n]{399})\r?\n[0-9]|02RETORNO")
_WAIT: Final = """
UPDATE reconciliation_openline SET waits_since = clock_timestamp()
 WHERE tenant_id = %(tenant)s AND amount > 0 AND date BETWEEN %(first)s AND %(last)s
"""
_COLUMNS: Final = (
    "occurrence", "meaning", "nosso_numero", "document_number", "company_use", "payer_name", "payer_document", "due_date", "occurred_on",
    "credited_on", "face", "paid", "net", "interest", "fine", "discount", "rebate", "fee", "line_number",
)  # fmt: skip


def recognises(data: bytes) -> bool:
    """Return whether a file begins as one of 240 or 400 columns."""
    return _BEGINS.match(data) is not None


def look(row: FileImport, data: bytes) -> None:
    """Write into the row what the file says and what storing it would add. Raises StatementError for what is no return file."""
    file = _read(data)
    row.account = account_of(row.tenant, file)
    row.mapping, row.problem, row.error = None, None, ""
    row.rows, row.skipped_rows = len(file.records), 0
    row.warnings = [kept(warning) for warning in file.warnings]
    row.seen = {"headers": [], "lines": [_seen(entry) for entry in file.records[:SHOWN]]}
    row.new_rows, row.known_rows = _count(row, file)


def _seen(entry: Entry) -> tuple[str, str, str, str]:
    day = entry.credited_on or entry.occurred_on or entry.due_date or date.min
    amount = entry.credit if entry.credit is not None else entry.face or Decimal(0)
    text = " ".join(
        filter(None, (entry.occurrence, entry.meaning, entry.nosso_numero, entry.document_number))
    )
    return day.isoformat(), str(amount), text, entry.payer_name


def store(row: FileImport, data: bytes) -> None:
    """Store the entries; those that another stored file says already are known."""
    file = _read(data)
    row.account = account_of(row.tenant, file)
    row.new_rows, row.known_rows = _count(row, file)
    ReturnEntry.objects.bulk_create(
        ReturnEntry(
            tenant=row.tenant,
            file_import=row,
            account=row.account,
            bank_code=file.bank,
            digest=digest,
            **{name: getattr(entry, name) for name in _COLUMNS},
        )
        for digest, entry in _with_digests(file)
    )
    _ask_again(row.tenant_id, file.records)


def undo(row: FileImport) -> int:
    """Take the entries of a file back; return how many no other stored file says. What was settled by them stays settled."""
    mine = ReturnEntry.objects.filter(tenant=row.tenant, file_import=row)
    days = list(mine.values_list("credited_on", flat=True).distinct())
    others = ReturnEntry.objects.filter(tenant=row.tenant).exclude(file_import=row)
    taken = mine.exclude(digest__in=others.values("digest")).count()
    mine.delete()
    _wait(row.tenant_id, [day for day in days if day])
    return taken


KIND: Final = FileKind("cnab", recognises, look, store, undo)


def account_of(tenant: Tenant, file: ReturnFile) -> Account | None:
    """Return the company's account that the file is of, None when it is not certain."""
    for number in dict.fromkeys(
        (file.account, file.account.replace("-", ""), file.account.partition("-")[0])
    ):
        if number and (found := accounts.find(tenant, Named(file.bank, file.branch, number, "checking"))):
            return found
    return None


def _read(data: bytes) -> ReturnFile:
    try:
        return read(data)
    except CnabError as error:
        raise StatementError(error.sentence) from error


def _with_digests(file: ReturnFile) -> Iterator[tuple[str, Entry]]:
    """Yield each entry with what names it in whatever file it stands: the n-th of several equal ones is another."""
    seen: Counter[str] = Counter()
    for entry in file.records:
        said: list[Any] = [file.bank, file.branch, file.account, file.agreement]
        said += [getattr(entry, name) for name in _COLUMNS if name != "line_number"]
        text = "/".join(str(value) for value in said)
        seen[text] += 1
        yield hashlib.md5(f"{text}#{seen[text]}".encode(), usedforsecurity=False).hexdigest(), entry


def _count(row: FileImport, file: ReturnFile) -> tuple[int, int]:
    """Return how many entries are new, and how many another stored file says already."""
    digests = [digest for digest, _entry in _with_digests(file)]
    known = ReturnEntry.objects.filter(tenant=row.tenant, digest__in=digests).exclude(
        file_import_id=row.pk or 0
    )
    count = known.values("digest").distinct().count()
    return len(digests) - count, count


def _ask_again(tenant_id: int, entries: Iterable[Entry]) -> None:
    _wait(tenant_id, [entry.credited_on for entry in entries if entry.credited_on])


def _wait(tenant_id: int, days: list[date]) -> None:
    """Send the credits around these days back to the matcher."""
    days = [day for day in days if FIRST < day < LAST]
    if days:
        span = {"first": min(days) - AROUND, "last": max(days) + AROUND}
        pg.execute(_WAIT, {"tenant": tenant_id, **span})
