"""Bradesco (237).

Sources: "Manual de procedimentos nº 4008.524.0121", version 11, "Lay-out do arquivo-retorno" (400); "nº 4008.524.0339", version 06
(240: the FEBRABAN segments, nosso número as in G069, codes C044).
"""

from lib.boleto import modulo_11
from reconciliation.cnab.banks import febraban
from reconciliation.cnab.fields import Row, table
from reconciliation.cnab.layouts import T_240, Check, Layout240, Layout400, Total, codes, replaced


def _check_digit(row: Row) -> Check:
    """Test the digit: modulo 11 with weights 2 to 7 over wallet (two digits) and number; 11 is written 0, 10 is written P."""
    number, digit = row.text("nosso_numero"), row.text("nosso_digit")
    wallet = row.text("wallet")[-2:]
    if (
        not (wallet + number).isdigit()
        or not (wallet + number).isascii()
        or not number.strip("0")
        or not digit
    ):
        return "untold"
    value = modulo_11(wallet + number, highest=7)
    return "right" if digit.upper() == {10: "P", 11: "0"}.get(value, str(value)) else "wrong"


CNAB400 = Layout400(
    bank="237",
    check_digit=_check_digit,
    meanings=codes(
        registered="02",
        rejected="03 24 27 30 32",
        settled="06 15 17",
        pending="11 16",
        reversed="22 40",
        written_off="09 10",
        protest="19 20 23 25 34 55",
        fee="28",
        changed="12 13 14 18 21 33 35 68 69 73 74",
        information="29",
    ),
    header=table(
        ("agreement", 27, 46),
        ("company", 47, 76),
        ("generated_on", 95, 100, "day6"),
        ("sequence", 109, 113, "count"),
        ("credited_on", 380, 385, "day6"),
    ),
    # The fee (176 to 188) is of entries 02 and 28 only; a settlement is posted as it was paid.
    detail=table(
        ("company_document", 4, 17),
        ("wallet", 22, 24),
        ("entry_branch", 25, 29),
        ("entry_account", 30, 36),
        ("entry_account_digit", 37, 37),
        ("company_use", 38, 62),
        ("nosso_numero", 71, 81),
        ("nosso_digit", 82, 82),
        ("occurrence", 109, 110),
        ("occurred_on", 111, 116, "day6"),
        ("document_number", 117, 126),
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
        ("reasons", 319, 328),
    ),
    trailer=table(
        ("registered", 58, 62, "count"),
        ("registered_value", 63, 74, "money"),
        ("settled", 87, 91, "count"),
        ("settled_value", 75, 86, "money"),
        ("written_off", 104, 108, "count"),
        ("rebate_cancelled", 121, 125, "count"),
        ("due_date_changed", 138, 142, "count"),
        ("rebate_granted", 155, 159, "count"),
        ("protest", 172, 176, "count"),
    ),
    others=frozenset("3"),
    totals=(
        Total("registered", "registered_value", frozenset({"02"})),
        Total("settled", "settled_value", frozenset({"06"}), of="paid"),
        Total("written_off", occurrences=frozenset({"09", "10"})),
        Total("rebate_cancelled", occurrences=frozenset({"13"})),
        Total("due_date_changed", occurrences=frozenset({"14"})),
        Total("rebate_granted", occurrences=frozenset({"12"})),
        Total("protest", occurrences=frozenset({"19"})),
    ),
)

CNAB240 = Layout240(
    bank="237",
    check_digit=_check_digit,
    meanings={**febraban.MEANINGS, "73": "changed"},
    segment_t=replaced(T_240, ("wallet", 38, 40), ("nosso_numero", 46, 56), ("nosso_digit", 57, 57)),
)
