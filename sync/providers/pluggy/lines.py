"""How the lines of one account are read, and what is remembered of it between runs.

| when                                         | query                     | finds                                                    |
|----------------------------------------------|---------------------------|----------------------------------------------------------|
| the first time                               | `dateFrom` a year ago     | the history that upstream has                            |
| every run                                    | `createdAtFrom`           | what upstream stored since, an hour of overlap           |
| after the bank was read anew (`lastUpdatedAt`) | `dateFrom` ten days ago | rows that changed: they keep their `createdAt`           |
| the same                                     | `ids` of pending rows     | those that posted under another id: the old id is gone   |
| a complete listing                           | none                      | everything, and what is not there any more               |
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sync.providers import payload as read
from sync.providers.base import Page, Record, Unreadable
from sync.providers.pluggy.client import MOST_IDS, Client
from sync.providers.pluggy.known import Known
from sync.providers.pluggy.listing import Listing

HISTORY: Final = timedelta(days=365)
LOOK_BACK: Final = timedelta(days=10)  # upstream re-reads 4 to 7 days at the bank
OVERLAP: Final = timedelta(hours=1)
PRUNED: Final = timedelta(days=7)


class Mark:
    """What is remembered of an account: the newest `createdAt`, the oldest date, and the ids that are still pending."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.top = str(stored.get("top") or "")
        self.oldest = str(stored.get("oldest") or "")
        self.refreshed = str(stored.get("refreshed") or "")
        self.pending: set[str] = set(stored.get("pending") or ())

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take rows into account. Stamps that cannot be read are left to the mapper."""
        for row in rows:
            self.top = max(self.top, _stamp(row, "createdAt"))
            self.oldest = min(filter(None, (self.oldest, _stamp(row, "date"))), default="")
            keep = (
                self.pending.add
                if read.text(row, "status", 20).upper() == "PENDING"
                else self.pending.discard
            )
            keep(read.identifier(row, "id"))

    def stored(self) -> dict[str, Any]:
        """Return what goes into the cursor. Without any line there is no `top` to go on from: the next run asks for all again."""
        known = {"top": self.top} if self.top else {}
        return known | {"oldest": self.oldest, "refreshed": self.refreshed, "pending": sorted(self.pending)}


class AccountLines:
    """Reads one account. The cursor of its pages is the account's mark alone; whoever asks puts it beside those of other accounts."""

    def __init__(
        self, client: Client, known: Known, account: dict[str, Any], stored: Mapping[str, Any]
    ) -> None:
        self.mark = Mark(stored)
        self._client, self._known, self._account = client, known, account
        self._query = {"accountId": read.identifier(account, "id")}

    def pages(self, *, full: bool, today: date) -> Iterator[Page]:
        """Yield the lines that this run reads, the mark with the last page."""
        refreshed = self._known.refreshed(self._account)
        if full or not self.mark.top:
            yield from self._whole(full=full, today=today, refreshed=refreshed)
            return
        since = datetime.fromisoformat(self.mark.top) - OVERLAP
        yield from self._read(Listing(self._client, self._query | {"createdAtFrom": _iso(since)}))
        if self.mark.refreshed != refreshed:
            yield from self._look_back(today)
        self.mark.refreshed = refreshed
        yield Page("transactions", (), cursor=self.mark.stored())

    def by_ids(self, ids: Iterable[str]) -> tuple[Record, ...]:
        """Return those of the lines that upstream still has."""
        wanted = list(dict.fromkeys(ids))
        found: list[Record] = []
        for start in range(0, len(wanted), MOST_IDS):
            query = self._query | {"ids": ",".join(wanted[start : start + MOST_IDS])}
            for page in self._read(Listing(self._client, query)):
                found += page.records
        return tuple(found)

    def linked(self, path: str, query: Mapping[str, str]) -> Iterator[Page]:
        """Yield the lines of a listing that upstream named, without any cursor: webhooks come in any order."""
        yield from self._read(Listing(self._client, query, path))

    def _whole(self, *, full: bool, today: date, refreshed: str) -> Iterator[Page]:
        query = self._query if full else self._query | {"dateFrom": (today - HISTORY).isoformat()}
        before, self.mark.oldest = self.mark.oldest, ""
        listing = Listing(self._client, query)
        yield from self._read(listing)
        if full and listing.complete:
            self.mark.pending &= listing.seen
        # Should upstream ever drop old rows, a listing that begins later than what we know must not take our history with it.
        pruned = bool(before) and (not self.mark.oldest or _day(self.mark.oldest) > _day(before) + PRUNED)
        listed = ("transaction",) if full and listing.complete and not pruned else ()
        self.mark.oldest = min(filter(None, (before, self.mark.oldest)), default="")
        self.mark.refreshed = refreshed
        yield Page(
            "transactions",
            (),
            cursor=self.mark.stored(),
            listed=listed,
            scope=("accountId", self._query["accountId"]),
        )

    def _look_back(self, today: date) -> Iterator[Page]:
        """Yield the last days again, then what became of the pending rows that are not among them."""
        listing = Listing(self._client, self._query | {"dateFrom": (today - LOOK_BACK).isoformat()})
        yield from self._read(listing)
        lost = sorted(self.mark.pending - listing.seen)
        if lost:
            records = self.by_ids(lost)
            gone = set(lost) - {record.external_id for record in records}
            self.mark.pending -= gone
            yield Page("transactions", records, gone=tuple(("transaction", name) for name in sorted(gone)))

    def _read(self, listing: Listing) -> Iterator[Page]:
        for rows in listing:
            self.mark.take(rows)
            yield Page("transactions", tuple(self._known.line(row, self._account) for row in rows))


def _stamp(row: Mapping[str, Any], key: str) -> str:
    """Return an instant as text that sorts by time; "" for what is absent or cannot be read."""
    try:
        moment = read.utc_instant(row, key)
    except Unreadable:
        return ""
    return "" if moment is None else moment.isoformat(timespec="milliseconds")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _day(stamp: str) -> date:
    return datetime.fromisoformat(stamp).date()
