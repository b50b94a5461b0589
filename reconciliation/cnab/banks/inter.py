"""Inter (077). It has a CNAB 400 only; 240 files of other programs for it are read by the standard.

Source: "Conta Digital PJ Inter, manual CNAB400", version 1.1, 2021-08-30, chapter 5.
"""

from reconciliation.cnab.fields import table
from reconciliation.cnab.layouts import Layout400, Total, codes

CNAB400 = Layout400(
    bank="077",
    meanings=codes(registered="02", rejected="03", settled="06", written_off="07"),
    reason_width=0,
    header=table(("company", 47, 76), ("generated_on", 95, 100, "day6")),
    detail=table(
        ("company_document", 4, 17),
        ("entry_branch", 24, 27),
        ("entry_account", 28, 37),
        ("company_use", 38, 62),
        ("nosso_numero", 71, 80),
        ("nosso_digit", 81, 81),
        ("occurrence", 90, 91),
        ("occurred_on", 92, 97, "day6"),
        ("document_number", 98, 107),
        ("due_date", 119, 124, "day6"),
        ("face", 125, 137, "money"),
        ("paid", 160, 172, "money"),
        ("credited_on", 173, 178, "day6"),
        ("payer_name", 182, 221),
        ("payer_document", 227, 240),
        ("reasons", 241, 380),
    ),
    trailer=table(
        ("details", 18, 25, "count"),
        ("registered", 58, 62, "count"),
        ("registered_value", 63, 74, "money"),
        ("rejected", 87, 91, "count"),
        ("settled", 116, 120, "count"),
        ("settled_value", 121, 132, "money"),
    ),
    totals=(
        Total("details"),
        Total("registered", "registered_value", frozenset({"02"})),
        Total("rejected", occurrences=frozenset({"03"})),
        Total("settled", "settled_value", frozenset({"06"}), of="paid"),
    ),
)
