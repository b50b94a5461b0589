"""Bank statements in files: read by content, said in short. Nothing is stored here and no database is asked."""

from typing import Any

from sync.providers.csv.mapping import ColumnMapping
from sync.providers.csv.reader import read_csv
from sync.providers.ofx.reader import read_ofx
from sync.providers.sniffing import sniff
from sync.providers.statement import StatementAccount, StatementError, StatementFile


def read(data: bytes, name: str, mapping: ColumnMapping | None = None) -> StatementFile:
    """Return what a bank file says, whatever its name claims. `mapping` is for CSV only; without one its columns are guessed.

    Raises StatementError with a sentence for a person; UnknownColumnsError, one of them, when only the columns of a CSV are unknown.
    """
    return read_ofx(data) if sniff(data, name) == "ofx" else read_csv(data, mapping)


def summarize(name: str, data: bytes) -> dict[str, Any]:
    """Return the file in short, ready for JSON: `file rows sum skipped credits debits accounts warnings`, or `file` and `error`.

    `rows`, `sum`, `credits` and `debits` are over every transaction row as it stands in the file; sums are strings, debits negative.
    `skipped` are the rows that an import leaves out: balance rows, repeats, and those that cannot be read (each has a warning).
    """
    try:
        statement = read(data, name)
    except StatementError as error:
        return {"file": name, "error": str(error)}
    return {
        "file": name,
        "rows": statement.rows,
        "sum": str(statement.sum),
        "skipped": statement.skipped,
        "credits": str(statement.credits),
        "debits": str(statement.debits),
        "accounts": [_account(account) for account in statement.accounts],
        "warnings": [str(warning) for warning in statement.warnings],
    }


def _account(account: StatementAccount) -> dict[str, str | None]:
    balance, day = account.ledger_balance, account.balance_date
    return {
        "key": account.key,
        "bank_code": account.bank_code,
        "branch": account.branch,
        "number": account.number,
        "kind": account.kind,
        "currency": account.currency,
        "ledger_balance": None if balance is None else str(balance),
        "balance_date": None if day is None else day.isoformat(),
    }
