"""A CSV statement to a StatementFile."""

import re
from datetime import date
from decimal import Decimal

from lib.money import MoneyError
from sync.providers.amounts import DecimalMark, is_ambiguous, parse_amount
from sync.providers.assembly import Row, account_key, assemble, is_balance, note_ambiguous, unreadable
from sync.providers.csv.mapping import ColumnMapping, guess_mapping
from sync.providers.csv.roles import side_of
from sync.providers.csv.table import MAX_COLUMNS, Cells, CsvTable, read_table
from sync.providers.days import csv_day
from sync.providers.memo import document_in, plain
from sync.providers.statement import MAX_TEXT, AccountKind, Notes, Sentence, StatementAccount, StatementFile

_BRANCH = re.compile(r"\bag(?:[eê]ncia)?\.?\s*:?\s*([0-9]{1,6}(?:-[0-9xX])?)", re.IGNORECASE)
_MANY = 20
_TOTAL = re.compile(r"(?:sub)?tota(?:l|is)\b")
_NUMBER = re.compile(r"\bconta(?: corrente)?\s*[:;,]?\s*\"?([0-9][0-9.]{2,14}(?:-[0-9xX])?)", re.IGNORECASE)


def read_csv(data: bytes, mapping: ColumnMapping | None = None) -> StatementFile:
    """Return what a CSV statement says, by this mapping or else by a guessed one. Raises StatementError, UnknownColumnsError among them."""
    return read_rows(read_table(data), mapping)


def read_rows(table: CsvTable, mapping: ColumnMapping | None = None) -> StatementFile:
    """Return the statement of a table that is already read. Raises StatementError when the mapping names a column it does not have."""
    mapping = mapping or guess_mapping(table.headers, table.sample)
    reader = _Reader(table, mapping)
    for line, cells in table.records:
        reader.take(line, cells)
    return assemble("csv", [reader.account], reader.rows, reader.finished_notes())


class _Reader:
    """Turns records into rows, one after the other: a line may belong to the row before it."""

    def __init__(self, table: CsvTable, mapping: ColumnMapping) -> None:
        self.mapping = mapping
        self.account = _account(table, mapping)
        self.rows: list[Row] = []
        self._labels = _labels(table)
        self._date_header = plain(table.headers[mapping.date]) if mapping.date < len(table.headers) else ""
        self._notes = Notes()
        self._passed_over = 0

    def take(self, line: int, cells: Cells) -> None:
        """Add the record as a row, to the row before it, or to what was passed over."""
        text, amounts, description = (
            self._cell(cells, self.mapping.date),
            self._amounts(cells),
            self._description(cells),
        )
        day = self._day(text)
        if text and not day and plain(text) == self._date_header:
            return
        if day or (amounts and not _is_total(cells)):
            self.rows.append(self._row(line, cells, day, amounts, description))
        elif not text and not amounts and description and self.rows and not _is_total(cells):
            self._continue(description)
        else:
            self._passed_over += 1

    def finished_notes(self) -> Notes:
        """Return the warnings, with what concerns the file as a whole."""
        if self._passed_over:
            self._notes.add(
                Sentence(
                    "Lines that are no movements (totals, titles, remarks), passed over: %(count)d.",
                    count=self._passed_over,
                )
            )
        if self.mapping.purchases_positive:
            self._notes.add(
                Sentence("The file was read as a card bill: purchases become negative, payments positive.")
            )
        if self._lacks_signs():
            self._notes.add(
                Sentence(
                    "No row of this file is money out. If it should have debits, choose the column that says debit or credit."
                )
            )
        return self._notes

    def _lacks_signs(self) -> bool:
        """Return whether a single column without minus signs gave every amount, in a file long enough to make that strange."""
        one_column = self.mapping.amount is not None and self.mapping.side is None
        return (
            one_column
            and len(self.rows) >= _MANY
            and all(row.amount is not None and row.amount > 0 for row in self.rows)
        )

    def _cell(self, cells: Cells, position: int | None) -> str:
        return cells[position] if position is not None and position < len(cells) else ""

    def _amounts(self, cells: Cells) -> str:
        """Return the texts that should hold the amount, as one."""
        positions = (self.mapping.amount, self.mapping.credit, self.mapping.debit)
        return " ".join(text for position in positions if (text := self._cell(cells, position)))

    def _description(self, cells: Cells) -> str:
        parts = dict.fromkeys(self._cell(cells, position) for position in self.mapping.description)
        return " - ".join(part for part in parts if part)[:MAX_TEXT]

    def _day(self, text: str) -> date | None:
        try:
            return csv_day(text, self.mapping.date_order)
        except ValueError:
            return None

    def _continue(self, text: str) -> None:
        """Bradesco writes who paid on a line of its own under the movement."""
        row = self.rows[-1]
        if not is_balance(plain(row.description)):
            row.description = row.memo = f"{row.description} {text}".strip()[:MAX_TEXT]

    def _row(self, line: int, cells: Cells, day: date | None, amounts: str, description: str) -> Row:
        mapping = self.mapping
        row = Row(
            account_key=self.account.key,
            position=line,
            day=day,
            amount=None,
            amount_text=amounts,
            native_id=self._cell(cells, mapping.identifier),
            description=description,
            memo=description,
            reference=self._cell(cells, mapping.reference),
            counterparty_name=self._cell(cells, mapping.name),
            counterparty_document=document_in(self._cell(cells, mapping.document), bare=True),
            balance_after=self._balance(cells),
            raw={self._labels[position]: cell for position, cell in enumerate(cells) if cell},
        )
        if day is None:
            row.problem = unreadable("date", row, self._cell(cells, mapping.date))
        try:
            row.amount = self._amount(cells, description)
        except MoneyError:
            row.problem = unreadable("amount", row, amounts)
        if mapping.decimal is None and is_ambiguous(amounts):
            note_ambiguous(self._notes, row)
        return row

    def _balance(self, cells: Cells) -> Decimal | None:
        """Return the balance after the row; None where the bank gives none or not a readable one: it only informs."""
        text = self._cell(cells, self.mapping.balance)
        try:
            return parse_amount(text, self.mapping.decimal) if text else None
        except MoneyError:
            return None

    def _amount(self, cells: Cells, description: str) -> Decimal:
        """Return the row's signed amount. Raises MoneyError."""
        mapping = self.mapping
        if mapping.amount is None:
            return _of_two_columns(
                self._cell(cells, mapping.credit), self._cell(cells, mapping.debit), mapping.decimal
            )
        amount = parse_amount(self._cell(cells, mapping.amount), mapping.decimal)
        if mapping.side is not None:
            amount = _with_side(amount, self._cell(cells, mapping.side), description)
        return -amount if amount and mapping.purchases_positive else amount


def _of_two_columns(credit: str, debit: str, decimal: DecimalMark | None) -> Decimal:
    """Return the amount of the column that has one. Banks write debits with a minus or without; both are money out."""
    amounts = []
    if credit:
        amounts.append(parse_amount(credit, decimal))
    if debit:
        amounts.append(-abs(parse_amount(debit, decimal)) or Decimal("0.00"))
    if not amounts or sum(1 for amount in amounts if amount) > 1:
        raise MoneyError(f"neither a credit nor a debit: {credit!r}, {debit!r}")
    return next((amount for amount in amounts if amount), amounts[0])


def _with_side(amount: Decimal, cell: str, description: str) -> Decimal:
    """Return the amount with the sign that the cell says. Only a balance may say none: it is no movement."""
    side = side_of(cell)
    if (side == 1 and amount < 0) or (side is None and amount > 0 and not is_balance(plain(description))):
        raise MoneyError(f"neither a credit nor a debit: {amount} {cell!r}")
    return -abs(amount) if side == -1 and amount else amount


def _is_total(cells: Cells) -> bool:
    return any(_TOTAL.match(plain(cell)) for cell in cells)


def _labels(table: CsvTable) -> list[str]:
    """Return a name for each column, none twice."""
    names = [name or f"#{position + 1}" for position, name in enumerate(table.headers)]
    names += [f"#{position + 1}" for position in range(len(names), MAX_COLUMNS)]
    return [
        name if names.index(name) == position else f"{name} #{position + 1}"
        for position, name in enumerate(names)
    ]


def _account(table: CsvTable, mapping: ColumnMapping) -> StatementAccount:
    """Return the account that the lines above the table name, as far as they do."""
    above = " ".join(table.preamble)
    branch, number = _BRANCH.search(above), _NUMBER.search(above)
    kind: AccountKind = "card" if mapping.purchases_positive else "checking"
    found = (branch[1] if branch and number else "", number[1] if number else "")
    return StatementAccount(account_key("", *found, kind), "", *found, kind)
