"""A listing of transactions by cursor. It carries no total, so a page that upstream skips leaves no trace in the answers.

Therefore a listing of more than one page is read again until a pass brings nothing new; only then it counts as complete. A cursor
that leads in a circle is given up, and the next pass begins anew.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sync.providers import payload as read
from sync.providers.pluggy.client import Client

_PASSES: Final = 5
_VISITS: Final = 4


@dataclass(slots=True)
class Listing:
    """Reads the rows that a query means. Yields lists of rows not yet seen; `complete` is known at the end."""

    client: Client
    query: Mapping[str, str]
    path: str = "/v2/transactions"
    complete: bool = False
    seen: set[str] = field(default_factory=set)
    _pages: int = 0
    _ended: bool = False

    def __iter__(self) -> Iterator[list[dict[str, Any]]]:
        for number in range(_PASSES):
            known = len(self.seen)
            yield from self._pass()
            if self._ended and (self._pages == 1 or (number > 0 and len(self.seen) == known)):
                self.complete = True
                return

    def _pass(self) -> Iterator[list[dict[str, Any]]]:
        query: dict[str, str] | None = dict(self.query)
        visits: Counter[tuple[tuple[str, str], ...]] = Counter()
        self._pages, self._ended = 0, False
        while query is not None:
            place = tuple(sorted(query.items()))
            visits[place] += 1
            if visits[place] > _VISITS:
                return
            page = self.client.lines(query, self.path)
            self._pages += 1
            fresh = {_id(row): row for row in page.rows if _id(row) not in self.seen}
            self.seen.update(fresh)
            yield list(fresh.values())
            query = page.next
        self._ended = True


def _id(row: Mapping[str, Any]) -> str:
    return read.identifier(row, "id")
