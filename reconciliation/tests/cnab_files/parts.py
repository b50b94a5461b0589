"""What the files of several banks have in common."""

from decimal import Decimal
from typing import Any

from reconciliation.cnab import Entry
from reconciliation.tests.cnab_files.writer import Piece, a, n

NOTHING: dict[str, Any] = {
    "document_number": "",
    "company_use": "",
    "payer_name": "",
    "payer_document": "",
    "reasons": (),
    **dict.fromkeys(
        "due_date occurred_on paid_on credited_on face paid net interest fine discount rebate iof fee other_costs other_credits".split()
    ),
}


def entry(**known: Any) -> Entry:
    """An entry whose other fields are unknown; amounts as text."""
    amounts = {name: Decimal(value) for name, value in known.items() if name in AMOUNTS}
    return Entry(**(NOTHING | known | amounts))


AMOUNTS = set("face paid net interest fine discount rebate iof fee other_costs other_credits".split())
ZEROS = "interest discount rebate iof fee other_costs other_credits"


def zeros(names: str = ZEROS) -> dict[str, str]:
    return dict.fromkeys(names.split(), "0.00")


def header(bank: str, *pieces: Piece) -> tuple[Piece, ...]:
    return (
        n(1, 1, 0),
        n(2, 2, 2),
        a(3, 9, "RETORNO"),
        n(10, 11, 1),
        a(12, 26, "COBRANCA"),
        n(77, 79, bank),
        *pieces,
    )


def trailer(bank: str, *pieces: Piece) -> tuple[Piece, ...]:
    return (n(1, 1, 9), n(2, 2, 2), n(3, 4, 1), n(5, 7, bank), *pieces)
