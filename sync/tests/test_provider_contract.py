"""What every provider promises, held against its simulated upstream over real HTTP."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog

from ledger.drafts import Draft, OpenItemDraft, SaleDraft, TransactionDraft
from ledger.models import OpenItem, SaleItem, Transaction
from ledger.models.source import Fact
from lib import http, jsontext
from sync.facts import MODELS
from sync.providers.base import Context, Page, Provider, Record, UpstreamError
from sync.providers.registry import PROVIDERS, open_provider
from sync.sandbox.testing import SandboxServer

KINDS = sorted(PROVIDERS)
COMPANY = {"gestaoclick": "clinic", "pluggy": "shop", "advbox": "law"}
# What a complete listing speaks about. A Pluggy item is asked for by id, and a bill is no fact.
LISTED = {
    "gestaoclick": {"customer", "product", "sale", "receivable", "payable"},
    "pluggy": {"account", "transaction"},
    "advbox": {"customer", "transaction"},
}
# A path that every run reads, for faults that must strike in the middle of one.
BUSY_PATH = {"gestaoclick": "/vendas", "pluggy": "/v2/transactions", "advbox": "/transactions"}
FACTS = {"gestaoclick": "sale", "pluggy": "transaction", "advbox": "transaction"}
PATIENCE = http.Patience(connect=2, read=0.3, total=0.6, attempts=3, longest_wait=1)

Key = tuple[str, str]
pytestmark = pytest.mark.parametrize("kind", KINDS)


@dataclass
class Upstream:
    """One company's access to one upstream of the sandbox."""

    kind: str
    server: SandboxServer
    spent: list[str] = field(default_factory=list)
    moment: datetime = datetime(2026, 6, 30, 21, 0, tzinfo=UTC)

    @property
    def today(self) -> date:
        today: date = self.server.app.clock.today()
        return today

    @property
    def context(self) -> Context:
        return Context(zone=ZoneInfo("America/Sao_Paulo"), own_documents=frozenset({self.company.document}))

    @property
    def company(self) -> Any:
        return self.server.company(COMPANY[self.kind])

    @property
    def credentials(self) -> dict[str, str]:
        company = self.company
        if self.kind == "gestaoclick":
            erp = company.gestaoclick
            return {"access_token": erp.access_token, "secret_access_token": erp.secret_access_token}
        if self.kind == "advbox":
            return {"token": company.advbox.token}
        return {"client_id": company.pluggy.client_id, "client_secret": company.pluggy.client_secret}

    @contextmanager
    def opened(
        self,
        *,
        batch_size: int = 20,
        attempts: int = 3,
        spend: Callable[[str], None] | None = None,
        credentials: Mapping[str, str] | None = None,
    ) -> Iterator[Provider]:
        """Open the provider with short patience; waiting between attempts costs no time."""
        config = {"base_url": f"{self.server.url}/{self.kind}", "item_ids": self.company.pluggy.item_ids}
        provider = open_provider(
            self.kind,
            credentials=self.credentials | dict(credentials or {}),
            config=config,
            http=partial(
                http.Client,
                allow_private=True,
                patience=replace(PATIENCE, attempts=attempts),
                sleep=lambda seconds: None,
            ),
            spend=spend or self.spent.append,
            batch_size=batch_size,
            now=lambda: self.moment,
        )
        try:
            yield provider
        finally:
            provider.close()

    def fault(self, kind: str, **options: Any) -> None:
        self.server.faults([{"upstream": self.kind, "kind": kind, **options}])

    def read(
        self, cursor: dict[str, Any] | None = None, *, full: bool = False, batch_size: int = 20
    ) -> list[Page]:
        with self.opened(batch_size=batch_size) as provider:
            return list(provider.pages(cursor=cursor or {}, full=full, today=self.today))


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """A sandbox that nobody changes. Pluggy's pages of 500 lines are made smaller, so that its listings have several."""
    with SandboxServer(tmp_path_factory.mktemp("still"), scale=0.01) as server:
        server.app.cursor_page_size = 40
        yield server


@pytest.fixture
def upstream(still: SandboxServer, kind: str) -> Iterator[Upstream]:
    yield Upstream(kind, still)
    still.clear_faults()


@pytest.fixture
def moving(tmp_path: Any, kind: str) -> Iterator[Upstream]:
    """An upstream of its own, for tests that change what it holds."""
    with SandboxServer(tmp_path, scale=0.004) as server:
        yield Upstream(kind, server)


def records_of(pages: list[Page]) -> dict[Key, dict[str, Any]]:
    """Return what is kept after these pages: the last payload of each record."""
    return {(record.kind, record.external_id): record.payload for page in pages for record in page.records}


def cursor_of(pages: list[Page], cursor: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the cursor after these pages, as it comes back from the database."""
    found = (cursor or {}) | {page.resource: page.cursor for page in pages if page.cursor is not None}
    stored: dict[str, Any] = jsontext.loads(jsontext.canonical(found))
    return stored


def keep(kept: dict[Key, dict[str, Any]], pages: list[Page]) -> None:
    """Do to the kept records what the engine does with pages: store, take back what is gone, take back what a listing lacks."""
    seen: set[Key] = set()
    for page in pages:
        kept |= records_of([page])
        seen |= records_of([page]).keys()
        for key in page.gone:
            kept.pop(key, None)
        for key in [key for key in kept if key[0] in page.listed and key not in seen]:
            if page.scope is None or kept[key].get(page.scope[0]) == page.scope[1]:
                del kept[key]


def drafts_of(provider: Provider, records: dict[Key, dict[str, Any]], context: Context) -> list[Draft]:
    return [
        draft for key, payload in records.items() for draft in provider.map(Record(*key, payload), context)
    ]


def test_check_reaches_the_upstream(upstream: Upstream) -> None:
    with upstream.opened() as provider:
        assert provider.check().startswith(("GestãoClick", "Pluggy", "Advbox"))
    assert upstream.spent


def test_ids_are_there_and_unique(upstream: Upstream) -> None:
    pages = upstream.read(full=True)
    times = Counter((record.kind, record.external_id) for page in pages for record in page.records)
    assert len(times) > 100
    assert all(kind and external_id for kind, external_id in times)
    assert [key for key, count in times.items() if count > 1 and key[0] == FACTS[upstream.kind]] == []
    assert all(len(external_id) <= 160 and len(kind) <= 30 for kind, external_id in times)
    for page in pages:
        keys = [(record.kind, record.external_id) for record in page.records]
        assert len(keys) == len(set(keys)), "one statement cannot write a row twice"


def test_reading_again_brings_identical_records(upstream: Upstream) -> None:
    first, second = upstream.read(full=True), upstream.read(full=True, batch_size=100)
    assert records_of(first) == records_of(second)
    assert {jsontext.canonical(payload) for payload in records_of(first).values()} == {
        jsontext.canonical(payload) for payload in records_of(second).values()
    }


def test_a_complete_listing_says_what_it_lists(upstream: Upstream) -> None:
    pages = upstream.read(full=True)
    assert {name for page in pages for name in page.listed} == LISTED[upstream.kind]
    assert sum(page.expected or 0 for page in pages) >= 0
    assert all(page.resource for page in pages)
    assert all(len(page.resource) <= 40 for page in pages)


def test_a_run_that_is_not_complete_lists_no_facts(upstream: Upstream) -> None:
    cursor = cursor_of(upstream.read(full=True))
    upstream.moment += timedelta(minutes=1)
    pages = upstream.read(cursor)
    assert FACTS[upstream.kind] not in {name for page in pages for name in page.listed}


def test_every_record_becomes_drafts_that_the_ledger_takes(upstream: Upstream) -> None:
    records = records_of(upstream.read(full=True))
    with upstream.opened() as provider:
        drafts = drafts_of(provider, records, upstream.context)
    names = Counter((type(draft), draft.external_id) for draft in drafts)
    assert len(drafts) > 100
    assert max(names.values()) == 1
    for draft in drafts:
        check_fields(draft, MODELS[type(draft)])
        if isinstance(draft, OpenItemDraft):
            check_open_item(draft)
        elif isinstance(draft, TransactionDraft):
            check_line(draft)
        elif isinstance(draft, SaleDraft):
            check_sale(draft)


def check_fields(draft: Any, model: type[Fact]) -> None:
    """Hold every value against its column: length, places, choices, and JSON for what is kept as such."""
    for column in model._meta.concrete_fields:
        value = getattr(draft, column.name, None)
        limit, choices = getattr(column, "max_length", None), column.choices
        if isinstance(value, str):
            assert limit is None or len(value) <= limit, (column.name, value)
            assert "\x00" not in value
            assert not choices or value in dict(choices), (column.name, value)
        elif isinstance(value, Decimal):
            places = getattr(column, "decimal_places", 2)
            assert value == round(value, places), (column.name, value)
            assert abs(value) < Decimal(10) ** (18 - places)
        elif isinstance(value, datetime):
            assert value.tzinfo is not None, column.name
        elif isinstance(value, dict):
            assert jsontext.loads(jsontext.canonical(value)) == value
    assert not any(
        isinstance(value, float) for value in dataclasses.astuple(draft) if not isinstance(value, dict)
    )


def check_open_item(draft: OpenItemDraft) -> None:
    sign = 1 if draft.direction == OpenItem.Direction.RECEIVABLE else -1
    assert draft.amount * sign >= 0
    assert draft.open_amount * sign >= 0
    assert draft.paid_amount * sign >= 0
    assert (draft.status == OpenItem.Status.PAID) == (draft.paid_date is not None)
    assert (draft.open_amount == draft.amount) == (draft.status == OpenItem.Status.OPEN)
    assert (draft.instalment is None) == (draft.instalments is None)


def check_line(draft: TransactionDraft) -> None:
    assert draft.account_external_id
    assert draft.nature in Transaction.Nature.values
    assert draft.posted_at is None or abs(draft.posted_at.date() - draft.date) <= timedelta(days=1)


def check_sale(draft: SaleDraft) -> None:
    assert draft.items
    gross = sum(item.quantity * item.unit_price for item in draft.items)
    assert gross - draft.discount + draft.freight == draft.total
    for item in draft.items:
        assert len(item.name) <= (SaleItem._meta.get_field("name").max_length or 0)
        assert item.product_external_id is None or ":" in item.product_external_id


def test_a_first_reading_that_is_cut_anywhere_goes_on_without_loss(upstream: Upstream) -> None:
    whole = upstream.read(batch_size=100)
    truth = records_of(whole)
    for stop in range(1, len(whole), max(1, len(whole) // 7)):
        with upstream.opened(batch_size=100) as provider:
            reading = provider.pages(cursor={}, full=False, today=upstream.today)
            before = [next(reading) for _ in range(stop)]
        after = upstream.read(cursor_of(before), batch_size=100)
        assert records_of(before + after) == truth, f"cut after page {stop}"


def test_what_is_new_upstream_comes_with_the_next_run(moving: Upstream) -> None:
    first = moving.read()
    kept, cursor = records_of(first), cursor_of(first)
    for _ in range(6):
        moving.server.tick("sale", COMPANY[moving.kind])
        moving.server.tick("payment", COMPANY[moving.kind])
    moving.moment += timedelta(minutes=31)
    pages = moving.read(cursor)
    keep(kept, pages)
    truth = records_of(moving.read(full=True))
    assert {key: value for key, value in kept.items() if key[0] != "item"} == {
        key: value for key, value in truth.items() if key[0] != "item"
    }
    assert len(truth) > len(records_of(first))


def test_what_vanished_upstream_is_missing_from_the_next_complete_listing(moving: Upstream) -> None:
    kept = records_of(moving.read(full=True))
    fact = FACTS[moving.kind]
    count = sum(key[0] == fact for key in kept)
    moving.fault("vanished_rows", path=BUSY_PATH[moving.kind], times=1, rows=3)
    moving.read(full=True)
    moving.server.clear_faults()
    keep(kept, moving.read(full=True))
    assert sum(key[0] == fact for key in kept) == count - 3


@pytest.mark.parametrize("fault", ["page_twice", "page_missing"])
def test_a_page_that_comes_twice_or_not_at_all_loses_nothing(upstream: Upstream, fault: str) -> None:
    truth = records_of(upstream.read(full=True, batch_size=20))
    upstream.fault(fault, times=1)
    pages = upstream.read(full=True, batch_size=20)
    assert upstream.server.app.faults.active[0].fired == 1
    assert records_of(pages) == truth
    kept = dict(truth)
    keep(kept, pages)
    assert kept == truth, "nothing may be declared gone that is there"


def test_nulls_for_what_is_unknown_change_no_meaning(upstream: Upstream) -> None:
    with upstream.opened() as provider:
        plain = drafts_of(provider, records_of(upstream.read(full=True)), upstream.context)
        upstream.fault("nulls")
        assert drafts_of(provider, records_of(upstream.read(full=True)), upstream.context) == plain


@pytest.mark.parametrize(
    ("fault", "retries", "person"),
    [("401", False, True), ("429", True, False), ("500", True, False), ("cut_json", True, False), ("hang", True, False)],
)  # fmt: skip
def test_the_error_carries_the_decision(upstream: Upstream, fault: str, retries: bool, person: bool) -> None:
    upstream.fault(fault, path=BUSY_PATH[upstream.kind])
    with pytest.raises(UpstreamError) as caught:
        upstream.read(full=True)
    assert (caught.value.retry_after is not None, caught.value.needs_person) == (retries, person)
    assert caught.value.retry_after is None or caught.value.retry_after > timedelta()
    assert str(caught.value)[-1] == "."


@pytest.mark.parametrize("fault", ["429", "500", "cut_json", "hang"])
def test_a_fault_that_passes_costs_an_attempt_and_no_record(upstream: Upstream, fault: str) -> None:
    truth = records_of(upstream.read(full=True))
    upstream.fault(fault, path=BUSY_PATH[upstream.kind], times=1)
    assert records_of(upstream.read(full=True)) == truth


def test_faults_in_a_fifth_of_the_requests_lose_nothing_in_the_end(upstream: Upstream) -> None:
    truth = records_of(upstream.read(full=True))
    for fault in ("429", "500", "cut_json", "page_twice", "page_missing"):
        upstream.fault(fault, rate=0.05)
    kept: dict[Key, dict[str, Any]] = {}
    cursor: dict[str, Any] = {}
    errors: list[UpstreamError] = []
    for _ in range(40):
        done, error = read_until_error(upstream, cursor)
        keep(kept, done)
        cursor = cursor_of(done, cursor)
        if error is None and all(
            "through" in mark or resource == "transactions" for resource, mark in cursor.items()
        ):
            break
        errors += [error] if error else []
    assert kept == truth
    assert errors
    assert all(error.retry_after is not None and not error.needs_person for error in errors)


def read_until_error(upstream: Upstream, cursor: dict[str, Any]) -> tuple[list[Page], UpstreamError | None]:
    """Return the pages that came, and the error that ended them, trying each request twice."""
    done: list[Page] = []
    try:
        with upstream.opened(attempts=2) as provider:
            # A list keeps what it was given before the error.
            done.extend(provider.pages(cursor=cursor, full=False, today=upstream.today))
    except UpstreamError as error:
        return done, error
    return done, None


def test_every_request_is_paid_for(upstream: Upstream) -> None:
    upstream.fault("500", rate=0.1)
    before = Counter(upstream.server.requests)
    with suppress(UpstreamError):
        upstream.read(full=True)
    sent = Counter(upstream.server.requests) - before
    assert sum(sent.values()) == len(upstream.spent) > 0
    assert all(upstream.spent), "every endpoint has a name"


def test_a_spent_budget_stops_the_reading_before_the_request(upstream: Upstream) -> None:
    left = iter(range(3))

    def spend(endpoint: str) -> None:
        if next(left, None) is None:
            raise UpstreamError("spent", retry_after=timedelta(hours=3))

    before = sum(upstream.server.requests.values())
    pages: list[Page] = []
    with upstream.opened(spend=spend) as provider, pytest.raises(UpstreamError, match="spent") as caught:
        pages.extend(provider.pages(cursor={}, full=False, today=upstream.today))
    assert caught.value.retry_after == timedelta(hours=3)
    assert sum(upstream.server.requests.values()) - before <= 3


@pytest.mark.parametrize("fault", ["401", "429", "500", "cut_json", "hang", "wrong"])
def test_no_secret_is_in_any_error_or_log(upstream: Upstream, fault: str) -> None:
    wrong = {name: f"wrong-{name}-0123456789" for name in upstream.credentials} if fault == "wrong" else {}
    if not wrong:
        upstream.fault(fault)
    with (
        structlog.testing.capture_logs() as logs,
        upstream.opened(credentials=wrong) as provider,
        pytest.raises(UpstreamError) as caught,
    ):
        list(provider.pages(cursor={}, full=True, today=upstream.today))
    error: BaseException | None = caught.value
    said = [str(logs)]
    while error is not None:
        said.append(repr(error))
        error = error.__cause__ or error.__context__
    secrets = [*upstream.credentials.values(), *wrong.values()]
    assert [secret for secret in secrets if secret in "\n".join(said)] == []
    assert caught.value.needs_person is (fault in ("401", "wrong"))


def test_one_record_can_be_fetched_as_the_listing_shows_it(upstream: Upstream) -> None:
    records = records_of(upstream.read(full=True))
    with upstream.opened() as provider:
        for kind in sorted({kind for kind, _ in records}):
            key = next(key for key in records if key[0] == kind)
            if (upstream.kind, kind) == ("advbox", "transaction"):
                continue  # upstream gives no single entry: see its own tests
            assert provider.fetch(*key) == Record(*key, records[key])
        with pytest.raises(KeyError):
            provider.fetch("customer" if upstream.kind != "pluggy" else "item", "999999999")
