"""Pluggy's accounts and cards to drafts."""

import re
from datetime import date
from zoneinfo import ZoneInfo

from ledger.drafts import AccountDraft, Draft
from lib.documents import normalize, valid_or_blank
from sync.providers import payload as read
from sync.providers.base import Context, Record, Unreadable
from sync.providers.payload import Payload
from sync.providers.pluggy.moments import business_day

_MASKED = re.compile(r"[0-9A-Z*]{11}|[0-9A-Z*]{14}", re.ASCII)


def document(value: object) -> str:
    """Return a right CPF or CNPJ, or one that the bank masked, without punctuation; otherwise ""."""
    word = normalize(value).replace("•", "*")
    return valid_or_blank(word) or (word if "*" in word and _MASKED.fullmatch(word) else "")


def bank_numbers(row: Payload) -> tuple[str, str, str]:
    """Return (COMPE code, branch, number) of an account: `bankData.transferNumber` is code/branch/number or branch/number."""
    parts = [
        part.strip()
        for part in read.text(read.part(row, "bankData"), "transferNumber", 80).split("/")
        if part.strip()
    ]
    if not parts:
        parts = [part.strip() for part in read.text(row, "number", 80).split("/") if part.strip()]
    code = parts.pop(0) if len(parts) == 3 else ""
    branch = parts.pop(0) if len(parts) == 2 else ""
    return bank_code(code), branch[:12], (parts[0] if parts else "")[:30]


def bank_code(text: str) -> str:
    """Return a COMPE code with three digits, however it was padded; "" for what is none."""
    digits = text.lstrip("0")
    return digits.zfill(3) if digits.isdecimal() and len(digits) <= 3 else ""


def map_account(record: Record, context: Context) -> tuple[Draft, ...]:
    """Return the account. On a card upstream's positive balance is owed, so the ledger's is negative."""
    row = record.payload
    is_card, balance = is_card_account(row), read.money(row, "balance")
    code, branch, number = ("", "", read.text(row, "number", 30)) if is_card else bank_numbers(row)
    credit = read.part(row, "creditData")
    return (
        AccountDraft(
            external_id=record.external_id,
            bank_connection_external_id=read.identifier(row, "itemId") or None,
            kind=_kind(row),
            name=read.text(row, "name", 120) or read.text(row, "marketingName", 120),
            institution=read.text(read.part(row, "_connector"), "name", 120),
            bank_code=code,
            branch=branch,
            number=number,
            owner=read.text(row, "owner", 120),
            document=document(row.get("taxNumber")),
            currency=read.text(row, "currencyCode", 3).upper() or context.currency,
            balance=None if balance is None else -balance if is_card else balance,
            balance_at=read.utc_instant(row, "updatedAt"),
            credit_limit=read.money(credit, "creditLimit"),
            bill_due_date=_day(credit, "balanceDueDate", context.zone),
        ),
    )


def is_card_account(row: Payload) -> bool:
    """Return whether the account is a credit card."""
    return read.text(row, "type", 20) == "CREDIT" or read.text(row, "subtype", 20) == "CREDIT_CARD"


def _kind(row: Payload) -> str:
    """Types are an open set: what is unknown is a checking account."""
    if is_card_account(row):
        return "card"
    if read.text(row, "subtype", 20) == "SAVINGS_ACCOUNT":
        return "savings"
    return (
        "payment" if read.text(read.part(row, "_connector"), "type", 30) == "PAYMENT_ACCOUNT" else "checking"
    )


def _day(row: Payload, key: str, zone: ZoneInfo) -> date | None:
    try:
        moment = read.utc_instant(row, key)
    except Unreadable:
        return None  # of a card's due date nothing else depends
    return None if moment is None else business_day(moment, zone)[0]
