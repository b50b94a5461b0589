"""Caixa (104), collection system SIGCB.

Sources: "Leiaute de arquivo eletrônico padrão CNAB 400, cobrança bancária CAIXA – SIGCB", 67.126 v015, April 2020, 3.6.7 to 3.6.9, NE033;
"… CNAB 240 …", 67.118 v010, June 2018, 3.6, C044, G069.
"""

from decimal import Decimal

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
    """Return what was paid: the "valor principal" with interest and fine, unless it already holds them.

    The manual does not say; face − discounts tells it where they can be told apart.
    """
    principal = row.money("principal")
    extra = (row.money("interest") or Decimal(0)) + (row.money("fine") or Decimal(0))
    if principal is None or not extra:
        return principal, None
    due = (row.money("face") or Decimal(0)) - sum(row.money(name) or 0 for name in ("discount", "rebate"))
    return (principal if principal == due + extra else principal + extra), None


def _check_digit(row: Row) -> Check:
    """Test the digit: modulo 11 over the seventeen digits; 10 and 11 are written 0."""
    number, digit = row.text("nosso_numero"), row.text("nosso_digit")
    if not (number + digit).isdigit() or not (number + digit).isascii() or not digit or not number.strip("0"):
        return "untold"
    return "right" if int(digit) == modulo_11(number) % 11 % 10 else "wrong"


def _nosso_numero(row: Row) -> str:
    """Return the seventeen digits; eighteen where the old SINCO numbers put a 9 in front."""
    return ("9" if row.text("sinco") == "9" else "") + row.text("nosso_numero")


CNAB400 = Layout400(
    bank="104",
    amounts=_amounts,
    meanings=codes(
        registered="01",
        rejected="99",
        settled="21 22",
        pending="20 35",  # 35 tells of a payment within the day; the next day's file settles it with 21
        reversed="33",
        written_off="02 23 25",
        protest="26 27 28 29",
        fee="31 32 34",
        changed="03 04 05 06 07 08 09 10 11 12 30 37 38",
        information="36 51 52 53 A4",
    ),
    reason_width=3,
    header=table(
        ("branch", 27, 30),
        ("agreement", 31, 37),
        ("company", 47, 76),
        ("generated_on", 95, 100, "day6"),
        ("sequence", 390, 394, "count"),
    ),
    detail=table(
        ("company_document", 4, 17),
        ("company_use", 32, 56),
        ("nosso_numero", 57, 73),
        ("reasons", 80, 82),
        ("occurrence", 109, 110),
        ("occurred_on", 111, 116, "day6"),
        ("document_number", 117, 126),
        ("due_date", 147, 152, "day6"),
        ("face", 153, 165, "money"),
        ("fee", 176, 188, "money"),
        ("iof", 215, 227, "money"),
        ("rebate", 228, 240, "money"),
        ("discount", 241, 253, "money"),
        ("principal", 254, 266, "money"),
        ("interest", 267, 279, "money"),
        ("fine", 280, 292, "money"),
        ("credited_on", 294, 299, "day6"),
    ),
)

CNAB240 = Layout240(
    bank="104",
    check_digit=_check_digit,
    nosso_numero=_nosso_numero,
    meanings={
        **febraban.MEANINGS,
        **codes(
            registered="01",
            rejected="39 40 41",
            pending="46",  # a payment told within the day; the next day's file settles it with 06
            reversed="44",
            changed="35 36 37 38 45 62",
            information="47",
        ),
    },
    # Positions 65 to 72 are the bank's own: what the standard calls the account is the agreement here.
    header=tuple(
        one
        for one in replaced(HEADER_240, ("agreement", 59, 64))
        if one.name not in ("account", "account_digit")
    ),
    segment_t=replaced(
        T_240,
        ("sinco", 39, 39),
        ("nosso_numero", 40, 56),
        ("nosso_digit", 57, 57),
        ("document_number", 59, 69),
    ),
)
