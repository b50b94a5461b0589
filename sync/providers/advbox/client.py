"""Advbox over HTTP: a bearer token, `limit` and `offset`, and a `totalCount` that may promise more than there is.

A listing ends with a short page, never with a count. Pages overlap by one row: when a page holds nothing that was read before, rows
before it vanished and others moved over the boundary, so the listing steps back until it meets known ground.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from lib import http
from sync.providers import payload as read
from sync.providers.answers import judge, rows_of, unreadable
from sync.providers.base import Unreadable, UpstreamError
from sync.providers.statement import Sentence

log = structlog.get_logger(__name__)

NAME: Final = "Advbox"
BASE_URL: Final = "https://app.advbox.com.br/api/v1"
# Sources disagree on the largest page (100 or 1,000) and on the default (10 or 100), so 100 is asked for and the echo obeyed.
LARGEST_PAGE: Final = 100
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page: its rows, where it began, and the page size that upstream used."""

    rows: list[dict[str, Any]]
    offset: int
    size: int
    promised: int | None


class Client:
    """The calls that the provider makes. Raises UpstreamError; the HTTP errors stay inside."""

    def __init__(self, way: http.Client, *, page_size: int) -> None:
        self._http = way
        self.page_size = max(2, min(page_size, LARGEST_PAGE))

    def settings(self) -> dict[str, Any]:
        """Return the office's settings. A wrong address used to answer 200 with an empty list, so the shape is the proof."""
        data = self._get("/settings", {}, "settings")
        if not isinstance(data, dict) or not ({"users", "financial"} & data.keys()):
            raise UpstreamError(
                Sentence(
                    "%(upstream)s does not answer at this address. Check the base address in the connection.",
                    upstream=NAME,
                ),
                needs_person=True,
            )
        return data

    def page(self, resource: str, params: Mapping[str, str], offset: int) -> ListPage:
        """Return the rows from an offset on."""
        query = {**params, "limit": str(self.page_size), "offset": str(offset)}
        data = self._get(f"/{resource}", query, resource)
        rows = rows_of({"data": data} if isinstance(data, list) else data, "data", NAME)
        if any(not read.identifier(row, "id") for row in rows):
            raise unreadable(NAME, "a row has no id")
        echo = data if isinstance(data, dict) else {}
        size, promised = _count(echo, "limit"), _count(echo, "totalCount")
        if size is not None and 1 <= size < self.page_size:
            self.page_size = size
        return ListPage(rows, offset, self.page_size, promised)

    def customer(self, customer_id: str) -> dict[str, Any]:
        """Return one customer by id. Raises KeyError."""
        try:
            data = self._get(f"/customers/{customer_id}", {}, "customers")
        except _NotFound as error:
            raise KeyError(customer_id) from error
        row = data.get("data", data) if isinstance(data, dict) else None
        if not isinstance(row, dict) or not read.identifier(row, "id"):
            raise unreadable(NAME, "a customer has no id")
        return row

    def _get(self, path: str, params: Mapping[str, str], endpoint: str) -> Any:
        try:
            return self._http.get(path, params=params, endpoint=endpoint).data
        except http.StatusError as error:
            decision = judge(error, NAME)
            raise (_NotFound(decision) if error.status == 404 else decision) from error
        except http.HttpError as error:
            raise judge(error, NAME) from error


class _NotFound(UpstreamError):
    def __init__(self, decision: UpstreamError) -> None:
        super().__init__(decision.args[0])


def _count(data: Mapping[str, Any], key: str) -> int | None:
    try:
        value = read.number(data, key)
    except Unreadable:
        return None
    return None if value is None else int(value)


@dataclass(slots=True)
class Listing:
    """Reads a listing. Yields pages with the rows that were not seen before; `complete` says whether no gap was left."""

    client: Client
    resource: str
    params: Mapping[str, str]
    first: int = 0
    complete: bool = False
    _seen: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[ListPage]:
        offset, joined = self.first, self.first == 0
        while True:
            page = self._joining_page(offset)
            if self._seen:
                joined = joined and self._touches(page)
            fresh = [row for row in page.rows if read.identifier(row, "id") not in self._seen]
            self._seen.update(read.identifier(row, "id") for row in fresh)
            yield ListPage(fresh, page.offset, page.size, page.promised)
            if len(page.rows) < page.size:
                break
            # One row again, so that the next page can be seen to follow; a page of one row could not move on that way.
            offset = page.offset + max(1, len(page.rows) - 1)
        self.complete = joined
        if page.promised is not None and page.promised > len(self._seen) and self.first == 0:
            log.info(
                "count_promised_more",
                upstream=NAME,
                resource=self.resource,
                promised=page.promised,
                read=len(self._seen),
            )

    def _joining_page(self, offset: int) -> ListPage:
        page = self.client.page(self.resource, self.params, offset)
        for _ in range(_TRIES):
            if not self._seen or page.size == 1 or self._touches(page) or page.offset == 0:
                break
            page = self.client.page(self.resource, self.params, max(0, page.offset - page.size))
        return page

    def _touches(self, page: ListPage) -> bool:
        return page.size == 1 or any(read.identifier(row, "id") in self._seen for row in page.rows)
