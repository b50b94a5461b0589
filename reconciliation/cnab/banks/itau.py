"""Itaú (341).

Sources: "Cobrança bancária, layout de arquivos, 400 bytes CNAB", July 2021, 3.2 and notes 3, 17, 23; "Layout de arquivos FEBRABAN 240",
January 2017, 3.2 and note 22.
"""

from lib.boleto import modulo_10
from reconciliation.cnab.fields import Row, table
from reconciliation.cnab.layouts import (
    T_240,
    U_240,
    Amounts,
    Check,
    Layout240,
    Layout400,
    Total,
    codes,
    replaced,
)

# Codes of the newer of the two manuals; the other has the same without the youngest.
_MEANINGS = codes(
    registered="02 64 73",
    rejected="03 15 16 17 18 24 60 74",
    settled="06 07 08",
    # 10 is also what a boleto paid by its Pix QR code gets: that money came as a Pix of its own.
    paid_elsewhere="10 59 72",
    pending="11 65 95",  # 95: "baixa operacional", the money is not settled yet
    reversed="69",
    written_off="05 09 32 47",
    protest="19 20 21 23 63",
    fee="26 27 28 29 30 33 34 35 36 37 38 39 40 41 42 43 44 45 46 48 51 52 53 54 55 56 61 62 80 81 82 83 84 85 86 87 88 89 90 91 92 93",
    changed="04 12 13 14 57 75 77 78 94",
    information="25 79",
)

_SHORT_DAC = frozenset({"126", "131", "146", "150", "168"})


def _amounts(row: Row) -> Amounts:
    """Itaú writes what it posts to the account: face − discounts + interest − fee. The payer paid the fee too.

    Where the posted amount is already face − discounts + interest, the fee is charged apart.
    """
    net, fee = row.money("net"), row.money("fee")
    if not net or not fee:
        return net, net
    due = sum((row.money(name) or 0 for name in ("interest", "other_credits")), row.money("face") or 0)
    due -= sum(row.money(name) or 0 for name in ("discount", "rebate", "iof"))
    return (net if net == due else net + fee), net


def _check_digit(row: Row) -> Check:
    """Test the DAC: modulo 10 over branch, account, wallet and number; five wallets leave branch and account out."""
    wallet, number, digit = row.text("wallet"), row.text("nosso_numero"), row.text("nosso_digit")
    account = "" if wallet in _SHORT_DAC else row.text("entry_branch") + row.text("entry_account")
    digits = account + wallet + number
    if not (digits + digit).isascii() or not (digits + digit).isdigit() or not digit or not number.strip("0"):
        return "untold"
    return "right" if int(digit) == modulo_10(digits) else "wrong"


CNAB400 = Layout400(
    bank="341",
    meanings=_MEANINGS,
    amounts=_amounts,
    check_digit=_check_digit,
    header=table(
        ("branch", 27, 30),
        ("account", 33, 37),
        ("account_digit", 38, 38),
        ("company", 47, 76),
        ("generated_on", 95, 100, "day6"),
        ("sequence", 109, 113, "count"),
        ("credited_on", 114, 119, "day6"),
    ),
    detail=table(
        ("company_document", 4, 17),
        ("entry_branch", 18, 21),
        ("entry_account", 24, 28),
        ("company_use", 38, 62),
        ("wallet", 83, 85),
        ("nosso_numero", 86, 93),
        ("nosso_digit", 94, 94),
        ("occurrence", 109, 110),
        ("occurred_on", 111, 116, "day6"),
        ("document_number", 117, 126),
        ("due_date", 147, 152, "day6"),
        ("face", 153, 165, "money"),
        ("fee", 176, 188, "money"),
        ("iof", 215, 227, "money"),
        ("rebate", 228, 240, "money"),
        ("discount", 241, 253, "money"),
        ("net", 254, 266, "money"),
        ("interest", 267, 279, "money"),
        ("other_credits", 280, 292, "money"),
        ("credited_on", 296, 301, "day6"),
        ("payer_name", 325, 354),
        ("reasons", 378, 385),
    ),
    trailer=table(("details", 213, 220, "count"), ("value", 221, 234, "money")),
    others=frozenset("345"),
    totals=(Total("details", "value"),),
)

CNAB240 = Layout240(
    bank="341",
    meanings=_MEANINGS,
    amounts=_amounts,
    check_digit=_check_digit,
    header=table(
        ("company_document", 19, 32),
        ("branch", 54, 57),
        ("account", 66, 70),
        ("account_digit", 72, 72),
        ("company", 73, 102),
        ("generated_on", 144, 151, "day8"),
        ("sequence", 158, 163, "count"),
    ),
    segment_t=replaced(
        T_240,
        ("entry_branch", 19, 22),
        ("entry_account", 31, 35),
        ("wallet", 38, 40),
        ("nosso_numero", 41, 48),
        ("nosso_digit", 49, 49),
        ("document_number", 59, 68),
        ("payer_name", 149, 178),
        ("fee", 199, 213, "money"),
        ("reasons", 214, 221),
    ),
    # Both "valor creditado" fields hold the posted amount; 108 to 137 are zeros.
    segment_u=tuple(one for one in U_240 if one.name not in ("paid", "other_costs", "other_credits")),
)
