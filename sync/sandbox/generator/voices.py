"""How each bank words a line. Widths and forms follow what Brazilian statements look like: upper case, cut names, dates inside the text."""

from datetime import date

from sync.sandbox.generator.people import as_bank_writes

_ITAU = {
    "pix_in": "PIX TRANSF {n10}{dd}/{mm}", "pix_qr_in": "PIX QRS {n12}{dd}/{mm}", "pix_out": "PIX ENVIADO {n14}", "pix_back": "PIX DEVOLVIDO {n12}",
    "ted_in": "TED {bank}.{branch}{n12}", "ted_out": "TED D {n14}", "boleto_in": "COBRANCA RECEBIDA {n14}", "boleto_out": "PAG BOLETO {n20}",
    "payout": "{extra}", "fee": "TAR {extra}", "tax": "PAG TRIBUTO {extra}", "salary": "SISPAG SALARIOS {n12}", "debit": "DA {extra}",
    "own_in": "TRANSF MESMA TITULARIDADE", "own_out": "TRANSF MESMA TITULARIDADE", "bill": "FATURA CARTAO {extra}", "deposit": "DEP DINHEIRO ATM 0814",
    "yield": "REND PAGO APLIC AUT MAIS",
}  # fmt: skip
_BRADESCO = {
    "pix_in": "TRANSFERENCIA PIX REM: {n20} {dd}/{mm}", "pix_qr_in": "PIX QR CODE DINAMICO REM: {n20} {dd}/{mm}", "pix_out": "TRANSFERENCIA PIX DES: {n20} {dd}/{mm}",
    "pix_back": "DEVOLUCAO PIX {n20}", "ted_in": "TED-TRANSF ELET DISPON REMET.{n20}", "ted_out": "TED DIF.TITUL.CC H.BANK DEST. {n20}",
    "boleto_in": "LIQUIDACAO DE COBRANCA {extra}", "boleto_out": "PAGTO ELETRON COBRANCA {n20}", "payout": "{extra}", "fee": "TARIFA BANCARIA {extra}",
    "tax": "PAGTO ELETRONICO TRIBUTO {extra}", "salary": "FOLHA DE PAGAMENTO {n20}", "debit": "CONTA {extra}", "own_in": "TRANSF ENTRE CONTAS MESMA TITULAR",
    "own_out": "TRANSF ENTRE CONTAS MESMA TITULAR", "bill": "GASTOS CARTAO DE CREDITO {extra}", "deposit": "DEPOSITO EM DINHEIRO", "yield": "RENDIMENTO INVEST FACIL",
}  # fmt: skip
_BB = {
    "pix_in": "Pix - Recebido {dd}/{mm} {hh}:{mi} {doc} {n14}", "pix_qr_in": "Pix-Recebido QR Code {dd}/{mm} {hh}:{mi} {doc} {n14}",
    "pix_out": "Pix - Enviado {dd}/{mm} {hh}:{mi} {n20}", "pix_back": "Pix - Devolução {dd}/{mm} {hh}:{mi} {n20}", "ted_in": "TED-Crédito em Conta {bank} {doc} {n20}",
    "ted_out": "TED Transf.Eletr.Disponiv {n20}", "boleto_in": "Cobrança - Título Liquidado {extra}", "boleto_out": "Pagamento de Boleto {n20}", "payout": "{extra}",
    "fee": "Tarifa {extra}", "tax": "Impostos {extra}", "salary": "Pagamento de Salário {n20}", "debit": "Pagto conta {extra}", "own_in": "Transferência recebida mesma titularidade",
    "own_out": "Transferência enviada mesma titularidade", "bill": "Pagto cartão crédito {extra}", "deposit": "Depósito em dinheiro", "yield": "BB Rende Fácil",
}  # fmt: skip
_INTER = {
    "pix_in": "PIX RECEBIDO - Cp :{ispb}-{name}", "pix_qr_in": "PIX RECEBIDO - Cp :{ispb}-{name}", "pix_out": "PIX ENVIADO - Cp :{ispb}-{name}",
    "pix_back": "DEVOLUCAO PIX - {name}", "ted_in": "TED RECEBIDA - {bank} {branch} {name}", "ted_out": "TED ENVIADA - {name}", "boleto_in": "BOLETO DE COBRANCA RECEBIDO - {name}",
    "boleto_out": "PAGAMENTO DE TITULO - {name}", "payout": "CREDITO DOMICILIO CARTAO - {extra}", "fee": "TARIFA - {extra}", "tax": "PAGAMENTO DARF - {extra}",
    "salary": "PAGAMENTO SALARIO - {name}", "debit": "DEBITO AUTOMATICO - {extra}", "own_in": "PIX RECEBIDO INTERNO - MESMA TITULARIDADE", "own_out": "PIX ENVIADO - MESMA TITULARIDADE",
    "bill": "PAGAMENTO FATURA - {extra}", "deposit": "DEPOSITO BOLETO - {extra}", "yield": "RENDIMENTO CONTA",
}  # fmt: skip
_VOICES = {"341": _ITAU, "237": _BRADESCO, "001": _BB, "077": _INTER}

CLEAN = {
    "pix_in": "Pix recebido", "pix_qr_in": "Pix recebido", "pix_out": "Pix enviado", "pix_back": "Pix devolvido", "ted_in": "TED recebida", "ted_out": "TED enviada",
    "boleto_in": "Boleto recebido", "boleto_out": "Pagamento de boleto", "payout": "Vendas com cartão", "fee": "Tarifa bancária", "tax": "Pagamento de tributo",
    "salary": "Pagamento de salário", "debit": "Débito automático", "own_in": "Transferência entre contas", "own_out": "Transferência entre contas",
    "bill": "Pagamento de fatura", "deposit": "Depósito em dinheiro", "yield": "Rendimento",
}  # fmt: skip
METHODS = {
    "pix_in": "PIX", "pix_qr_in": "PIX", "pix_out": "PIX", "pix_back": "PIX", "ted_in": "TED", "ted_out": "TED", "boleto_in": "BOLETO",
    "boleto_out": "BOLETO", "own_in": "TED", "own_out": "TED", "salary": "TEV",
}  # fmt: skip
CATEGORIES = {
    "pix_in": ("05070000", "Transfer - PIX"), "pix_qr_in": ("05070000", "Transfer - PIX"), "pix_out": ("05070000", "Transfer - PIX"), "pix_back": ("05070000", "Transfer - PIX"),
    "ted_in": ("05080000", "Transfer - TED"), "ted_out": ("05080000", "Transfer - TED"), "boleto_in": ("05010000", "Transfer - Bank slip"),
    "boleto_out": ("05010000", "Transfer - Bank slip"), "payout": ("01050000", "Non-recurring income"), "fee": ("16000000", "Bank fees"), "tax": ("15000000", "Taxes"),
    "salary": ("01010000", "Salary/pro-labore"), "debit": ("17030000", "Utilities"), "own_in": ("04000000", "Same person transfer"), "own_out": ("04000000", "Same person transfer"),
    "bill": ("05100000", "Credit card payment"), "deposit": ("05020000", "Transfer - Cash"), "yield": ("03060000", "Interest and dividends"),
}  # fmt: skip
OPERATIONS = {
    "pix_in": "PIX", "pix_qr_in": "PIX", "pix_out": "PIX", "pix_back": "PIX", "ted_in": "TED", "ted_out": "TED", "boleto_in": "BOLETO", "boleto_out": "BOLETO",
    "payout": "CARTAO", "fee": "TARIFA_SERVICOS_AVULSOS", "tax": "CONVENIO_ARRECADACAO", "salary": "FOLHA_PAGAMENTO", "debit": "CONVENIO_ARRECADACAO",
    "own_in": "TED", "own_out": "TED", "bill": "PAGAMENTO_FATURA", "deposit": "DEPOSITO", "yield": "RENDIMENTO_APLIC_FINANCEIRA",
}  # fmt: skip


def word(
    bank: str,
    kind: str,
    *,
    day: date,
    second: int,
    name: str,
    document: str,
    payer_bank: tuple[str, str, str],
    branch: str,
    extra: str,
) -> str:
    """Return the bank's text for a line."""
    plain = as_bank_writes(name)
    return _VOICES[bank][kind].format(
        name=plain, n10=plain[:10], n12=plain[:12], n14=plain[:14], n20=plain[:20], dd=f"{day.day:02d}", mm=f"{day.month:02d}",
        hh=f"{second // 3600:02d}", mi=f"{second // 60 % 60:02d}", doc=document[:14].rjust(14, "0"), bank=payer_bank[0], ispb=payer_bank[1],
        branch=branch, extra=extra,
    ).rstrip()  # fmt: skip
