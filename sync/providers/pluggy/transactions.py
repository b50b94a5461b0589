"""Pluggy's transactions to drafts.

The client adds three keys to a transaction before it is kept, so that it can be mapped alone and again later: `_account` (type and currency
of its account), `_category` (the category's name in Portuguese) and `_own` (the counterparty's account is one of the connected ones).
"""

import re
from decimal import Decimal
from typing import Any, Final

from ledger.drafts import Draft, TransactionDraft
from sync.providers import payload as read
from sync.providers.base import Context, Record, Unreadable
from sync.providers.memo import Hints, hints, plain
from sync.providers.payload import Payload
from sync.providers.pluggy import operations
from sync.providers.pluggy.accounts import bank_code, document, is_card_account
from sync.providers.pluggy.moments import business_day

# Case matters: two ids that differ in it are two payments. D… is a Pix that was given back.
_END_TO_END: Final = re.compile(r"[ED][0-9A-Za-z]{31}", re.ASCII)
_REFERENCES: Final = ("referenceNumber", "receiverReferenceId", "authenticationCode")
_SIGNS: Final = {"CREDIT": 1, "DEBIT": -1}


def map_transaction(record: Record, context: Context) -> tuple[Draft, ...]:
    """Return the bank line, signed as the ledger signs: money in is positive on every kind of account."""
    row = record.payload
    account = read.part(row, "_account")
    card = is_card_account(account)
    moment = read.utc_instant(row, "date")
    if moment is None:
        raise Unreadable("date is empty")
    day, posted_at = business_day(moment, context.zone)
    amount, currency = _amount(row, account, card=card, context=context)
    text = operations.words(row)
    said = hints(text, plain(text))
    party, us = _parties(row, credit=amount > 0)
    name, papers = _counterparty(row, party, said, card=card)
    kind = operations.operation(row, card=card)
    return (
        TransactionDraft(
            external_id=record.external_id,
            account_external_id=read.identifier(row, "accountId"),
            date=day,
            posted_at=posted_at,
            amount=amount,
            currency=currency,
            status=_status(row),
            nature=_nature(
                row, card=card, credit=amount > 0, kind=kind, papers=papers, us=us, context=context
            ),
            operation=kind,
            description=read.text(row, "description", 255) or read.text(row, "descriptionRaw", 255),
            description_raw=read.text(row, "descriptionRaw", 500),
            category=read.text(row, "_category", 80) or read.text(row, "category", 80),
            counterparty_name=name,
            counterparty_document=papers,
            reference=_reference(row, said),
            provider_id=read.text(row, "providerId", 120),
            balance_after=read.money(row, "balance"),
            position=_position(row),
            details=_details(row, said),
        ),
    )


def _amount(row: Payload, account: Payload, *, card: bool, context: Context) -> tuple[Decimal, str]:
    """Return the signed amount and its currency: that of the account wherever upstream converted it.

    Cards arrive with the sign turned (a purchase is positive), so `type` alone decides and the sign of `amount` does not count. Only
    a line without a known type is read by its sign, and that needs to know what kind of account it is on.
    """
    ours = read.text(account, "currencyCode", 3).upper() or context.currency
    currency = read.text(row, "currencyCode", 3).upper() or ours
    converted = read.money(row, "amountInAccountCurrency") if currency != ours else None
    value = converted if converted is not None else read.required_money(row, "amount")
    sign = _SIGNS.get(read.text(row, "type", 10).upper())
    if sign is None:
        if not account:
            raise Unreadable("type is neither CREDIT nor DEBIT, and the account is unknown")
        sign = (1 if read.required_money(row, "amount") > 0 else -1) * (-1 if card else 1)
    return sign * abs(value), currency if converted is None else ours


def _status(row: Payload) -> str:
    """Absent means posted. A word that is not known is not counted until it is: pending."""
    return "posted" if read.text(row, "status", 20).upper() in ("", "POSTED") else "pending"


def _parties(row: Payload, *, credit: bool) -> tuple[Payload, Payload]:
    """Return (counterparty, us): money that comes in comes from the payer, money that goes out goes to the receiver."""
    data = read.part(row, "paymentData")
    payer, receiver = read.part(data, "payer"), read.part(data, "receiver")
    return (payer, receiver) if credit else (receiver, payer)


def counterparty_account(row: Payload) -> tuple[str, str]:
    """Return (COMPE code, digits of the account number) of the other side; "" where the bank does not say."""
    credit = read.text(row, "type", 10).upper() == "CREDIT"
    party, _ = _parties(row, credit=credit)
    return bank_code(read.text(party, "routingNumber", 10)), account_digits(
        read.text(party, "accountNumber", 30)
    )


def account_digits(number: str) -> str:
    """Return an account number as it is compared: digits and letters without padding."""
    return re.sub(r"[^0-9A-Za-z]", "", number).lstrip("0").upper()


def _paper(party: Payload) -> str:
    number = party.get("documentNumber")
    return document(number.get("value") if isinstance(number, dict) else number)


def _counterparty(row: Payload, party: Payload, said: Hints, *, card: bool) -> tuple[str, str]:
    """Return name and document: of the payment, else of the merchant, else what the bank's text gives away."""
    name, papers = read.text(party, "name", 160), _paper(party)
    merchant = read.part(row, "merchant")
    name = name or read.text(merchant, "businessName", 160) or read.text(merchant, "name", 160)
    papers = papers or document(merchant.get("cnpj"))
    if (name and papers) or card:
        return name, papers
    return name or said.name[:160], papers or document(said.document)


def _nature(
    row: Payload, *, card: bool, credit: bool, kind: str, papers: str, us: Payload, context: Context
) -> str:
    if operations.is_bill_payment(row, card=card, credit=credit):
        return "bill_payment"
    own = not card and operations.is_own_transfer(
        row, operation=kind, party=papers, other=_paper(us), own_documents=context.own_documents
    )
    return "own_transfer" if own else "regular"


def _reference(row: Payload, said: Hints) -> str:
    """Return the EndToEndId where one of the references is one, else the receiver's txid, else the bank's number."""
    data = read.part(row, "paymentData")
    return (
        end_to_end_id(row, said)
        or read.text(data, "receiverReferenceId", 80)
        or read.text(data, "referenceNumber", 80)
    )


def end_to_end_id(row: Payload, said: Hints) -> str:
    """Return the EndToEndId of a Pix, or "". Which bank puts it where is not documented, so each reference is tested."""
    data = read.part(row, "paymentData")
    found = [read.text(data, key, 80) for key in _REFERENCES] + [read.text(row, "providerId", 120)]
    return next((text for text in found if _END_TO_END.fullmatch(text)), "") or said.end_to_end_id


def _position(row: Payload) -> int | None:
    """Return the place inside the day; nonsense is no reason to lose a line."""
    try:
        value = read.number(row, "order")
    except Unreadable:
        return None
    return int(value) if value is not None and abs(value) < 2**31 else None


def _details(row: Payload, said: Hints) -> dict[str, Any]:
    data, card = read.part(row, "paymentData"), read.part(row, "creditCardMetadata")
    return read.known(
        end_to_end_id=end_to_end_id(row, said),
        txid=read.text(data, "receiverReferenceId", 80),
        reference_number=read.text(data, "referenceNumber", 80),
        authentication_code=read.text(data, "authenticationCode", 80),
        reason=read.text(data, "reason", 255),
        operation_type=read.text(row, "operationType", 60),
        boleto=_boleto(read.part(data, "boletoMetadata")),
        original=_original(row),
        merchant=read.text(read.part(row, "merchant"), "name", 160),
        **_card_details(card),
    )


def _boleto(paper: Payload) -> dict[str, Any]:
    return read.known(
        digitable_line=read.text(paper, "digitableLine", 60),
        barcode=read.text(paper, "barcode", 60),
        base_amount=_advisory(paper, "baseAmount"),
        interest=_advisory(paper, "interestAmount"),
        penalty=_advisory(paper, "penaltyAmount"),
        discount=_advisory(paper, "discountAmount"),
    )


def _original(row: Payload) -> dict[str, Any]:
    """Return what was paid in another currency, where upstream converted it."""
    if _advisory(row, "amountInAccountCurrency") is None:
        return {}
    return read.known(amount=_advisory(row, "amount"), currency=read.text(row, "currencyCode", 3))


def _card_details(card: Payload) -> dict[str, Any]:
    return {
        "instalment": _count(card, "installmentNumber"),
        "instalments": _count(card, "totalInstallments"),
        "purchase_total": _advisory(card, "totalAmount"),
        "purchase_date": read.text(card, "purchaseDate", 10),
        "bill_id": read.identifier(card, "billId"),
        "bill_month": read.text(card, "billForecastDate", 7),
        "card": read.text(card, "cardNumber", 20),
        "mcc": read.text(card, "payeeMCC", 8),
        "fee_type": read.text(card, "feeType", 60),
    }


def _count(row: Payload, key: str) -> int | None:
    value = _advisory(row, key)
    return int(value) if value is not None and 0 < value < 1000 else None


def _advisory(row: Payload, key: str) -> Decimal | None:
    """Return a number that only one screen shows: what cannot be read is unknown and costs nobody the line."""
    try:
        return read.number(row, key)
    except Unreadable:
        return None
