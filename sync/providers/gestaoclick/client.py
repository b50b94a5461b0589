"""GestãoClick over HTTP: two token headers, an envelope with `meta`, pages by number.

Listings are offset pages over data that moves, so a listing is read with its own checks: a page that repeats is asked again, a total
that shrinks has the page before it read again, and a listing that brought fewer ids than `total_registros` is gone through
again. `Listing.complete` says whether all rows were seen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lib import http
from sync.providers import payload as read
from sync.providers.answers import judge, rows_of, unreadable
from sync.providers.base import Unreadable

NAME: Final = "GestãoClick"
BASE_URL: Final = "https://api.beteltecnologia.com"
LARGEST_PAGE: Final = 100
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a listing. `next` is None on the last one; `size` is the page size that upstream really used."""

    rows: list[dict[str, Any]]
    number: int
    pages: int
    total: int
    size: int
    next: int | None

    @property
    def is_last(self) -> bool:
        """Return whether any of the three signs of the end is there; each of them was seen without the others."""
        return self.next is None or not self.rows or self.number >= self.pages


class Client:
    """The calls that the provider makes. Raises UpstreamError; the HTTP errors stay inside."""

    def __init__(self, way: http.Client, *, page_size: int) -> None:
        self._http = way
        self.page_size = max(1, min(page_size, LARGEST_PAGE))
        # The values that `ordenacao` takes are not documented. A live system that refuses ours is asked without.
        self._ordered = True

    def page(self, resource: str, params: Mapping[str, str], number: int) -> ListPage:
        """Return one page, by ascending id unless `params` say otherwise."""
        order = {"ordenacao": "id", "direcao": "asc"} if self._ordered else {}
        query = {**order, **params, "pagina": str(number), "limite": str(self.page_size)}
        try:
            answer = self._http.get(f"/{resource}", params=query, endpoint=resource)
        except http.StatusError as error:
            if self._ordered and error.status in (400, 422):
                self._ordered = False
                unordered = {
                    key: value for key, value in params.items() if key not in ("ordenacao", "direcao")
                }
                return self.page(resource, unordered, number)
            raise judge(error, NAME) from error
        except http.HttpError as error:
            raise judge(error, NAME) from error
        return self._list_page(answer.data, number)

    def one(self, resource: str, row_id: str) -> dict[str, Any]:
        """Return one record. Raises KeyError when upstream does not have it."""
        try:
            answer = self._http.get(f"/{resource}/{row_id}", endpoint=resource)
        except http.StatusError as error:
            if error.status == 404:
                raise KeyError(row_id) from error
            raise judge(error, NAME) from error
        except http.HttpError as error:
            raise judge(error, NAME) from error
        row = answer.data.get("data") if isinstance(answer.data, dict) else None
        if not isinstance(row, dict) or not read.identifier(row, "id"):
            raise unreadable(NAME, "data is not an object with an id")
        return row

    def _list_page(self, data: Any, asked: int) -> ListPage:
        rows = rows_of(data, "data", NAME)
        meta = data.get("meta")
        if not isinstance(meta, dict):
            raise unreadable(NAME, "meta is missing")
        if any(not read.identifier(row, "id") for row in rows):
            raise unreadable(NAME, "a row has no id")
        size = _count(meta, "limite_por_pagina", self.page_size)
        total = _count(meta, "total_registros", len(rows))
        if 0 < size < self.page_size:
            # A smaller page than asked for: go on with it, or offsets of one listing would not fit together.
            self.page_size = size
        following = meta.get("proxima_pagina")
        return ListPage(
            rows=rows,
            number=_count(meta, "pagina_atual", asked),
            pages=_count(meta, "total_paginas", -(-total // max(size, 1))),
            total=total,
            size=size,
            next=None if following in (None, "", 0, "0") else asked + 1,
        )


def _count(meta: Mapping[str, Any], key: str, default: int) -> int:
    """Return a whole number of `meta`, which may be an int or text; a key that this version does not have is the default."""
    try:
        value = read.number(meta, key)
    except Unreadable:
        raise unreadable(NAME, f"meta.{key} is not a number") from None
    return default if value is None else int(value)


@dataclass(slots=True)
class Listing:
    """Reads a listing page by page, from the place where an earlier run was cut if there is one.

    After the iteration `gap` says whether rows that upstream counted are lacking, and `complete` that there is no gap and nothing was
    left to an earlier run.
    """

    client: Client
    resource: str
    params: Mapping[str, str]
    resume: Mapping[str, int] = field(default_factory=dict)
    complete: bool = False
    gap: bool = False
    place: dict[str, int] = field(
        default_factory=dict
    )  # what to resume with after the page that was yielded last
    _seen: set[str] = field(default_factory=set)
    _total: int | None = None
    _largest: int = 0
    _beyond: int = 0  # rows that are newer than those of an earlier run

    def __iter__(self) -> Iterator[ListPage]:
        whole, self._largest = not self.resume, self.resume.get("upto", 0)
        for page in self._pass(self.resume.get("page", 1)):
            self.place = {"page": page.number, "read": self._known(whole=whole), "upto": self._largest}
            yield page
        for _ in range(1, _TRIES):
            if self._has_all(whole=whole):
                break
            whole, self.place = True, {}
            # An empty page says so: whoever is cut from here on must not go on from where the pass with the gap ended.
            yield ListPage([], 1, 0, self._total or 0, self.client.page_size, 1)
            yield from self._pass(1, only_new=True)
        self.gap = not self._has_all(whole=whole)
        self.complete = whole and not self.gap

    def _known(self, *, whole: bool) -> int:
        """Return how many different rows were read. Of an earlier run only their number and the largest id are known."""
        return len(self._seen) if whole else self.resume["read"] + self._beyond

    def _take(self, rows: list[dict[str, Any]]) -> None:
        fresh = {_id(row) for row in rows} - self._seen
        self._seen |= fresh
        numbers = [id_number(identity) for identity in fresh]
        self._largest = max([self._largest, *numbers])
        self._beyond += sum(number > self.resume.get("upto", 0) for number in numbers)

    def _has_all(self, *, whole: bool) -> bool:
        return self._total is not None and self._known(whole=whole) >= self._total

    def _pass(self, first: int, *, only_new: bool = False) -> Iterator[ListPage]:
        number = first
        while True:
            before = self._total
            page = self._page(number, again=not only_new)
            self._total = page.total
            if before is not None and page.total < before and number > first:
                # Something was deleted while we read: what stood first on this page may have moved to the end of the one before.
                yield from self._new_rows(self.client.page(self.resource, self.params, number - 1))
            yield from self._new_rows(page) if only_new else self._all_rows(page)
            if page.is_last or (only_new and self._has_all(whole=True)):
                return
            number += 1

    def _page(self, number: int, *, again: bool) -> ListPage:
        """Return the page; one that has another number or only rows of earlier pages is asked again a few times."""
        for _ in range(_TRIES):
            page = self.client.page(self.resource, self.params, number)
            repeated = again and page.rows and all(_id(row) in self._seen for row in page.rows)
            vanished = not page.rows and page.total > (number - 1) * page.size
            if page.number == number and not repeated and not vanished:
                break
        return page

    def _all_rows(self, page: ListPage) -> Iterator[ListPage]:
        self._take(page.rows)
        yield page

    def _new_rows(self, page: ListPage) -> Iterator[ListPage]:
        rows = [row for row in page.rows if _id(row) not in self._seen]
        self._take(rows)
        if rows:
            yield replace(page, rows=rows)


def _id(row: Mapping[str, Any]) -> str:
    return read.identifier(row, "id")


def id_number(identity: str) -> int:
    """Return an id as a number; ids that are no numbers have no order and count as 0."""
    return int(identity) if identity.isdecimal() else 0
