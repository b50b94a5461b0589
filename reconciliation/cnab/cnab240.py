"""CNAB 240: a header, lots of records with segments, a trailer. A title is a segment T and the segment U behind it."""

from reconciliation.cnab.banks import ALIASES, CNAB240, STANDARD
from reconciliation.cnab.entries import Entries, branch_and_account, company_document, expect_bank
from reconciliation.cnab.fields import Line, Row, table
from reconciliation.cnab.layouts import Layout240
from reconciliation.cnab.records import CnabError, ReturnFile
from sync.providers.statement import Notes, Sentence

_COLLECTION = "01"  # kind of service, positions 10 and 11 of a lot's header
_TRAILER = table(("lots", 18, 23, "count"), ("records", 24, 29, "count"))
_LOT_TRAILER = table(("records", 18, 23, "count"))
_OPTIONAL = frozenset("YS")  # cheques, sharing, Pix, messages: nothing that settles a title


def read_240(lines: list[Line], notes: Notes) -> ReturnFile:
    """Return the file. Raises CnabError: not a return, cut off, segments out of order, no lot of collection in it."""
    bank, layout = _layout(lines[0], notes)
    for line in lines:
        expect_bank(line, lines[0].at(1, 3))
    if len(lines) < 2 or lines[-1].at(8, 8) != "9":
        raise CnabError(
            Sentence(
                "The file ends at line %(line)d without its trailer: it is cut off.", line=lines[-1].number
            )
        )
    header = Row(lines[0], layout.header, notes, strict=False)
    reader = _Lots(layout, notes)
    for line in lines[1:-1]:
        reader.take(line)
    reader.end(lines[-1])
    _check_trailer(Row(lines[-1], _TRAILER, notes, strict=False), reader.lots, len(lines), notes)
    branch, account = branch_and_account(header, reader.first)
    return ReturnFile(
        bank=bank,
        layout="cnab240",
        company=header.name("company"),
        company_document=company_document(header, None),
        branch=branch,
        account=account,
        agreement=header.name("agreement"),
        generated_on=header.day("generated_on"),
        sequence=header.count("sequence"),
        records=reader.entries.finish(),
        warnings=notes.all(),
    )


def _layout(header: Line, notes: Notes) -> tuple[str, Layout240]:
    """Return the bank's code and its layout, the standard where it has none of its own."""
    direction = header.at(143, 143)
    if direction == "1":
        raise CnabError(
            Sentence(
                "This is a remittance, the company's file to the bank; the return file is the answer to it."
            )
        )
    if direction != "2":
        notes.add(
            Sentence(
                "Line 1: position 143 is “%(code)s” instead of 2; the header is shifted or not from the bank.",
                code=direction,
            )
        )
    code = ALIASES.get(header.at(1, 3), header.at(1, 3))
    if code not in CNAB240:
        notes.add(
            Sentence(
                "Bank %(bank)s has no table of its own here; the file is read by the FEBRABAN standard.",
                bank=code,
            )
        )
    return code, CNAB240.get(code, STANDARD)


class _Lots:
    """Reads the records between header and trailer, one after the other."""

    def __init__(self, layout: Layout240, notes: Notes) -> None:
        self.layout = layout
        self.notes = notes
        self.entries = Entries(layout, notes, None)
        self.first: Row | None = None
        self.lots = 0
        self._collections = 0
        self._open: Line | None = None  # header of the lot that is being read
        self._records = 0
        self._service = ""
        self._title: Row | None = None  # a segment T that waits for its U
        self._passed = set(_OPTIONAL)

    def take(self, line: Line) -> None:
        """Read one record."""
        self._records += 1
        match line.at(8, 8):
            case "1":
                self._begin(line)
            case "5":
                self._close(line)
            case "2" | "3" | "4" if self._open is not None:
                if self._service == _COLLECTION and line.at(8, 8) == "3":
                    self._segment(line)
            case kind:
                raise CnabError(
                    Sentence(
                        "Line %(line)d: a record of type “%(kind)s” does not belong here.",
                        line=line.number,
                        kind=kind,
                    )
                )

    def end(self, trailer: Line) -> None:
        """Check that the file is whole. Raises CnabError when a lot is open or no lot was of collection."""
        if self._open is not None:
            raise CnabError(
                Sentence(
                    "Line %(line)d: the file ends inside a lot, whose trailer is missing.",
                    line=trailer.number,
                )
            )
        if not self._collections:
            raise CnabError(
                Sentence("The file holds no lot of collection: it is a return of payments or a statement.")
            )

    def _begin(self, line: Line) -> None:
        if self._open is not None:
            raise CnabError(
                Sentence("Line %(line)d: a lot begins before the last one has ended.", line=line.number)
            )
        self._open, self._records, self._service = line, 1, line.at(10, 11)
        self.lots += 1
        if self._service == _COLLECTION:
            self._collections += 1
            self.entries.credited_on = Row(line, self.layout.lot, self.notes).day("credited_on")
            return
        self.notes.add(
            Sentence(
                "Line %(line)d: a lot of service “%(service)s” is no collection; it is skipped.",
                line=line.number,
                service=self._service,
            )
        )

    def _segment(self, line: Line) -> None:
        segment = line.at(14, 14).upper()
        if segment == "T":
            self._flush()
            self._title = Row(line, self.layout.segment_t, self.notes)
            self.first = self.first or self._title
        elif segment == "U":
            self._pair(line)
        elif segment not in self._passed:
            self._passed.add(segment)
            self.notes.add(
                Sentence(
                    "Line %(line)d: segment “%(segment)s” is not read.", line=line.number, segment=segment
                )
            )

    def _pair(self, line: Line) -> None:
        title, self._title = self._title, None
        if title is None:
            raise CnabError(
                Sentence(
                    "Line %(line)d: a segment U without its segment T: what was paid cannot be told.",
                    line=line.number,
                )
            )
        if title.text("occurrence") != line.at(16, 17).strip():
            raise CnabError(
                Sentence(
                    "Line %(line)d: segment U has occurrence “%(u)s”, the segment T before it “%(t)s”.",
                    line=line.number,
                    u=line.at(16, 17),
                    t=title.text("occurrence"),
                )
            )
        row = title.joined(Row(line, self.layout.segment_u, self.notes))
        self.entries.add(row, self.layout.nosso_numero(row))

    def _flush(self) -> None:
        """Keep a segment T that has no U: its amounts stay unknown."""
        if self._title is None:
            return
        self.notes.add(
            Sentence(
                "Line %(line)d: a segment T without its segment U: what was paid is unknown.",
                line=self._title.line.number,
            )
        )
        self.entries.add(self._title, self.layout.nosso_numero(self._title))
        self._title = None

    def _close(self, line: Line) -> None:
        if self._open is None:
            raise CnabError(Sentence("Line %(line)d: a lot ends that has not begun.", line=line.number))
        self._flush()
        told = Row(line, _LOT_TRAILER, self.notes, strict=False).count("records")
        right = {self._records, self._records - 2} if self.layout.lot_counts_details else {self._records}
        if told is not None and told not in right:
            self.notes.add(
                Sentence(
                    "Line %(line)d: the lot's trailer counts %(told)d records, the lot has %(found)d.",
                    line=line.number,
                    told=told,
                    found=self._records,
                )
            )
        self._open = None


def _check_trailer(trailer: Row, lots: int, records: int, notes: Notes) -> None:
    """Note counts of the file's trailer that do not fit."""
    told_lots, told_records = trailer.count("lots"), trailer.count("records")
    if told_lots is not None and told_lots != lots:
        notes.add(
            Sentence(
                "Line %(line)d: the trailer counts %(told)d lots, the file has %(found)d.",
                line=trailer.line.number,
                told=told_lots,
                found=lots,
            )
        )
    if told_records is not None and told_records != records:
        notes.add(
            Sentence(
                "Line %(line)d: the trailer counts %(told)d records, the file has %(found)d.",
                line=trailer.line.number,
                told=told_records,
                found=records,
            )
        )
