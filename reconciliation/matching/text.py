"""Ids in free text: what a bank line says about which item it pays, in the form in which both sides write it alike."""

import re
from typing import Final

from lib import documents

SHORTEST_NUMBER: Final = 3  # a number of two digits is an instalment, a day or a month
LONGEST_NUMBER: Final = (
    19  # groups of digits inside longer words are parts of ids (EndToEndId, txid), not numbers
)
MOST_BITS: Final = 40.0
DIGIT_BITS: Final = 3.3
CHARACTER_BITS: Final = 4.5
PHONE_BITS: Final = 27.0
EMAIL_BITS: Final = 32.0

_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\s,;|]+")
_DIGITS = re.compile(r"\d+")
_DAY = re.compile(r"\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?|\d{4}-\d\d-\d\d|\d{1,2}:\d\d(?::\d\d)?")
_AMOUNT = re.compile(r"\d{1,3}(?:\.\d{3})*,\d\d")
_PHONE = re.compile(r"\(?\b(?:55)?\s?\(?(\d{2})\)?\s?9?\s?(\d{4})[\s-]?(\d{4})\b")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_DOCUMENT = re.compile(
    r"(?<![\w*.])(?:[\d*]{3}\.?[\d*]{3}\.?[\d*]{3}-?[\d*]{2}|[\dA-Z*]{2}\.?[\dA-Z*]{3}\.?[\dA-Z*]{3}/?[\dA-Z*]{4}-?[\d*]{2})(?![\w*])"
)
_TYPED_LINE = re.compile(r"(?<![\d])(?:\d[\s.-]?){46,47}\d(?!\d)")


def barcode(digits: str) -> str:
    """Return the 44 digits of a boleto's bar code from its typed line (47, or 48 for bills), or what is no typed line unchanged."""
    if len(digits) == 47:
        return digits[:4] + digits[32:] + digits[4:9] + digits[10:20] + digits[21:31]
    if len(digits) == 48:
        return "".join(digits[at : at + 11] for at in (0, 12, 24, 36))
    return digits


def references(text: str) -> dict[str, float]:
    """Return every id in the text, each with the bits that agreeing on it says: whole words with a digit, and the numbers inside them."""
    if not _DIGIT.search(text):
        return {}
    found: dict[str, float] = {}
    if len(text) >= 47:
        for line in _TYPED_LINE.findall(text):
            found[barcode(re.sub(r"\D", "", line))] = MOST_BITS
    for word in _WORD.findall(text.upper()):
        if not _DIGIT.search(word) or _DAY.fullmatch(word) or _AMOUNT.fullmatch(word):
            continue
        _add_word(word, found)
    return found


def _add_word(word: str, found: dict[str, float]) -> None:
    whole = "".join(filter(str.isalnum, word))
    if whole.isdigit():
        number = whole.lstrip("0")
        if len(number) >= SHORTEST_NUMBER:
            found[barcode(number)] = min(MOST_BITS, DIGIT_BITS * len(number))
    elif len(whole) >= SHORTEST_NUMBER:
        found[whole] = min(MOST_BITS, CHARACTER_BITS * len(whole))
    if len(whole) <= LONGEST_NUMBER:
        for digits in _DIGITS.findall(word):
            number = digits.lstrip("0")
            if len(number) >= SHORTEST_NUMBER:
                found.setdefault(number, DIGIT_BITS * len(number))


def inside_barcode(code: str) -> list[str]:
    """Return the numbers of eight digits and more that the free field of a bank boleto holds: one of them is its nosso número."""
    if len(code) != 44 or code[0] == "8":
        return []
    free = code[19:]
    return [
        number
        for length in range(8, 18)
        for at in range(len(free) - length + 1)
        if len(number := free[at : at + length].lstrip("0")) >= 8
    ]


def contacts(text: str) -> dict[str, float]:
    """Return phones (area code and the last eight digits) and e-mails in the text, each with its bits."""
    found: dict[str, float] = {}
    if len(text) >= 10 and _DIGIT.search(text):
        found = {"".join(match): PHONE_BITS for match in _PHONE.findall(text)}
    if "@" in text:
        found |= {match.lower().rstrip("."): EMAIL_BITS for match in _EMAIL.findall(text)}
    return found


def document_in(text: str) -> str:
    """Return the CPF or CNPJ that the text shows, masked or with right check digits, or ""."""
    if not _DIGIT.search(text):
        return ""
    for word in _DOCUMENT.findall(text.upper()):
        document = documents.normalize(word)
        if "*" in document:
            if sum(c != "*" for c in document) >= 4 and not document.isalpha():
                return document
        elif documents.valid_or_blank(document):
            return document
    return ""
