"""Advbox records to drafts. Amounts are unsigned; `entry_type` (or `type`) gives the direction.

An entry names its customer by CPF or CNPJ and name, never by id, and customers without an origin are missing from the list. So a
customer with a valid document is known by it (`doc:11144477735`), here and on entries alike, and one without by its id; an entry that has
only a name leads to `name:maria souza`. A customer that no list brings stays a stub made of what its entries say.
"""

import re
from decimal import Decimal
from typing import Any, Final

from ledger.drafts import ZERO, CustomerDraft, Draft, OpenItemDraft
from lib.documents import normalize, valid_or_blank
from lib.money import MoneyError, cents, exact, parse
from lib.text import fold
from sync.providers import payload as read
from sync.providers.base import Context, Record, Unreadable
from sync.providers.instalments import instalment_in
from sync.providers.payload import Payload

_DIRECTIONS: Final = {"income": "receivable", "expense": "payable"}
_COMPETENCE = re.compile(r"(\d{1,2})/(\d{4})", re.ASCII)
_MASKED = re.compile(r"[0-9*]{11}|[0-9*]{14}", re.ASCII)


def customer_key(row: Payload) -> str:
    """Return what identifies a customer of the list."""
    document = valid_or_blank(row.get("identification"))
    return f"doc:{document}" if document else read.identifier(row, "id", "customers_id", "customer_id")


def map_customer(record: Record, context: Context) -> tuple[Draft, ...]:
    """Return the customer."""
    row = record.payload
    name = read.text(row, "name", 160)
    if not name:
        raise Unreadable("name is empty")
    document, state = valid_or_blank(row.get("identification")), read.text(row, "state", 20).upper()
    return (
        CustomerDraft(
            external_id=record.external_id,
            kind="company" if len(document) == 14 else "person",
            name=name,
            document=document,
            email=read.text(row, "email", 254),
            phone=read.text(row, "cellphone", 40) or read.text(row, "phone", 40),
            city=read.text(row, "city", 80),
            state=state if len(state) == 2 else "",
            registered_at=read.local_instant(row, "created_at", context.zone),
        ),
    )


def map_transaction(record: Record, context: Context) -> tuple[Draft, ...]:
    """Return the title: income positive, expense negative; settled when it has a payment date."""
    row = record.payload
    direction, amount = _direction(row), _amount(row)
    signed = amount if direction == "receivable" else -amount
    paid_date = read.day(row, "date_payment")
    description = read.text(row, "description", 255)
    number, whole = instalment_in(description) or (None, None)
    return (
        OpenItemDraft(
            external_id=record.external_id,
            direction=direction,
            status="open" if paid_date is None else "paid",
            description=description,
            # The customer on an expense is the one whose costs were advanced, not the one who is paid.
            customer_external_id=_customer(row) if direction == "receivable" else None,
            counterparty_name=read.text(row, "name", 160),
            counterparty_document=_document(row),
            instalment=number,
            instalments=whole,
            due_date=read.required_day(row, "date_due"),
            paid_date=paid_date,
            amount=signed,
            paid_amount=ZERO if paid_date is None else signed,
            open_amount=signed if paid_date is None else ZERO,
            currency=context.currency,
            category=read.text(row, "category", 120),
            cost_center=read.text(row, "cost_center", 120),
            account_name=read.text(row, "debit_bank", 120) or read.text(row, "credit_bank", 120),
            details=_details(row),
        ),
    )


def _direction(row: Payload) -> str:
    word = fold(read.text(row, "entry_type", 20) or read.text(row, "type", 20))
    if word not in _DIRECTIONS:
        raise Unreadable(f"entry_type is neither income nor expense: {word!r}")
    return _DIRECTIONS[word]


def _amount(row: Payload) -> Decimal:
    """Upstream shows a number, `1234.5` or `1.234,50`; JSON numbers have a dot, texts either style."""
    value = row.get("amount")
    if value is None or (isinstance(value, str) and not value.strip()):
        raise Unreadable("amount is empty")
    try:
        amount = parse(value) if isinstance(value, str) else cents(exact(value))
    except MoneyError as error:
        raise Unreadable(f"amount: {error}") from error
    if amount < 0:
        raise Unreadable(f"amount is negative: {amount}")
    return amount


def _customer(row: Payload) -> str | None:
    document = valid_or_blank(row.get("identification"))
    if document:
        return f"doc:{document}"
    name = fold(read.text(row, "name", 120))
    return f"name:{name}" if name else None


def _document(row: Payload) -> str:
    """Return a right document, or a masked one; digits that are wrong would only look like somebody."""
    document = normalize(row.get("identification"))
    return valid_or_blank(document) or (document if "*" in document and _MASKED.fullmatch(document) else "")


def _details(row: Payload) -> dict[str, Any]:
    month = _COMPETENCE.fullmatch(read.text(row, "competence", 10))
    return read.known(
        accrual_month=f"{month[2]}-{int(month[1]):02d}" if month else "",
        lawsuit_id=read.identifier(row, "lawsuit_id"),
        process_number=read.text(row, "process_number", 60),
        protocol_number=read.text(row, "protocol_number", 60),
        responsible=read.text(row, "responsible", 120),
    )
