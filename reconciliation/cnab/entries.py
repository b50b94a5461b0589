"""From read fields to an Entry: the bank's code becomes a meaning, days and amounts their place."""

from datetime import date

from lib.documents import is_cpf
from reconciliation.cnab.fields import Line, Row
from reconciliation.cnab.layouts import BankLayout
from reconciliation.cnab.records import CnabError, Entry, Meaning
from sync.providers.statement import Notes, Sentence


class Entries:
    """The entries of one file as they are read, and what is odd about several of them at once."""

    def __init__(self, layout: BankLayout, notes: Notes, credited_on: date | None) -> None:
        """Start an empty list. `credited_on`: the header's day, for settlements that have none of their own."""
        self.layout = layout
        self.notes = notes
        self.credited_on = credited_on
        self.kept: list[Entry] = []
        self._unknown: dict[str, list[int]] = {}
        self._wrong_digits: list[tuple[int, str]] = []

    def add(self, row: Row, nosso_numero: str) -> None:
        """Keep the entry of one title. Raises CnabError when there is no occurrence code, for then nothing about the line is sure."""
        code = row.text("occurrence")
        if len(code) != 2:
            raise CnabError(
                Sentence(
                    "Line %(line)d has no occurrence code: its fields are shifted.", line=row.line.number
                )
            )
        meaning = self.layout.meanings.get(code, "unknown")
        if meaning == "unknown":
            self._unknown.setdefault(code, []).append(row.line.number)
        if self.layout.check_digit(row) == "wrong":
            self._wrong_digits.append((row.line.number, nosso_numero))
        self.kept.append(self._entry(row, nosso_numero, code, meaning))

    def _entry(self, row: Row, nosso_numero: str, code: str, meaning: Meaning) -> Entry:
        paid, net = self.layout.amounts(row)
        occurred, settled = row.day("occurred_on"), meaning == "settled"
        return Entry(
            nosso_numero=nosso_numero if nosso_numero.strip("0") else "",
            document_number=row.name("document_number"),
            company_use=row.name("company_use"),
            payer_name=row.name("payer_name"),
            payer_document=document(row.text("payer_document"), row.text("payer_kind")),
            occurrence=code,
            meaning=meaning,
            reasons=reasons(row.text("reasons"), self.layout.reason_width),
            due_date=row.day("due_date"),
            occurred_on=occurred,
            paid_on=occurred if settled else None,
            credited_on=row.day("credited_on") or (self.credited_on if settled else None),
            face=row.money("face"),
            paid=paid,
            net=net,
            interest=row.money("interest"),
            fine=row.money("fine"),
            discount=row.money("discount"),
            rebate=row.money("rebate"),
            iof=row.money("iof"),
            fee=row.money("fee"),
            other_costs=row.money("other_costs"),
            other_credits=row.money("other_credits"),
            line_number=row.line.number,
        )

    def finish(self) -> tuple[Entry, ...]:
        """Return the entries; note the unknown codes and the wrong check digits, each kind once with its first line."""
        for code, lines in self._unknown.items():
            self.notes.add(
                Sentence(
                    "The bank's table has no occurrence “%(code)s”: %(count)d lines, the first is line %(line)d; they are kept as unknown.",
                    line=lines[0],
                    code=code,
                    count=len(lines),
                )
            )
        if self._wrong_digits:
            line, number = self._wrong_digits[0]
            self.notes.add(
                Sentence(
                    "Nosso números with a wrong check digit: %(count)d, the first is %(number)s on line %(line)d.",
                    line=line,
                    number=number,
                    count=len(self._wrong_digits),
                )
            )
        return tuple(self.kept)


def document(text: str, kind: str = "") -> str:
    """Return a CPF or CNPJ from a field that is wider than it, "" when blank or zeros. `kind`: 1 or 01 is a CPF, 2 or 02 a CNPJ."""
    word = text.strip().upper()
    if not word.strip("0"):
        return ""
    match kind.lstrip("0"):
        case "1":
            return word[-11:]
        case "2":
            return word[-14:]
    short = word[-11:]
    return short if len(word) >= 11 and not word[:-11].strip("0") and is_cpf(short) else word[-14:]


def reasons(text: str, width: int) -> tuple[str, ...]:
    """Return the reason codes of a field without its empty ones; width 0 is free text."""
    if not width:
        return (text,) if text else ()
    parts = (text[start : start + width].strip() for start in range(0, len(text), width))
    return tuple(part for part in parts if part.strip("0"))


def company_document(row: Row, entry: Row | None) -> str:
    """Return the company's CPF or CNPJ from the header, or from its first entry where the header has none."""
    return document(row.text("company_document")) or (
        document(entry.text("company_document")) if entry else ""
    )


def branch_and_account(header: Row, entry: Row | None) -> tuple[str, str]:
    """Return branch and account, check digits after a dash, from the header or else from the first entry."""
    branch = _dashed(header.name("branch"), header.text("branch_digit"))
    account = _dashed(header.name("account"), header.text("account_digit"))
    if entry and not account:
        account = _dashed(entry.name("entry_account"), entry.text("entry_account_digit"))
    if entry and not branch:
        branch = entry.name("entry_branch")
    return branch, account


def expect_bank(line: Line, bank: str) -> None:
    """Raise CnabError when a record names another bank than the header: it is shifted, or of another file."""
    named = line.at(1, 3)
    if named != bank:
        raise CnabError(
            Sentence(
                "Line %(line)d is of bank “%(named)s”, the header of bank “%(bank)s”.",
                line=line.number,
                named=named,
                bank=bank,
            )
        )


def _dashed(number: str, digit: str) -> str:
    return f"{number}-{digit}" if number and digit else number
