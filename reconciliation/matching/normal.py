"""Names as they are compared: without accents, case, particles, legal forms and what banks put before them.

Legal forms are stripped because banks cut or drop them; a name alone never settles anything, so homonyms that arise here are caught by
document, amount and date, or asked about. Imports no numbers library: processes that never match need this form, too.
"""

import unicodedata
from functools import lru_cache
from typing import Final

PARTICLES: Final = frozenset("DA DE DO DAS DOS E D DI DEL".split())
LEGAL: Final = frozenset(
    "LTDA LTD LT LIMITADA ME MEI EPP EIRELI EIREL EIRE EI SA SS SLU CIA COMPANHIA MICROEMPRESA".split()
)
BANK_WORDS: Final = frozenset(
    """PIX TED DOC TEF TEV REM RECEBIDO RECEBIDA RECEB REC ENVIADO ENVIADA ENV TRANSF TRANSFERENCIA CRED CREDITO DEB DEBITO PAGTO PAG
    PAGAMENTO DEP DEPOSITO QR QRCODE CODE DINAMICO ESTATICO DES BOLETO COBRANCA LIQ LIQUIDACAO LIQUIDADO TITULO
    SALARIO SALARIOS FOLHA SISPAG FORNECEDOR INT CONTA CC""".split()
)
MARKS: Final = str.maketrans(
    dict.fromkeys('-/,;:|_()[]{}"\\*+#&<>=!?@$%^~`ºª°\t\n\r', " ") | dict.fromkeys(".'´’", "")
)


@lru_cache(maxsize=1 << 17)
def normal(name: str) -> str:
    """Return the form in which names are compared: capital letters, words separated by one blank. "" when nothing is left.

    The last forms are kept in memory, so that open items are not normalised again at each run.
    """
    if not name.isascii():
        name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = [w for w in name.upper().translate(MARKS).split() if w not in PARTICLES]
    start = 0
    while start < len(words) and (words[start] in BANK_WORDS or words[start].isdigit()):
        start += 1
    stop = len(words)
    while stop > start + 1 and (words[stop - 1] in LEGAL or words[stop - 1].isdigit()):
        stop -= 1
    return " ".join(words[start:stop])
