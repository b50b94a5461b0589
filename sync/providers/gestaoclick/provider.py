"""GestãoClick as a provider: what is read in a run, and how far.

Upstream has no "changed since": its date filters act on business dates, and customers and products have none at all. So a run reads at
one of three depths, by the time that passed since the last reading of that depth:

| depth | every   | sales           | receivables, payables     | customers, products |
|-------|---------|-----------------|---------------------------|---------------------|
| 0     | run     | last 2 days     | newest ids                | newest ids          |
| 1     | 5 min   | last week       | due in −2/+90 days        | newest ids          |
| 2     | an hour | last five weeks | due in −90/+90 days       | all                 |

For a shop with 110 sales a day that is some 17,000 requests a day of the 30,000 that a token may make. What lies outside every window (an
old sale that is cancelled, a deletion) is found by a complete listing (`full=True`), the only one that may declare rows gone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final

from ledger.drafts import Draft
from sync.providers import payload as read
from sync.providers.answers import OpenHttp, Spend
from sync.providers.base import Context, Page, Record, Unreadable
from sync.providers.gestaoclick import mapper
from sync.providers.gestaoclick.client import BASE_URL, Client, Listing, ListPage, id_number

DEEP, DEEPEST = timedelta(minutes=5), timedelta(hours=1)
AHEAD_DAYS: Final = 90
_MORE_TRIES: Final = 2
_PLACE: Final = ("page", "read", "upto")
_NEWEST_FIRST: Final = {"ordenacao": "id", "direcao": "desc"}


@dataclass(frozen=True, slots=True)
class Resource:
    """One listing of upstream. `parts` are the values of `tipo` that it takes to see all of it; `back` the days by depth."""

    name: str
    path: str
    kind: str
    prefix: str = ""
    parts: tuple[str, ...] = ("",)
    back: tuple[int | None, int | None, int | None] = (None, None, None)
    ahead: int = 0

    def external_id(self, row: Mapping[str, Any], part: str = "") -> str:
        """Return the id that is unique among all records of the kind and all rows of the ledger's table."""
        prefix = part or self.prefix
        return f"{prefix}:{read.identifier(row, 'id')}" if prefix else read.identifier(row, "id")


# Referenced before referring: a sale finds its customer, a title its sale.
RESOURCES: Final = (
    Resource("customers", "clientes", "customer"),
    Resource("products", "produtos", "product", prefix="produto"),
    # `tipo` defaults to produto: without asking, services and counter sales would never be seen.
    Resource(
        "sales", "vendas", "sale", parts=("produto", "servico", "vendas_balcao"), back=(1, 7, 35), ahead=1
    ),
    Resource(
        "receivables",
        "recebimentos",
        "receivable",
        prefix="recebimento",
        back=(None, 2, 90),
        ahead=AHEAD_DAYS,
    ),
    Resource("payables", "pagamentos", "payable", prefix="pagamento", back=(None, 2, 90), ahead=AHEAD_DAYS),
)
_BY_KIND: Final = {resource.kind: resource for resource in RESOURCES}
_MAPPERS: Final[dict[str, Callable[[Record, Context], tuple[Draft, ...]]]] = {
    "customer": mapper.map_customer,
    "product": mapper.map_product,
    "sale": mapper.map_sale,
    "receivable": mapper.map_receivable,
    "payable": mapper.map_payable,
}


class GestaoClick:
    """One company's GestãoClick."""

    kind: ClassVar[str] = "gestaoclick"
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
        tokens = (credentials["access_token"], credentials["secret_access_token"])
        self.http = http(
            str(config.get("base_url") or BASE_URL),
            headers={
                "access-token": tokens[0],
                "secret-access-token": tokens[1],
                "Content-Type": "application/json",
            },
            secrets=tokens,
            before=spend,
        )
        self._client = Client(self.http, page_size=batch_size)
        self._now = now

    def check(self) -> str:
        """Ask for one customer. Return how many there are. Raises UpstreamError."""
        page = Client(self.http, page_size=1).page("clientes", {}, 1)
        return f"GestãoClick: {page.total} clientes"

    def pages(self, *, cursor: Mapping[str, Any], full: bool, today: date) -> Iterator[Page]:
        """Yield what this run reads, resource by resource. A cursor is {through, newest, deep_at, deepest_at}, all text.

        While a first listing is under way it is {part, size, page, read, upto} (see `Listing.place`): a run that was cut goes on there.
        """
        for resource in RESOURCES:
            mark = dict(cursor.get(resource.name) or {})
            if full or "through" not in mark:
                yield from self._whole(resource, mark, today)
            else:
                yield from self._recent(resource, mark, today)

    def fetch(self, kind: str, external_id: str) -> Record:
        """Return one record as it is now. Raises UpstreamError; KeyError for one that upstream does not have."""
        resource = _BY_KIND[kind]
        prefix, _, row_id = external_id.rpartition(":")
        if prefix != resource.prefix and prefix not in resource.parts:
            raise KeyError(external_id)  # a service, say, that is known from the lines of sales only
        return Record(kind, external_id, self._client.one(resource.path, row_id))

    def map(self, record: Record, context: Context) -> tuple[Draft, ...]:
        """Return the drafts of a record. Raises Unreadable."""
        return _MAPPERS[record.kind](record, context)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def _whole(self, resource: Resource, mark: dict[str, Any], today: date) -> Iterator[Page]:
        """Read everything, without date filters. What goes on from a page in the middle is not a complete listing."""
        size, parts = self._client.page_size, resource.parts
        resume: dict[str, int] = {
            key: int(mark[key]) for key in _PLACE if mark.get("size") == size and key in mark
        }
        begin = parts.index(mark["part"]) if mark.get("part") in parts and mark.get("size") == size else 0
        newest, complete, gap = 0, "part" not in mark, False
        for index, part in enumerate(parts[begin:]):
            listing = Listing(
                self._client, resource.path, {"tipo": part} if part else {}, resume if index == 0 else {}
            )
            for number, page in enumerate(listing):
                newest = max(newest, _largest_id(page))
                progress = {"part": part, "size": size, **listing.place} if "through" not in mark else None
                yield self._page(resource, part, page, cursor=progress, first=number == 0)
            complete, gap = complete and listing.complete, gap or listing.gap
        again = int(mark.get("again") or 0) + 1
        if not gap or "through" in mark or again > _MORE_TRIES:
            cursor = self._finished(mark, newest, today, depth=2)
        else:
            # A first listing with gaps is begun anew by the next run, a few times: totals may also be wrong for ever.
            cursor = {"again": again}
        yield Page(resource.name, (), cursor=cursor, listed=(resource.kind,) if complete else ())

    def _recent(self, resource: Resource, mark: dict[str, Any], today: date) -> Iterator[Page]:
        depth, newest = self._depth(mark), int(mark.get("newest") or 0)
        back = resource.back[depth]
        if back is None and depth == 2:
            yield from self._whole(resource, mark, today)
            return
        if resource.back[0] is None:
            for page in self._newest(resource, newest):
                newest = max(newest, _largest_id(page))
                yield self._page(resource, "", page)
        if back is not None:
            since = min(date.fromisoformat(mark["through"]), today) - timedelta(days=back)
            for part in resource.parts:
                yield from self._window(resource, part, since, today + timedelta(days=resource.ahead))
        yield Page(resource.name, (), cursor=self._finished(mark, newest, today, depth=depth))

    def _newest(self, resource: Resource, known: int) -> Iterator[ListPage]:
        """Yield pages by descending id down to what is known. Where upstream does not honour the order, one page is all."""
        number = 1
        while True:
            page = self._client.page(resource.path, _NEWEST_FIRST, number)
            yield page
            ids = [_id_number(row) for row in page.rows]
            if page.is_last or min(ids) <= known or ids != sorted(ids, reverse=True):
                return
            number += 1

    def _window(self, resource: Resource, part: str, since: date, until: date) -> Iterator[Page]:
        dates = {"data_inicio": since.isoformat(), "data_fim": until.isoformat()}
        listing = Listing(self._client, resource.path, ({"tipo": part} if part else {}) | dates)
        for number, page in enumerate(listing):
            rows = (
                page.rows
                if resource.kind == "sale"
                else [row for row in page.rows if _touches(row, since, until)]
            )
            yield self._page(resource, part, page, rows=rows, first=number == 0)

    def _page(
        self,
        resource: Resource,
        part: str,
        page: ListPage,
        *,
        rows: Iterable[dict[str, Any]] | None = None,
        cursor: dict[str, Any] | None = None,
        first: bool = False,
    ) -> Page:
        # A page that shifted while it was written can hold one row twice; the later one is the newer.
        found = {resource.external_id(row, part): row for row in (page.rows if rows is None else rows)}
        records = tuple(Record(resource.kind, external_id, row) for external_id, row in found.items())
        return Page(resource.name, records, cursor=cursor, expected=page.total if first else None)

    def _depth(self, mark: Mapping[str, Any]) -> int:
        now = self._now()
        if _older(mark.get("deepest_at"), now, DEEPEST):
            return 2
        return 1 if _older(mark.get("deep_at"), now, DEEP) else 0

    def _finished(self, mark: Mapping[str, Any], newest: int, today: date, *, depth: int) -> dict[str, Any]:
        now = self._now().isoformat()
        return {
            "through": today.isoformat(),
            "newest": str(max(newest, int(mark.get("newest") or 0))),
            "deep_at": now if depth >= 1 else mark.get("deep_at"),
            "deepest_at": now if depth == 2 else mark.get("deepest_at"),
        }


def _older(stamp: str | None, now: datetime, than: timedelta) -> bool:
    return not stamp or now - datetime.fromisoformat(stamp) >= than


def _id_number(row: Mapping[str, Any]) -> int:
    return id_number(read.identifier(row, "id"))


def _largest_id(page: ListPage) -> int:
    return max(map(_id_number, page.rows), default=0)


def _touches(row: Mapping[str, Any], since: date, until: date) -> bool:
    """Return whether a title belongs to the window by due date, settlement or change.

    Which of its dates upstream's filter acts on is not documented, so the window is asked wide and looked at here. A row whose dates
    cannot be read stays: the mapper will say what is wrong with it.
    """
    try:
        days = [read.day(row, key) for key in ("data_vencimento", "data_liquidacao", "modificado_em")]
    except Unreadable:
        return True
    return any(day is not None and since <= day <= until for day in days)
