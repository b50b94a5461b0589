"""The banks whose return files are read, by the code in the header."""

from reconciliation.cnab.banks import banco_do_brasil as bb
from reconciliation.cnab.banks import bradesco, caixa, febraban, inter, itau, santander, sicoob
from reconciliation.cnab.layouts import Layout240, Layout400

ALIASES = {"353": "033"}  # Santander's code before 2009, still in its headers

CNAB400: dict[str, Layout400] = {
    layout.bank: layout
    for layout in (
        bb.CNAB400,
        santander.CNAB400,
        inter.CNAB400,
        caixa.CNAB400,
        bradesco.CNAB400,
        itau.CNAB400,
        sicoob.CNAB400,
    )
}
CNAB240: dict[str, Layout240] = {
    layout.bank: layout
    for layout in (
        bb.CNAB240,
        santander.CNAB240,
        caixa.CNAB240,
        bradesco.CNAB240,
        itau.CNAB240,
        sicoob.CNAB240,
    )
}
STANDARD = febraban.CNAB240
