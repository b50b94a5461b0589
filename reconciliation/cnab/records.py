"""What a return file says: ReturnFile, its entries, and the error of a file that cannot be read."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from sync.providers.statement import Sentence

Layout = Literal["cnab240", "cnab400"]
Meaning = Literal[
    "registered",  # the bank took the title in
    "rejected",  # a title or an instruction was refused
    "settled",  # paid through the collection: part of a collection credit
    "paid_elsewhere",  # written off because it was paid outside the collection (Pix, credit in account): no part of that credit
    "pending",  # still open, or a payment whose money is not there yet (cheque, "baixa operacional")
    "reversed",  # a payment taken back
    "written_off",  # taken out of the collection unpaid, on request, by age or by protest
    "protest",  # a step at the registry office
    "fee",  # tariffs and costs
    "changed",  # an instruction carried out: due date, rebate, data
    "information",  # a claim of the payer, a notice
    "unknown",  # a code that the bank's table does not hold; the file's warnings name the line
]


class CnabError(Exception):
    """The file is no return file, or is damaged. `sentence` says what it is, and which line."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One title as the bank reports it. Money as in the file: zero is what the bank wrote, None is a field it left blank or does not have.

    nosso_numero: the bank's number without its check digit and wallet; compare without leading zeros.
    document_number: the company's number ("seu número"); company_use: what it wrote in the free field of its remittance.
    paid: what the payer paid. net: what the bank posts for this entry, after its fee where the bank keeps it back; negative is a debit.
    interest holds the fine too where fine is None. occurred_on: the day of the event; paid_on: the same day when it is a payment.
    """

    nosso_numero: str
    document_number: str
    company_use: str
    payer_name: str
    payer_document: str
    occurrence: str
    meaning: Meaning
    reasons: tuple[str, ...]
    due_date: date | None
    occurred_on: date | None
    paid_on: date | None
    credited_on: date | None
    face: Decimal | None
    paid: Decimal | None
    net: Decimal | None
    interest: Decimal | None
    fine: Decimal | None
    discount: Decimal | None
    rebate: Decimal | None
    iof: Decimal | None
    fee: Decimal | None
    other_costs: Decimal | None
    other_credits: Decimal | None
    line_number: int

    @property
    def credit(self) -> Decimal | None:
        """Return what this entry adds to the collection credit of `credited_on`: its net, or what was paid where the layout has no net.

        None unless it is settled.
        """
        if self.meaning != "settled":
            return None
        return self.paid if self.net is None else self.net


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFile:
    """One file. `bank` is the three-digit code; `branch`, `account` and `agreement` as the header has them, with check digits after a dash.

    `warnings` are sentences for a person, each with the line it is about.
    """

    bank: str
    layout: Layout
    company: str
    company_document: str
    branch: str
    account: str
    agreement: str
    generated_on: date | None
    sequence: int | None
    records: tuple[Entry, ...]
    warnings: tuple[Sentence, ...]

    @property
    def settled(self) -> tuple[Entry, ...]:
        """Return the entries that were paid through the collection."""
        return tuple(entry for entry in self.records if entry.meaning == "settled")
