"""Which column of a CSV statement is what: guessed from names and cells, corrected by a person, remembered by the header."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sync.providers.amounts import DecimalMark, decimal_mark
from sync.providers.csv.roles import Role, role_of, side_of
from sync.providers.csv.table import MAX_COLUMNS, is_money
from sync.providers.days import ORDERS, DateOrder, date_order, is_day
from sync.providers.memo import plain
from sync.providers.statement import Sentence, StatementError

_AMOUNTS: frozenset[Role] = frozenset({"amount", "credit", "debit"})
_CARD_BILLS = ({"date", "title", "amount"}, {"date", "category", "title", "amount"})  # Nubank's card export


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Columns by position from 0. Either `amount` (signed, or with `side` that says debit or credit) or `credit` and/or `debit`.

    `decimal` decides `1.234`; None leaves it to each amount. `purchases_positive`: a card bill, whose signs are turned around.
    """

    date: int
    amount: int | None = None
    credit: int | None = None
    debit: int | None = None
    side: int | None = None
    description: tuple[int, ...] = ()
    reference: int | None = None
    identifier: int | None = None
    balance: int | None = None
    name: int | None = None
    document: int | None = None
    date_order: DateOrder = "dmy"
    decimal: DecimalMark | None = None
    purchases_positive: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes: plain numbers, strings, lists."""
        return {**asdict(self), "description": list(self.description)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "ColumnMapping":
        """Return the mapping that a person chose or a page remembered. Raises StatementError when it is none."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        values["description"] = tuple(values.get("description") or ())
        if not _is_complete(values):
            raise StatementError(
                Sentence("Choose a column for the date and one for the amount (or for credits and debits).")
            )
        return cls(**values)


class UnknownColumnsError(StatementError):
    """The table is fine, but a person must say which column is what. Carries what the page shows."""

    def __init__(self, sentence: Sentence, headers: Sequence[str], sample: Sequence[Sequence[str]]) -> None:
        super().__init__(sentence)
        self.headers = tuple(headers)
        self.sample = tuple(tuple(cells) for cells in sample[:10])


def guess_mapping(headers: Sequence[str], sample: Sequence[Sequence[str]]) -> ColumnMapping:
    """Return which column is what, by names first and cells second. Raises UnknownColumnsError when that leaves date or amount open."""
    columns = _columns(headers, sample)
    found = _by_name(headers, columns)
    if "date" not in found:
        found.update(zip(("date",), _dates(columns), strict=False))
    if not found.keys() & _AMOUNTS:
        found.update(zip(("amount",), _only_amount(columns, set(found.values())), strict=False))
    if "date" not in found or not found.keys() & _AMOUNTS:
        raise UnknownColumnsError(_unknown(headers), headers, sample)
    money = [cell for role in _AMOUNTS if role in found for cell in columns[found[role]]]
    return ColumnMapping(
        date=found["date"],
        amount=found.get("amount"),
        credit=found.get("credit"),
        debit=found.get("debit"),
        side=found.get("side"),
        description=_descriptions(headers, columns, set(found.values())),
        reference=found.get("reference"),
        identifier=found.get("identifier"),
        balance=found.get("balance"),
        name=found.get("name"),
        document=found.get("document"),
        date_order=date_order(columns[found["date"]]),
        decimal=decimal_mark([cell for cell in money if cell]),
        purchases_positive={plain(name) for name in headers if name} in _CARD_BILLS,
    )


def _columns(headers: Sequence[str], sample: Sequence[Sequence[str]]) -> list[list[str]]:
    width = max(len(headers), *(len(cells) for cells in sample)) if sample else len(headers)
    return [
        [cells[position] if position < len(cells) else "" for cells in sample]
        for position in range(min(width, MAX_COLUMNS))
    ]


def _by_name(headers: Sequence[str], columns: list[list[str]]) -> dict[Role, int]:
    """Return the first column of each role; "Tipo" says debit or credit only where most of its cells do."""
    found: dict[Role, int] = {}
    for position, header in enumerate(headers):
        role = role_of(header)
        if (
            role is None
            or role == "description"
            or role in found
            or (role == "side" and not _has_sides(columns[position]))
        ):
            continue
        found[role] = position
    return found


def _has_sides(cells: list[str]) -> bool:
    said = [cell for cell in cells if cell]
    return bool(said) and 2 * sum(side_of(cell) is not None for cell in said) >= len(said)


def _dates(columns: list[list[str]]) -> list[int]:
    """Return the columns most of whose cells are days."""
    return [
        position
        for position, cells in enumerate(columns)
        if cells and 2 * sum(map(is_day, cells)) > len(cells)
    ]


def _only_amount(columns: list[list[str]], taken: set[int]) -> list[int]:
    """Return the one column that has amounts; nothing when several have them, because one may be the balance."""
    found = [
        position
        for position, cells in enumerate(columns)
        if position not in taken and any(map(is_money, cells))
    ]
    return found if len(found) == 1 else []


def _descriptions(headers: Sequence[str], columns: list[list[str]], taken: set[int]) -> tuple[int, ...]:
    """Return the columns that describe, in the file's order; without any by name, those that have words."""
    free = [position for position in range(len(columns)) if position not in taken]
    named = [
        position
        for position in free
        if position < len(headers) and role_of(headers[position]) in ("description", "side")
    ]
    return tuple(
        named or [position for position in free if any(_is_words(cell) for cell in columns[position])]
    )


def _is_words(cell: str) -> bool:
    return sum(letter.isalpha() for letter in cell) > 2


def _unknown(headers: Sequence[str]) -> Sentence:
    return Sentence(
        "The columns of this file are not known yet (%(headers)s). Say which one is the date and which the amount.",
        headers=", ".join(name for name in headers if name)[:300] or "?",
    )


def _is_complete(values: Mapping[str, Any]) -> bool:
    optional = [
        values.get(name)
        for name in (
            "amount",
            "credit",
            "debit",
            "side",
            "reference",
            "identifier",
            "balance",
            "name",
            "document",
        )
    ]
    positions = [
        values.get("date"),
        *values["description"],
        *(position for position in optional if position is not None),
    ]
    return (
        all(type(position) is int and 0 <= position < MAX_COLUMNS for position in positions)
        and any(position is not None for position in optional[:3])
        and values.get("date_order", "dmy") in ORDERS
        and values.get("decimal") in (None, ",", ".")
        and type(values.get("purchases_positive", False)) is bool
    )
