"""What differs from bank to bank, as data: positions, codes, and how amounts and totals are meant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reconciliation.cnab.fields import Kind, Row, Table, table
from reconciliation.cnab.records import Meaning

Amounts = tuple[Decimal | None, Decimal | None]  # paid by the payer, posted by the bank
Check = Literal["right", "wrong", "untold"]


@dataclass(frozen=True, slots=True)
class Total:
    """A count (and value) in a CNAB 400 trailer: over entries with these occurrences, or over all of them when None."""

    count: str
    value: str = ""
    occurrences: frozenset[str] | None = None
    of: Literal["face", "paid"] = "face"


def written(row: Row) -> Amounts:
    """Return the amounts as the layout's own fields `paid` and `net` have them."""
    return row.money("paid"), row.money("net")


def plain_number(row: Row) -> str:
    """Return the field as it is."""
    return row.text("nosso_numero")


def untold(row: Row) -> Check:
    """Return that the layout gives no check digit to test."""
    return "untold"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLayout:
    """What both layouts have. `meanings`: occurrence code → Meaning. `reason_width`: characters of one reason code, 0 for free text."""

    bank: str
    meanings: Mapping[str, Meaning]
    reason_width: int = 2
    amounts: Callable[[Row], Amounts] = written
    check_digit: Callable[[Row], Check] = untold


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout400(BankLayout):
    """One bank's CNAB 400 return. `others`: record types that belong to it and are passed over."""

    header: Table
    detail: Table
    trailer: Table = ()
    detail_type: str = "1"
    others: frozenset[str] = frozenset()
    totals: tuple[Total, ...] = ()


# FEBRABAN, "Layout padrão Febraban 240 posições", version 10.6: header of the file, header of a collection lot, segments T and U.
HEADER_240 = table(
    ("company_document", 19, 32),
    ("agreement", 33, 52),
    ("branch", 53, 57),
    ("branch_digit", 58, 58),
    ("account", 59, 70),
    ("account_digit", 71, 71),
    ("company", 73, 102),
    ("generated_on", 144, 151, "day8"),
    ("sequence", 158, 163, "count"),
)
LOT_240 = table(("credited_on", 200, 207, "day8"))
T_240 = table(
    ("occurrence", 16, 17),
    ("nosso_numero", 38, 57),
    ("document_number", 59, 73),
    ("due_date", 74, 81, "day8"),
    ("face", 82, 96, "money"),
    ("company_use", 106, 130),
    ("payer_kind", 133, 133),
    ("payer_document", 134, 148),
    ("payer_name", 149, 188),
    ("fee", 199, 213, "cost"),
    ("reasons", 214, 223),
)
U_240 = table(
    ("interest", 18, 32, "money"),
    ("discount", 33, 47, "money"),
    ("rebate", 48, 62, "money"),
    ("iof", 63, 77, "money"),
    ("paid", 78, 92, "money"),
    ("net", 93, 107, "money"),
    ("other_costs", 108, 122, "cost"),
    ("other_credits", 123, 137, "cost"),
    ("occurred_on", 138, 145, "day8"),
    ("credited_on", 146, 153, "day8"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout240(BankLayout):
    """One bank's CNAB 240 return; positions are the standard's unless the bank has its own. T and U have no name in common.

    `lot_counts_details`: the lot trailer counts the details alone in some files and header and trailer too in others.
    """

    header: Table = HEADER_240
    lot: Table = LOT_240
    segment_t: Table = T_240
    segment_u: Table = U_240
    nosso_numero: Callable[[Row], str] = plain_number
    lot_counts_details: bool = False


def replaced(base: Table, *own: tuple[str, int, int] | tuple[str, int, int, Kind]) -> Table:
    """Return the table with a bank's own positions in place of those of the same name, and what it has besides."""
    mine = table(*own)
    names = {one.name for one in mine}
    return tuple(one for one in base if one.name not in names) + mine


def codes(**groups: str) -> Mapping[str, Meaning]:
    """Return code → meaning from one keyword a meaning with its codes in a row: codes(settled="06 17", fee="28")."""
    return {code: meaning for meaning, listed in groups.items() for code in listed.split()}  # type: ignore[misc]
