"""Looking at a bank file: what it says, what storing it would add. Nothing of it counts yet."""

import hashlib
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from ledger.models import Account, Source, Transaction
from sync import accounts, overlap
from sync.accounts import Named
from sync.models import FileImport, StatementFormat
from sync.providers.csv.mapping import ColumnMapping, UnknownColumnsError, guess_mapping
from sync.providers.csv.reader import read_rows
from sync.providers.csv.table import CsvTable, read_table
from sync.providers.ofx.reader import read_ofx
from sync.providers.sniffing import sniff
from sync.providers.statement import (
    Sentence,
    StatementAccount,
    StatementError,
    StatementFile,
    StatementLine,
)
from sync.words import say
from tenants.models import Tenant, User

SHOWN_LINES: Final = 100
Status = FileImport.Status
# What a person can say about a column; the names are fields of ColumnMapping.
COLUMNS: Final = (
    ("date", _("Date")), ("amount", _("Amount")), ("credit", _("Money in")), ("debit", _("Money out")), ("side", _("In or out (C/D)")),
    ("description", _("Description")), ("name", _("Counterparty")), ("document", _("CPF/CNPJ")), ("reference", _("Reference")),
    ("balance", _("Balance")),
)  # fmt: skip
_NOT_ASKED: Final = ("identifier", "decimal")  # parts of a mapping that no form shows


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as it was read: its statement, or why only its columns are open; for CSV the table and the mapping in use."""

    kind: str
    statement: StatementFile | None
    table: CsvTable | None = None
    mapping: ColumnMapping | None = None
    problem: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows of a file: its first lines as they would be stored, and for CSV its columns with what each is taken for."""

    lines: tuple[StatementLine, ...]
    headers: tuple[str, ...]
    mapping: tuple[tuple[str, str, int | None], ...]


def preview(
    *,
    tenant: Tenant,
    user: User | None,
    name: str,
    data: bytes,
    account: Account | None = None,
    mapping: Mapping[str, Any] | None = None,
) -> FileImport:
    """Read a file, keep it, and return what was understood; nothing of it counts yet.

    The account is the given one, else the one that the file names, else the one that was chosen for a CSV of this shape before. A CSV
    whose columns are unknown is kept as well, with the question in `error`. Raises StatementError with a sentence for what is no bank file.
    """
    kind = sniff(data, name)
    remembered = None
    if kind == "csv":
        remembered = StatementFormat.objects.filter(
            tenant=tenant, fingerprint=read_table(data).fingerprint
        ).first()
    chosen = mapping or (remembered.mapping if remembered else None)
    reading = read(kind, data, ColumnMapping.from_json(chosen) if chosen else None)
    row = FileImport(
        tenant=tenant,
        user=user,
        name=name[:200],
        kind=kind,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        content=zlib.compress(data, 6),
        account=account or _account_named(tenant, reading) or (remembered.account if remembered else None),
    )
    _describe(row, reading)
    row.save()
    return row


def remap(*, file_import: FileImport, mapping: Mapping[str, Any]) -> FileImport:
    """Read a CSV again with the columns that a person chose, and return what is understood now. Raises StatementError."""
    kept = {name: value for name, value in (file_import.mapping or {}).items() if name in _NOT_ASKED}
    chosen = ColumnMapping.from_json(kept | dict(mapping))
    _describe(file_import, read(file_import.kind, content_of(file_import), chosen))
    file_import.save()
    return file_import


def content_of(file_import: FileImport) -> bytes:
    """Return the file as it came."""
    return zlib.decompress(bytes(file_import.content))


def shown(file_import: FileImport) -> Shown:
    """Return what a page shows of the file."""
    mapping = ColumnMapping.from_json(file_import.mapping) if file_import.mapping else None
    reading = read(file_import.kind, content_of(file_import), mapping)
    lines = reading.statement.lines[:SHOWN_LINES] if reading.statement else ()
    return Shown(lines, _headers(reading.table), _places(reading.mapping))


def _headers(table: CsvTable | None) -> tuple[str, ...]:
    if table is None:
        return ()
    return table.headers or tuple(f"#{position + 1}" for position in range(table.width))


def _places(mapping: ColumnMapping | None) -> tuple[tuple[str, str, int | None], ...]:
    chosen = mapping.to_json() if mapping else {}
    places = []
    for name, label in COLUMNS:
        place = chosen.get(name)
        if isinstance(place, list):
            place = place[0] if place else None
        places.append((name, str(label), place))
    return tuple(places)


def read(kind: str, data: bytes, mapping: ColumnMapping | None) -> Reading:
    """Return the file as it reads by this mapping, or by a guessed one. Raises StatementError."""
    if kind == "ofx":
        return Reading(kind, read_ofx(data))
    table = read_table(data)
    if mapping and max(_columns(mapping)) >= table.width:
        raise StatementError(
            Sentence("This file has fewer columns than were chosen. Choose its columns anew.")
        )
    try:
        used = mapping or guess_mapping(table.headers, table.sample)
        return Reading(kind, read_rows(table, used), table, used)
    except UnknownColumnsError as error:
        return Reading(kind, None, table, None, error.sentence)


def _columns(mapping: ColumnMapping) -> list[int]:
    """Return the columns that a mapping names."""
    places = [
        place
        for name, value in mapping.to_json().items()
        if name not in ("date_order", "decimal", "purchases_positive")
        for place in (value if isinstance(value, list) else [value])
    ]
    return [place for place in places if place is not None]


def _describe(row: FileImport, reading: Reading) -> None:
    """Write what was understood into the row. Does not save."""
    statement = reading.statement
    row.mapping = reading.mapping.to_json() if reading.mapping else None
    row.error = say(reading.problem) if reading.problem else ""
    row.rows = statement.rows if statement else 0
    row.skipped_rows = statement.skipped if statement else 0
    row.warnings = [say(warning) for warning in statement.warnings] if statement else []
    row.new_rows = row.known_rows = 0
    if statement is None:
        return
    new, known = _count(row, statement)
    row.new_rows, row.known_rows = new, known


def _count(row: FileImport, statement: StatementFile) -> tuple[int, int]:
    """Return how many lines storing would add now, and how many are there already."""
    files, new = overlap.files_of(row.tenant_id), 0
    for found in statement.accounts:
        lines = [line for line in statement.lines if line.account_key == found.key]
        account = account_for(row, statement, found)
        if account is None:
            new += len(lines)
            continue
        stored = _stored_ids(account, lines, files) if files else set()
        new += sum(identity(account, line) not in stored for line, _nth in new_lines(account, lines, files))
    return new, len(statement.lines) - new


def _stored_ids(account: Account, lines: list[StatementLine], files: Source) -> set[str]:
    ids = [identity(account, line) for line in lines]
    known = Transaction.objects.filter(tenant=account.tenant_id, source=files, external_id__in=ids)
    return set(known.values_list("external_id", flat=True))


def _account_named(tenant: Tenant, reading: Reading) -> Account | None:
    """Return the account that a file of one account names, if the company has it."""
    found = reading.statement.accounts if reading.statement else ()
    return accounts.find(tenant, named(found[0])) if len(found) == 1 else None


def named(account: StatementAccount) -> Named:
    return Named(account.bank_code, account.branch, account.number, account.kind)


def account_for(row: FileImport, statement: StatementFile, found: StatementAccount) -> Account | None:
    """Return where the lines of one account of the file belong: the chosen account for a file of one, else the one it names."""
    if row.account is not None and len(statement.accounts) == 1:
        return row.account
    return accounts.find(row.tenant, named(found))


def identity(account: Account, line: StatementLine) -> str:
    return f"{account.pk}:{line.external_id}"


def new_lines(
    account: Account, lines: list[StatementLine], files: Source | None
) -> list[tuple[StatementLine, int]]:
    """Return the lines that no other source has, each with its number among equal ones (date and amount) of the file."""
    elsewhere = overlap.known_elsewhere(account, files, [line.date for line in lines])
    seen: Counter[overlap.Day] = Counter()
    found = []
    for line in lines:
        day = line.date, line.amount
        seen[day] += 1
        if seen[day] > elsewhere[day]:
            found.append((line, seen[day]))
    return found


def mapping_of(row: FileImport) -> ColumnMapping | None:
    return ColumnMapping.from_json(row.mapping) if row.mapping else None
