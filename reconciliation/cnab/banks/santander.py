"""Santander (033, in older files 353).

Sources: "CNAB 400 (padrão Santander) com registro, H7800", version 2.17, April 2018; "Layout cobrança CNAB 240 posições padrão Santander
Multibanco, H7815", version 2.9, April 2018.
"""

from lib.boleto import modulo_11
from reconciliation.cnab.banks import febraban
from reconciliation.cnab.fields import Row, table
from reconciliation.cnab.layouts import (
    HEADER_240,
    T_240,
    Amounts,
    Check,
    Layout240,
    Layout400,
    codes,
    replaced,
)


def _amounts(row: Row) -> Amounts:
    """Return paid and what is posted; D is a debit, no sign says that nothing was told."""
    value, sign = row.money("net"), row.text("net_sign").upper()
    if value is None or sign not in ("C", "D"):
        return row.money("paid"), None
    return row.money("paid"), -value if sign == "D" else value


def _check_digit(row: Row) -> Check:
    """Test the digit: modulo 11 over the number; 10 and 11 are written 0."""
    number, digit = row.text("nosso_numero"), row.text("nosso_digit")
    if not (number + digit).isdigit() or not (number + digit).isascii() or not digit or not number.strip("0"):
        return "untold"
    return "right" if int(digit) == modulo_11(number) % 11 % 10 else "wrong"


CNAB400 = Layout400(
    bank="033",
    amounts=_amounts,
    check_digit=_check_digit,
    meanings=codes(
        registered="02",
        rejected="01 03 16 39",
        settled="06 07 08 17",
        pending="11 93",  # 93: "baixa operacional", the money is not settled yet
        written_off="09 10",
        protest="15 21 22 25 26",
        fee="24",
        changed="12 13 14 38 61 62 63",
        information="35 36 37 94",
    ),
    reason_width=3,
    header=table(
        ("branch", 27, 30),
        ("account", 31, 38),
        ("company", 47, 76),
        ("generated_on", 95, 100, "day6"),
    ),
    detail=table(
        ("company_document", 4, 17),
        ("company_use", 38, 62),
        ("nosso_numero", 63, 69),
        ("nosso_digit", 70, 70),
        ("occurrence", 109, 110),
        ("occurred_on", 111, 116, "day6"),
        ("document_number", 117, 126),
        ("reasons", 137, 145),
        ("due_date", 147, 152, "day6"),
        ("face", 153, 165, "money"),
        ("fee", 176, 188, "money"),
        ("other_costs", 189, 201, "money"),
        ("iof", 215, 227, "money"),
        ("rebate", 228, 240, "money"),
        ("discount", 241, 253, "money"),
        ("paid", 254, 266, "money"),
        ("interest", 267, 279, "money"),
        ("other_credits", 280, 292, "money"),
        ("credited_on", 296, 301, "day6"),
        ("payer_name", 302, 337),
        ("net", 367, 379, "money"),
        ("net_sign", 380, 380),
    ),
    others=frozenset("2"),
)

CNAB240 = Layout240(
    bank="033",
    check_digit=_check_digit,
    meanings={
        **febraban.MEANINGS,
        **codes(rejected="32", pending="93", changed="91 92", information="94 A4"),
    },
    header=replaced(
        HEADER_240,
        ("company_document", 18, 32),
        ("agreement", 53, 61),
        ("branch", 33, 36),
        ("branch_digit", 37, 37),
        ("account", 38, 46),
        ("account_digit", 47, 47),
    ),
    lot=(),
    segment_t=replaced(
        T_240,
        ("nosso_numero", 41, 52),
        ("nosso_digit", 53, 53),
        ("document_number", 55, 69),
        ("due_date", 70, 77, "day8"),
        ("face", 78, 92, "money"),
        ("company_use", 101, 125),
        ("payer_kind", 128, 128),
        ("payer_document", 129, 143),
        ("payer_name", 144, 183),
        ("fee", 194, 208, "cost"),
        ("reasons", 209, 218),
    ),
    lot_counts_details=True,
)
