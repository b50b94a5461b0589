"""An OFX file to a StatementFile."""

import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache

from lib.money import MoneyError
from sync.providers.amounts import is_ambiguous, parse_amount
from sync.providers.assembly import (
    Row,
    account_key,
    assemble,
    content_of,
    may_be_balance,
    note_ambiguous,
    unreadable,
)
from sync.providers.days import ofx_day
from sync.providers.decoding import decoded
from sync.providers.ofx.scanner import RawFile, RawStatement, scan
from sync.providers.statement import (
    AccountKind,
    Notes,
    Sentence,
    StatementAccount,
    StatementError,
    StatementFile,
)


def read_ofx(data: bytes, tell: Callable[[float], None] | None = None) -> StatementFile:
    """Return what an OFX file says; `tell` hears now and then how much of it was read (0 to 1).

    Raises StatementError when it holds no bank or card statement.
    """
    taker = _Rows()
    raw = scan(_told(decoded(data), tell), taker.take)
    if not raw.statements:
        raise StatementError(_nothing_in(raw))
    notes = Notes()
    if not raw.is_complete:
        notes.add(
            Sentence(
                "The file ends without its end mark </OFX>, so rows may be missing. Export it again from the bank to be sure."
            )
        )
    if raw.has_investments:
        notes.add(Sentence("The file also has an investment statement, which is not read."))
    accounts: dict[str, StatementAccount] = {}
    rows: list[Row] = []
    for statement in raw.statements:
        account = _account(statement, raw.head.get("FID", ""), notes)
        accounts[account.key] = _newer(accounts.get(account.key), account)
        for row in statement.rows:
            row.account_key = account.key
            _check_currency(row, account)
        rows += statement.rows
        statement.rows.clear()
    notes.extend(taker.notes)
    if len({account.currency for account in accounts.values()}) > 1:
        notes.add(Sentence("The accounts of this file have different currencies; its totals mix them."))
    return assemble("ofx", accounts.values(), rows, notes)


def _told(pieces: Iterable[tuple[str, float]], tell: Callable[[float], None] | None) -> Iterator[str]:
    for text, part in pieces:
        yield text
        if tell is not None:
            tell(part)


def _nothing_in(raw: RawFile[Row]) -> Sentence:
    if raw.has_investments:
        return Sentence(
            "The file has only an investment statement. Export the statement of the checking account or card."
        )
    return Sentence(
        "The OFX file has no bank or card statement in it. Export it again from the bank, with a period that has movements."
    )


def _newer(known: StatementAccount | None, account: StatementAccount) -> StatementAccount:
    """Return the one with the later balance: a file may hold the same account month by month."""
    if known is None or (account.balance_date or date.min) >= (known.balance_date or date.min):
        return account
    return known


def _account(statement: RawStatement[Row], institution: str, notes: Notes) -> StatementAccount:
    fields = statement.account
    bank_code = _bank_code(fields.get("BANKID") or institution)
    branch, number = fields.get("BRANCHID", ""), fields.get("ACCTID", "")
    if not number:
        notes.add(Sentence("The file does not say which account it is of."))
    kind = _kind(statement)
    key = account_key(bank_code, branch, number, kind)
    balance, balance_date = _balance(statement, notes)
    currency = statement.head.get("CURDEF", "BRL").upper()[:3]
    return StatementAccount(key, bank_code, branch[:12], number[:30], kind, currency, balance, balance_date)


def _kind(statement: RawStatement[Row]) -> AccountKind:
    kind = statement.account.get("ACCTTYPE", "").upper()
    if statement.is_card or kind == "CREDITCARD":
        return "card"
    return "savings" if kind in ("SAVINGS", "MONEYMRKT", "CD") else "checking"


def _bank_code(text: str) -> str:
    """Return the COMPE code: zeros at the left stripped, then three digits ("0341" is 341). "" for anything else."""
    code = text.strip().lstrip("0")
    return code.zfill(3) if code.isascii() and code.isdigit() and len(code) <= 3 else ""


def _balance(statement: RawStatement[Row], notes: Notes) -> tuple[Decimal | None, date | None]:
    """Return the ledger balance with its day, or two Nones: a balance nobody can date or read is not shown as one."""
    text, day = statement.balance.get("BALAMT", ""), statement.balance.get("DTASOF", "")
    if not text:
        return None, None
    try:
        balance, balance_date = parse_amount(text), ofx_day(day)
    except ValueError:
        notes.add(
            Sentence(
                "The closing balance (%(balance)s on %(day)s) is not readable and is not used.",
                balance=text[:40],
                day=day[:40] or "?",
            )
        )
        return None, None
    if (
        balance
        and not any(mark in text for mark in ".,")
        and any("," in amount or "." in amount for amount in _amounts(statement))
    ):
        notes.add(
            Sentence(
                "The closing balance %(balance)s has no decimals, so it may be in cents; it is not used.",
                balance=text[:40],
            )
        )
        return None, None
    return balance, balance_date


def _amounts(statement: RawStatement[Row]) -> list[str]:
    return [row.amount_text for row in statement.rows[:100]]


class _Rows:
    """Makes rows of their leaves as they come, so that the leaves need not wait for the end of the file."""

    def __init__(self) -> None:
        self.notes = Notes()
        self._count = 0

    def take(self, fields: dict[str, str]) -> Row:
        """Return the row. Its leaves stay with it only where a sentence about it may need them."""
        self._count += 1
        text = fields.get("TRNAMT", "")
        row = Row(
            account_key="",
            position=self._count,
            day=None,
            amount=None,
            amount_text=text,
            native_id=fields.get("FITID", ""),
            description=_description(fields.get("NAME", ""), fields.get("MEMO", "")),
            memo=fields.get("MEMO", ""),
            kind=sys.intern(fields.get("TRNTYPE", "")),
            check_number=fields.get("CHECKNUM", ""),
            reference=fields.get("REFNUM", ""),
            content=content_of(fields),
            raw=fields,
        )
        _read_into(row, fields.get("DTPOSTED", ""))
        if is_ambiguous(text):
            note_ambiguous(self.notes, row)
        if not (row.problem or "CURRENCY" in fields or may_be_balance(row)):
            row.raw = {}
        return row


def _read_into(row: Row, day: str) -> None:
    """Fill in day and amount; say what is wrong with them."""
    try:
        row.day = _day(day[:8]) if day[:8].isdigit() else ofx_day(day)
    except ValueError:
        row.problem = unreadable("date", row, day)
    try:
        row.amount = parse_amount(row.amount_text)
    except MoneyError:
        row.problem = unreadable("amount", row, row.amount_text)


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    """Return the day: the same object for every row of it. Raises ValueError."""
    return ofx_day(text)


def _check_currency(row: Row, account: StatementAccount) -> None:
    """Keep a row apart whose amount is in another currency (CURRENCY; ORIGCURRENCY only tells where the amount came from)."""
    if "CURRENCY" not in row.raw or row.raw.get("CURSYM", account.currency).upper() == account.currency:
        return
    symbol, row.amount = row.raw["CURSYM"], None
    row.problem = Sentence(
        "Row %(position)d was left out: its amount %(amount)s is in %(currency)s, the account in %(account)s.",
        position=row.position,
        amount=row.amount_text[:40],
        currency=symbol[:3],
        account=account.currency,
    )


def _description(name: str, memo: str) -> str:
    """Return payee and memo as one line, neither twice."""
    if not name or name.casefold() in memo.casefold():
        return memo
    if memo.casefold() in name.casefold():
        return name
    return f"{name} - {memo}"
