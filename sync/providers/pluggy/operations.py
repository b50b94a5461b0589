"""What kind of movement a bank line is, and whether it is one of the two that are neither revenue nor expense. Enums are open sets."""

import re
from typing import Final

from lib.text import fold
from sync.providers import payload as read
from sync.providers.memo import operation_of, plain
from sync.providers.payload import Payload

_BY_METHOD: Final = {"PIX": "pix", "TED": "ted", "DOC": "doc", "TEV": "transfer", "BOLETO": "boleto"}
# Types of Open Finance Brasil for accounts, and those of Pluggy for cards.
_BY_TYPE: Final = {
    "PIX": "pix", "TED": "ted", "DOC": "doc", "TRANSFERENCIA_MESMA_INSTITUICAO": "transfer", "FOLHA_PAGAMENTO": "transfer",
    "PORTABILIDADE_SALARIO": "transfer", "BOLETO": "boleto", "CONVENIO_ARRECADACAO": "boleto", "CARTAO": "card", "COMPRA": "card",
    "PAGAMENTO_FATURA": "card", "DEPOSITO": "cash", "SAQUE": "cash", "CHEQUE": "check", "PACOTE_TARIFA_SERVICOS": "fee",
    "TARIFA_SERVICOS_AVULSOS": "fee", "TARIFA": "fee", "IOF": "fee", "ENCARGOS_JUROS_CHEQUE_ESPECIAL": "interest",
    "RENDIMENTO_APLIC_FINANCEIRA": "interest", "JUROS": "interest",
}  # fmt: skip
_CARD_PAYMENT_CATEGORY: Final = "05100000"
_SAME_PERSON_CATEGORY: Final = "04"
_BILL: Final = re.compile(
    r"\b(?:fatura|pag|pagto|pgto|pagamento|gastos)\b.*\bcart(?:ao|oes)\b(?!.*\bdebito\b)|\bcart(?:ao|oes)\b.*\bfatura\b"
)
_SAME_PERSON: Final = re.compile(r"\bmesma titular")
# Where payer and receiver are parties of a transfer. On a boleto or fee some banks write the account's holder on both sides.
_TRANSFERS: Final = frozenset({"pix", "ted", "doc", "transfer", "other"})


def operation(row: Payload, *, card: bool) -> str:
    """Return the operation: from the payment method, else the type, else the words of the bank; lines of a card are card lines."""
    kind = read.text(row, "operationType", 60).upper()
    if card:
        return "fee" if _BY_TYPE.get(kind) in ("fee", "interest") else "card"
    method = read.text(read.part(row, "paymentData"), "paymentMethod", 20).upper()
    return _BY_METHOD.get(method) or _BY_TYPE.get(kind) or operation_of(plain(words(row)))


def is_bill_payment(row: Payload, *, card: bool, credit: bool) -> bool:
    """Return whether the line pays a card bill. It shows up twice: leaving the account and, as a credit, on the card."""
    kind = read.text(row, "operationType", 60).upper()
    if kind == "PAGAMENTO_FATURA" or read.text(row, "categoryId", 20) == _CARD_PAYMENT_CATEGORY:
        return True
    if card:
        # Where the bank reports no payment on the card, Pluggy makes one from the bill: "Pagamento recebido".
        return credit and (kind == "PAGAMENTO" or fold(words(row)).startswith("pagamento recebido"))
    return not credit and bool(_BILL.search(fold(words(row))))


def is_own_transfer(
    row: Payload, *, operation: str, party: str, other: str, own_documents: frozenset[str]
) -> bool:
    """Return whether money only moved between accounts of the company.

    `party` is the document of the counterparty, `other` of the side that is us. Two equal documents say it as well, and so does an
    account of the counterparty that is one of the connected ones (`_own`).
    """
    if operation not in _TRANSFERS:
        return False
    if party and "*" not in party and (party in own_documents or party == other):
        return True
    return (
        row.get("_own") is True
        or read.text(row, "categoryId", 20).startswith(_SAME_PERSON_CATEGORY)
        or bool(_SAME_PERSON.search(fold(words(row))))
    )


def words(row: Payload) -> str:
    """Return the bank's own text, or the cleaned one where the bank's is not given."""
    return read.text(row, "descriptionRaw", 500) or read.text(row, "description", 500)
