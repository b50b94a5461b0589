"""The older year as OFX files, one for each account and quarter, each in the dialect of its bank."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sync.sandbox.companies import BY_KEY, AccountSpec
from sync.sandbox.generator.people import as_bank_writes

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox
    from sync.sandbox.generator.scene import Scene

_ORGS = {
    "341": "Banco Itaú S/A",
    "237": "Banco Bradesco S/A",
    "001": "Banco do Brasil S/A",
    "077": "Banco Inter S/A",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A file: first and last day are both in it."""

    name: str
    company: str
    account: str
    first: date
    last: date

    def as_json(self) -> dict[str, str]:
        """Return what `/control/statements` lists."""
        return {
            "name": self.name, "company": self.company, "account": self.account, "first_day": self.first.isoformat(), "last_day": self.last.isoformat(),
            "path": f"/control/statements/{self.name}",
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a file. Cents are from the account's point of view: money in is positive."""

    day: date
    cents: int
    fitid: str
    memo: str


def list_statements(sandbox: "Sandbox", company: str | None = None) -> list[Statement]:
    """Return the files of all companies or one. They end the day before the first day that the API serves."""
    found = []
    for key in [company] if company else list(sandbox.companies):
        scene = sandbox.scene(key)
        for account in scene.spec.accounts:
            first, end = scene.span.start, scene.span.window_start - timedelta(days=1)
            while first <= end:
                last = min(end, _quarter_end(first))
                name = f"{key}-{account.key}-{first.year}T{(first.month - 1) // 3 + 1}.ofx"
                found.append(Statement(name, key, account.key, first, last))
                first = last + timedelta(days=1)
    return found


def _quarter_end(day: date) -> date:
    month = (day.month - 1) // 3 * 3 + 4
    return date(day.year + (month > 12), 1 if month > 12 else month, 1) - timedelta(days=1)


def render(sandbox: "Sandbox", statement: Statement) -> bytes:
    """Return the bytes of a file."""
    scene = sandbox.scene(statement.company)
    account = next(a for a in BY_KEY[statement.company].accounts if a.key == statement.account)
    entries, balance = _entries(sandbox, scene, account, statement)
    if account.kind == "card":
        return _card(account, statement, entries, balance)
    return {"341": _itau, "237": _bradesco, "001": _bb, "077": _inter}[account.bank](
        account, statement, entries, balance
    )


def _entries(
    sandbox: "Sandbox", scene: "Scene", account: AccountSpec, statement: Statement
) -> tuple[list[Entry], int]:
    """Return the lines of the span and the balance at its end, both from the account's point of view."""
    sign = -1 if account.kind == "card" else 1
    first_id = scene.company.accounts[account.key]
    query = "SELECT day, cents, fitid, memo FROM lines WHERE account = ? AND day >= ? AND day <= ? ORDER BY day, sequence, id"
    rows = sandbox.store.all(query, (first_id, statement.first.isoformat(), statement.last.isoformat()))
    total = sandbox.store.one(
        "SELECT coalesce(sum(cents), 0) FROM lines WHERE account = ? AND day <= ?",
        (first_id, statement.last.isoformat()),
    )
    balance = scene.fixed(account.opening_cents) + (total[0] if total else 0)
    return [
        Entry(date.fromisoformat(day), sign * cents, fitid, memo) for day, cents, fitid, memo in rows
    ], sign * balance


def _header(encoding: str, charset: str, *, blank: bool = True) -> str:
    lines = (
        "OFXHEADER:100",
        "DATA:OFXSGML",
        "VERSION:102",
        "SECURITY:NONE",
        f"ENCODING:{encoding}",
        f"CHARSET:{charset}",
        "COMPRESSION:NONE",
        "OLDFILEUID:NONE",
        "NEWFILEUID:NONE",
    )
    return "\r\n".join(lines) + ("\r\n\r\n" if blank else "\r\n")


def _signon(bank: str, server: str) -> str:
    return (
        f"<OFX>\r\n<SIGNONMSGSRSV1>\r\n<SONRS>\r\n<STATUS>\r\n<CODE>0\r\n<SEVERITY>INFO\r\n</STATUS>\r\n<DTSERVER>{server}\r\n<LANGUAGE>POR\r\n"
        f"<FI>\r\n<ORG>{_ORGS[bank]}\r\n<FID>{bank}\r\n</FI>\r\n</SONRS>\r\n</SIGNONMSGSRSV1>\r\n"
    )


def _itau(account: AccountSpec, statement: Statement, entries: list[Entry], balance: int) -> bytes:
    """Unclosed tags, a bank id with a zero too many, local time with a zone, the balance in cents without a separator; ASCII."""
    rows = "".join(
        f"<STMTTRN>\r\n<TRNTYPE>{'CREDIT' if e.cents > 0 else 'DEBIT'}\r\n<DTPOSTED>{e.day:%Y%m%d}100000[-03:EST]\r\n<TRNAMT>{e.cents / 100:.2f}\r\n"
        f"<FITID>{e.fitid}\r\n<CHECKNUM>{e.fitid}\r\n<MEMO>{_sgml(e.memo)}\r\n</STMTTRN>\r\n"
        for e in entries
    )
    number = f"{account.branch}{account.number.replace('-', '')}"
    body = (
        f"{_signon('341', f'{statement.last:%Y%m%d}100000[-03:EST]')}<BANKMSGSRSV1>\r\n<STMTTRNRS>\r\n<TRNUID>1001\r\n<STATUS>\r\n<CODE>0\r\n<SEVERITY>INFO\r\n</STATUS>\r\n"
        f"<STMTRS>\r\n<CURDEF>BRL\r\n<BANKACCTFROM>\r\n<BANKID>0341\r\n<ACCTID>{number}\r\n<ACCTTYPE>CHECKING\r\n</BANKACCTFROM>\r\n<BANKTRANLIST>\r\n"
        f"<DTSTART>{statement.first:%Y%m%d}100000[-03:EST]\r\n<DTEND>{statement.last:%Y%m%d}100000[-03:EST]\r\n{rows}</BANKTRANLIST>\r\n<LEDGERBAL>\r\n"
        f"<BALAMT>{balance}\r\n<DTASOF>{statement.last:%Y%m%d}100000[-03:EST]\r\n</LEDGERBAL>\r\n</STMTRS>\r\n</STMTTRNRS>\r\n</BANKMSGSRSV1>\r\n</OFX>\r\n"
    )
    return (_header("USASCII", "1252") + as_plain(body)).encode("ascii")


def as_plain(text: str) -> str:
    """Return the text without accents, case kept."""
    return "".join(
        sign
        if sign.isascii()
        else as_bank_writes(sign.upper()).lower()
        if sign.islower()
        else as_bank_writes(sign)
        for sign in text
    )


def _bradesco(account: AccountSpec, statement: Statement, entries: list[Entry], balance: int) -> bytes:
    """Unclosed tags, decimal comma, an empty server date, ASCII in the header but UTF-8 in the text."""
    rows = "".join(
        f"<STMTTRN>\r\n<TRNTYPE>{'CREDIT' if e.cents > 0 else 'DEBIT'}\r\n<DTPOSTED>{e.day:%Y%m%d}120000\r\n<TRNAMT>{e.cents / 100:.2f}\r\n".replace(
            ".", ","
        )
        + f"<FITID>{e.fitid}\r\n<CHECKNUM>{e.fitid[1:]}\r\n<MEMO>{_sgml(_accented(e.memo))}\r\n</STMTTRN>\r\n"
        for e in entries
    )
    body = (
        f"{_signon('237', '00000000000000')}<BANKMSGSRSV1>\r\n<STMTTRNRS>\r\n<TRNUID>1001\r\n<STATUS>\r\n<CODE>0\r\n<SEVERITY>INFO\r\n</STATUS>\r\n"
        f"<STMTRS>\r\n<CURDEF>BRL\r\n<BANKACCTFROM>\r\n<BANKID>0237\r\n<ACCTID>{account.branch}/{account.number}\r\n<ACCTTYPE>CHECKING\r\n</BANKACCTFROM>\r\n"
        f"<BANKTRANLIST>\r\n<DTSTART>{statement.first:%Y%m%d}120000\r\n<DTEND>{statement.last:%Y%m%d}120000\r\n{rows}</BANKTRANLIST>\r\n<LEDGERBAL>\r\n"
        f"<BALAMT>{_comma(balance)}\r\n<DTASOF>00000000000000\r\n</LEDGERBAL>\r\n</STMTRS>\r\n</STMTTRNRS>\r\n</BANKMSGSRSV1>\r\n</OFX>\r\n"
    )
    return (_header("USASCII", "1252") + body).encode("utf-8")


def _accented(memo: str) -> str:
    return (
        memo.replace("DEVOLUCAO", "DEVOLUÇÃO")
        .replace("LIQUIDACAO DE COBRANCA", "LIQUIDAÇÃO DE COBRANÇA")
        .replace("COBRANCA", "COBRANÇA")
    )


def _comma(cents: int) -> str:
    return f"{cents / 100:.2f}".replace(".", ",")


def _bb(account: AccountSpec, statement: Statement, entries: list[Entry], balance: int) -> bytes:
    """Indented, padded values, balance rows that are no movement, FITIDs built from day and amount; cp1252."""
    opening = balance - sum(entry.cents for entry in entries)
    # The document number tells two payments apart that agree in all else: with it they are no repeat of one row.
    rows = _bb_row("OTHER", statement.first, opening, "", 0, "Saldo Anterior") + "".join(
        _bb_row("CREDIT" if e.cents > 0 else "DEBIT", e.day, e.cents, e.fitid, number, e.memo)
        for number, e in enumerate(entries, 100_001)
    )
    rows += _bb_row("OTHER", statement.last, balance, "", 0, "Saldo do dia")
    body = (
        f"{_signon('001', f'{statement.last:%Y%m%d}')}<BANKMSGSRSV1>\r\n <STMTTRNRS>\r\n  <TRNUID>0\r\n  <STATUS>\r\n   <CODE>0\r\n   <SEVERITY>INFO\r\n  </STATUS>\r\n"
        f"  <STMTRS>\r\n   <CURDEF>BRL\r\n   <BANKACCTFROM>\r\n    <BANKID>001\r\n    <BRANCHID>{account.branch}\r\n    <ACCTID>{account.number} \r\n    <ACCTTYPE>CHECKING\r\n"
        f"   </BANKACCTFROM>\r\n   <BANKTRANLIST>\r\n    <DTSTART>{statement.first:%Y%m%d} \r\n    <DTEND>{statement.last:%Y%m%d} \r\n{rows}   </BANKTRANLIST>\r\n"
        f"   <LEDGERBAL>\r\n    <BALAMT>{balance / 100:.2f} \r\n    <DTASOF>{statement.last:%Y%m%d} \r\n   </LEDGERBAL>\r\n  </STMTRS>\r\n </STMTTRNRS>\r\n</BANKMSGSRSV1>\r\n</OFX>\r\n"
    )
    return (_header("USASCII", "1252", blank=False) + body).encode("cp1252", errors="replace")


def _bb_row(kind: str, day: date, cents: int, fitid: str, document: int, memo: str) -> str:
    return (
        f"    <STMTTRN>\r\n     <TRNTYPE>{kind} \r\n     <DTPOSTED>{day:%Y%m%d} \r\n     <TRNAMT>{cents / 100:.2f} \r\n     <FITID>{fitid} \r\n"
        f"     <CHECKNUM>{document} \r\n     <MEMO>{_sgml(memo):<32} \r\n    </STMTTRN>\r\n"
    )


def _inter(account: AccountSpec, statement: Statement, entries: list[Entry], balance: int) -> bytes:
    """OFX 2: XML with closed tags, UTF-8, the counterparty in NAME."""
    rows = "".join(
        f"<STMTTRN><TRNTYPE>{'CREDIT' if e.cents > 0 else 'PAYMENT'}</TRNTYPE><DTPOSTED>{e.day:%Y%m%d}</DTPOSTED><TRNAMT>{e.cents / 100:.2f}</TRNAMT>"
        f"<FITID>{e.fitid}</FITID><NAME>{_sgml(e.memo.split('-')[-1][:32])}</NAME><MEMO>{_sgml(e.memo)}</MEMO></STMTTRN>\n"
        for e in entries
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
        f"<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS><DTSERVER>{statement.last:%Y%m%d}</DTSERVER><LANGUAGE>POR</LANGUAGE>"
        f"<FI><ORG>{_ORGS['077']}</ORG><FID>077</FID></FI></SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><TRNUID>1</TRNUID><STATUS><CODE>0</CODE>"
        f"<SEVERITY>INFO</SEVERITY></STATUS><STMTRS><CURDEF>BRL</CURDEF><BANKACCTFROM><BANKID>077</BANKID><BRANCHID>{account.branch}</BRANCHID>"
        f"<ACCTID>{account.number}</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM><BANKTRANLIST><DTSTART>{statement.first:%Y%m%d}</DTSTART>"
        f"<DTEND>{statement.last:%Y%m%d}</DTEND>\n{rows}</BANKTRANLIST><LEDGERBAL><BALAMT>{balance / 100:.2f}</BALAMT><DTASOF>{statement.last:%Y%m%d}</DTASOF>"
        "</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    )
    return text.encode("utf-8")


def _card(account: AccountSpec, statement: Statement, entries: list[Entry], balance: int) -> bytes:
    """A card: purchases negative as in every OFX, an ampersand that nobody escaped, cp1252."""
    rows = "".join(
        f"<STMTTRN>\r\n<TRNTYPE>{'PAYMENT' if e.cents > 0 else 'DEBIT'}\r\n<DTPOSTED>{e.day:%Y%m%d}000000[-3:BRT]\r\n<TRNAMT>{e.cents / 100:.2f}\r\n"
        f"<FITID>{e.fitid}\r\n<MEMO>{e.memo.replace(' *', '&')}\r\n</STMTTRN>\r\n"
        for e in entries
    )
    body = (
        f"{_signon(account.bank, f'{statement.last:%Y%m%d}')}<CREDITCARDMSGSRSV1>\r\n<CCSTMTTRNRS>\r\n<TRNUID>1\r\n<STATUS>\r\n<CODE>0\r\n<SEVERITY>INFO\r\n</STATUS>\r\n"
        f"<CCSTMTRS>\r\n<CURDEF>BRL\r\n<CCACCTFROM>\r\n<ACCTID>{account.number}\r\n</CCACCTFROM>\r\n<BANKTRANLIST>\r\n<DTSTART>{statement.first:%Y%m%d}\r\n"
        f"<DTEND>{statement.last:%Y%m%d}\r\n{rows}</BANKTRANLIST>\r\n<LEDGERBAL>\r\n<BALAMT>{balance / 100:.2f}\r\n<DTASOF>{statement.last:%Y%m%d}\r\n"
        "</LEDGERBAL>\r\n</CCSTMTRS>\r\n</CCSTMTTRNRS>\r\n</CREDITCARDMSGSRSV1>\r\n</OFX>\r\n"
    )
    return (_header("USASCII", "1252") + body).encode("cp1252", errors="replace")


def _sgml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
