"""Lines and items as columns. Rows stand in the order of their ids, so that no result depends on the order of the input."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

import numpy as np

from lib import documents
from reconciliation.matching import names, text
from reconciliation.matching.columns import Ints, StringArray
from reconciliation.matching.normal import MARKS, normal
from reconciliation.matching.records import Item, Line

CENTS = 100
ROOT = 8  # characters of a CNPJ that name the company, whatever the branch


def cents(amount: Decimal) -> int:
    """Return the amount in cents. Raises ValueError when it has more than two places."""
    exact = amount * CENTS
    whole = int(exact)
    if whole != exact:
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
        self.cents = _ints([cents(item.amount) for item in self.rows])
        self.days = _days([item.due_date for item in self.rows])
        self.currency_names: dict[str, int] = {}
        self.currency = names.ids([item.currency for item in self.rows], self.currency_names)
        self.names = [normal(item.name or item.text) for item in self.rows]
        self.unnamed = np.asarray([not item.name for item in self.rows], np.bool_)
        self.name_numbers: dict[str, int] = {}
        self.name = names.ids(self.names, self.name_numbers)
        self.documents = [documents.normalize(item.document) for item in self.rows]
        self.document_numbers: dict[str, int] = {}
        self.document = names.ids(self.documents, self.document_numbers)
        self.first_words: dict[str, int] = {}
        self.first_word = names.ids([name.partition(" ")[0] for name in self.names], self.first_words)
        self.heads: dict[str, int] = {}
        self.head = names.ids([names.head(name) for name in self.names], self.heads)
        self._visible: dict[tuple[int, tuple[int, ...]], tuple[Ints, dict[str, int]]] = {}

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
    def document_kind(self) -> Ints:
        """Return how long each full document is, 11 or 14; 0 for masked and other ones."""
        return document_kinds(self.documents)

    @cached_property
    def roots(self) -> dict[str, int]:
        """Return a number for each root of a CNPJ."""
        known: dict[str, int] = {}
        names.ids(roots(self.documents), known)
        return known

    @cached_property
    def root(self) -> Ints:
        """Return the number of each item's root, 0 for none."""
        return names.ids(roots(self.documents), dict(self.roots))

    @cached_property
    def sorted_names(self) -> list[str]:
        """Return the distinct names in order."""
        return sorted(self.name_numbers)

    @cached_property
    def sorted_names_array(self) -> StringArray:
        """Return the distinct names in order, to look up many at once."""
        return np.asarray(self.sorted_names, dtype=np.str_)

    def visible(self, length: int, places: tuple[int, ...]) -> tuple[Ints, dict[str, int]]:
        """Return a number for what each full document of this length shows at these places (0: none), and the numbers."""
        if (length, places) not in self._visible:
            known: dict[str, int] = {}
            shown = [
                "".join([d[at] for at in places]) if len(d) == length and "*" not in d else ""
                for d in self.documents
            ]
            self._visible[length, places] = names.ids(shown, known), known
        return self._visible[length, places]

    @cached_property
    def rows_by_document(self) -> dict[str, list[int]]:
        """Return the items of each full document, and of each root of a CNPJ."""
        found: dict[str, list[int]] = {}
        for row, document in enumerate(self.documents):
            if document and "*" not in document:
                found.setdefault(document, []).append(row)
                if len(document) == 14:
                    found.setdefault(document[:ROOT], []).append(row)
        return found

    @cached_property
    def rows_by_name(self) -> dict[str, dict[str, list[int]]]:
        """Return the items of each normal name, by document."""
        found: dict[str, dict[str, list[int]]] = {}
        for row, (name, document) in enumerate(zip(self.names, self.documents, strict=True)):
            if name:
                found.setdefault(name, {}).setdefault(document, []).append(row)
        return found

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
        self.cents = _ints([cents(line.amount) for line in self.rows])
        self.days = _days([line.date for line in self.rows])
        self.currency = names.ids([line.currency for line in self.rows], dict(items.currency_names))
        self.names = [normal(line.name or names.payer_in(line.description)) for line in self.rows]
        self.name = names.ids(self.names, dict(items.name_numbers))
        self.documents = [_document_of(line) for line in self.rows]
        self.document = names.ids(self.documents, dict(items.document_numbers))
        self.first_word = names.ids([name.partition(" ")[0] for name in self.names], dict(items.first_words))
        self.head = names.ids([names.head(name) for name in self.names], dict(items.heads))
        self.said = [f"{line.description} {line.name}".upper().translate(MARKS) for line in self.rows]

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


def document_kinds(all_documents: Sequence[str]) -> Ints:
    """Return how long each full document is, 11 or 14; 0 for masked and other ones."""
    return _ints([len(d) if len(d) in (11, 14) and "*" not in d else 0 for d in all_documents])


def roots(all_documents: Sequence[str]) -> list[str]:
    """Return what names the company in each CNPJ, "" for other documents."""
    return [d[:ROOT] if len(d) == 14 and "*" not in d else "" for d in all_documents]


def _contacts(item: Item) -> list[str]:
    found = list(text.contacts(item.phone)) if item.phone else []
    return [*found, item.email.strip().lower()] if item.email else found


def _document_of(line: Line) -> str:
    if line.document:
        return documents.normalize(line.document)
    return text.document_in(f"{line.name} {line.description}")


def _ints(values: list[int]) -> Ints:
    return np.asarray(values, dtype=np.int64)


def _days(days: list[date]) -> Ints:
    return _ints([day.toordinal() for day in days])
