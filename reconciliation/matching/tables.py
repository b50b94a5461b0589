"""Lines and items as columns. Rows stand in the order of their ids, so that no result depends on the order of the input."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

import numpy as np

from lib import documents
from reconciliation.matching import names, text
from reconciliation.matching.columns import Ints
from reconciliation.matching.records import Item, Line

CENTS = 100


def cents(amount: Decimal) -> int:
    """Return the amount in cents. Raises ValueError when it has more than two places."""
    whole = int(amount * CENTS)
    if whole != amount * CENTS:
        raise ValueError(f"more than two decimal places: {amount}")
    return whole


def money(amount: int) -> Decimal:
    """Return cents as an amount."""
    return Decimal(int(amount)).scaleb(-2)


class _Table:
    ids: list[str]

    def _check_ids(self) -> None:
        if len(set(self.ids)) != len(self.ids):
            seen: set[str] = set()
            twice = next(i for i in self.ids if i in seen or seen.add(i))  # type: ignore[func-returns-value]
            raise ValueError(f"the id {twice!r} stands twice")


class ItemTable(_Table):
    """Open items as columns, with everything about them that does not depend on lines. Build it once and match often."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.rows: list[Item] = sorted(items, key=lambda item: item.id)
        self.ids = [item.id for item in self.rows]
        self._check_ids()
        self.cents = _ints(cents(item.amount) for item in self.rows)
        self.days = _days(item.due_date for item in self.rows)
        self.currency_names: dict[str, int] = {}
        self.currency = names.ids([item.currency for item in self.rows], self.currency_names)
        self.names = [names.normal(item.name) for item in self.rows]
        self.name_numbers: dict[str, int] = {}
        self.name = names.ids(self.names, self.name_numbers)
        self.documents = [documents.normalize(item.document) for item in self.rows]
        self.document_numbers: dict[str, int] = {}
        self.document = names.ids(self.documents, self.document_numbers)
        self.first_words: dict[str, int] = {}
        self.first_word = names.ids([name.partition(" ")[0] for name in self.names], self.first_words)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def position(self) -> dict[str, int]:
        """Return where each id stands."""
        return {id_: at for at, id_ in enumerate(self.ids)}

    @cached_property
    def rarity(self) -> names.Rarity:
        """Return how rare names are among these items; each name counts once, however many items bear it."""
        return names.Rarity(self.name_numbers)

    @cached_property
    def parties(self) -> dict[str, list[int]]:
        """Return the items of each customer."""
        found: dict[str, list[int]] = {}
        for at, item in enumerate(self.rows):
            if item.party is not None:
                found.setdefault(item.party, []).append(at)
        return found

    @cached_property
    def references(self) -> "Keys":
        """Return the ids of all items."""
        return Keys.of([text.references(item.reference) if item.reference else () for item in self.rows])

    @cached_property
    def contacts(self) -> "Keys":
        """Return the phones and e-mails of all items."""
        return Keys.of([_contacts(item) for item in self.rows])


class LineTable(_Table):
    """Bank lines as columns, numbered like the items that they are matched with (names, documents, currencies)."""

    def __init__(self, lines: Iterable[Line], items: ItemTable) -> None:
        self.rows: list[Line] = sorted(lines, key=lambda line: line.id)
        self.ids = [line.id for line in self.rows]
        self._check_ids()
        self.cents = _ints(cents(line.amount) for line in self.rows)
        self.days = _days(line.date for line in self.rows)
        self.currency = names.ids([line.currency for line in self.rows], dict(items.currency_names))
        self.names = [names.normal(line.name or names.payer_in(line.description)) for line in self.rows]
        self.name = names.ids(self.names, dict(items.name_numbers))
        self.documents = [_document_of(line) for line in self.rows]
        self.document = names.ids(self.documents, dict(items.document_numbers))
        self.first_word = names.ids([name.partition(" ")[0] for name in self.names], dict(items.first_words))
        self.said = [f"{line.description} {line.name}".upper() for line in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def position(self) -> dict[str, int]:
        """Return where each id stands."""
        return {id_: at for at, id_ in enumerate(self.ids)}


@dataclass(frozen=True, slots=True)
class Keys:
    """Ids as numbers: entry n says that row `rows[n]` shows id `codes[n]`."""

    numbers: dict[str, int]
    codes: Ints
    rows: Ints

    @classmethod
    def of(cls, keys: Sequence[Iterable[str]]) -> "Keys":
        """Number the ids of all rows."""
        numbers: dict[str, int] = {}
        codes: list[int] = []
        rows: list[int] = []
        for row, shown in enumerate(keys):
            for key in shown:
                codes.append(numbers.setdefault(key, len(numbers) + 1))
                rows.append(row)
        return cls(numbers, _ints(codes), _ints(rows))


def _contacts(item: Item) -> list[str]:
    found = list(text.contacts(item.phone)) if item.phone else []
    return [*found, item.email.strip().lower()] if item.email else found


def _document_of(line: Line) -> str:
    if line.document:
        return documents.normalize(line.document)
    return text.document_in(f"{line.name} {line.description}")


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)


def _days(days: Iterable[date]) -> Ints:
    return _ints(day.toordinal() for day in days)
