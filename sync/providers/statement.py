"""What a bank file says, whatever its format: accounts, lines, what an import leaves out, and warnings for a person."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 500_000
MAX_ACCOUNTS = 1_000
MAX_TEXT = 1_000  # characters of one field; the OFX standard allows 255
MAX_WARNINGS = 40

Kind = Literal["ofx", "csv"]
AccountKind = Literal["checking", "savings", "card"]
Operation = Literal[
    "pix", "ted", "doc", "transfer", "boleto", "card", "fee", "interest", "cash", "check", "other"
]


class Sentence(str):
    """A sentence for a person: English text that remembers its template and values.

    These modules know no gettext; a page says it in the reader's language with `gettext(sentence.template) % sentence.values`.
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, str | int]

    def __new__(cls, template: str, **values: str | int) -> "Sentence":
        sentence = super().__new__(cls, template % values)
        sentence.template = template
        sentence.values = values
        return sentence

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, str | int]]:
        """Return what copies are made of; without it a copy would take the said text for a template."""
        return (self.template,), self.values


def gettext_noop(template: str) -> str:
    """Return the template: marks one for the catalogues that does not stand at its Sentence."""
    return template


class StatementError(Exception):
    """The file cannot be read as a bank statement. `sentence` says what it is and what to do."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def too_many_rows() -> StatementError:
    """Return the refusal of a file with more than MAX_ROWS rows."""
    return StatementError(
        Sentence(
            "The file has more than %(count)d rows. Export shorter periods and import them one by one.",
            count=MAX_ROWS,
        )
    )


@dataclass(frozen=True, slots=True)
class StatementAccount:
    """One account of the file. `key` is unique in the file and the same in every export of the account.

    `bank_code` is the three-digit COMPE code or "". `ledger_balance` is money owned at the end of `balance_date`; both are None unless
    the file states both readably. It is advisory: some banks write it in cents.
    """

    key: str
    bank_code: str = ""
    branch: str = ""
    number: str = ""
    kind: AccountKind = "checking"
    currency: str = "BRL"
    ledger_balance: Decimal | None = None
    balance_date: date | None = None


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line to import. `amount` > 0 is money in, < 0 money out; `date` is the bank's local calendar day.

    `external_id` is unique within its account and the same in every overlapping export. `position` is where it stands: the row of an OFX file, the line of a CSV, from 1.
    `counterparty_document` is a CPF or CNPJ with right digits and no punctuation, or a masked one as the bank wrote it, or "".
    """

    account_key: str
    external_id: str
    position: int
    date: date
    amount: Decimal
    description: str
    memo: str = ""
    check_number: str = ""
    reference: str = ""
    operation: Operation = "other"
    counterparty_name: str = ""
    counterparty_document: str = ""
    end_to_end_id: str = ""
    balance_after: Decimal | None = None


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that nobody may guess at: kept apart with its text until a person decides. It is neither zero nor lost."""

    account_key: str
    position: int
    reason: Sentence
    raw: dict[str, str]


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A whole file. `rows`, `credits`, `debits` and `sum` are over every transaction row as it stands in the file (an unreadable amount
    is in none of the sums); `skipped` counts the rows that an import leaves out: balance rows, repeats and `unreadable` ones.

    Always: rows == len(lines) + skipped; sum == credits + debits; debits <= 0.
    """

    kind: Kind
    accounts: tuple[StatementAccount, ...]
    lines: tuple[StatementLine, ...]
    unreadable: tuple[UnreadableRow, ...]
    rows: int
    skipped: int
    credits: Decimal
    debits: Decimal
    warnings: tuple[Sentence, ...]

    @property
    def sum(self) -> Decimal:
        """Return the sum of all rows of the file as it stands."""
        return self.credits + self.debits


class Notes:
    """Collects warnings; past MAX_WARNINGS it only counts, so that a hostile file cannot fill the memory with them."""

    def __init__(self) -> None:
        self._kept: list[Sentence] = []
        self._more = 0

    def add(self, sentence: Sentence) -> None:
        """Keep one more warning."""
        if len(self._kept) < MAX_WARNINGS:
            self._kept.append(sentence)
        else:
            self._more += 1

    def extend(self, others: "Notes") -> None:
        """Keep the warnings that somebody else collected."""
        for sentence in others._kept:
            self.add(sentence)
        self._more += others._more

    def all(self) -> tuple[Sentence, ...]:
        """Return what was kept, and how many more there were."""
        if not self._more:
            return tuple(self._kept)
        return (*self._kept, Sentence("…and %(count)d more warnings.", count=self._more))
