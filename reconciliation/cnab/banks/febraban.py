"""The standard CNAB 240, for banks without a table of their own.

Source: FEBRABAN, "Layout padrão Febraban 240 posições", version 10.6, "Títulos em cobrança" (segments T and U) and description C044.
"""

from reconciliation.cnab.layouts import Layout240, codes

MEANINGS = codes(
    registered="02",
    rejected="03 26 30",
    settled="06 17 45",  # 45: the cheque that code 50 announced has cleared
    pending="11 50",
    reversed="44",
    written_off="09 15 25",
    protest="19 20 23 24 46 47 63",
    fee="28",
    changed="04 05 07 08 12 13 14 27 33 34 35 38 39 40 41 42 43 48 49 54 55 56 57 58 59 60 61 64 65",
    information="29 36 37 51 52 53",
)

CNAB240 = Layout240(bank="", meanings=MEANINGS)
