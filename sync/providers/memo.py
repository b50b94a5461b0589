"""What the free text of a bank line gives away: the operation, the counterparty, its CPF or CNPJ, the EndToEndId. Best effort."""

import re
from dataclasses import dataclass

from lib.documents import is_cnpj, is_cpf, normalize
from lib.text import fold
from sync.providers.statement import Operation

# The first rule that fits wins: a fee for a Pix is a fee, a TED that settles a boleto is a TED.
_FEE = (
    r"^(?:deb(?:ito)? )?(?:de )?(?:tarifas?|tar|cesta|pacote (?:de )?servicos?|anuidade|iof|i o f|encargos?|taxa bancaria)\b"
    r"|^cobranca de i ?o ?f|^debito servico\b|^(?:taxa (?:de )?)?manutencao (?:de |da )?conta\b"
)
_DOC = r"^doc\b(?! \d)|\b(?:transf|transferencia|cred|credito|deb|debito|envio) doc\b|\bdoc (?:eletr|compe|receb|envi)"
_OPERATIONS: tuple[tuple[Operation, re.Pattern[str]], ...] = (
    ("fee", re.compile(_FEE)),
    ("interest", re.compile(r"^(?:juros|rendimentos?|rentab\w*|rem basica|remuneracao|credito de juros)\b")),
    ("pix", re.compile(r"\bpix\b")),
    ("ted", re.compile(r"\bted\b")),
    ("doc", re.compile(_DOC)),
    ("check", re.compile(r"\bcheques?\b|^chq? comp|\bdeposito compe\b")),
    ("cash", re.compile(r"\bsaques?\b|\b(?:dep|deposito) (?:em )?dinheiro\b")),
    ("boleto", re.compile(r"\b(?:boletos?|titulos?|cobranca|pag tit|liq cob)\b")),
    (
        "card",
        re.compile(
            r"\b(?:cartao|visa|mastercard|maestro|elo|amex|hipercard|cielo|redecard|getnet|compra|fatura)\b"
        ),
    ),
    ("transfer", re.compile(r"\b(?:transferencias?|transf|tef)\b")),
)
_BY_TYPE: dict[str, Operation] = {
    "FEE": "fee",
    "SRVCHG": "fee",
    "INT": "interest",
    "CHECK": "check",
    "CASH": "cash",
    "ATM": "cash",
    "POS": "card",
    "XFER": "transfer",
}
_WITH_COUNTERPARTY = frozenset({"pix", "ted", "doc", "boleto", "transfer"})
# Words of the bank before a name. Connectives count only while nothing of the name has been seen.
_BANK_WORDS = frozenset(
    "a agendada agendado bloqueto boleto bx c cc chave cob cobranca code compe conta cp cred credito d da das de deb debito des dest "
    "devolucao devolvida devolvido disponiv do doc dos e efetivado efetuada efetuado eletr eletron eletronica eletronico em emitida "
    "emitido entre enviada enviado envio estorno for if instantanea instantaneo int interbancaria interbancario internet liq liquidacao liquidada liquidado "
    "mesma o outra p pag pagamento pagto para pelo pgto pix por programada programado qr qrcode qrs estatico dinamico realizada realizado "
    "receb recebida recebido recebimento rem sispag str ted tef tit titularidade titulo titulos transf transferencia transfer via".split()
)
_STOPS = frozenset({"agencia", "ag", "conta", "cpf", "cnpj", "cc", "doc", "docto"})
_LABEL = re.compile(
    r"\b(?:rem|des|dest|remetente|destinat[aá]rio|favorecido|pagador|benefici[aá]rio|cp)\s*:\s*(?:\d{6,8}\s*-\s*)?",
    re.IGNORECASE,
)
_GLUED_DAY = re.compile(r"(?<=[A-Za-zÀ-ÿ])(\d{2}/\d{2})\b")
_TRAILING_DAY = re.compile(r"\d{2}/\d{2}\Z", re.ASCII)
_PUNCTUATION = re.compile(r"[^0-9a-z]+")
_BETWEEN = re.compile(r"[-/.:]")
_END_TO_END = re.compile(r"(?<![0-9A-Za-z])E[0-9A-Za-z]{8}[0-9]{12}[0-9A-Za-z]{11}(?![0-9A-Za-z])", re.ASCII)
_DOCUMENT = re.compile(
    r"(?<![0-9A-Za-z*])(?:(?P<written>[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-[0-9]{2}|[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2})"
    r"|(?P<bare>[0-9]{14}|[0-9]{11})"
    r"|(?P<masked>\*{3}\.[0-9]{3}\.[0-9]{3}-\*{2}|\*{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9*]{2}))(?![0-9A-Za-z*])",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Hints:
    """What was found; "" where nothing was."""

    operation: Operation = "other"
    name: str = ""
    document: str = ""
    end_to_end_id: str = ""


def plain(text: str) -> str:
    """Return the text as it is compared: without accents, case, punctuation and a day at its end (Itaú adds one when a row settles)."""
    text = text.rstrip()
    if _TRAILING_DAY.search(text, len(text) - 5 if len(text) > 5 else 0):
        text = text[:-5]
    return _PUNCTUATION.sub(" ", fold(text)).strip()


def hints(text: str, words: str, *, kind: str = "", references: str = "") -> Hints:
    """Return what the text says; `words` is the same text made `plain`.

    `kind` is the OFX TRNTYPE, asked only where the text is silent; `references` may hold an EndToEndId.
    """
    operation = operation_of(words, kind)
    found = _END_TO_END.search(f"{text} {references}") if "E" in text or "E" in references else None
    counterparty = operation in _WITH_COUNTERPARTY
    return Hints(
        operation,
        name_in(text) if counterparty else "",
        document_in(text, bare=counterparty),
        found[0] if found else "",
    )


def operation_of(words: str, kind: str = "") -> Operation:
    """Return the operation that these `plain` words name, or the one of the OFX type, or "other"."""
    for operation, pattern in _OPERATIONS:
        if pattern.search(words):
            return operation
    return _BY_TYPE.get(kind.upper(), "other")


def document_in(text: str, *, bare: bool) -> str:
    """Return the first CPF or CNPJ with right digits, normalized; else a masked one as written (bullets as asterisks); else "".

    Digits without punctuation count only with `bare`: elsewhere they are more often a telephone or a contract.
    """
    masked = ""
    for match in _DOCUMENT.finditer(text.replace("•", "*")):
        if match["masked"]:
            masked = masked or (match["masked"] if len(match["masked"]) == 14 else normalize(match["masked"]))
        elif match["written"] or bare:
            document = normalize(match[0])
            # Banco do Brasil pads a CPF with zeros to the length of a CNPJ.
            for candidate in (document, document.removeprefix("000") if len(document) == 14 else ""):
                if is_cpf(candidate) or is_cnpj(candidate):
                    return candidate
    return masked


def name_in(text: str) -> str:
    """Return the counterparty's name as the bank wrote it, or ""."""
    labels = list(_LABEL.finditer(text))
    rest = text[labels[-1].end() :] if labels else text
    words: list[str] = []
    for token in _GLUED_DAY.sub(r" \1", rest.replace("|", " - ")).split():
        word = token.strip(".,;:\"'()-–")
        is_name = _names(word) or (word == "&" and words != [])
        if words:
            if not is_name or fold(word) in _STOPS:
                break
        elif not is_name or all(part in _BANK_WORDS for part in _BETWEEN.split(fold(word))):
            continue
        words.append(word)
    name = " ".join(words).rstrip(" &")
    return name if sum(map(str.isalpha, name)) >= 3 else ""


def _names(word: str) -> bool:
    """Return whether the word can be part of a name: it has a letter and is neither masked nor an id."""
    if word.isalpha():
        return True
    return (
        any(map(str.isalpha, word))
        and sum(map(str.isdigit, word)) <= 4
        and "*" not in word
        and "•" not in word
    )
