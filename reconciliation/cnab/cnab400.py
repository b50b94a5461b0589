"""CNAB 400: a header (0), one line for each title, a trailer (9). Where each field stands is the bank's own choice."""

from decimal import Decimal

from reconciliation.cnab.banks import ALIASES, CNAB400
from reconciliation.cnab.entries import Entries, branch_and_account, company_document
from reconciliation.cnab.fields import Line, Row
from reconciliation.cnab.layouts import Layout400, Total
from reconciliation.cnab.records import CnabError, Entry, ReturnFile
from sync.providers.statement import Notes, Sentence


def read_400(lines: list[Line], notes: Notes) -> ReturnFile:
    """Return the file. Raises CnabError: not a return, a bank without a table, no trailer, records of no known type."""
    layout = _layout(lines[0])
    if len(lines) < 2 or not lines[-1].text.startswith("9"):
        raise CnabError(
            Sentence(
                "The file ends at line %(line)d without its trailer: it is cut off.", line=lines[-1].number
            )
        )
    header = Row(lines[0], layout.header, notes, strict=False)
    rows, entries = _details(lines[1:-1], layout, header, notes)
    _check_sequence(lines, notes)
    trailer = Row(lines[-1], layout.trailer, notes, strict=False)
    for total in layout.totals:
        _check_total(trailer, total, entries, notes)
    first = rows[0] if rows else None
    branch, account = branch_and_account(header, first)
    return ReturnFile(
        bank=layout.bank,
        layout="cnab400",
        company=header.name("company"),
        company_document=company_document(header, first),
        branch=branch,
        account=account,
        agreement=header.name("agreement"),
        generated_on=header.day("generated_on"),
        sequence=header.count("sequence"),
        records=entries,
        warnings=notes.all(),
    )


def _layout(header: Line) -> Layout400:
    """Return the bank's layout by positions 77 to 79 of the header."""
    if header.at(2, 2) != "2":
        raise CnabError(
            Sentence(
                "This is a remittance, the company's file to the bank; the return file is the answer to it."
            )
        )
    code = header.at(77, 79)
    layout = CNAB400.get(ALIASES.get(code, code))
    if layout is None:
        raise CnabError(
            Sentence(
                "Line 1: there is no table for CNAB 400 files of bank “%(bank)s”; known are %(known)s.",
                bank=code,
                known=", ".join(sorted(CNAB400)),
            )
        )
    return layout


def _details(
    lines: list[Line], layout: Layout400, header: Row, notes: Notes
) -> tuple[list[Row], tuple[Entry, ...]]:
    entries = Entries(layout, notes, header.day("credited_on"))
    rows: list[Row] = []
    for line in lines:
        kind = line.text[0]
        if kind == layout.detail_type:
            rows.append(Row(line, layout.detail, notes))
            entries.add(rows[-1], rows[-1].text("nosso_numero"))
        elif kind not in layout.others:
            raise CnabError(
                Sentence(
                    "Line %(line)d: files of bank %(bank)s have no record type “%(kind)s” here.",
                    line=line.number,
                    bank=layout.bank,
                    kind=kind,
                )
            )
    return rows, entries.finish()


def _check_sequence(lines: list[Line], notes: Notes) -> None:
    """Note the first line whose number in the file (395 to 400) is not the next one: lines before it are missing or doubled."""
    for position, line in enumerate(lines, 1):
        written = line.at(395, 400)
        if written.strip() != f"{position:06d}":
            notes.add(
                Sentence(
                    "Line %(line)d is numbered “%(written)s” instead of %(position)d: lines are missing or doubled.",
                    line=line.number,
                    written=written,
                    position=position,
                )
            )
            return


def _check_total(trailer: Row, total: Total, entries: tuple[Entry, ...], notes: Notes) -> None:
    """Note a count or value of the trailer that the entries do not add up to."""
    counted = [one for one in entries if total.occurrences is None or one.occurrence in total.occurrences]
    told = trailer.count(total.count)
    codes = "/".join(sorted(total.occurrences or ("*",)))
    if told is not None and told != len(counted):
        notes.add(
            Sentence(
                "Line %(line)d: the trailer counts %(told)d entries (occurrence %(codes)s), the file has %(found)d.",
                line=trailer.line.number,
                told=told,
                codes=codes,
                found=len(counted),
            )
        )
    value = trailer.money(total.value) if total.value else None
    found = sum((getattr(one, total.of) or Decimal(0) for one in counted), Decimal("0.00"))
    if value is not None and value != found:
        notes.add(
            Sentence(
                "Line %(line)d: the trailer's sum is %(told)s (occurrence %(codes)s), the entries add up to %(found)s.",
                line=trailer.line.number,
                told=str(value),
                codes=codes,
                found=str(found),
            )
        )
