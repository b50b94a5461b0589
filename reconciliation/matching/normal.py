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
SHORTEST_CUT: Final = 12  # a name shorter than this was not cut by a bank
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


def borne(shown: str, full: str) -> bool:
    """Return whether a normal name is another one as banks show it: the same, cut off behind 12 characters or later, or abbreviated inside.

    Says that it is so only where nothing speaks against it; who is merely alike is somebody else.
    """
    if not shown or not full:
        return False
    if shown == full or (len(shown) >= SHORTEST_CUT and full.startswith(shown)):
        return True
    ours, theirs = shown.split(), full.split()
    if len(ours) < 2 or len(theirs) < 2 or ours[0] != theirs[0]:
        return False
    cut = len(shown) >= SHORTEST_CUT and theirs[-1].startswith(ours[-1])
    if ours[-1] != theirs[-1] and not (cut and len(ours[-1]) > 1):
        return False
    rest = iter(theirs[1:-1])
    return all(any(word.startswith(part) for word in rest) for part in ours[1:-1])
