"""Advbox as a provider: what is read in a run, and how far.

There is no "changed since" and 30 requests a minute. So a run polls windows (entries created, paid and, less often, due in some days;
customers created) and an hourly listing of customers; edits outside all windows and deletions are found by a complete listing
(`full=True`) only. Unknown query keys are ignored upstream without a word, so rows are held against the window again here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final

import structlog

from ledger.drafts import Draft
from sync.providers import payload as read
from sync.providers.advbox import mapper
from sync.providers.advbox.client import BASE_URL, NAME, Client, Listing
from sync.providers.answers import OpenHttp, Spend
from sync.providers.base import Context, Page, Record, Unreadable, UpstreamError
from sync.providers.statement import Sentence

log = structlog.get_logger(__name__)

DEEP: Final = timedelta(minutes=30)
LISTED_AGAIN: Final = timedelta(hours=1)
# Some clients report a firewall that lets only browsers and named programs pass.
USER_AGENT: Final = "Mozilla/5.0 (compatible; Painel/1)"


@dataclass(frozen=True, slots=True)
class Window:
    """One pair of date filters: its query prefix, the field of the row that it acts on, and the days around today."""

    prefix: str
    field: str
    back: int
    ahead: int = 0

    def span(self, through: date, today: date) -> tuple[date, date]:
        """Return the first and the last day, reaching back over what was missed since `through`."""
        return min(through, today) - timedelta(days=self.back), today + timedelta(days=self.ahead)

    def holds(self, row: Mapping[str, Any], first: date, last: date) -> bool:
        """Return whether the row belongs here; one that does not show its date, or not readably, may."""
        try:
            day = read.day(row, self.field)
        except Unreadable:
            return True
        return self.field not in row or (day is not None and first <= day <= last)


CREATED: Final = Window("created", "created_at", back=1)
PAID: Final = Window("date_payment", "date_payment", back=3)
PAID_DEEP: Final = Window("date_payment", "date_payment", back=30)
DUE_DEEP: Final = Window("date_due", "date_due", back=7, ahead=60)
_MAPPERS: Final[dict[str, Callable[[Record, Context], tuple[Draft, ...]]]] = {
    "customer": mapper.map_customer,
    "transaction": mapper.map_transaction,
}


class Advbox:
    """One law office's Advbox."""

    kind: ClassVar[str] = "advbox"
    mapper_version: ClassVar[int] = 1

    def __init__(
        self,
        *,
        credentials: Mapping[str, str],
        config: Mapping[str, Any],
        http: OpenHttp,
        spend: Spend,
        batch_size: int,
        now: Callable[[], datetime],
    ) -> None:
        token = credentials["token"]
        self.http = http(
            str(config.get("base_url") or BASE_URL),
            headers={"Authorization": f"Bearer {token}", "User-Agent": USER_AGENT},
            secrets=(token,),
            before=spend,
        )
        self._client = Client(self.http, page_size=batch_size)
        self._now = now

    def check(self) -> str:
        """Read the settings. Return how many users the office has. Raises UpstreamError."""
        users = self._client.settings().get("users")
        return f"Advbox: {len(users) if isinstance(users, list) else 0} usuários"

    def pages(self, *, cursor: Mapping[str, Any], full: bool, today: date) -> Iterator[Page]:
        """Yield customers, then entries. A cursor is {through, deep_at}, all text; {offset, size} during a first listing."""
        for resource, kind in (("customers", "customer"), ("transactions", "transaction")):
            mark = dict(cursor.get(resource) or {})
            if full or "through" not in mark:
                yield from self._whole(resource, kind, mark, today)
            else:
                yield from self._recent(resource, kind, mark, today)

    def fetch(self, kind: str, external_id: str) -> Record:
        """Return one customer as it is now. Raises UpstreamError, also for entries: upstream gives no single one; KeyError."""
        if kind != "customer":
            raise UpstreamError(
                Sentence(
                    "%(upstream)s gives no single entry. It is read again with the next sync.", upstream=NAME
                )
            )
        if not external_id.startswith("doc:"):
            return Record(kind, external_id, self._client.customer(external_id))
        page = self._client.page("customers", {"identification": external_id.removeprefix("doc:")}, 0)
        for row in page.rows:
            if mapper.customer_key(row) == external_id:
                return Record(kind, external_id, row)
        raise KeyError(external_id)

    def map(self, record: Record, context: Context) -> tuple[Draft, ...]:
        """Return the drafts of a record. Raises Unreadable."""
        return _MAPPERS[record.kind](record, context)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def _whole(self, resource: str, kind: str, mark: dict[str, Any], today: date) -> Iterator[Page]:
        """Read everything. What goes on from an offset in the middle is not a complete listing."""
        size = self._client.page_size
        listing = Listing(
            self._client, resource, {}, first=int(mark["offset"]) if mark.get("size") == size else 0
        )
        for number, page in enumerate(listing):
            progress = {"offset": page.offset, "size": size} if "through" not in mark else None
            expected = page.promised if number == 0 and listing.first == 0 else None
            yield _page(resource, kind, page.rows, cursor=progress, expected=expected)
        listed = (kind,) if listing.complete else ()
        yield Page(resource, (), cursor=self._finished(today, self._now().isoformat()), listed=listed)

    def _recent(self, resource: str, kind: str, mark: dict[str, Any], today: date) -> Iterator[Page]:
        through, now, deep_at = date.fromisoformat(mark["through"]), self._now(), mark.get("deep_at")
        every = LISTED_AGAIN if resource == "customers" else DEEP
        deep = not deep_at or now - datetime.fromisoformat(deep_at) >= every
        if deep and resource == "customers":
            yield from self._whole(resource, kind, mark, today)
            return
        windows = (
            (CREATED,)
            if resource == "customers"
            else (CREATED, PAID_DEEP, DUE_DEEP)
            if deep
            else (CREATED, PAID)
        )
        for window in windows:
            yield from self._window(resource, kind, window, window.span(through, today))
        yield Page(resource, (), cursor=self._finished(today, now.isoformat() if deep else deep_at))

    def _window(self, resource: str, kind: str, window: Window, span: tuple[date, date]) -> Iterator[Page]:
        dates = {f"{window.prefix}_start": span[0].isoformat(), f"{window.prefix}_end": span[1].isoformat()}
        for page in Listing(self._client, resource, dates):
            rows = [row for row in page.rows if window.holds(row, *span)]
            yield _page(resource, kind, rows)
            if page.rows and not rows:
                # The filter was ignored: going on would read everything, every minute. The complete listing will bring it.
                log.warning("filter_ignored", upstream=NAME, resource=resource, window=window.prefix)
                return

    def _finished(self, today: date, deep_at: str | None) -> dict[str, Any]:
        return {"through": today.isoformat(), "deep_at": deep_at}


def _page(
    resource: str,
    kind: str,
    rows: list[dict[str, Any]],
    *,
    cursor: dict[str, Any] | None = None,
    expected: int | None = None,
) -> Page:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        key = mapper.customer_key(row) if kind == "customer" else read.identifier(row, "id")
        # Two customers with one document are one person: the first is kept.
        found.setdefault(key, row)
    return Page(
        resource,
        tuple(Record(kind, key, row) for key, row in found.items()),
        cursor=cursor,
        expected=expected,
    )
