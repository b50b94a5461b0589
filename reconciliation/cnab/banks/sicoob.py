"""Sicoob (756).

Source: "Layouts para troca de informações", February 2017, sheets "Retorno - CNAB400" and "Retorno - Opção CNAB240".
"""

from reconciliation.cnab.banks import banco_do_brasil, febraban
from reconciliation.cnab.fields import Row, table
from reconciliation.cnab.layouts import T_240, Layout240, Layout400, Total, codes, replaced


def _nosso_numero(row: Row) -> str:
    """Return the number without the digit at its end (the ten places hold both)."""
    return row.text("nosso_numero")[:-1]


CNAB400 = Layout400(
    bank="756",
    amounts=banco_do_brasil.posted,
    meanings=codes(
        registered="02",
        settled="05 06 15",
        pending="11",
        written_off="09 10",
        protest="23",
        changed="04 14 27 48",
    ),
    header=table(
        ("branch", 27, 30),
        ("agreement", 32, 39),
        ("company", 47, 76),
        ("generated_on", 95, 100, "day6"),
        ("sequence", 101, 107, "count"),
    ),
    detail=table(
        ("company_document", 4, 17),
        ("entry_branch", 18, 21),
        ("entry_account", 23, 30),
        ("entry_account_digit", 31, 31),
        ("company_use", 38, 62),
        ("nosso_numero", 63, 73),
        ("reasons", 81, 82),
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
        ("payer_document", 343, 357),
    ),
    trailer=table(("details", 164, 171, "count")),
    totals=(Total("details"),),
)

CNAB240 = Layout240(
    bank="756",
    meanings={**febraban.MEANINGS, **codes(protest="85 86")},
    segment_t=replaced(T_240, ("nosso_numero", 38, 47)),
    nosso_numero=_nosso_numero,
)
