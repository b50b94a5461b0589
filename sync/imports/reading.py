"""Looking at a bank file: what it says, what storing it would add. Nothing of it counts yet."""

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from ledger.models import Account
from sync import overlap
from sync.imports import sifting
from sync.imports.homes import account_for, account_named
from sync.imports.kinds import kind_of, registered
from sync.models import FileImport, StatementFormat
from sync.providers.csv.mapping import ColumnMapping, UnknownColumnsError, guess_mapping
from sync.providers.csv.reader import read_rows
from sync.providers.csv.table import CsvTable, read_table
from sync.providers.ofx.reader import read_ofx
from sync.providers.statement import Sentence, StatementError, StatementFile, StatementLine
from sync.words import kept, said
from tenants.models import Tenant, User

SHOWN_LINES: Final = 100
Status = FileImport.Status
Tell = Callable[[float], None]
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
class ShownLine:
    """One line as a page shows it."""

    date: date
    amount: Decimal
    description: str
    counterparty_name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows of a file: its first lines as they would be stored, sentences in the reader's language, and for CSV its columns
    with what each is taken for."""

    lines: tuple[ShownLine, ...]
    headers: tuple[str, ...]
    mapping: tuple[tuple[str, str, int | None], ...]
    warnings: tuple[str, ...]
    problem: str


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
    whose columns are unknown is kept as well, with the question in `problem`. Raises StatementError with a sentence for what is no bank file.
    """
    row = FileImport(
        tenant=tenant,
        user=user,
        name=name[:200],
        kind=kind_of(data, name),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        content=zlib.compress(data, 6),
        account=account,
    )
    look(row, data, mapping)
    row.save()
    return row


def look(
    row: FileImport, data: bytes, mapping: Mapping[str, Any] | None = None, tell: Tell | None = None
) -> None:
    """Read the file and write what was understood into its row. Does not save. Raises StatementError for what is no bank file."""
    row.kind = kind_of(data, row.name)
    if other := registered(row.kind):
        other.look(row, data)
        return
    remembered = _remembered(row.tenant, data) if row.kind == "csv" else None
    chosen = mapping or (remembered.mapping if remembered else None)
    reading = read(row.kind, data, ColumnMapping.from_json(chosen) if chosen else None, tell)
    if row.account is None:
        row.account = _account_of(row.tenant, reading) or (_alive(remembered.account) if remembered else None)
    describe(row, reading)


def _remembered(tenant: Tenant, data: bytes) -> StatementFormat | None:
    shape = read_table(data).fingerprint
    return StatementFormat.objects.select_related("account").filter(tenant=tenant, fingerprint=shape).first()


def _account_of(tenant: Tenant, reading: Reading) -> Account | None:
    """Return the account that a file of one account names, if the company has it."""
    found = reading.statement.accounts if reading.statement else ()
    return account_named(tenant, found[0]) if len(found) == 1 else None


def _alive(account: Account | None) -> Account | None:
    return account if account is not None and account.void_at is None else None


def remap(*, file_import: FileImport, mapping: Mapping[str, Any]) -> FileImport:
    """Read a CSV again with the columns that a person chose, and return what is understood now. Raises StatementError."""
    describe(file_import, read(file_import.kind, content_of(file_import), with_columns(file_import, mapping)))
    file_import.save()
    return file_import


def with_columns(row: FileImport, mapping: Mapping[str, Any]) -> ColumnMapping:
    """Return the mapping that a person chose, with what no form asks for as it was. Raises StatementError."""
    asked = {name: value for name, value in (row.mapping or {}).items() if name in _NOT_ASKED}
    return ColumnMapping.from_json(asked | dict(mapping))


def content_of(file_import: FileImport) -> bytes:
    """Return the file as it came."""
    return zlib.decompress(bytes(file_import.content))


def shown(file_import: FileImport) -> Shown:
    """Return what a page shows of the file. Reads the row alone."""
    seen = file_import.seen
    lines = tuple(
        ShownLine(date.fromisoformat(day), Decimal(amount), text, name)
        for day, amount, text, name in seen.get("lines", ())
    )
    return Shown(
        lines,
        tuple(seen.get("headers", ())),
        _places(file_import.mapping or {}),
        tuple(said(warning) for warning in file_import.warnings),
        said(file_import.problem) if file_import.problem else file_import.error,
    )


def _headers(table: CsvTable | None) -> tuple[str, ...]:
    if table is None:
        return ()
    return table.headers or tuple(f"#{position + 1}" for position in range(table.width))


def _places(chosen: Mapping[str, Any]) -> tuple[tuple[str, str, int | None], ...]:
    places = []
    for name, label in COLUMNS:
        place = chosen.get(name)
        if isinstance(place, list):
            place = place[0] if place else None
        places.append((name, str(label), place))
    return tuple(places)


def read(kind: str, data: bytes, mapping: ColumnMapping | None, tell: Tell | None = None) -> Reading:
    """Return the file as it reads by this mapping, or by a guessed one. `tell` hears how much is read (0 to 1). Raises StatementError."""
    if kind == "ofx":
        return Reading(kind, read_ofx(data, tell))
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


def reread(row: FileImport, tell: Tell | None = None) -> Reading:
    """Return the kept file as it was last understood. Raises StatementError."""
    mapping = ColumnMapping.from_json(row.mapping) if row.mapping else None
    return read(row.kind, content_of(row), mapping, tell)


def _columns(mapping: ColumnMapping) -> list[int]:
    """Return the columns that a mapping names."""
    places = [
        place
        for name, value in mapping.to_json().items()
        if name not in ("date_order", "decimal", "purchases_positive")
        for place in (value if isinstance(value, list) else [value])
    ]
    return [place for place in places if place is not None]


def describe(row: FileImport, reading: Reading) -> None:
    """Write what was understood into the row. Does not save."""
    statement = reading.statement
    row.mapping = reading.mapping.to_json() if reading.mapping else None
    row.problem, row.error = (kept(reading.problem) if reading.problem else None), ""
    row.rows = statement.rows if statement else 0
    row.skipped_rows = statement.skipped if statement else 0
    row.warnings = [kept(warning) for warning in statement.warnings] if statement else []
    row.seen = {"headers": _headers(reading.table)} | (_seen(statement) if statement else {})
    row.new_rows, row.known_rows = _count(row, statement) if statement else (0, 0)


def _seen(statement: StatementFile) -> dict[str, Any]:
    counts = Counter(line.account_key for line in statement.lines)
    return {
        "accounts": [
            {
                "key": found.key,
                "bank_code": found.bank_code,
                "branch": found.branch,
                "number": found.number,
                "kind": found.kind,
                "lines": counts[found.key],
            }
            for found in statement.accounts
        ],
        "lines": [_seen_line(line) for line in statement.lines[:SHOWN_LINES]],
    }


def _seen_line(line: StatementLine) -> tuple[str, str, str, str]:
    return line.date.isoformat(), str(line.amount), line.description or line.memo, line.counterparty_name


def _count(row: FileImport, statement: StatementFile) -> tuple[int, int]:
    """Return how many lines storing would add now, and how many are there already."""
    files, new = overlap.files_of(row.tenant_id), 0
    lines_of = sifting.by_account(statement)
    for found in statement.accounts:
        lines = lines_of[found.key]
        account = account_for(row, statement, found)
        if account is None:
            new += len(lines)
            continue
        fresh = [line for line, _nth in sifting.sift(account, lines, files, row.kind).lines]
        stored = sifting.counted(account, fresh, files)
        new += sum(sifting.identity(account, line) not in stored for line in fresh)
    return new, len(statement.lines) - new
