"""Fictitious payers and suppliers: names, documents, contacts, and how a bank shows them."""

import unicodedata
from dataclasses import dataclass
from random import Random

from stdnum.br import cnpj, cpf

from reconciliation.evaluation import vocabulary

TYPO_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who pays or is paid. `party` is the customer's id in the ERP."""

    party: str
    name: str
    document: str
    phone: str
    email: str

    @property
    def company(self) -> bool:
        """Return whether this is a company."""
        return len(self.document) == 14


def person(rng: Random, number: int, *, company: bool | None = None) -> Person:
    """Return somebody new; three of ten are companies unless said."""
    company = rng.random() < 0.3 if company is None else company
    name = _company_name(rng) if company else _person_name(rng)
    digits = f"{rng.randrange(10**8):08d}0001" if company else f"{rng.randrange(10**9):09d}"
    check = cnpj.calc_check_digits(digits) if company else cpf._calc_check_digits(digits)
    handle = _plain(name.split()[0]).lower()
    return Person(
        f"c{number}",
        name,
        digits + check,
        f"({rng.randint(11, 99)}) 9{rng.randrange(10**4):04d}-{rng.randrange(10**4):04d}",
        f"{handle}{number}@exemplo.com.br",
    )


def _person_name(rng: Random) -> str:
    middle = rng.choices((0, 1, 2), (20, 55, 25))[0]
    words = [_early(rng, vocabulary.FIRST_NAMES)]
    if rng.random() < 0.25:
        words.append(_early(rng, vocabulary.FIRST_NAMES))
    for _ in range(middle + 1):
        if rng.random() < 0.3:
            words.append(rng.choice(("da", "de", "dos")))
        words.append(_early(rng, vocabulary.SURNAMES))
    return " ".join(words)


def _company_name(rng: Random) -> str:
    head = (
        f"{_early(rng, vocabulary.SURNAMES)} e {_early(rng, vocabulary.SURNAMES)}"
        if rng.random() < 0.5
        else f"{rng.choice(vocabulary.FANCY)} {_early(rng, vocabulary.SURNAMES)}"
    )
    return f"{head} {rng.choice(vocabulary.TRADES)} {rng.choice(vocabulary.LEGAL_FORMS)}"


def _early(rng: Random, words: list[str]) -> str:
    """Return a word, the early ones much more often."""
    return words[int(len(words) * rng.random() ** 1.8)]


def shown_name(rng: Random, someone: Person) -> str:
    """Return the name as a bank prints it: in capitals, mostly without accents, often cut, sometimes abbreviated or mistyped."""
    words = someone.name.split()
    if rng.random() < 0.5:
        words = _without_legal_form(words)
    if rng.random() < 0.2 and len(words) > 2 and not someone.company:
        words = [words[0], *(w if w.islower() else w[0] for w in words[1:-1]), words[-1]]
    text = " ".join(words)
    if rng.random() < 0.85:
        text = _plain(text)
    if rng.random() < 0.15:
        text = _mistyped(rng, text)
    text = text.upper()
    if rng.random() < 0.5:
        text = text[: rng.randint(20, 30)].strip()
    return rng.choice(vocabulary.PREFIXES) + text if rng.random() < 0.3 else text


def shown_document(rng: Random, someone: Person) -> str:
    """Return the document as a bank shows it: in full (45 %), a person's masked (20 %), otherwise not at all."""
    draw = rng.random()
    if draw < 0.45:
        return someone.document
    if draw < 0.65 and not someone.company:
        return f"***{someone.document[3:9]}**"
    return ""


def _without_legal_form(words: list[str]) -> list[str]:
    while len(words) > 2 and words[-1] in " ".join(vocabulary.LEGAL_FORMS).split():
        words = words[:-1]
    return words


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _mistyped(rng: Random, text: str) -> str:
    at = rng.randrange(1, max(2, len(text) - 1))
    kind = rng.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + rng.choice(TYPO_LETTERS) + text[at + 1 :]
    return text[: at - 1] + text[at : at + 1] + text[at - 1 : at] + text[at + 1 :]
