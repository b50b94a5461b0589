"""What goes into the matcher and what comes out. Frozen, so that a judgement can be kept, compared and hashed.

Amounts are signed Decimals with two places: positive is money in (receivables, credits), negative money out (payables, debits).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

SettlementKind = Literal[
    "exact",
    "tolerance",
    "partial",
    "one_to_many",  # one line pays several items
    "many_to_one",  # several lines pay one item
    "boleto",
    "withholding",
    "payout",
    "cnab",
    "mapped",
    "transfer",
    "refund",
]
AdjustmentKind = Literal[
    "interest",
    "fine",
    "discount",
    "withholding_irrf",
    "withholding_pcc",
    "withholding_irrf_pcc",
    "withholding_inss",
    "withholding_iss",
    "fee",
    "rounding",
]
Verdict = Literal["clear", "ambiguous", "none"]
Progress = Callable[[float, str], None]  # share done (0 to 1), what is being done (a stable code)


@dataclass(frozen=True, slots=True)
class Boleto:
    """How the bank splits the amount of a boleto. All parts are positive; amount paid = base + interest + fine − discount."""

    base: Decimal
    interest: Decimal = Decimal(0)
    fine: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """One bank line. `document` may be masked; `reference` and `description` may hold ids, phones and e-mails among other text."""

    id: str
    date: date
    amount: Decimal
    name: str = ""
    document: str = ""
    description: str = ""
    reference: str = ""
    account: str = ""
    currency: str = "BRL"
    pending: bool = False
    boleto: Boleto | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One open item: `amount` is what is still open. `reference` may hold several (number, txid, nosso número, typed line), separated by blanks.

    `party` is the customer's id, which learned payers point to; `method` how it is to be paid (a card sale says so here); `text` what else
    the books say about it: an acquirer, a brand of card; with no name it may speak for a payer ("Salário Luciana Oliveira"), never against.
    """

    id: str
    due_date: date
    amount: Decimal
    name: str = ""
    document: str = ""
    reference: str = ""
    phone: str = ""
    email: str = ""
    party: str | None = None
    currency: str = "BRL"
    method: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A learned payer: whoever pays with this document (or, without one, under this normal name) pays for `party`.

    `right` and `wrong` count what people said about settlements that rested on it.
    """

    document: str
    name_key: str
    party: str
    right: int = 1
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class CollectionEntry:
    """One paid item of a bank's return file. Amounts are positive; net = face + interest + fine − discount − fee."""

    reference: str  # nosso número and document number, separated by blanks
    face: Decimal
    net: Decimal
    interest: Decimal = Decimal(0)
    fine: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Collection:
    """What one return file says is credited as one sum on one day."""

    id: str
    credit_date: date
    entries: tuple[CollectionEntry, ...]
    account: str = ""


@dataclass(frozen=True, slots=True)
class Weights:
    """Points that each kind of evidence may give. Only their proportion matters."""

    document: int = 40
    name: int = 25
    amount: int = 20
    date: int = 10
    contact: int = 5


@dataclass(frozen=True, slots=True)
class Tolerance:
    """`amount` and `days` as the company sets them: a difference that still counts as the same amount, as the same day.

    `percent` bounds what a fee kept by the payer's side may take off; a pair further apart than `window` days is not considered.
    """

    amount: Decimal = Decimal(0)
    days: int = 5
    percent: Decimal = Decimal(3)
    window: int = 30


@dataclass(frozen=True, slots=True)
class Own:
    """Who we are: documents and names under which our own accounts appear on the other side of a transfer."""

    documents: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence by a stable code, the points of 100 that it gave, and what a sentence about it needs."""

    name: str
    points: int
    detail: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a line or an item a settlement takes, signed like it."""

    id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What explains a difference, signed so that Σ lines = Σ items + Σ adjustments: interest on a receivable is positive, a fee negative."""

    kind: AdjustmentKind
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Settlement:
    """One way to settle. Points of the reasons add up to `score`, 0 to 100."""

    kind: SettlementKind
    lines: tuple[Share, ...]
    items: tuple[Share, ...]
    adjustments: tuple[Adjustment, ...]
    score: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is thought about one line. `clear`: one settlement; `ambiguous`: up to three, best first; `none`: empty.

    A settlement over several lines stands in the judgement of each of them. `posted_as`: this pending line has since been posted under
    that id, so it is left to that one.
    """

    line_id: str
    verdict: Verdict
    settlements: tuple[Settlement, ...] = ()
    posted_as: str = ""
