"""Invented CPFs, CNPJs, Pix and boleto identifiers with right check digits.

Sources: Receita Federal (modulo 11; IN RFB 2.229/2024 for letters: a character's value is its ASCII code minus 48), FEBRABAN for the
47-digit line of a boleto and its due factor, which restarted at 1000 on 2025-02-22.
"""

from datetime import date
from random import Random

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CNPJ_WEIGHTS = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
_E2E_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def make_cpf(rng: Random) -> str:
    """Return eleven digits of a valid CPF."""
    digits = [rng.randrange(10) for _ in range(9)]
    for length in (10, 11):
        rest = sum(digit * (length - index) for index, digit in enumerate(digits)) % 11
        digits.append(0 if rest < 2 else 11 - rest)
    text = "".join(map(str, digits))
    return text if len(set(text)) > 1 else make_cpf(rng)


def make_cnpj(rng: Random, *, letters: bool = False) -> str:
    """Return fourteen characters of a valid CNPJ; with `letters` the root holds some, as new registrations do."""
    root = "".join(rng.choice(_ALPHABET) if letters else str(rng.randrange(10)) for _ in range(8))
    if letters and root.isdigit():
        root = "B" + root[1:]
    body = root + "0001"
    for weights in (_CNPJ_WEIGHTS[1:], _CNPJ_WEIGHTS):
        rest = sum((ord(sign) - 48) * weight for sign, weight in zip(body, weights, strict=True)) % 11
        body += str(0 if rest < 2 else 11 - rest)
    return body


def punctuate(document: str) -> str:
    """Return a CPF or CNPJ with its dots, slash and dash."""
    if len(document) == 11:
        return f"{document[:3]}.{document[3:6]}.{document[6:9]}-{document[9:]}"
    return f"{document[:2]}.{document[2:5]}.{document[5:8]}/{document[8:12]}-{document[12:]}"


def masked(document: str) -> str:
    """Return a CPF as some banks show it: only the six digits in the middle."""
    return f"***.{document[3:6]}.{document[6:9]}-**"


def make_uuid(rng: Random) -> str:
    """Return a random UUID (version 4) drawn from the seed."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}"


def end_to_end_id(rng: Random, ispb: str, day: date, second: int) -> str:
    """Return an EndToEndId: E, eight of ISPB, the UTC minute, eleven signs. The minute may fall on the next UTC day."""
    minute = (second // 60 + 180) % 1440
    tail = "".join(rng.choices(_E2E_ALPHABET, k=11))
    return f"E{ispb}{day:%Y%m%d}{minute // 60:02d}{minute % 60:02d}{tail}"


def _mod10(text: str) -> int:
    total = 0
    for index, sign in enumerate(reversed(text)):
        product = int(sign) * (2 if index % 2 == 0 else 1)
        total += product if product < 10 else product - 9
    return (10 - total % 10) % 10


def _mod11(text: str) -> int:
    total = sum(int(sign) * (2 + index % 8) for index, sign in enumerate(reversed(text)))
    digit = 11 - total % 11
    return 1 if digit in (0, 10, 11) else digit


def boleto(bank: str, due: date, cents: int, free_field: str) -> tuple[str, str]:
    """Return (barcode of 44 digits, line of 47 digits). `free_field` has 25 digits."""
    restart = date(2025, 2, 22)
    factor = 1000 + (due - restart).days if due >= restart else (due - date(1997, 10, 7)).days
    value = f"{factor:04d}{cents:010d}"
    digit = _mod11(f"{bank}9{value}{free_field}")
    one, two, three = f"{bank}9{free_field[:5]}", free_field[5:15], free_field[15:]
    line = f"{one}{_mod10(one)}{two}{_mod10(two)}{three}{_mod10(three)}{digit}{value}"
    return f"{bank}9{digit}{value}{free_field}", line
