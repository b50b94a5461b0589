"""What Advbox is asked, page by page, and what the answers make of the cursor."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from sync.providers.advbox.provider import Advbox
from sync.providers.advbox.tests import samples
from sync.providers.base import Page, UpstreamError
from sync.providers.tests.wire import Answer, Wire

TODAY = date(2026, 7, 14)
TOKEN = "adv_token_1234567890"
PATH = "/api/v1"


class Office:
    """An Advbox with rows by path that pages by offset, filters dates and promises seven rows too many."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {"customers": [], "transactions": []}
        self.limit = 1000
        self.ignores_filters = False
        self.change: Callable[[str, dict[str, str], Any], Any] = lambda resource, query, answer: answer

    def __call__(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        resource = path.removeprefix(f"{PATH}/")
        rows = self.rows.get(resource, [])
        for prefix, field in (
            ("created", "created_at"),
            ("date_payment", "date_payment"),
            ("date_due", "date_due"),
        ):
            if f"{prefix}_start" in query and not self.ignores_filters:
                rows = [
                    row
                    for row in rows
                    if query[f"{prefix}_start"] <= (row.get(field) or "") <= query[f"{prefix}_end"]
                ]
        if "identification" in query:
            rows = [
                row
                for row in rows
                if row["identification"].translate(str.maketrans("", "", ".-/")) == query["identification"]
            ]
        offset, limit = int(query.get("offset", 0)), min(self.limit, int(query.get("limit", 100)))
        answer = samples.envelope(
            rows[offset : offset + limit], total=len(rows) + 7, limit=limit, offset=offset
        )
        answer = self.change(resource, query, answer)
        return answer if isinstance(answer, tuple) else (200, answer)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def wire(office: Office) -> Wire:
    return Wire(office)


def make(wire: Wire, *, batch_size: int = 3) -> Advbox:
    return Advbox(credentials={"token": TOKEN}, config={}, batch_size=batch_size, **wire.options())


def read(
    provider: Advbox, cursor: dict[str, Any] | None = None, *, full: bool = False, today: date = TODAY
) -> list[Page]:
    return list(provider.pages(cursor=cursor or {}, full=full, today=today))


def store(pages: list[Page], cursor: dict[str, Any]) -> dict[str, Any]:
    return cursor | {page.resource: page.cursor for page in pages if page.cursor is not None}


def ids(pages: list[Page], resource: str = "transactions") -> list[str]:
    return [record.external_id for page in pages if page.resource == resource for record in page.records]


def entries(*numbers: int, **changes: Any) -> list[dict[str, Any]]:
    return [samples.entry(id=number, **changes) for number in numbers]


def test_the_token_travels_as_a_bearer_with_a_named_program(wire: Wire) -> None:
    read(make(wire))
    assert wire.headers[0]["authorization"] == f"Bearer {TOKEN}"
    assert wire.headers[0]["user-agent"].startswith("Mozilla/5.0")
    assert wire.spent == ["customers", "transactions"]
    assert wire.asked[0][1] == "/api/v1/customers"


def test_a_first_reading_is_whole_and_ends_with_a_short_page_not_with_the_count(
    office: Office, wire: Wire
) -> None:
    office.rows["transactions"] = entries(*range(1, 8))
    pages = [page for page in read(make(wire)) if page.resource == "transactions"]
    assert ids(pages) == [str(number) for number in range(1, 8)]
    assert [query["offset"] for query in wire.queries(f"{PATH}/transactions")] == ["0", "2", "4", "6"]
    assert [page.expected for page in pages] == [14, None, None, None, None]
    assert pages[-1].listed == ("transaction",)
    assert pages[-1].cursor == {"through": "2026-07-14", "deep_at": wire.now.isoformat()}


def test_the_echoed_limit_is_honoured(office: Office, wire: Wire) -> None:
    office.rows["customers"], office.limit = (
        [samples.customer(id=n, identification="") for n in range(1, 26)],
        10,
    )
    pages = read(make(wire, batch_size=100))
    assert ids(pages, "customers") == [str(number) for number in range(1, 26)]
    assert [query["limit"] for query in wire.queries(f"{PATH}/customers")] == ["100", "10", "10"]


def test_a_bare_array_is_a_page(office: Office, wire: Wire) -> None:
    office.rows["transactions"] = entries(1, 2, 3, 4)
    office.change = lambda resource, query, answer: answer["data"]
    assert ids(read(make(wire))) == ["1", "2", "3", "4"]


def test_rows_that_move_over_a_page_boundary_are_found_by_stepping_back(office: Office, wire: Wire) -> None:
    office.rows["transactions"] = entries(*range(1, 10))

    def vanishing(resource: str, query: dict[str, str], answer: Any) -> Any:
        if resource == "transactions" and query["offset"] == "2" and len(office.rows["transactions"]) == 9:
            office.rows["transactions"] = entries(*range(4, 10))
        return answer

    office.change = vanishing
    pages = [page for page in read(make(wire)) if page.resource == "transactions"]
    assert ids(pages) == [str(number) for number in range(1, 10)]
    assert pages[-1].listed == ("transaction",)


def test_a_page_that_comes_twice_brings_nothing_new_and_loses_nothing(office: Office, wire: Wire) -> None:
    office.rows["transactions"] = entries(*range(1, 8))

    def once_more(resource: str, query: dict[str, str], answer: Any) -> Any:
        again = resource == "transactions" and len(wire.queries(f"{PATH}/transactions")) == 2
        return answer | {"data": office.rows["transactions"][:3]} if again else answer

    office.change = once_more
    pages = [page for page in read(make(wire)) if page.resource == "transactions"]
    assert sorted(ids(pages)) == [str(number) for number in range(1, 8)]
    assert pages[-1].listed == ("transaction",)


def test_two_customers_with_one_document_on_a_page_are_one_record(office: Office, wire: Wire) -> None:
    office.rows["customers"] = [samples.customer(id=1), samples.customer(id=2, identification="11144477735")]
    assert ids(read(make(wire)), "customers") == ["doc:11144477735"]


def test_a_first_reading_that_was_cut_goes_on_from_its_last_stored_page(office: Office, wire: Wire) -> None:
    office.rows["transactions"] = entries(*range(1, 10))
    cursor: dict[str, Any] = {}
    seen: list[str] = []
    for page in make(wire).pages(cursor={}, full=True, today=TODAY):
        cursor, seen = store([page], cursor), seen + ids([page])
        if "5" in seen:
            break
    assert cursor["transactions"] == {"offset": 2, "size": 3}
    rest = [page for page in read(make(wire), cursor) if page.resource == "transactions"]
    assert ids(rest) == [str(number) for number in range(3, 10)]
    assert rest[-1].listed == ()


def test_windows_by_creation_and_payment_each_run_and_by_due_date_every_half_hour(
    office: Office, wire: Wire
) -> None:
    cursor = store(read(make(wire)), {})
    asked = []
    for minutes in (1, 30):
        wire.later(minutes=minutes)
        wire.asked.clear()
        cursor = store(read(make(wire), cursor), cursor)
        asked.append(
            [
                {key: value for key, value in query.items() if key not in ("limit", "offset")}
                for _, _, query, _ in wire.asked
            ]
        )
    created = {"created_start": "2026-07-13", "created_end": "2026-07-14"}
    assert asked[0] == [
        created,
        created,
        {"date_payment_start": "2026-07-11", "date_payment_end": "2026-07-14"},
    ]
    assert asked[1] == [
        created,
        created,
        {"date_payment_start": "2026-06-14", "date_payment_end": "2026-07-14"},
        {"date_due_start": "2026-07-07", "date_due_end": "2026-09-12"},
    ]


def test_customers_are_listed_again_after_an_hour(office: Office, wire: Wire) -> None:
    office.rows["customers"] = [samples.customer()]
    cursor = store(read(make(wire)), {})
    wire.later(hours=1)
    pages = read(make(wire), cursor)
    assert [page.listed for page in pages if page.resource == "customers"][-1] == ("customer",)


def test_rows_outside_the_window_are_left_out_and_an_ignored_filter_is_not_paged_through(
    office: Office, wire: Wire
) -> None:
    cursor = store(read(make(wire)), {})
    office.rows["transactions"] = entries(
        1, 2, 3, 4, 5, 6, date_payment="2026-01-05", created_at="2026-01-02"
    )
    office.ignores_filters = True
    wire.asked.clear()
    assert ids(read(make(wire), cursor)) == []
    assert len(wire.queries(f"{PATH}/transactions")) == 2
    office.rows["transactions"] = entries(1, 2, date_payment="2026-01-05", created_at="2026-01-02") + entries(
        3, date_payment="2026-07-13", created_at="2026-01-02"
    )
    assert ids(read(make(wire), cursor)) == ["3"]


def test_settings_are_the_health_check_because_a_wrong_address_answers_with_an_empty_list(
    office: Office, wire: Wire
) -> None:
    office.change = lambda resource, query, answer: (
        {"users": [{"id": 1}, {"id": 2}], "financial": {}} if resource == "settings" else answer
    )
    assert make(wire).check() == "Advbox: 2 usuários"
    assert wire.asked[0][1] == "/api/v1/settings"
    empty: list[Any] = [[], {"data": []}, {}]
    for wrong in empty:
        wire.handler = partial(lambda answer, *_: (200, answer), wrong)
        with pytest.raises(UpstreamError, match="base address") as caught:
            make(wire).check()
        assert caught.value.needs_person


def test_a_customer_is_fetched_by_document_or_by_id(office: Office, wire: Wire) -> None:
    office.rows["customers"] = [
        samples.customer(id=1, identification="11222333000181"),
        samples.customer(id=2),
    ]
    assert make(wire).fetch("customer", "doc:11144477735").payload["id"] == 2
    with pytest.raises(KeyError):
        make(wire).fetch("customer", "doc:52998224725")
    wire.handler = lambda method, path, query, body: (200, {"data": samples.customer(id=48211)})
    assert make(wire).fetch("customer", "48211").payload["name"] == "Maria Souza"
    wire.handler = lambda method, path, query, body: (404, {"message": "Customer not found"})
    with pytest.raises(KeyError):
        make(wire).fetch("customer", "48211")


def test_a_single_entry_cannot_be_asked_for(wire: Wire) -> None:
    with pytest.raises(UpstreamError, match="single entry") as caught:
        make(wire).fetch("transaction", "771903")
    assert (caught.value.retry_after, caught.value.needs_person, wire.asked) == (None, False, [])


@pytest.mark.parametrize(
    ("status", "answer", "retry", "person"),
    [
        (401, {"error": "Unauthorized"}, None, True),
        (422, {"message": "The given data was invalid.", "errors": {"limit": ["too large"]}}, None, False),
        (405, {"message": "The GET method is not supported."}, None, False),
        (429, {"message": "Too Many Attempts."}, timedelta(minutes=1), False),
        (500, {"error": "Server Error"}, timedelta(minutes=1), False),
        (200, b"<html>maintenance</html>", timedelta(minutes=5), False),
        (200, {"error": "temporarily unavailable"}, timedelta(minutes=5), False),
        (200, {"data": None}, timedelta(minutes=5), False),
        (200, {"data": [{"name": "no id"}]}, timedelta(minutes=5), False),
    ],
)
def test_the_error_carries_the_decision(
    wire: Wire, status: int, answer: Any, retry: timedelta | None, person: bool
) -> None:
    wire.handler = lambda method, path, query, body: (status, answer)
    with pytest.raises(UpstreamError, match="Advbox") as caught:
        read(make(wire))
    assert (caught.value.retry_after, caught.value.needs_person) == (retry, person)
    assert TOKEN not in str(caught.value)
