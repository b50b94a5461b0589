"""CPF and CNPJ: kept as text in upper case without punctuation.

A CNPJ may hold letters in its first twelve places (Instrução Normativa RFB 2.229/2024), so nothing here strips letters or makes a number
of it. Check digits follow the Receita Federal: modulo 11, a character's value is its ASCII code minus 48.
"""

import re

from stdnum.br import cnpj, cpf

_PUNCTUATION = re.compile(r"[\s./\-\u00a0]")


def normalize(text: object) -> str:
    """Return the document without punctuation, in upper case; "" for None. Does not validate; a masked one keeps its asterisks."""
    return "" if text is None else _PUNCTUATION.sub("", str(text)).upper()


def is_cpf(document: str) -> bool:
    """Return whether this normalized document is a CPF with right digits. 111.111.111-11 and its like are none."""
    return bool(re.fullmatch(r"\d{11}", document)) and len(set(document)) > 1 and cpf.is_valid(document)


def is_cnpj(document: str) -> bool:
    """Return whether this normalized document is a CNPJ, numeric or alphanumeric, with right digits."""
    return (
        bool(re.fullmatch(r"[0-9A-Z]{12}\d{2}", document))
        and len(set(document)) > 1
        and cnpj.is_valid(document)
    )


def valid_or_blank(text: object) -> str:
    """Return the normalized document when its digits are right, otherwise ""."""
    document = normalize(text)
    return document if is_cpf(document) or is_cnpj(document) else ""


def pretty(document: str) -> str:
    """Return the document as people write it; what is neither CPF nor CNPJ long comes back unchanged."""
    if len(document) == 11:
        return f"{document[:3]}.{document[3:6]}.{document[6:9]}-{document[9:]}"
    if len(document) == 14:
        return f"{document[:2]}.{document[2:5]}.{document[5:8]}/{document[8:12]}-{document[12:]}"
    return document
