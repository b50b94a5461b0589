"""Banco do Brasil (001).

Sources: "CNAB400/CBR643, layout de arquivo retorno para convênios na faixa numérica entre 1.000.000 a 9.999.999", January 2014;
"Particularidades BB, leiaute CNAB 240", August 2017.
"""

from decimal import Decimal

from reconciliation.cnab.banks import febraban
from reconciliation.cnab.fields import Row, table
from reconciliation.cnab.layouts import Amounts, Layout240, Layout400, codes


def posted(row: Row) -> Amounts:
    """Return paid and what is posted: a debit ("1") is negative, "0" posts nothing."""
    value, sign = row.money("net"), row.text("net_sign")
    net = {"1": None if value is None else -value, "0": Decimal("0.00")}.get(sign, value)
    return row.money("paid"), net


def _nosso_numero(row: Row) -> str:
    """Return the number without the digit that only the eleven-digit numbers of small agreements have."""
    number = row.text("nosso_numero")
    return number[:11] if len(number) == 12 else number


CNAB400 = Layout400(
    bank="001",
    amounts=posted,
    meanings=codes(
        registered="02",
        rejected="03",
        settled="05 06 07 08 15",
        pending="11 46",
        reversed="44",
        written_off="09 10 20",
        protest="19 23 24",
        fee="28 96 97 98",
        changed="12 13 14 16 21 22 25 26 31 32 33 34 35 36 37 38 39 41 42 72 73",
    ),
    header=table(
        ("branch", 27, 30),
        ("branch_digit", 31, 31),
        ("account", 32, 39),
        ("account_digit", 40, 40),
        ("company", 47, 76),
        ("generated_on", 95, 100, "day6"),
        ("sequence", 101, 107, "count"),
        ("agreement", 150, 156),
    ),
    detail=table(
        ("company_use", 39, 63),
        ("nosso_numero", 64, 80),
        ("reasons", 87, 88),
        ("occurrence", 109, 110),
        ("occurred_on", 111, 116, "day6"),
        ("document_number", 117, 126),
        ("due_date", 147, 152, "day6"),
        ("face", 153, 165, "money"),
        ("credited_on", 176, 181, "day6"),
        ("fee", 182, 188, "money"),
        ("other_costs", 189, 201, "money"),
        ("iof", 215, 227, "money"),
        ("rebate", 228, 240, "money"),
        ("discount", 241, 253, "money"),
        ("paid", 254, 266, "money"),
        ("interest", 267, 279, "money"),
        ("other_credits", 280, 292, "money"),
        ("net", 306, 318, "money"),
        ("net_sign", 319, 319),
    ),
    detail_type="7",
    others=frozenset("235"),
)

CNAB240 = Layout240(bank="001", meanings=febraban.MEANINGS, nosso_numero=_nosso_numero)
