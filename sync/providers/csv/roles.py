"""What the column names of banks mean."""

import re
from typing import Literal

from sync.providers.memo import plain

Role = Literal[
    "date",
    "amount",
    "credit",
    "debit",
    "side",
    "description",
    "reference",
    "identifier",
    "balance",
    "name",
    "document",
]

_NAMES: dict[Role, str] = {
    "date": "data, date, dt, dia, data mov, data movimento, data movimentacao, data lancamento, data do lancamento, data transacao, "
    "data da transacao, data operacao, data da operacao, data hora, data e hora, data contabil, release date, transaction date, posted date",
    "amount": "valor, valor r, valor brl, valor em r, valor rs, amount, quantia, montante, valor lancamento, valor do lancamento, "
    "valor movimentacao, valor transacao, valor da transacao, valor liquido, transaction net amount, net amount, value",
    "credit": "credito, credito r, creditos, credit, entrada, entradas, entrada r, entradas r, valor credito, valor entrada",
    "debit": "debito, debito r, debitos, debit, saida, saidas, saida r, saidas r, valor debito, valor saida",
    "side": "d c, c d, dc, cd, deb cred, debito credito, credito debito, tipo, tipo lancamento, tipo de lancamento, tipo de transacao, "
    "tipo transacao, natureza, sinal, operacao, entrada saida, type, debit credit",
    "description": "historico, descricao, lancamento, lancamentos, description, title, memo, detalhe, detalhes, complemento, estabelecimento, "
    "descricao lancamento, descricao do lancamento, historico complementar, historico lancamento, transaction type, movimentacao",
    "reference": "docto, dcto, doc, documento, nr doc, n doc, no doc, numero doc, numero documento, numero do documento, n documento, "
    "nr documento, num documento, no documento, reference id, referencia, reference, cheque",
    "identifier": "identificador, id, id transacao, id da transacao, transaction id, fitid, codigo da transacao, codigo transacao, uuid",
    "balance": "saldo, saldo r, saldos r, saldo apos, saldo do dia, balance, partial balance, saldo parcial, saldo final",
    "name": "nome, favorecido, beneficiario, contraparte, nome favorecido, nome do favorecido, pagador, remetente, razao social, "
    "remetente destinatario, origem destino, nome contraparte, counterparty",
    "document": "cpf cnpj, cnpj cpf, cpf, cnpj, cpf cnpj favorecido, cpf cnpj contraparte, documento contraparte",
}
_ROLES: dict[str, Role] = {name.strip(): role for role, names in _NAMES.items() for name in names.split(",")}
_CREDIT = frozenset(
    "c cr cred credito credit entrada entradas receita recebimento recebido deposito".split()
) | {"+"}
_DEBIT = frozenset("d db deb debito debit saida saidas despesa pagamento enviado retirada".split()) | {"-"}


def role_of(header: str) -> Role | None:
    """Return what a column with this name holds, or None. A name that lost its accents to a wrong encoding is still known."""
    if "�" in header:
        return _damaged(header)
    name = plain(header)
    found = _ROLES.get(name)
    if found is None and name.startswith("data "):
        return "date"
    return found


def side_of(cell: str) -> int | None:
    """Return 1 for a cell that says credit, -1 for debit, None for anything else."""
    word = cell.strip() if cell.strip() in ("+", "-") else plain(cell)
    return 1 if word in _CREDIT else -1 if word in _DEBIT else None


def _damaged(header: str) -> Role | None:
    words = [plain(part) for part in header.split("�")]
    pattern = re.compile(".".join(re.escape(word) for word in words))
    return next((role for name, role in _ROLES.items() if pattern.fullmatch(name)), None)
